"""Where in a TOML text a key or a string stands: the parser does not say."""

from __future__ import annotations

import re

HEADER = re.compile(r"\s*\[\[?\s*([^\]\[]+?)\s*\]")
BARE = re.compile(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'")


def line_of(text: str, keys: tuple[str, ...], word: str | None = None) -> int:
    """The line, from 1, of the key that is reached by `keys`; of the string `word` at or behind it. A key of an array's
    tables is found in the first that has it; 1 where nothing is found.
    """
    section: tuple[str, ...] = ()
    found = 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := HEADER.match(line):
            section = _words(header[1])
            here = section
        else:
            here = (*section, *_words(line.partition("=")[0])) if "=" in line else section
        if not found and here[: len(keys)] == keys:
            found = number
        if found and (word is None or _has(line, word)):
            return number
    if not found and len(keys) > 1:  # in an inline table
        return line_of(text, keys[:-1], keys[-1])
    return found or 1


def _words(dotted: str) -> tuple[str, ...]:
    return tuple(word.strip("\"'") for word in BARE.findall(dotted.partition("#")[0]))


def _has(line: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", line) is not None
