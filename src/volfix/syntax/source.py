"""The model of a file: its bytes, its text, and edits of exact positions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from volfix.syntax import disk

BOM = b"\xef\xbb\xbf"


class FileProblem(Exception):
    """A file cannot be read or understood. `line` and `column` count from 1; None if there is no exact place."""

    def __init__(self, path: Path, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.path, self.message, self.line, self.column = path, message, line, column

    def __reduce__(self) -> tuple[type[FileProblem], tuple[object, ...]]:
        """All fields, for another process; by default only the message would be sent."""
        return type(self), (self.path, self.message, self.line, self.column)

    def __str__(self) -> str:
        place = f":{self.line}:{self.column}" if self.line is not None else ""
        return f"{self.path}{place}: {self.message}"


def too_much(path: Path, reason: str) -> FileProblem:
    """The problem of a file that has more than volfix reads: it is named, and no fix beside it is called safe."""
    disk.refuse(path, reason)
    return FileProblem(path, reason)


class CannotEdit(Exception):
    """volfix does not make an edit; the message is the reason, in one line."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The characters `start` (included) to `end` (excluded) of a source's text."""

    start: int
    end: int

    def __contains__(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters `span` of the file at `path` by `replacement`."""

    path: Path
    span: Span
    replacement: str


@dataclass(frozen=True)
class Source:
    """A UTF-8 file. `text` is `data` decoded, without the BOM, with its line ends unchanged."""

    path: Path
    data: bytes = field(repr=False)
    text: str = field(repr=False)
    mode: int = 0o644

    @classmethod
    def read(cls, path: Path, limit: int = disk.LARGEST) -> Source:
        """Read the file at `path`. Raises FileProblem if it is unreadable, refused, too large or not UTF-8 text."""
        try:
            data, mode = disk.read_with_mode(path, limit)
        except OSError as error:
            raise FileProblem(path, error.strerror or str(error)) from error
        return cls.of(path, data, mode)

    @classmethod
    def of(cls, path: Path, data: bytes, mode: int = 0o644) -> Source:
        """The source of a file at `path` with the content `data`. Raises FileProblem if it is not UTF-8 text."""
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise FileProblem(path, "UTF-16 text: save the file as UTF-8", 1, 1)
        body = data.removeprefix(BOM)
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            before = body[: error.start].decode()
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            raise FileProblem(path, "not UTF-8 text: save the file as UTF-8", line, column) from error
        if "\0" in text:
            start = text.index("\0")
            raise FileProblem(path, "binary data", text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
        return cls(path, data, text, mode)

    @property
    def bom(self) -> bool:
        """Whether the file begins with a byte order mark."""
        return self.data.startswith(BOM)

    @cached_property
    def newline(self) -> str:
        """The line end for inserted lines: the most common line end of the file."""
        crlf = self.text.count("\r\n")
        return "\r\n" if crlf * 2 > self.text.count("\n") else "\n"

    @cached_property
    def _line_starts(self) -> list[int]:
        starts, at = [0], self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both counted from 1, of the character at `offset`."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line_start(self, offset: int) -> int:
        """The offset at which the line of `offset` begins."""
        return self._line_starts[bisect_right(self._line_starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """The offset after the line end of the line of `offset`, or the end of the text."""
        at = self.text.find("\n", offset)
        return len(self.text) if at < 0 else at + 1

    def lines(self, first: int, end: int) -> Span:
        """The characters of the lines `first`, counted from 0, to `end`, excluded, with their line ends."""
        starts, length = self._line_starts, len(self.text)
        return Span(
            starts[first] if first < len(starts) else length,
            starts[end] if end < len(starts) else length,
        )

    def logical_lines(self) -> Iterator[tuple[int, int]]:
        """Start and end of each line; lines continued by a backslash count as one line."""
        text, at = self.text, 0
        while at < len(text):
            end = self.line_end(at)
            while end < len(text) and text[at:end].rstrip("\r\n").endswith("\\"):
                end = self.line_end(end)
            yield at, end
            at = end

    def splice(self, edits: Iterable[Edit]) -> Source:
        """The source after these edits. Raises CannotEdit if two of them overlap."""
        parts: list[str] = []
        position = 0
        for edit in self._apart(edits):
            parts += (self.text[position : edit.span.start], edit.replacement)
            position = edit.span.end
        parts.append(self.text[position:])
        data = (BOM if self.bom else b"") + "".join(parts).encode()
        return Source.of(self.path, data, self.mode)

    def changes(self, edits: Iterable[Edit]) -> bool:
        """Whether any of the edits changes the text. Raises CannotEdit if two of them overlap."""
        return any(edit.replacement != self.text[edit.span.start : edit.span.end] for edit in self._apart(edits))

    def _apart(self, edits: Iterable[Edit]) -> Sequence[Edit]:
        found, position = ordered(edits), 0
        for edit in found:
            if edit.span.start < position:
                line, column = self.place(edit.span.start)
                raise CannotEdit(f"{self.path.name}:{line}:{column}: two changes overlap here")
            position = edit.span.end
        return found


def ordered(edits: Iterable[Edit]) -> Sequence[Edit]:
    """The edits sorted by position, without duplicates; an insertion comes before a replacement at its position."""
    return sorted(dict.fromkeys(edits), key=lambda edit: (edit.path, edit.span))
