"""What a rule is: its texts, its check, and the examples that test and document it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from volfix.rules.context import Context
from volfix.rules.findings import Finding
from volfix.rules.selection import OFF_BY_DEFAULT


class Outcome(str, Enum):
    """What volfix does with an example."""

    FIXED = "fixed"
    FIXED_UNSAFE = "fixed with --unsafe-fixes"
    REPORTED = "reported, no fix"
    UNTOUCHED = "not a finding"


@dataclass(frozen=True, slots=True)
class Example:
    """A project and what the rule makes of it.

    `files` are the project's files (path to text), `before` their earlier text in git's history. `after` are the files
    that the fix changes, with their new text; None where the rule has no fix.
    """

    title: str
    files: dict[str, str]
    outcome: Outcome
    after: dict[str, str] | None = None
    before: dict[str, str] | None = None


def fixed(title: str, files: dict[str, str], after: dict[str, str]) -> Example:
    """An example of a safe fix."""
    return Example(title, files, Outcome.FIXED, after)


def fixed_unsafe(title: str, files: dict[str, str], after: dict[str, str]) -> Example:
    """An example of a fix that needs `--unsafe-fixes`."""
    return Example(title, files, Outcome.FIXED_UNSAFE, after)


def reported(title: str, files: dict[str, str], before: dict[str, str] | None = None) -> Example:
    """An example of a finding without a fix."""
    return Example(title, files, Outcome.REPORTED, before=before)


def untouched(title: str, files: dict[str, str], before: dict[str, str] | None = None) -> Example:
    """An example without a finding."""
    return Example(title, files, Outcome.UNTOUCHED, before=before)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `check` yields the findings of a stack; `why` and `fix` are the texts of `volfix explain`.

    `sources` name the documents that the rule's facts come from.
    """

    code: str
    name: str
    summary: str
    why: str
    fix: str
    sources: tuple[str, ...]
    examples: tuple[Example, ...]
    check: Callable[[Context], Iterator[Finding]]

    @property
    def default(self) -> bool:
        """Whether the rule runs when no rule is selected."""
        return self.code not in OFF_BY_DEFAULT
