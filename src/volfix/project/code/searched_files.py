"""The bytes of many files, which are searched for many names: each file is read through once for all of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

LONG_LINE = 1000
"""Characters before a name in which a comment may have begun: generated lines can be as long as their file."""
WORD = re.compile(rb"\w+")
MANY = 30
"""Names that are looked for in every file: a list of all words costs about as much, and is made for more of them."""


@dataclass(frozen=True, slots=True)
class Literal:
    """The bytes of a literal in a module."""

    path: Path
    start: int
    end: int


@dataclass(eq=False)
class SearchedFiles:
    """Files by path, with what begins a comment in them."""

    files: Mapping[Path, bytes]
    comment: re.Pattern[bytes]
    _found: dict[tuple[re.Pattern[bytes], tuple[bytes, ...]], tuple[Path, ...]] = field(default_factory=dict)
    _asked: set[bytes] = field(default_factory=set)

    def having(self, pattern: re.Pattern[bytes], words: tuple[bytes, ...]) -> tuple[Path, ...]:
        """The files in which the pattern is found outside of comments, each as often as it is; one of the words is in
        every such place.
        """
        key = pattern, words
        if key not in self._found:
            held = {path: data for path, data in self.files.items() if any(word in data for word in words)}
            self._found[key] = tuple(self._matches(held, pattern, None))
        return self._found[key]

    def naming(self, pattern: re.Pattern[bytes], name: bytes, literal: Literal | None = None) -> Iterator[Path]:
        """The same for a pattern with a name in it, before and behind which no letter stands; not at the `literal`."""
        self._asked.add(name)
        paths = self.files if len(self._asked) <= MANY else self._with_words_of(name)
        held = ((path, self.files[path]) for path in paths if name in self.files[path])
        yield from self._matches(dict(held), pattern, literal)

    def matching(self, patterns: Mapping[str, re.Pattern[bytes]]) -> Iterator[Path]:
        """The files in which the pattern for their ending is found outside of comments."""
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
        """The files that have the name's rarest word, in their order."""
        return min((self._by_word.get(word, []) for word in WORD.findall(name.lower())), key=len, default=[*self.files])

    @cached_property
    def _by_word(self) -> dict[bytes, list[Path]]:
        found: dict[bytes, list[Path]] = {}
        for path, data in self.files.items():
            for word in set(WORD.findall(data.lower())):
                found.setdefault(word, []).append(path)
        return found
