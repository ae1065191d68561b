"""The checklist's answers: what the data depends on, and what volfix knows about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum


class Mark(str, Enum):
    """What an answer means for the data."""

    FINE = "ok"
    WRONG = "!"
    OPEN = "?"
    NOTE = "-"


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the checklist, with what it means for the data.

    `OPEN`: neither the files nor the engine can tell; the text says what a person must check. `NOTE`: true in any case.
    """

    mark: Mark
    text: str


class Topic(str, Enum):
    """What the data depends on."""

    VOLUME = "Volumes"
    NAME = "Project name"
    URL = "Database paths"
    ENVIRONMENT = "Env files"
    DELETION = "Deletions"
    DAEMON = "Docker daemon"


class Verdict(str, Enum):
    """The verdict of several answers: AT RISK if one answer says so, else UNKNOWN if one is not known, else SAFE."""

    SAFE = "SAFE"
    AT_RISK = "AT RISK"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def of(cls, verdicts: Collection[Verdict]) -> Verdict:
        """The verdict for several things: the worst of their verdicts."""
        return next((each for each in (cls.AT_RISK, cls.UNKNOWN) if each in verdicts), cls.SAFE)


@dataclass(frozen=True, slots=True)
class Point:
    """One topic of the checklist with its answers."""

    topic: Topic
    answers: tuple[Answer, ...]

    @property
    def verdict(self) -> Verdict:
        marks = {answer.mark for answer in self.answers}
        if Mark.WRONG in marks:
            return Verdict.AT_RISK
        return Verdict.UNKNOWN if Mark.OPEN in marks else Verdict.SAFE

    def and_also(self, answers: Sequence[Answer]) -> Point:
        return replace(self, answers=(*self.answers, *answers))
