"""Searches the bytes of many files for many names, and reads through each file as seldom as possible."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

LONG_LINE = 1000
"""How far before a match a comment's start is looked for, in bytes: a generated line can be as long as its file."""
WORD = re.compile(rb"\w+")
MANY = 30
"""After this many names an index of all words is built: it costs about as much as searching for this many names."""


@dataclass(frozen=True, slots=True)
class Literal:
    """The position of a literal in a module, in bytes."""

    path: Path
    start: int
    end: int


@dataclass(eq=False)
class SearchedFiles:
    """Files with their bytes; `comment` matches the start of a comment."""

    files: Mapping[Path, bytes]
    comment: re.Pattern[bytes]
    _found: dict[tuple[re.Pattern[bytes], tuple[bytes, ...]], tuple[Path, ...]] = field(default_factory=dict)
    _asked: set[bytes] = field(default_factory=set)

    def having(self, pattern: re.Pattern[bytes], words: tuple[bytes, ...]) -> tuple[Path, ...]:
        """The files that match the pattern outside comments, once for each match.

        Every match of the pattern must contain one of `words`.
        """
        key = pattern, words
        if key not in self._found:
            held = {path: data for path, data in self.files.items() if any(word in data for word in words)}
            self._found[key] = tuple(self._matches(held, pattern, None))
        return self._found[key]

    def naming(self, pattern: re.Pattern[bytes], name: bytes, literal: Literal | None = None) -> Iterator[Path]:
        """Like `having`, for a pattern that contains `name` as a whole word; matches in `literal` do not count."""
        self._asked.add(name)
        paths = self.files if len(self._asked) <= MANY else self._with_words_of(name)
        held = ((path, self.files[path]) for path in paths if name in self.files[path])
        yield from self._matches(dict(held), pattern, literal)

    def matching(self, patterns: Mapping[str, re.Pattern[bytes]]) -> Iterator[Path]:
        """The files that match, outside comments, the pattern for their suffix."""
        for path, data in self.files.items():
            pattern = patterns.get(path.suffix)
            if pattern is not None and next(self._matches({path: data}, pattern, None), None):
                yield path

    def _matches(
        self, held: Mapping[Path, bytes], pattern: re.Pattern[bytes], literal: Literal | None
    ) -> Iterator[Path]:
        for path, data in held.items():
            for found in pattern.finditer(data):
                if literal is not None and literal.path == path and literal.start < found.end() <= literal.end:
                    continue
                start = max(data.rfind(b"\n", 0, found.start()) + 1, found.start() - LONG_LINE)
                if not self.comment.search(data, start, found.end()):
                    yield path

    def _with_words_of(self, name: bytes) -> Collection[Path]:
        """The files that contain the name's rarest word, in order."""
        return min((self._by_word.get(word, []) for word in WORD.findall(name.lower())), key=len, default=[*self.files])

    @cached_property
    def _by_word(self) -> dict[bytes, list[Path]]:
        found: dict[bytes, list[Path]] = {}
        for path, data in self.files.items():
            for word in set(WORD.findall(data.lower())):
                found.setdefault(word, []).append(path)
        return found
