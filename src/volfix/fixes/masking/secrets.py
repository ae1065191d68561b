"""What of a file no output may show, and what of it is shown all the same because a fix changes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from volfix.fixes.changes import FileChange
from volfix.fixes.masking.credentials import (
    HIDDEN,
    credentials,
    masked,
    meeting,
    merged,
    overlap,
    trimmed,
    without,
)
from volfix.fixes.masking.harmless import CODE, harmless
from volfix.fixes.masking.line_values import lines_of
from volfix.knowledge.carry_service import SCRIPT
from volfix.syntax import disk
from volfix.syntax.source import Source, Span, ordered

OWN_LINES = frozenset(line.strip().replace("$", "$$") for line in SCRIPT.splitlines() if line.strip())
"""Lines of the script of a carry service as they stand in a Compose file."""
OWN_COMMENT = re.compile(
    r"# moves [^\s;]+ into [\w.-]+ once; "
    r"(?:then remove it: volfix --select VF113 --write|volfix takes it out again: --select VF113)$",
    re.MULTILINE,
)
"""What volfix writes beside a carry service; the second form is that of earlier versions."""
PART = re.compile(r"[\w./:@~${}%+-]")
PARTS = re.compile(rf"{PART.pattern}+")
"""Paths, names and URLs."""
NAMES = re.compile(r"[\w-]{4,}")
WORD = re.compile(r"\w[\w+.-]+\w")
QUOTED = re.compile(r"\"[^\"\n]*(?:\"|\Z)|'[^'\n]*(?:'|\Z)|`[^`\n]*(?:`|\Z)")
NAMED = re.compile(r"[A-Za-z_][\w.]*=")
BLANK = re.compile(r"\s")
__all__ = ["HIDDEN", "masked", "of_these_files", "secret_spans", "with_secrets", "writes_secrets"]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a file whatever changes in it, each by place and without overlap: volfix's own comments, what
    looks like a credential, what is harmless, and the lines of a carry service's script.
    """

    comments: tuple[Span, ...]
    looks: list[Span]
    harmless: list[Span]
    written: tuple[Span, ...]


@disk.remembered(16)  # a finding shows lines of up to eleven files
def _known(source: Source) -> _Known:
    text = source.text
    return _Known(
        tuple(Span(*found.span()) for found in OWN_COMMENT.finditer(text)),
        merged(() if source.path.suffix.lower() in CODE else credentials(text)),  # no literal of code is shown anyway
        merged(harmless(source)),
        tuple(Span(start, end) for start, end in lines_of(text) if text[start:end].strip() in OWN_LINES),
    )


def secret_spans(
    source: Source, shown: Sequence[Span] = (), own: Sequence[Span] = (), within: Span | None = None
) -> tuple[Span, ...]:
    """The characters of a file that no output may show, by place and without overlap: all that are not known to be
    harmless, and what looks like a credential even there; also of a file that is not valid.

    `shown` are the characters that a fix changes. They are shown with the path or name that they are a part of, and
    credentials in them stay hidden. `own` are words that volfix writes itself. `within` asks for whole lines alone.
    """
    text, known = source.text, _known(source)
    within = within or Span(0, len(text))
    near = (span for span in shown if span.start <= within.end and within.start <= span.end)
    opened = merged([*own, *known.comments, *(part for span in near for part in _opened(text, span))])
    opened = meeting(within, opened)
    looks = meeting(within, known.looks)
    found = [part for part in without(looks, opened) if not _is_own(text, part)]
    visible = without(meeting(within, known.harmless), found)
    inside = [part for span in opened for part in _credentials_in(text, span) if not _is_own(text, part)]
    inside = merged(inside)
    opened += meeting(within, known.written)
    visible = without(merged([*visible, *opened]), inside)
    return tuple(trimmed(text, without([within], visible)))


def _opened(text: str, span: Span) -> Iterator[Span]:
    """What a fix changes, with the rest of the path or name that it stands in; nothing where it is several words."""
    inner = text[span.start : span.end].strip()
    if any(character.isspace() for character in inner):
        return
    start, end = span.start, span.end
    while start > 0 and PART.match(text[start - 1]):
        start -= 1
    while end < len(text) and PART.match(text[end]):
        end += 1
    yield Span(start, end)


def _credentials_in(text: str, opened: Span) -> Iterator[Span]:
    """The credentials of a value alone: where it changes, it is no matter what its name sounds like."""
    named = NAMED.match(text, opened.start, opened.end)
    start = named.end() if named else opened.start
    return (Span(start + found.start, start + found.end) for found in credentials(text[start : opened.end]))


def of_these_files(text: str, sources: Iterable[Source]) -> str:
    """What another program says of files: no word that they hide, and in quotes only words that they show."""
    hidden: set[str] = set()
    shown: set[str] = set()
    for source in sources:
        at = 0
        for span in (*secret_spans(source), Span(len(source.text), len(source.text))):
            shown.update(WORD.findall(source.text, at, span.start))
            hidden.update(WORD.findall(source.text, span.start, span.end))
            at = span.end
    text = WORD.sub(lambda found: HIDDEN if found[0] in hidden - shown else found[0], text)
    return QUOTED.sub(lambda found: WORD.sub(lambda word: word[0] if word[0] in shown else HIDDEN, found[0]), text)


def _is_own(text: str, span: Span) -> bool:
    """Whether a span lies in a line of the script that volfix itself writes into a carry service: `find . -path`."""
    end = text.find("\n", span.end)
    return text[text.rfind("\n", 0, span.start) + 1 : len(text) if end < 0 else end].strip() in OWN_LINES


def with_secrets(change: FileChange, old: Span | None = None, new: Span | None = None) -> FileChange:
    """The change with the secret spans of both its texts; what its edits replace and write is shown.

    Of several words that an edit writes those are shown that did not stand in the file before: they are volfix's own.
    `old` and `new` ask for whole lines of the text before and after alone.
    """
    before: list[Span] = []
    after: list[Span] = []
    own: list[Span] = []
    known = frozenset(NAMES.findall(change.before.text))
    shift = 0
    for edit in ordered(change.edits):
        start = edit.span.start + shift
        written = Span(start, start + len(edit.replacement))
        if not BLANK.search(edit.replacement or change.before.text[edit.span.start : edit.span.end]):
            before.append(edit.span)
            after.append(written)
        else:
            own += [
                Span(start + word.start(), start + word.end())
                for line, end in lines_of(edit.replacement)
                if edit.replacement[line:end].strip() not in OWN_LINES  # they are shown in any case
                for word in PARTS.finditer(edit.replacement, line, end)
                if known.isdisjoint(NAMES.findall(word[0]))
            ]
        shift += len(edit.replacement) - (edit.span.end - edit.span.start)
    return replace(
        change,
        secrets_before=secret_spans(change.before, before, within=old),
        secrets_after=secret_spans(change.after, after, own, within=new),
    )


def writes_secrets(change: FileChange) -> bool:
    """Whether what the edits write has characters that no output may show."""
    secrets, shift = with_secrets(change).secrets_after, 0
    for edit in ordered(change.edits):
        start = edit.span.start + shift
        if any(overlap(secret, Span(start, start + len(edit.replacement))) for secret in secrets):
            return True
        shift += len(edit.replacement) - (edit.span.end - edit.span.start)
    return False
