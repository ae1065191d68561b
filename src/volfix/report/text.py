"""The text report: what each project can lose, each finding with its places, and what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from volfix.fixes.changes import FileChange
from volfix.fixes.diff import unified
from volfix.fixes.masking.messages import scrub
from volfix.fixes.results import SEVERITIES, ProjectResult, RunResult
from volfix.project.compose.host_directories import relative
from volfix.report.alike import listed, ordered, together, told_findings
from volfix.report.ending import ending
from volfix.report.entries import is_done
from volfix.report.finding import READ, SEVERITY_COLORS, Standing, again, read_for, shown, where
from volfix.report.summary import count
from volfix.report.view import View
from volfix.rules.findings import Finding
from volfix.rules.registry import REGISTRY
from volfix.syntax.visible import one_line

DIFF_COLORS = {"+": "green", "-": "red", "@": "cyan"}
MANY = 30
"""Projects from which on a table of them comes first."""


def render(
    result: RunResult,
    view: View | None = None,
    *,
    context: int = 3,
    show_secrets: bool = False,
    wrote: bool = False,
    command: str = "volfix",
    decide: str | None = None,
    quiet: bool = False,
    diffs: bool = False,
    changes: bool = False,
    statistics: bool = False,
) -> str:
    """The report, with a final line end.

    `context` and `show_secrets` count where no view says them. `wrote` says that the run was to write, `command` what
    a person types for this run without `--write`, `decide` what shows the unsafe fixes. `quiet` asks for a line a
    finding, `diffs` for the whole change, `changes` for what Compose will see, `statistics` for the counts by rule.
    """
    view = view or View(Path.cwd(), context=context, show_secrets=show_secrets)
    if statistics:
        lines = list(counts_by_rule(result, view))
    elif quiet:
        lines = [line for project in result.projects for line in _brief(view, project)]
    else:
        told = [project for project in result.projects if _has_something(view, project)]
        lines = list(_table(view, told)) if len(told) >= MANY else []
        seen: dict[object, ProjectResult] = {}
        for project in told:
            lines += [
                *_project(view, project, seen, several=len(told) > 1),
                *(_model(view, project) if changes else ()),
            ]
            lines += [line for change in project.changes if diffs for line in ("", *_diff(view, project, change))]
            lines += [*_failure(view, project), ""]
    lines += ending(
        result, view, command, decide or f"{command} --unsafe-fixes", wrote=wrote, quiet=quiet or statistics
    )
    return "".join(f"{line}\n" for line in lines)


def diff_text(result: RunResult, view: View) -> str:
    """The whole change, masked, as it is shown before a write."""
    lines = [line for project in result.projects for change in project.changes for line in _diff(view, project, change)]
    return "".join(f"{line}\n" for line in lines)


def question(finding: Finding, view: View) -> str:
    """The text before a question of `-i`: the finding as the report shows it, with the lines of its fix."""
    how = Standing("to decide", finding.applicability.value)
    return "\n".join(["", *shown(view, [finding], how), ""])


def problem_lines(
    result: RunResult, *, notes: bool = True, base: Path | None = None, show_secrets: bool = False
) -> Iterator[str]:
    """The lines for standard error: each file that could not be read, with line and column, then the notes."""
    base = base or Path.cwd()
    clean = str if show_secrets else scrub
    for problem in result.errors:
        place = f":{problem.line}:{problem.column or 1}" if problem.line is not None else ""
        yield one_line(f"{relative(problem.path, base)}{place}: {clean(problem.message)}")
    for note in result.notes if notes else ():
        path, mark, text = note.partition(": ")
        yield one_line(clean(f"{relative(Path(path), base)}{mark}{text}"))


def counts_by_rule(result: RunResult, view: View) -> Iterator[str]:
    """How many findings each rule has, the most first, and how many of them this run can fix."""
    found = Counter(item.finding.code for project in result.projects for item in project.findings)
    fixed = Counter(item.finding.code for project in result.projects for item in project.findings if item.fixed)
    for code, number in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])):
        can = f"  ({fixed[code]} can be fixed)" if fixed[code] else ""
        yield f"{number:>5}  {view.linked(code)}  {REGISTRY[code].name}{can}"
    if found:
        yield ""


def _has_something(view: View, project: ProjectResult) -> bool:
    is_loud = any(view.verbose or not item.is_note for item in project.findings)
    return bool(is_loud or project.failure or project.changes)


def _brief(view: View, project: ProjectResult) -> Iterator[str]:
    """A line for each finding that is left."""
    for item in ordered(project.findings):
        finding = item.finding
        if not is_done(project, item) and (view.verbose or not item.is_note):
            yield f"{where(view, finding)}: {finding.severity.value}[{finding.code}] {view.clean(finding.message)}"
    if project.failure:
        yield f"{one_line(project.name)}: NOT WRITTEN: {view.clean(project.failure)}"


def _project(view: View, project: ProjectResult, seen: dict[object, ProjectResult], *, several: bool) -> Iterator[str]:
    """The block of one project: what it can lose, and the findings. `seen` has those of the projects before it."""
    yield from (view.style(line, bold=True) for line in view.lines(_claim(view, project)))
    if several:
        files = ", ".join(map(view.path, project.files or (project.root,)))
        yield from (view.style(line, dim=True) for line in view.lines(files, "  "))
    loud = [item for item in project.findings if view.verbose or not item.is_note]
    read = 0
    for same in told_findings(project, loud, unsafe=view.unsafe):
        first = same.findings[0]
        earlier = seen.setdefault((first.code, same.places), project)
        yield ""
        if earlier is project:
            yield from shown(view, same.findings, same.how, in_full=read < READ)
            read += read_for(same.findings)
        else:
            yield from again(view, first, earlier.name)


def _failure(view: View, project: ProjectResult) -> Iterator[str]:
    """The lines that say why nothing of the project is written."""
    if project.failure:
        yield ""
        yield view.style("NOT WRITTEN:", fg="red", bold=True)
        for line in project.failure.split("\n"):
            yield from view.lines(view.clean(line), "  ")


def _model(view: View, project: ProjectResult) -> Iterator[str]:
    """The lines with the change of the project that Compose will see."""
    if not project.model_changes:
        return
    yield ""
    yield view.style("What Compose will see:", bold=True)
    for change in project.model_changes:
        if change.before is None or change.after is None:
            words, value = ("added", change.after) if change.before is None else ("removed", change.before)
            told = f"{change.place} {words}{f': {value}' if value else ''}"
        else:
            told = f"{change.place}: {change.before} -> {change.after}"
        yield from view.lines(view.clean(told), "  ", "    ")


def _claim(view: View, project: ProjectResult) -> str:
    """What the next deployment can lose, and how many findings say so."""
    left = [item for item in project.findings if not is_done(project, item)]
    counts = Counter(item.finding.severity.value for item in left)
    parts = [count(counts[name], name) for name in SEVERITIES[:2] if counts[name]]
    parts += [count(counts["info"], "note")] if view.verbose and counts["info"] else []
    done = len(project.findings) - len(left)
    parts += [f"{count(done, 'finding')} fixed"] if done else []
    counted = f" ({', '.join(parts)})" if parts else ""
    name = one_line(project.name)
    for severity, claim in (("error", "the next deployment can lose"), ("warning", "a later deployment may lose")):
        losing = [item.finding.loses for item in ordered(left) if item.finding.severity.value == severity]
        if things := together([each for each in losing if each]):
            return f"{name}: {claim} {view.clean(listed(things))}{counted}"
    if project.written and project.left:
        return f"{name}: the next `up` starts an EMPTY database until its data is carried{counted}"
    if counts["error"] or counts["warning"]:
        return f"{name}: {view.clean(ordered(left)[0].finding.message)}{counted}"
    return f"{name}: {'nothing to fix' if left else 'no loss of data found'}{counted}"


def _table(view: View, projects: Sequence[ProjectResult]) -> Iterator[str]:
    """A line for each project, those with most errors first."""
    rows = []
    for project in projects:
        counts = Counter(item.finding.severity.value for item in project.findings if not is_done(project, item))
        files = view.path((project.files or (project.root,))[0])
        rows.append((counts["error"], counts["warning"], f"{one_line(project.name)}  {files}"))
    yield view.style("errors  warnings  project", bold=True)
    for errors, warnings, name in sorted(rows, key=lambda row: (-row[0], -row[1], row[2])):
        number = view.style(f"{errors:>6}", fg=SEVERITY_COLORS["error"]) if errors else f"{errors:>6}"
        yield f"{number}  {warnings:>8}  {name}"
    yield ""


def _diff(view: View, project: ProjectResult, change: FileChange) -> Iterator[str]:
    text = unified(change, project.root, view.context, masked=not view.show_secrets)
    for number, line in enumerate(text.split("\n")[:-1]):
        color = DIFF_COLORS.get(line[:1])
        yield view.style(line, bold=True) if number < 2 else view.style(line, fg=color) if color else line
