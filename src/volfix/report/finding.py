"""One finding for a person: headline, places in the files, danger, how volfix knows, and the lines of the fix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from volfix.fixes.changes import FileChange, ReportedFinding
from volfix.fixes.diff import changed_lines
from volfix.fixes.results import ProjectResult
from volfix.report.entries import is_done
from volfix.report.frames import Frames, Mark
from volfix.report.summary import count
from volfix.report.view import View
from volfix.rules.findings import (
    Applicability,
    Change,
    DeploymentName,
    Finding,
    Fix,
    MountChange,
    NameChange,
    Place,
    ValueChange,
    VolumeChange,
    VolumeName,
)
from volfix.syntax.source import CannotEdit, Edit, Source, Span

SEVERITY_COLORS = {"error": "red", "warning": "yellow", "info": "blue"}
DIFF_COLORS = {"+": "green", "-": "red"}
EVIDENCE, LINES = 2, 12
"""Lines of evidence, and of a fix, that are shown without -v."""
READ = 300_000
"""The characters of files that are looked at to show the lines of a project's fixes: hundreds of findings in a usual
Compose file. Later findings name their fixes without lines.
"""
Line = tuple[Path, str, int, str]
"""A line of a change: its file, `+` or `-`, its number and its text."""
BELOW = "the lines below"
"""The words for a fix of which the model of Compose says nothing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the run does about a finding: as the summary counts it, and as its fix line says it."""

    summary: str
    fix: str


def standing(project: ProjectResult, reported: ReportedFinding, *, unsafe: bool) -> Standing:
    """What this run does about a finding of the project; `unsafe`: --unsafe-fixes was given."""
    finding = reported.finding
    if is_done(project, reported):
        return Standing("fixed", "written")
    if reported.fixed and not project.failure:
        safe = finding.applicability is Applicability.SAFE
        return Standing("can be fixed", "safe" if safe else "unsafe, made with --unsafe-fixes")
    if finding.applicability is Applicability.NONE:
        return Standing("without a fix", "none")
    if finding.applicability is Applicability.SAFE or reported.fixed or unsafe:
        return Standing("not written", f"{finding.applicability.value}, not written")
    return Standing("to decide (--unsafe-fixes)", "needs --unsafe-fixes")


def _edits_of(finding: Finding) -> list[tuple[Source, list[Edit]]]:
    """Each file that this finding's fix alone changes, and its edits; empty without a fix."""
    if finding.fix is None or not finding.fix.operations:
        return []
    from volfix.fixes.render import edited

    try:
        return sorted(edited(finding.fix.operations), key=lambda each: each[0].path)
    except CannotEdit:
        return []


def read_for(findings: Sequence[Finding]) -> int:
    """How many characters of files volfix looks at to show the lines of the findings' fix."""
    operations = (operation for finding in findings[:1] if finding.fix for operation in finding.fix.operations)
    return sum({operation.source.path: len(operation.source.text) for operation in operations}.values())


def shown(view: View, findings: Sequence[Finding], how: Standing, *, in_full: bool = True) -> Iterator[str]:
    """The lines for findings with the same words: the words once, then the places of each. Without `in_full` the lines
    of the fix are left out.
    """
    first = findings[0]
    yield from headline(view, first, "fixed" if how.summary == "fixed" else first.severity.value)
    if how.summary == "fixed":
        yield from (f"  --> {where(view, finding)}" for finding in findings)
        return
    fixes = {id(finding.fix.operations): finding for finding in findings if finding.fix}
    edits = [each for finding in fixes.values() for each in _edits_of(finding)]
    changes = (FileChange(source, source.splice(own), tuple(own)) for source, own in edits)
    marks = _marks(findings)
    is_shown = how.summary != "not written" or (first.fix is not None and fix_words(first.fix) == BELOW)
    lines, more, words = _small(view, changes if is_shown and in_full else ())
    numbers = [mark.place.location.line for mark in marks] + [number for _, _, number, _ in (*lines, *more)]
    gutter = max(len(str(max(numbers))), 2) + 1
    frames = Frames(view, gutter, _edited(edits))
    yield from frames.drawn(marks, where(view, first))
    yield from _notes(view, gutter, findings, how)
    yield from _fix_lines(view, frames, lines, first.location.path, words)
    if is_shown and edits and not in_full:
        yield from _note(view, gutter, "lines", "--diff shows them")


def again(view: View, finding: Finding, project: str) -> Iterator[str]:
    """The lines for a finding that an earlier project has told in full."""
    yield from headline(view, finding, finding.severity.value)
    yield f"  --> {where(view, finding)}"
    yield from _note(view, 3, "see", f"the same finding of project {project} above")


def headline(view: View, finding: Finding, word: str) -> Iterator[str]:
    """`error[VF101] PostgreSQL's data is inside the checkout`."""
    begin = f"{word}[{finding.code}]"
    first, *others = view.lines(view.clean(finding.message), f"{begin} ")
    color = SEVERITY_COLORS.get(word, "green")
    yield view.style(f"{word}[{view.linked(finding.code)}]", fg=color, bold=True) + view.style(
        first.removeprefix(begin), bold=True
    )
    yield from (view.style(line, bold=True) for line in others)


def where(view: View, finding: Finding) -> str:
    """`compose.yaml:15:9`."""
    return f"{view.path(finding.location.path)}:{finding.location.line}:{finding.location.column}"


