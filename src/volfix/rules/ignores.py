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
"""Every ignore comment contains this."""
COMMENT = re.compile(r"(?:#|//)[ \t]*(volfix:[ \t]*(ignore[\w-]*)[ \t]*(?:\[([^\[\]\n]*)\]|(\[|(?<! )\())?)")
CODE = re.compile(r"[^,;\s]+")
ANY = ""
"""The code that is noted when a rule asked about any code: the comment kept a mount as it is."""
OWN = "VF901"
"""The rule about ignore comments; only this code in a comment hides its findings."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that ignores findings. `span` is the part that volfix reads, `word` is `ignore` or a misspelling of it.

    `codes` maps each code, in capitals, to its place. Empty: the comment hides every finding. None: volfix cannot read
    the brackets.
    """

    source: Source
    span: Span
    word: str
    codes: Mapping[str, Span] | None

    def covers(self, code: str | None) -> bool:
        """Whether the comment hides findings with this code; without a code, whether it hides any."""
        if self.word != "ignore" or self.codes is None:
            return False
        return code is None or code in self.codes or (not self.codes and code != OWN)


def ignores_in(source: Source, start: int = 0, end: int | None = None) -> Iterator[Ignore]:
    """The ignore comments in a file, or in its characters `start` to `end`."""
    for found in COMMENT.finditer(source.text, start, len(source.text) if end is None else end):
        written = CODE.finditer(source.text, *found.span(3)) if found[3] else ()
        codes = {code[0].upper(): Span(*code.span()) for code in written}
        yield Ignore(source, Span(*found.span(1)), found[2], None if found[4] else codes)


def is_ignored(context: Context, source: Source, offset: int, code: str | None = None) -> bool:
    """Whether a comment or the configuration ignores the code at a character of a file; without a code, any code.

    Comments that do so are added to `context.used_ignores`, for VF901.
    """
    found = [ignore for ignore in _around(source, offset) if ignore.covers(code)]
    context.used_ignores.update((source.path, ignore.span, code or ANY) for ignore in found)
    return bool(found) or context.leaves_out(source.path, code)


def _around(source: Source, offset: int) -> Iterator[Ignore]:
    """The ignore comments on the line of a character, and on a comment line directly above it."""
    start, end = source.line_start(offset), source.line_end(offset)
    above = source.line_start(start - 1) if start else 0
    if "volfix:" not in source.text[above:end]:
        return
    yield from ignores_in(source, start, end)
    if source.text[above:start].lstrip().startswith(("#", "//")):
        yield from ignores_in(source, above, start)
