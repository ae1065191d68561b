"""The run for a person: each project's diff and findings, what must be carried, and what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import join

import click

from volfix.fixes.diff import unified
from volfix.fixes.masking.secrets import scrub, with_secrets
from volfix.fixes.results import FileChange, ProjectResult, ReportedFinding, RunResult
from volfix.project.compose.host_directories import relative
from volfix.report.carry import carry_words, identity, kind_of, real_volume
from volfix.report.encoding import one_line
from volfix.report.entries import is_done, main_file
from volfix.report.summary import count, nothing_to_do, trouble
from volfix.rules.findings import Applicability, Finding, Move

SEVERITY_COLORS = {"error": "red", "warning": "yellow", "info": "blue"}
DIFF_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def render(
    result: RunResult,
    *,
    color: bool = False,
    verbose: int = 0,
    context: int = 3,
    show_secrets: bool = False,
    wrote: bool = False,
    base: Path | None = None,
    unsafe: bool = False,
    command: str = "volfix",
) -> str:
    """The report, with a final line end.

    `context` is the number of lines around a change, `wrote` says that the run was to write, `base` is where paths
    start from (the current directory if None), `unsafe` that it may make unsafe fixes, `command` what a person types
    for this run without `--write`.
    """
    text = _Text(color, verbose, context, show_secrets, base or Path.cwd(), unsafe)
    lines = [line for project in result.projects for line in text.project(project)]
    standings = text.standings(result)
    lines += text.summary(result, standings)
    if wrote:
        lines += text.carry_commands(result)
    lines += text.next_command(standings, command, wrote=wrote)
    return "".join(f"{line}\n" for line in lines)


def question(finding: Finding, *, color: bool = False, context: int = 3, show_secrets: bool = False) -> str:
    """What to ask about one fix: the finding as the report shows it, its diff, and whether to make its fix."""
    from volfix.fixes.render import rendered

    text = _Text(color, 1, context, show_secrets, Path.cwd())
    doubt = [f"    unsafe: {text.clean(finding.reason)}"] if finding.reason else []
    lines = ["", *text.finding(finding), *doubt]
    operations = finding.fix.operations if finding.fix else ()
    before = {operation.source.path: operation.source for operation in operations}
    for path, (after, edits) in sorted(rendered(operations).items()):
        lines += ["", *text.diff(with_secrets(FileChange(before[path], after, tuple(edits))), Path.cwd())]
    return "\n".join([*lines, "", "Make this fix?"])


def problem_lines(
    result: RunResult, *, notes: bool = True, base: Path | None = None, show_secrets: bool = False
) -> Iterator[str]:
    """The lines for standard error: what could not be read, with line and column, and what is not for volfix."""
    base = base or Path.cwd()
    clean = str if show_secrets else scrub
    for problem in result.errors:
        place = f":{problem.line}:{problem.column or 1}" if problem.line is not None else ""
        yield one_line(f"{relative(problem.path, base)}{place}: {clean(problem.message)}")
    for note in result.notes if notes else ():
        yield one_line(clean(note))


@dataclass(frozen=True, slots=True)
class _Text:
    color: bool
    verbose: int
    context: int
    show_secrets: bool
    base: Path
    unsafe: bool = False

    def style(self, text: str, **how: object) -> str:
        return click.style(text, **how) if self.color else text  # type: ignore[arg-type]

    def clean(self, text: str) -> str:
        return one_line(text if self.show_secrets else scrub(text))

    def path(self, path: Path) -> str:
        return one_line(relative(path, self.base))

    def project(self, project: ProjectResult) -> Iterator[str]:
        """The block of one project; nothing for one without findings."""
        quiet = [item for item in project.findings if item.finding.severity.value == "info" and not self.verbose]
        loud = [item for item in project.findings if item not in quiet]
        if not (project.findings or project.failure or project.changes):
            return
        files = ", ".join(map(self.path, project.files or (project.root,)))
        yield self.style(f"{files}: project {one_line(project.name)}", bold=True)
        for change in project.changes:
            yield ""
            yield from self.diff(change, project.root)
            yield from self.findings(project, [item for item in loud if _in(item, change)])
        others = [item for item in loud if not any(_in(item, change) for change in project.changes)]
        yield from self.findings(project, others)
        if quiet:
            yield ""
            yield self.style(f"{count(len(quiet), 'note')} of severity info; -v shows {_them(quiet)}", dim=True)
        if project.moves and project.changes and not project.failure:
            yield ""
            yield self.style("What must be carried" if project.left else "What is carried", bold=True)
            for sentence in dict.fromkeys(carried(project, move) for move in project.moves):
                yield f"  {self.clean(sentence)}"
        if project.failure:
            yield ""
            yield self.style("Nothing is written here:", fg="red", bold=True)
            for line in project.failure.split("\n"):
                yield f"  {self.clean(line)}"
        yield ""

    def diff(self, change: FileChange, root: Path) -> Iterator[str]:
        text = unified(change, root, self.context, masked=not self.show_secrets)
        for number, line in enumerate(text.split("\n")[:-1]):
            color = DIFF_COLORS.get(line[:1])
            yield self.style(line, bold=True) if number < 2 else self.style(line, fg=color) if color else line

    def findings(self, project: ProjectResult, findings: Sequence[ReportedFinding]) -> Iterator[str]:
        for reported in findings:
            yield ""
            yield from self.finding(reported.finding)
            yield f"    {self.clean(_fix(project, reported, unsafe=self.unsafe))}"

    def finding(self, finding: Finding) -> Iterator[str]:
        """Where, what, and how volfix knows."""
        severity = finding.severity.value
        place = f"{self.path(finding.location.path)}:{finding.location.line}:{finding.location.column}"
        yield (
            f"{self.style(place, bold=True)} {finding.code} "
            f"{self.style(severity, fg=SEVERITY_COLORS[severity])} {self.clean(finding.message)}"
        )
        for line in finding.evidence:
            yield f"    {self.clean(line)}"

    def standings(self, result: RunResult) -> Counter[str]:
        """How many findings there are of each standing, without the notes."""
        return Counter(_standing(project, item, unsafe=self.unsafe) for project, item in _counted(result))

    def summary(self, result: RunResult, standings: Counter[str]) -> Iterator[str]:
        """What the run comes to in a line, and how what was written is taken back."""
        if not standings:
            yield nothing_to_do(result)
            return
        names = ("fixed", "can be fixed", "more with --unsafe-fixes", "not made", "without a fix")
        parts = ", ".join(f"{standings[name]} {name}" for name in names if standings[name])
        projects = len({id(project) for project, _ in _counted(result)})
        line = f"{count(standings.total(), 'finding')} in {count(projects, 'project')}: {parts}"
        yield self.style(f"{'; '.join([line, *trouble(result)])}.", bold=True)
        files = {change.after.path for project in result.projects if project.written for change in project.changes}
        if files:
            yield f"{count(len(files), 'file')} written; `volfix undo` puts {_them(files)} back."

    def next_command(self, standings: Counter[str], command: str, *, wrote: bool) -> Iterator[str]:
        """What to type next, after all that a write leaves to a person."""
        if standings["can be fixed"] and not wrote:
            yield f"Nothing is written yet. Next: {self.clean(command)} --write"
        elif standings["more with --unsafe-fixes"]:
            yield f"Next: {self.clean(command)} --unsafe-fixes shows what it would change."

    def carry_commands(self, result: RunResult) -> Iterator[str]:
        """After a write: that databases start without their data, and the commands that carry it first."""
        written = [project for project in result.projects if project.written]
        yield from self.carry_services(written)
        projects = list(_each_move_once(replace(project, moves=project.left) for project in written))
        volumes = {(project.root, real_volume(project, move.volume)) for project in projects for move in project.moves}
        if not volumes:
            return
        yield ""
        yield self.style(
            f"The next `docker compose up` starts {count(len(volumes), 'database')} without the data "
            f"{'it has' if len(volumes) == 1 else 'they have'} now.",
            fg="yellow",
            bold=True,
        )
        yield "Carry it first, verified, on the host that runs the containers, before anything deploys this change:"
        first: dict[Path, ProjectResult] = {}
        for project in result.projects:
            first.setdefault(main_file(project).parent, project)
        for project in projects:
            is_first = first[main_file(project).parent].files == project.files
            yield f"  {join(carry_words(project, self.base, is_first=is_first))}"
        yield "(It needs volfix[docker]; for a host without Python, the same with --script in the place of --write"
        yield "prints a shell script: `sh carry.sh` there.)"
        if not any(project.carriages for project in projects):
            yield "Or let the deployment carry it: `volfix undo`, then the same with --carry-service adds a service"
            yield "that does, before the database starts, wherever that is known to be right."
        former = dict.fromkeys(project.name for project in result.projects if project.written and project.renamed)
        for name in former:
            yield (
                f"Other repositories may run as {one_line(name)} too. carry stops and renames the old containers of "
                "this project, and removes none. It lists those of others, and leaves them alone."
            )
        yield "Then deploy the change as always. `volfix carry` still knows later what to carry."

    def carry_services(self, written: Sequence[ProjectResult]) -> Iterator[str]:
        """What the next deployment carries by itself, and what that asks of a person."""
        carriers = [each.carrier for project in written for each in project.carriages if each.carrier]
        if carriers:
            yield ""
            yield self.style("The next deployment carries the data itself, before the databases start:", bold=True)
            yield f"  {', '.join(map(one_line, dict.fromkeys(carriers)))}"
            yield "Newer rows will be in the volumes alone: before a revert, type `volfix carry --back --write`."
            yield "Once every host is deployed: `volfix --select VF113 --write` takes these services out."


def carried(project: ProjectResult, move: Move) -> str:
    """What a change leaves where it is, in one sentence."""
    kind, where = kind_of(move)
    data = {
        "host": f"the data in {where}",
        "volume": f"the data in the volume {where}",
        "anonymous": f"the data in the anonymous volume at {where} of {move.service}",
        "container": f"the data in {where}, inside the container of {move.service},",
    }[kind]
    volume = f"the volume {move.volume} ({real_volume(project, move.volume)} on the host)"
    carriage = project.carriage(move)
    if carriage.carrier:
        return f"{data} is copied into {volume} by {carriage.carrier}, once, when this is deployed"
    why = f"; no service carries it: {carriage.reason}" if carriage.reason else ""
    if kind == "container":
        return (
            f"{data} is not moved by this change: it is not in {volume}, and it is gone once the container is replaced"
            f"{why}"
        )
    return f"{data} is not moved by this change: {volume} starts without it{why}"


def _each_move_once(projects: Iterable[ProjectResult]) -> Iterator[ProjectResult]:
    """The projects with the moves that none before them makes: a second copy would find the first in its way."""
    seen: set[tuple[str, ...]] = set()
    for project in projects:
        moves = {identity(project, move): move for move in reversed(project.moves)}
        fresh = tuple(moves[key] for key in reversed(moves) if key not in seen)
        seen.update(moves)
        if fresh:
            yield replace(project, moves=fresh)


def _counted(result: RunResult) -> list[tuple[ProjectResult, ReportedFinding]]:
    return [
        (project, item)
        for project in result.projects
        for item in project.findings
        if item.finding.severity.value != "info" or item.fixed
    ]


def _in(reported: ReportedFinding, change: FileChange) -> bool:
    return reported.finding.location.path == change.before.path


def _fix(project: ProjectResult, reported: ReportedFinding, *, unsafe: bool) -> str:
    finding = reported.finding
    if is_done(project, reported):
        return "fixed"
    if finding.applicability is Applicability.NONE:
        standing = "none"
    elif reported.fixed and not project.failure:
        standing = "safe" if finding.applicability is Applicability.SAFE else "unsafe, made because of --unsafe-fixes"
    elif finding.applicability is Applicability.SAFE or project.failure or unsafe:
        standing = f"{finding.applicability.value}, not made"
    else:
        standing = "needs --unsafe-fixes"
    return f"fix: {standing}: {finding.reason}" if finding.reason else f"fix: {standing}"


def _standing(project: ProjectResult, reported: ReportedFinding, *, unsafe: bool) -> str:
    finding = reported.finding
    if is_done(project, reported):
        return "fixed"
    if reported.fixed and not project.failure:
        return "can be fixed"
    if finding.applicability is Applicability.NONE:
        return "without a fix"
    if finding.applicability is Applicability.SAFE or project.failure or unsafe:
        return "not made"
    return "more with --unsafe-fixes"


def _them(items: Sized) -> str:
    return "it" if len(items) == 1 else "them"
