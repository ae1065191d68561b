"""Text that stands inside a file in another notation: a script in a YAML scalar, a command between quotes.

Every character knows which characters of the file say it, so that a word of the inner text can be edited in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from volfix.syntax.source import Source, Span

Character = tuple[str, int, int]
"""One character of an inner text, and the characters of the outer one, from and to, that say it."""


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """`text[i]` is said by the characters `starts[i]` to `ends[i]` of the source's text."""

    source: Source
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def whole(cls, source: Source) -> Fragment:
        """All of a file."""
        return cls.between(source, 0, len(source.text))

    @classmethod
    def between(cls, source: Source, start: int, end: int) -> Fragment:
        """Characters `start` to `end` of a file, as they stand there."""
        return cls(source, source.text[start:end], range(start, end), range(start + 1, end + 1))

    @classmethod
    def of(cls, source: Source, characters: Iterable[Character]) -> Fragment:
        """A text from its characters with their places in the file."""
        found = list(characters)
        text = "".join(item[0] for item in found)
        return cls(source, text, [item[1] for item in found], [item[2] for item in found])

    @classmethod
    def joined(cls, fragments: Sequence[Fragment]) -> Fragment:
        """Texts of one file as one text, a line each; a line end is said by the last character before it."""
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
        """A text that characters of this one say."""
        found = [(text, start, end) for text, start, end in characters if end > start]
        return Fragment.of(self.source, ((text, self.starts[start], self.ends[end - 1]) for text, start, end in found))

    def place(self, start: int, end: int) -> Span:
        """The characters of the file that say `text[start:end]`, which is not empty."""
        return Span(self.starts[start], self.ends[end - 1])

    def is_verbatim(self, start: int, end: int) -> bool:
        """Whether `text[start:end]` stands in the file as it is, character for character."""
        span = self.place(start, end)
        return self.source.text[span.start : span.end] == self.text[start:end]
