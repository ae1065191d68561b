"""The end of the text: the counts, the numbered way to a deployment without loss, and what is not carried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from volfix.fixes.results import ProjectResult, RunResult
from volfix.report.carry import carry_words, identity, kind_of, real_volume, written_in
from volfix.report.entries import counted, is_done, main_file
from volfix.report.finding import standing
from volfix.report.summary import count, noted, nothing_to_do, trouble
from volfix.report.view import View
from volfix.rules.findings import CarrierChange, Move
from volfix.syntax.pasted import pasted
from volfix.syntax.visible import one_line

STANDINGS = ("fixed", "can be fixed", "to decide (--unsafe-fixes)", "not written", "without a fix")
NOT_CARRIED = "NOT CARRIED"


def ending(result: RunResult, view: View, command: str, decide: str, *, wrote: bool, quiet: bool) -> Iterator[str]:
    """The lines after the findings; of a `quiet` run only the data that is not carried.

    `command` is what a person types for this run without `--write`, `decide` what shows the unsafe fixes.
    """
    if not quiet:
        standings = Counter(standing(*pair, unsafe=view.unsafe).summary for pair in counted(result))
        yield from _summary(result, view, standings, wrote=wrote)
        yield from _way(result, view, standings, command, wrote=wrote)
        if standings["to decide (--unsafe-fixes)"]:
            yield ""
            yield from view.lines(f"`{view.clean(decide)}` shows the fixes that need your decision.")
    yield from _not_carried(result, view, wrote=wrote, quiet=quiet)


def _summary(result: RunResult, view: View, standings: Counter[str], *, wrote: bool) -> Iterator[str]:
    """The line with the counts, and after a write the line on `volfix undo`."""
    if not standings:
        yield nothing_to_do(result, view.verbose)
        return
    parts = ", ".join(f"{standings[name]} {name}" for name in STANDINGS if standings[name])
    projects = len({id(project) for project, _ in counted(result)})
    counts = f"{count(standings.total(), 'finding')} in {count(projects, 'project')}: {parts}"
    files = result.written
    nothing = "" if files or wrote else " Nothing is written."
    for line in view.lines(f"{'; '.join([counts, *trouble(result)])}{noted(result, view.verbose)}.{nothing}"):
        yield view.style(line, bold=True)
    if files:
        yield f"{count(len(files), 'file')} written; `volfix undo` puts {'it' if len(files) == 1 else 'them'} back."


def _way(result: RunResult, view: View, standings: Counter[str], command: str, *, wrote: bool) -> Iterator[str]:
    """The numbered steps to the deployment, and the notes on them."""
    will_write = bool(standings["can be fixed"]) and not wrote
    written = [project for project in result.projects if project.written or (will_write and _is_planned(project))]
    left = list(_each_move_once(replace(project, moves=project.left) for project in written))
    carriers = list(dict.fromkeys(each.carrier for project in written for each in project.carriages if each.carrier))
    steps: list[tuple[str, str]] = []
    if will_write:
        steps.append((f"{view.clean(command)} --write", ""))
    if left or carriers or will_write:
        steps.append(("commit", ""))
        first: dict[Path, ProjectResult] = {}
        for project in result.projects:
            first.setdefault(main_file(project).parent, project)
        for project in left:
            is_first = first[main_file(project).parent].files == project.files
            words = pasted(carry_words(project, view.base, is_first=is_first))
            steps.append((words, "on the host that runs the containers, BEFORE deploying"))
        names = ", ".join(map(one_line, carriers))
        steps.append(("deploy", f"{names} {'copy' if carriers[1:] else 'copies'} the data first" if carriers else ""))
    if steps:
        yield ""
        yield from _numbered(view, steps)
    yield from _beside(result, view, left, carriers, wrote=wrote)
    if marks := list(dict.fromkeys(_marks_taken_out(result))):
        yield ""
        yield from view.lines(
            "volfix deletes no volume: the marks of these services stay. Once this is deployed with --remove-orphans, "
            f"on each host: `{pasted(['docker', 'volume', 'rm', *marks])}`"
        )


def _numbered(view: View, steps: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The steps; a note stands beside its command, or below it where the line is full."""
    widest = max((len(command) for command, note in steps if note), default=0)
    for number, (command, note) in enumerate(steps, 1):
        begin = f"{number:>3}  "
        line = f"{begin}{view.style(command, bold=True)}"
        loud = note.replace("BEFORE deploying", view.style("BEFORE deploying", fg="red", bold=True))
        if not note:
            yield line
        elif view.columns is None or len(begin) + widest + 2 + len(note) <= view.columns:
            yield f"{line}{' ' * (widest - len(command) + 2)}{loud}"
        else:
            yield line
            yield from view.lines(note, " " * len(begin))


