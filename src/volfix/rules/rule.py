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
    """Files of a project (path to text), and what the rule makes of them; `after` holds what a fix changes, `before`
    what git's history has of the files.
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
    """An example of a fix that `--unsafe-fixes` makes."""
    return Example(title, files, Outcome.FIXED_UNSAFE, after)


def reported(title: str, files: dict[str, str], before: dict[str, str] | None = None) -> Example:
    """An example of a finding without a fix."""
    return Example(title, files, Outcome.REPORTED, before=before)


def untouched(title: str, files: dict[str, str], before: dict[str, str] | None = None) -> Example:
    """An example of what is no finding."""
    return Example(title, files, Outcome.UNTOUCHED, before=before)


@dataclass(frozen=True, slots=True)
class Rule:
    """`check` yields the findings of one stack; `sources` name the documents that the rule's facts come from."""

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
        """Whether the rule runs where nobody selects any."""
        return self.code not in OFF_BY_DEFAULT
