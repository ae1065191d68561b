"""What of a file no output may show, and what of it is shown all the same because a fix changes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from volfix.fixes.masking.credentials import GLUED, HIDDEN, credentials, masked, merged, scrub
from volfix.fixes.masking.secret_values import secret_values
from volfix.fixes.results import FileChange
from volfix.knowledge.carry_service import SCRIPT
from volfix.syntax.source import Source, Span, ordered

OWN_LINES = frozenset(line.strip().replace("$", "$$") for line in SCRIPT.splitlines() if GLUED.search(line))
"""Lines as they stand in a Compose file, whose options of `find` look like the password of MySQL's clients."""
__all__ = ["HIDDEN", "masked", "scrub", "secret_spans", "with_secrets"]


def secret_spans(source: Source, shown: Sequence[Span] = ()) -> tuple[Span, ...]:
    """The characters of a file that no output may show, by place and without overlap; also of one that is not valid.

    `shown` are the characters that a fix changes. A value that one of them lies in (touching its end is not enough) is
    shown as a whole where it stands on one line, else in those characters only; credentials in it stay hidden.
    """
    text = source.text
    shown = [span for span in shown if "\n" not in text[span.start : span.end]]
    hidden: list[Span] = list(credentials(text))
    opened: list[Span] = []
    parameters: list[Span] = []
    for value in secret_values(source):
        inside = [span for span in shown if _overlap(span, value)]
        if inside and "\n" not in text[value.start : value.end]:
            opened.append(value)
            parameters += [part for part in _parameters(text, value) if not any(_overlap(part, one) for one in inside)]
        else:
            hidden.append(value)
    opened += [span for span in shown if not any(_overlap(span, value) for value in opened)]
    opened = merged(opened)
    hidden = [part for span in merged(hidden) for part in _without(span, opened)]
    for span in opened:
        for found in credentials(text[span.start : span.end]):
            hidden.append(Span(span.start + found.start, span.start + found.end))
    return tuple(span for span in merged([*hidden, *parameters]) if not _is_own(text, span))


def _is_own(text: str, span: Span) -> bool:
    """Whether a span lies in a line of the script that volfix itself writes into a carry service: `find . -path`."""
    end = text.find("\n", span.end)
    return text[text.rfind("\n", 0, span.start) + 1 : len(text) if end < 0 else end].strip() in OWN_LINES


def _parameters(text: str, value: Span) -> list[Span]:
    """What follows a database's path in a URL: options, of which any may be a key."""
    found = re.search(r"[?;]", text[value.start : value.end])
    return [Span(value.start + found.end(), value.end)] if found and value.start + found.end() < value.end else []


def with_secrets(change: FileChange) -> FileChange:
    """The change with the secret spans of both its texts; what its edits take away and write is shown."""
    before: list[Span] = []
    after: list[Span] = []
    shift = 0
    values: list[Span] | None = None
    for edit in ordered(change.edits):
        before.append(edit.span)
        start = edit.span.start + shift
        after.append(Span(start, start + len(edit.replacement)))
        if not edit.replacement:  # where a part of a value is taken out, what stays of it is what the fix writes
            values = list(secret_values(change.before)) if values is None else values
            after += [_left_of(value, edit.span, shift) for value in values if _is_within(edit.span, value)]
        shift += len(edit.replacement) - (edit.span.end - edit.span.start)
    return replace(
        change,
        secrets_before=secret_spans(change.before, before),
        secrets_after=secret_spans(change.after, after),
    )


def _is_within(span: Span, value: Span) -> bool:
    return value.start <= span.start and span.end <= value.end


def _left_of(value: Span, taken: Span, shift: int) -> Span:
    """The last character before what is taken out of a value, in the text after it, or the first behind it."""
    start = taken.start + shift
    at = start - 1 if taken.start > value.start else start
    return Span(at, at + (value.end - value.start > taken.end - taken.start))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _without(span: Span, others: Iterable[Span]) -> list[Span]:
    """What remains of a span without the characters of the others, which are in order."""
    parts, start = [], span.start
    for other in others:
        if _overlap(span, other):
            parts.append(Span(start, other.start))
            start = other.end
    return [part for part in (*parts, Span(start, span.end)) if part.start < part.end]