def _beside(
    result: RunResult, view: View, left: Sequence[ProjectResult], carriers: Sequence[str], *, wrote: bool
) -> Iterator[str]:
    """The notes on the steps: the carry services, what carry needs, and who else has the project's name."""
    if carriers:
        yield ""
        yield from view.lines(
            "Newer rows will be in the volumes alone: before a revert, type `volfix carry --back --write`."
        )
        yield from view.lines("Once every host is deployed: `volfix --select VF113 --write` takes these services out.")
    if not left:
        return
    offered = any(project.carriages for project in left)
    if not wrote:
        if not offered:
            yield from view.lines(
                "(or add --carry-service in step 1: the deployment carries the data, where it can)", "     "
            )
        return
    yield ""
    yield from view.lines(
        "carry needs volfix[docker]. For a host without Python, --script in the place of --write prints a shell "
        "script: `sh carry.sh` there."
    )
    if not offered:
        yield from view.lines(
            "Or let the deployment carry the data: `volfix undo`, then the same with --carry-service."
        )
    for name in dict.fromkeys(project.name for project in result.projects if project.written and project.renamed):
        yield from view.lines(
            f"Other repositories may run as {one_line(name)} too. carry stops and renames the old containers of "
            "this project, and removes none. It lists the others and leaves them alone."
        )


def _marks_taken_out(result: RunResult) -> Iterator[str]:
    """The volumes, as the host calls them, of the marks of carry services that a fix takes out."""
    for project, item in counted(result):
        for change in item.finding.fix.changes if item.finding.fix else ():
            if isinstance(change, CarrierChange) and change.like is None:
                yield real_volume(project, change.mark)


def _not_carried(result: RunResult, view: View, *, wrote: bool, quiet: bool) -> Iterator[str]:
    """The last and loudest lines: the data that this write, or an earlier write, does not carry."""
    moving = [project for project in result.projects if project.written or (not wrote and _is_planned(project))]
    told = {_told(project, move): "" if wrote else " by --write" for project in moving for move in project.moves}
    ways = {_way_of(project, move) for project in moving for move in project.moves}
    for project in result.projects:
        left = (item.finding.left for item in project.findings if not is_done(project, item))
        older = (way for move in left if move and (way := _way_of(project, move)) not in ways)
        told.update({(True, f"{way} (it is still in its old place)"): "" for way in older})
    if told and not quiet:
        yield ""
    for (is_left, line), when in told.items():
        begin = f"{NOT_CARRIED}{when}: " if is_left else "carried when deployed: "
        for wrapped in view.lines(view.clean(line), begin, "  "):
            yield view.style(wrapped, fg="red", bold=True) if is_left else wrapped


def _told(project: ProjectResult, move: Move) -> tuple[bool, str]:
    """Whether nothing carries the data of a move, and from where to where it has to go."""
    carriage, way = project.carriage(move), _way_of(project, move)
    if carriage.carrier:
        return False, f"{way} (by {carriage.carrier}{f'; {carriage.unkept}' if carriage.unkept else ''})"
    fate = "the volume starts EMPTY"
    if kind_of(move)[0] == "container":
        fate += ", and the file dies with the container"
    why = f"; no service carries it: {carriage.reason}" if carriage.reason else ""
    return True, f"{way} ({fate}{why})"


def _way_of(project: ProjectResult, move: Move) -> str:
    kind, where = kind_of(move)
    source = {
        "host": where,
        "volume": f"the volume {where}",
        "anonymous": f"the anonymous volume at {where} of {move.service}",
        "container": f"{where} in the container of {move.service}",
    }[kind]
    return f"{source} -> {real_volume(project, move.volume)}"


def _is_planned(project: ProjectResult) -> bool:
    return bool(project.changes or any(item.fixed for item in project.findings)) and not project.failure


def _each_move_once(projects: Iterable[ProjectResult]) -> Iterator[ProjectResult]:
    """The projects, each move only in the first that has it: a second carry would find the volume full."""
    seen: set[tuple[str, ...]] = set()
    for project in projects:
        written = written_in(project)
        moves = {identity(project, move, written): move for move in reversed(project.moves)}
        fresh = tuple(moves[key] for key in reversed(moves) if key not in seen)
        seen.update(moves)
        if fresh:
            yield replace(project, moves=fresh)
