"""What a campaign tries and what comes of it: the parts, their cases, and the table of promise, tried, failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one case tried, how many attempts that were, and in words what went wrong."""

    tried: int
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One promise, and the case that attacks it: a function of a seed and an empty directory of its own.

    `sample` is the number of cases that `.ci/run` tries: none where a seed is not the same case each time. `different`
    is the number of cases after which they begin anew, None where no case comes twice. `lacking` says what the machine
    lacks for the part.
    """

    promise: str
    case: Callable[[int, Path], Outcome]
    sample: int = 0
    different: int | None = None
    lacking: Callable[[], str | None] = lambda: None


@dataclass(slots=True)
class Tally:
    """What has come of one part so far; `cases` were run, `failures` are (seed, what went wrong)."""

    cases: int = 0
    tried: int = 0
    seconds: float = 0.0
    failures: list[tuple[int, str]] = field(default_factory=list)
    lacking: str | None = None

    def add(self, seed: int, outcome: Outcome) -> None:
        self.cases += 1
        self.tried += outcome.tried
        self.failures += [(seed, text) for text in outcome.failures]


def rendered(parts: Mapping[str, Part], tallies: Mapping[str, Tally]) -> str:
    """The table of what was tried and what failed."""
    rows = [("promise", "part", "tried", "failed")]
    for name, tally in tallies.items():
        tried = f"not tried: {tally.lacking}" if tally.lacking else f"{tally.tried:,}"
        rows.append((parts[name].promise, name, tried, f"{len(tally.failures):,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def made_again(name: str, seed: int, text: str) -> str:
    """A failure, with the command that makes it again."""
    return f"python -m tests.campaign --part {name} --seed {seed} --cases 1\n  {text}\n"
