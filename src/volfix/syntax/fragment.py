"""Text inside a file of another format: a script in a YAML scalar, a command between quotes.

Every character knows its position in the file, so that a word of the inner text can be edited in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from volfix.syntax.source import Source, Span

Character = tuple[str, int, int]
"""A character of an inner text, with its start and end in the outer text."""


def as_written(text: str, start: int, end: int) -> Iterator[Character]:
    """The characters of `text[start:end]`, each at its own position."""
    return zip(text[start:end], range(start, end), range(start + 1, end + 1), strict=True)


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """An inner text: `text[i]` comes from the characters `starts[i]` to `ends[i]` of the source's text."""

    source: Source
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def whole(cls, source: Source) -> Fragment:
        """The whole text of a file."""
        return cls.between(source, 0, len(source.text))

    @classmethod
    def between(cls, source: Source, start: int, end: int) -> Fragment:
        """The characters `start` to `end` of a file, unchanged."""
        return cls(source, source.text[start:end], range(start, end), range(start + 1, end + 1))

    @classmethod
    def of(cls, source: Source, characters: Iterable[Character]) -> Fragment:
        """The fragment of these characters, given with their positions in the file."""
        found = list(characters)
        text = "".join([item[0] for item in found])
        return cls(source, text, [item[1] for item in found], [item[2] for item in found])

    @classmethod
    def joined(cls, fragments: Sequence[Fragment]) -> Fragment:
        """Fragments of one file joined by line ends; a line end has the position of the character before it."""
        starts: list[int] = []
        ends: list[int] = []
        for number, each in enumerate(fragments):
            if number:
                starts.append(starts[-1] if starts else 0)
                ends.append(ends[-1] if ends else 1)
            starts += each.starts
            ends += each.ends
        return cls(fragments[0].source, "\n".join(each.text for each in fragments), starts, ends)

    def inner(self, characters: Iterable[Character]) -> Fragment:
        """A text inside this fragment; `characters` are given with their positions in this fragment's text."""
        starts, ends = self.starts, self.ends
        return Fragment.of(
            self.source, [(text, starts[start], ends[end - 1]) for text, start, end in characters if end > start]
        )

    def place(self, start: int, end: int) -> Span:
        """The position in the file of `text[start:end]`, which must not be empty."""
        return Span(self.starts[start], self.ends[end - 1])

    def is_verbatim(self, start: int, end: int) -> bool:
        """Whether `text[start:end]` is written in the file exactly so."""
        span = self.place(start, end)
        return self.source.text[span.start : span.end] == self.text[start:end]