def _marks(findings: Sequence[Finding]) -> list[Mark]:
    """The place of each finding, and the places that explain it; equal marks once."""
    marks: dict[object, Mark] = {}
    for finding in findings:
        own = Mark(
            Place(finding.mark or finding.location, finding.label), True, SEVERITY_COLORS[finding.severity.value]
        )
        for mark in (own, *(Mark(place, False) for place in finding.places)):
            marks.setdefault((mark.place.location, mark.place.label), mark)
    return list(marks.values())


def _edited(edits: Sequence[tuple[Source, Sequence[Edit]]]) -> dict[Path, list[Span]]:
    edited: dict[Path, list[Span]] = {}
    for source, own in edits:
        edited.setdefault(source.path, []).extend(edit.span for edit in own)
    return edited


def _notes(view: View, gutter: int, findings: Sequence[Finding], how: Standing) -> Iterator[str]:
    first = findings[0]
    evidence = list(dict.fromkeys(line for finding in findings for line in finding.evidence))
    if not view.verbose:
        labels = tuple(place.label for finding in findings for place in finding.places)
        evidence = [line for line in evidence if not line.endswith(labels)] if labels else evidence
    told = evidence if view.verbose or len(evidence) <= EVIDENCE + 1 else evidence[:EVIDENCE]
    if first.danger:
        yield from _note(view, gutter, "danger", first.danger, fg=SEVERITY_COLORS[first.severity.value], bold=True)
    for line in told:
        yield from _note(view, gutter, "why", line)
    if len(told) < len(evidence):
        yield from _note(view, gutter, "why", f"{len(evidence) - len(told)} lines more with -v")
    if first.fix is None:
        yield from _note(view, gutter, "no fix", first.reason or "volfix knows none")
        return
    yield from _note(view, gutter, f"fix ({how.fix})", fix_words(first.fix))
    if first.reason:
        yield from _note(view, gutter, "decide", first.reason)


def _note(view: View, gutter: int, name: str, text: str, **how: object) -> Iterator[str]:
    begin = f"{' ' * (gutter + 1)}= {name}: "
    for number, line in enumerate(view.lines(view.clean(text), begin)):
        yield line if number else line.replace(name, view.style(name, **how) if how else name, 1)


def fix_words(fix: Fix) -> str:
    """What a fix does and which step it needs, in one line."""
    mounted = {change.volume for change in fix.changes if isinstance(change, MountChange)}
    declared = (change for change in fix.changes if isinstance(change, VolumeChange) and change.key in mounted)
    named = set(declared)
    said = list(dict.fromkeys(filter(None, (_change_words(each) for each in fix.changes if each not in named))))
    carried = {each.move for each in fix.carried if each.carrier}
    if any(move not in carried for move in fix.moves):
        said.append("it starts EMPTY: carry the data" if mounted else "carry the data")
    return "; ".join(said) or BELOW


def _change_words(change: Change) -> str | None:
    if isinstance(change, MountChange):
        return f"the named volume {change.volume}"
    if isinstance(change, ValueChange):
        return f"{change.name} names a file in the volume"
    if isinstance(change, NameChange | DeploymentName):
        return f"the project is always called {change.name}"
    if isinstance(change, VolumeName):
        return f"the volume is always called {change.name}"
    return f"declare the volume {change.key}" if isinstance(change, VolumeChange) else None


def _small(view: View, changes: Iterable[FileChange]) -> tuple[list[Line], set[Line], str]:
    """The lines of the changes that are shown, those left out, and how many these are in words.

    Those left out are true to the file: what may be shown of a line costs a look at the whole file. After READ
    characters of files no more changes are looked at.
    """
    told: dict[Line, None] = {}
    known: set[Line] = set()
    more: set[Line] = set()
    read, words = 0, ""
    for change in changes:
        read += len(change.before.text)
        if read > READ and told:
            words = "many lines"
            break
        path = change.before.path
        bare = {(path, *line) for line in changed_lines(change, masked=False)}
        if view.verbose or len(told) < LINES:
            told.update(dict.fromkeys((path, *line) for line in changed_lines(change, masked=not view.show_secrets)))
            known |= bare
        else:
            more |= bare - known
    lines = list(told)
    most = len(lines) if view.verbose else LINES
    more.update(lines[most:])
    return lines[:most], more, words or (count(len(more), "line") if more else "")


def _fix_lines(view: View, frames: Frames, lines: Sequence[Line], path: Path, more: str) -> Iterator[str]:
    for file, sign, number, text in lines:
        if file != path:
            yield f"{' ' * (frames.gutter - 1)}{view.style(':::', fg='blue', bold=True)} {view.path(file)}"
            path = file
        shown_text = text.replace("\t", "    ")
        room = None if view.columns is None else view.columns - frames.gutter - 3
        if room is not None and len(shown_text) > room:
            blank = shown_text.rfind(" ", len(shown_text) - len(shown_text.lstrip()) + 1, room - 3)
            shown_text = f"{shown_text[: blank + 1 if blank > 0 else room - 3]}..."
        yield view.style(f"{number:>{frames.gutter}} {sign} {shown_text}".rstrip(), fg=DIFF_COLORS[sign])
    if more:
        yield f"{' ' * (frames.gutter + 1)}= {more} more: --diff shows all"
