"""The checklist for a person whose data still disappears, as `volfix explain` prints it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from volfix.fixes.masking.secrets import scrub
from volfix.report.encoding import one_line
from volfix.rules.answers import Mark, Point, Verdict

WIDTH = 100


def render(title: str, points: Sequence[Point], note: str | None = None) -> str:
    """The verdict on all, then each topic with its own, an answer a line; `note` says why no engine was asked."""
    parts = [f"{title}: {Verdict.of({point.verdict for point in points}).value}"]
    for number, point in enumerate(points, 1):
        answers = [_line(answer.mark, answer.text) for answer in point.answers]
        parts.append("\n".join([f"{number}. {point.topic.value}: {point.verdict.value}", *answers]))
    if note:
        parts.append(textwrap.fill(f"What runs now was not looked at: {note}", WIDTH))
    parts.append("`volfix` shows what it would change, `volfix explain CODE` explains a finding, `--rules` lists them.")
    return "\n\n".join(parts)


def _line(mark: Mark, text: str) -> str:
    return textwrap.fill(
        one_line(scrub(text)),
        WIDTH,
        initial_indent=f"   {mark.value:<3} ",
        subsequent_indent=" " * 7,
        break_long_words=False,
        break_on_hyphens=False,
    )
