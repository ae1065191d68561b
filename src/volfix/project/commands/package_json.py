"""The scripts of a package.json. Source: npm, scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.source import Source

JSON_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
JSON_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def npm_scripts(source: Source) -> list[Entry]:
    """The scripts of a package.json; npm runs `prename` before `name` and `postname` after it."""
    text = source.text
    section = re.search(r'"scripts"\s*:\s*\{', text)
    if section is None:
        return []
    entries: list[Entry] = []
    at = section.end()
    while name := re.compile(r"[\s,]*").match(text, at):
        key = JSON_STRING.match(text, name.end())
        colon = re.compile(r"\s*:\s*").match(text, key.end()) if key else None
        value = JSON_STRING.match(text, colon.end()) if colon else None
        if key is None or value is None:
            break
        fragment = Fragment.of(source, _json_characters(text, value.start(1), value.end(1)))
        script = key[1]
        own = Entry("npm", source, script, (fragment,), source.path.parent, labels=(script,))
        entries.append(replace(own, needs=(f"pre{script}",), brings=(f"post{script}",)))
        at = value.end()
    return entries


def _json_characters(text: str, at: int, end: int) -> Iterator[Character]:
    while at < end:
        if text[at] != "\\":
            yield text[at], at, at + 1
            at += 1
        elif text[at + 1] == "u":
            yield chr(int(text[at + 2 : at + 6], 16)), at, at + 6
            at += 6
        else:
            yield JSON_ESCAPES.get(text[at + 1], text[at + 1]), at, at + 2
            at += 2
