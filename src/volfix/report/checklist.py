"""The checklist for a person whose data still disappears: what `volfix explain PATH` prints."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from volfix.fixes.masking.messages import scrub
from volfix.rules.answers import Mark, Point, Verdict
from volfix.syntax.pasted import pasted
from volfix.syntax.visible import one_line

WIDTH = 100
WORSE = (Verdict.AT_RISK, Verdict.UNKNOWN)


def render(title: str, points: Sequence[Point], note: str | None = None) -> str:
    """The verdict on all, then each topic with its own, an answer a line; `note` says why no engine was asked."""
    parts = [f"{title}: {Verdict.of({point.verdict for point in points}).value}"]
    for number, point in enumerate(points, 1):
        answers = [_line(answer.mark, answer.text) for answer in point.answers]
        parts.append("\n".join([f"{number}. {point.topic.value}: {point.verdict.value}", *answers]))
    if note:
        parts.append(textwrap.fill(f"Running containers were not looked at: {note}", WIDTH))
    parts.append("`volfix` shows the fixes; `volfix explain CODE` explains a finding.")
    return "\n\n".join(parts)


def render_several(subject: str, answers: Sequence[tuple[str, str, Sequence[Point]]], note: str | None = None) -> str:
    """The verdict on each of several projects below the subject (its file, name and points), and how to see one."""
    verdicts = [Verdict.of({point.verdict for point in points}) for _, _, points in answers]
    lines = [f"{len(answers)} projects: {Verdict.of(verdicts).value}", ""]
    for verdict, (file, name, points) in zip(verdicts, answers, strict=True):
        said = {each: [point.topic.value for point in points if point.verdict is each] for each in Verdict}
        why = "; ".join(f"{each.value}: {', '.join(said[each])}" for each in WORSE if said[each])
        lines.append(_paragraph(f"{file} ({name}): {verdict.value}", why))
    if note:
        lines += ["", textwrap.fill(f"Running containers were not looked at: {note}", WIDTH)]
    worst = Path(subject, answers[verdicts.index(Verdict.of(verdicts))][0])
    lines += ["", f"Name a Compose file to see its answers: volfix explain {pasted([worst])}"]
    return "\n".join(lines)


def _paragraph(title: str, text: str) -> str:
    body = textwrap.fill(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    return f"{one_line(title)}\n{body}" if text else one_line(title)


def _line(mark: Mark, text: str) -> str:
    return textwrap.fill(
        one_line(scrub(text)),
        WIDTH,
        initial_indent=f"   {mark.value:<3} ",
        subsequent_indent=" " * 7,
        break_long_words=False,
        break_on_hyphens=False,
    )
