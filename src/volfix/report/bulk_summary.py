"""What a run over many repositories comes to, as text that is itself a list of sources: those that failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from volfix.bulk.records import Hazard, Status
from volfix.bulk.state import State
from volfix.fixes.diff import visible
from volfix.report.summary import count

SHOWN = 20
"""Lines of a list; the report has all of them."""
WORDS = {
    Status.CLEAN: "clean",
    Status.FINDINGS: "with findings",
    Status.WRITTEN: "written",
    Status.PUSHED: "pushed",
    Status.SKIPPED: "skipped",
    Status.FAILED: "failed",
}


def render(state: State, hazards: Sequence[Hazard], *, wrote: bool, next_command: str | None) -> str:
    """The summary: every line a comment, but for the failed repositories at the end."""
    lines: list[str] = []
    for part in (
        _counts(state),
        _causes(state, wrote=wrote),
        _shared(hazards),
        _problems(state),
        _skipped(state),
        _links(state),
    ):
        lines += [f"# {line}".rstrip() for line in part]
    if next_command is not None:
        lines.append(f"# {next_command}")
    lines += _failed(state)
    return "\n".join(lines)


def _counts(state: State) -> Iterator[str]:
    counts = state.counts()
    total = sum(counts.values())
    parts = [f"{counts[status]} {word}" for status, word in WORDS.items() if counts.get(status)]
    yield f"{total} {'repository' if total == 1 else 'repositories'}{': ' if parts else ''}{', '.join(parts)}"


def _causes(state: State, *, wrote: bool) -> Iterator[str]:
    done = "fixed" if wrote else "can be fixed"
    for code, repositories, found, fixed, _ in state.causes():
        where = "1 repository" if repositories == 1 else f"{repositories} repositories"
        yield f"  {code}  {count(found, 'finding')} in {where}, {fixed} {done}"


def _shared(hazards: Sequence[Hazard]) -> Iterator[str]:
    if hazards:
        yield "shared between repositories:"
    yield from _some([hazard.sentence for hazard in hazards])


def _problems(state: State) -> Iterator[str]:
    problems = [f"{visible(source)}: {reason}" for source, reason in state.with_problems()]
    if problems:
        yield "not done, for some files could not be read, proven or written:"
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


def _failed(state: State) -> list[str]:
    lines: list[str] = []
    for source, reason in state.of_status(Status.FAILED):
        lines += [f"# failed: {reason}", source]
    return lines
