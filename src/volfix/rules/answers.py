"""An answer of the checklist: what the data depends on, and what is known of it."""

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
    """One line; `OPEN` says that neither the files nor the engine can tell, and what a person is to look at.

    `NOTE` says what holds in any case.
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
    """What the answers mean for the data: at risk where an answer says so, unknown where one of them is not known."""

    SAFE = "SAFE"
    AT_RISK = "AT RISK"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def of(cls, verdicts: Collection[Verdict]) -> Verdict:
        """The verdict on several things together."""
        return next((each for each in (cls.AT_RISK, cls.UNKNOWN) if each in verdicts), cls.SAFE)


@dataclass(frozen=True, slots=True)
class Point:
    """Something that the data depends on, with what is known of it."""

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
