"""The summary of `volfix bulk`: comments, then the sources that failed, as a list that bulk takes again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from volfix.bulk.records import Hazard, Status
from volfix.bulk.state import State
from volfix.report.summary import count
from volfix.syntax.visible import visible

SHOWN = 20
"""The most lines of one list; the report has all."""
WORDS = {
    Status.CLEAN: "clean",
    Status.FINDINGS: "with findings",
    Status.WRITTEN: "written",
    Status.PUSHED: "pushed",
    Status.SKIPPED: "skipped",
    Status.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the run was asked for. `looked_again` is how many repositories were looked at again, None where it was all
    of them; `report` is the page that was made; a terminal obeys no name."""

    wrote: bool
    looked_again: int | None = None
    report: Path | None = None
    on_terminal: bool = False


def render(state: State, hazards: Sequence[Hazard], request: RunRequest) -> str:
    """The summary; every line is a comment, except the failed repositories at the end."""
    parts = (
        _counts(state, request),
        _causes(state, wrote=request.wrote),
        _found(state),
        _branches(state),
        _uncarried(state),
        _shared(hazards),
        _problems(state),
        _skipped(state),
        _links(state),
        _following(state, request),
    )
    lines = [f"# {line}".rstrip() for part in parts for line in part]
    return "\n".join([*lines, *_failed(state, request)])


def _counts(state: State, request: RunRequest) -> Iterator[str]:
    counts = state.counts()
    total = sum(counts.values())
    if request.looked_again is not None:
        yield f"{request.looked_again} of {total} repositories looked at again; with what earlier runs found:"
    parts = [f"{counts[status]} {word}" for status, word in WORDS.items() if counts.get(status)]
    yield f"{total} {'repository' if total == 1 else 'repositories'}{': ' if parts else ''}{', '.join(parts)}"


def _causes(state: State, *, wrote: bool) -> Iterator[str]:
    done = "fixed" if wrote else "can be fixed"
    for code, repositories, found, fixed, _ in state.causes():
        where = "1 repository" if repositories == 1 else f"{repositories} repositories"
        yield f"  {code}  {count(found, 'finding')} in {where}, {fixed} {done}"


def _found(state: State) -> Iterator[str]:
    found = [visible(source) for source, _ in state.of_status(Status.FINDINGS)]
    if found:
        yield "with findings:"
    yield from _some(found)


def _branches(state: State) -> Iterator[str]:
    for (status, branch), sources in state.branches().items():
        yield f"{WORDS[status]} on the branch {branch}:"
        yield from _some([visible(source) for source in sources])


def _uncarried(state: State) -> Iterator[str]:
    """The lines on changes that must not be merged yet."""
    marked = [f"{visible(source)}: {reason}" for source, reason in state.uncarried()]
    if marked:
        yield "do not merge before the data is carried:"
    yield from _some(marked)


def _following(state: State, request: RunRequest) -> Iterator[str]:
    """The lines on what to do next, and where the results are."""
    counts = state.counts()
    if counts.get(Status.FINDINGS) and not request.wrote and any(fixed for *_, fixed, _ in state.causes()):
        yield "Nothing is written yet. Next: the same command with --write"
    if counts.get(Status.WRITTEN):
        yield "Next: look at a branch (git show), then the same command with --push"
    if state.uncarried():
        yield "Before you merge a marked branch, carry its data on the host: volfix carry"
    if request.report is not None:
        yield f"report: {visible(str(request.report))}"
    yield f"state: {visible(str(state.path))} (for --resume, --only-failed and --only)"


def _shared(hazards: Sequence[Hazard]) -> Iterator[str]:
    if hazards:
        yield "shared between repositories:"
    yield from _some([hazard.sentence for hazard in hazards])


def _problems(state: State) -> Iterator[str]:
    problems = [f"{visible(source)}: {reason}" for source, reason in state.with_problems()]
    if problems:
        yield "not complete: some files could not be read, proven or written:"
    yield from _some(problems)


def _skipped(state: State) -> Iterator[str]:
    skipped = [f"{visible(source)}: {reason}" for source, reason in state.of_status(Status.SKIPPED)]
    if skipped:
        yield "skipped:"
    yield from _some(skipped)


def _links(state: State) -> Iterator[str]:
    for number, (source, link) in enumerate(state.links()):
        if number == 0:
            yield "open a request for each branch:"
        yield f"  {link}  ({visible(source)})"


def _some(lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:SHOWN]:
        yield f"  {line}"
    if len(lines) > SHOWN:
        yield f"  and {len(lines) - SHOWN} more: --report DIR has them all"


def _failed(state: State, request: RunRequest) -> list[str]:
    """The sources as they are, for a run that takes them again; on a terminal, with escapes for what it would obey."""
    lines: list[str] = []
    for source, reason in state.of_status(Status.FAILED):
        lines += [f"# failed: {reason}", visible(source) if request.on_terminal else source]
    return lines
