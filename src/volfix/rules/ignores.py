"""`# volfix: ignore[VF101] reason` on a line, or on a comment line directly above it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volfix.syntax.source import Source, Span

if TYPE_CHECKING:
    from volfix.rules.context import Context

MARK = b"volfix:"
"""What every such comment has in it."""
COMMENT = re.compile(r"(?:#|//)[ \t]*(volfix:[ \t]*(ignore[\w-]*)[ \t]*(?:\[([^\[\]\n]*)\]|(\[|(?<! )\())?)")
CODE = re.compile(r"[^,;\s]+")
ANY = ""
"""What a comment has ignored where a rule asked for any code: it kept a mount as it is."""
OWN = "VF901"
"""The rule about these comments; only its code ignores its findings."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that ignores findings. `span` is what volfix reads of it, `word` is `ignore` or a misspelling.

    `codes` are in capitals, by their places: empty where all are ignored, None where the brackets cannot be read.
    """

    source: Source
    span: Span
    word: str
    codes: Mapping[str, Span] | None

    def covers(self, code: str | None) -> bool:
        """Whether the comment ignores the code (or, without a code, any of them)."""
        if self.word != "ignore" or self.codes is None:
            return False
        return code is None or code in self.codes or (not self.codes and code != OWN)


def ignores_in(source: Source, start: int = 0, end: int | None = None) -> Iterator[Ignore]:
    """The comments of a file, or of a part of it, that ignore something."""
    for found in COMMENT.finditer(source.text, start, len(source.text) if end is None else end):
        written = CODE.finditer(source.text, *found.span(3)) if found[3] else ()
        codes = {code[0].upper(): Span(*code.span()) for code in written}
        yield Ignore(source, Span(*found.span(1)), found[2], None if found[4] else codes)


def is_ignored(context: Context, source: Source, offset: int, code: str | None = None) -> bool:
    """Whether a comment, or the configuration, ignores the code (or, without a code, any of them) at a place.

    The context notes which comments did.
    """
    found = [ignore for ignore in _around(source, offset) if ignore.covers(code)]
    context.used_ignores.update((source.path, ignore.span, code or ANY) for ignore in found)
    return bool(found) or context.leaves_out(source.path, code)


def _around(source: Source, offset: int) -> Iterator[Ignore]:
    """The comments on the line of a place, and on the comment line above it."""
    if "volfix:" not in source.text:
        return
    start = source.line_start(offset)
    yield from ignores_in(source, start, source.line_end(offset))
    above = source.line_start(start - 1) if start else 0
    if source.text[above:start].lstrip().startswith(("#", "//")):
        yield from ignores_in(source, above, start)
