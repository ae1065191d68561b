"""Places in a text as an editor counts them.

Source: Language Server Protocol 3.17, "Position" and "PositionEncodingKind": lines and columns from 0, lines end with
`\\n`, `\\r\\n` or `\\r`, and a column counts the units of the encoding that client and server have agreed on.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from lsprotocol import types

from volfix.syntax.source import Span

LINE_END = re.compile(r"\r\n|\n|\r")
BOM = "\ufeff"


class Lines:
    """The lines of a text. `text` is a source's, without the BOM; `shows_bom` says that the editor counts one."""

    def __init__(self, text: str, encoding: str, *, shows_bom: bool = False) -> None:
        self.shift = len(BOM) if shows_bom else 0
        self.text = BOM + text if shows_bom else text
        self.encoding = encoding
        self.starts = [0, *(found.end() for found in LINE_END.finditer(self.text))]

    def position(self, offset: int) -> types.Position:
        """The position of the character at `offset` of the source's text."""
        offset += self.shift
        line = bisect_right(self.starts, offset) - 1
        return types.Position(line, self._units(self.text[self.starts[line] : offset]))

    def range(self, span: Span) -> types.Range:
        """The range of a span."""
        return types.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: types.Position) -> int:
        """The offset of the character at a position; behind the end of a line or of the text, of its last character."""
        if position.line >= len(self.starts):
            return len(self.text) - self.shift
        start = self.starts[position.line]
        end = self.starts[position.line + 1] if position.line + 1 < len(self.starts) else len(self.text)
        line = LINE_END.sub("", self.text[start:end])
        units = 0
        for number, character in enumerate(line):
            if units >= position.character:
                return start + number - self.shift
            units += self._units(character)
        return start + len(line) - self.shift

    def whole_line(self, line: int, column: int) -> types.Range:
        """From a line and column, both from 1 and in characters, to the end of the line; empty where there is none."""
        at = min(line, len(self.starts)) - 1
        end = self.starts[at + 1] if at + 1 < len(self.starts) else len(self.text)
        stop = self.starts[at] + len(LINE_END.sub("", self.text[self.starts[at] : end]))
        start = min(self.starts[at] + column - 1, stop)
        return self.range(Span(max(start - self.shift, 0), max(stop - self.shift, 0)))

    def _units(self, text: str) -> int:
        if self.encoding == types.PositionEncodingKind.Utf32:
            return len(text)
        if self.encoding == types.PositionEncodingKind.Utf8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
