"""What of a file that is read line by line may be shown: scripts, Makefiles, Dockerfiles, settings, env files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.fixes.masking.comments import shown_part
from volfix.fixes.masking.words import RANDOM, harmless_words
from volfix.syntax.source import Source, Span

NAME = r"[A-Za-z_][\w.-]{0,63}"
ENV_LINE = re.compile(rf"[ \t]*(?:export[ \t]+)?({NAME})[ \t]*[=:](?!=)[ \t]*")
SETTING = re.compile(rf"[ \t]*{NAME}[ \t]*[=:](?!=)[ \t]*|[ \t]*\[[\w. \"-]{{1,80}}\][ \t]*\r?$", re.MULTILINE)
QUOTED = {'"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL), "'": re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)}
TRIPLE = re.compile(r"\"\"\"|'''")
OWN_COMMENT = re.compile(r"[ \t]*(?:#|//|;|<!--)")
DECLARES = "override|export|define|private|local|readonly|declare|set|let|const|var|def"
ASSIGNMENT = re.compile(rf"[ \t]*(?:(?:{DECLARES})[ \t]+)*{NAME}[ \t]*(?:\+|:{{1,3}}|\?|!)?=[ \t]")
"""An assignment with a blank behind its `=`, as in a Makefile: what follows is its value to the end of the line."""
TARGET = re.compile(r"[\w./%$()-]{1,80}[ \t]*::?(?!=)")
INSTRUCTION = re.compile(r"[ \t]*(?:ONBUILD[ \t]+)?([A-Za-z]+)[ \t]+")
NAMES_ONLY = frozenset({"ENV", "ARG", "LABEL", "MAINTAINER"})
PLACES = frozenset({"FROM", "WORKDIR", "COPY", "ADD", "USER", "EXPOSE", "VOLUME", "STOPSIGNAL", "SHELL"})
PLACE = re.compile(r"--[a-z]+=[\w./:-]+|(?:[\w./:*~-]|\$\{?\w+\}?)+")
PAIR = re.compile(rf"""(?<!\S)({NAME}=)(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])*""", re.DOTALL)
CONTINUED = re.compile(r"\\\r?\n")
OLD_ENV = re.compile(rf"{NAME}(?=[ \t]|\Z)")


def harmless_env_file(source: Source) -> Iterator[Span]:
    """The names of an env file; the comments that say no value. Nothing behind a quote that is never closed."""
    text, at = source.text, 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if assignment := ENV_LINE.match(text, at, end):
            if not RANDOM.search(assignment[1]):
                yield Span(*assignment.span())
            quote = text[assignment.end() : assignment.end() + 1]
            if quote in QUOTED:
                yield Span(assignment.end(), assignment.end() + 1)
                closed = QUOTED[quote].match(text, assignment.end())
                if closed is None:
                    return
                yield Span(closed.end() - 1, closed.end())
                end = text.find("\n", closed.end())
                end = len(text) if end < 0 else end
        elif OWN_COMMENT.match(text, at, end):
            yield Span(at, at + shown_part(text[at:end]))
        at = end + 1


def harmless_settings(source: Source) -> Iterator[Span]:
    """The names and sections of settings (INI, TOML), nothing within triple quotes, and comments without a value."""
    within = False
    for start, end in lines_of(source.text):
        line = source.text[start:end]
        if not within and OWN_COMMENT.match(line):
            yield Span(start, start + shown_part(line))
        elif not within and (found := SETTING.match(line)):
            yield Span(start, start + found.end())
        within ^= len(TRIPLE.findall(line)) % 2 == 1


def harmless_script(source: Source) -> Iterator[Span]:
    """The known words of commands, and the names that values are given to."""
    text, opened = source.text, False
    for start, end in source.logical_lines():
        line = text[start:end]
        if OWN_COMMENT.match(line) and "\n" not in line.rstrip("\n"):
            if not opened:  # within quotes and here-documents it is no comment
                yield Span(start, start + shown_part(line.rstrip("\r\n")))
            continue
        opened ^= (line.count('"') + line.count("'")) % 2 == 1
        opened |= "<<" in line
        if found := ASSIGNMENT.match(line):
            yield Span(start, start + found.end())
        else:
            if found := TARGET.match(line):
                yield Span(start, start + found.end())
            yield from harmless_words(text, start, end)


def harmless_dockerfile(source: Source) -> Iterator[Span]:
    """The instructions with what they name; of variables the names, of commands the known words."""
    text = source.text
    for start, end in source.logical_lines():
        line = text[start:end]
        found = INSTRUCTION.match(line)
        if OWN_COMMENT.match(line):
            yield Span(start, start + shown_part(line.rstrip("\r\n")))
        elif found is None or "<<" in line:
            yield from ()
        else:
            yield Span(start, start + found.end())
            name, at = found[1].upper(), start + found.end()
            if name in NAMES_ONLY:
                for pair in PAIR.finditer(text, at, end):
                    quoted = text[pair.end(1) : pair.end(1) + 1] in ('"', "'") and pair.end(1) + 1 < pair.end()
                    yield Span(pair.start(), pair.end(1) + quoted)
                    yield Span(pair.end() - quoted, pair.end())
                yield from (Span(*found.span()) for found in CONTINUED.finditer(text, at, end))
                if (old := OLD_ENV.match(text, at, end)) and name in ("ENV", "ARG"):
                    yield Span(*old.span())
            elif name in PLACES:
                places = PLACE.finditer(text, at, end)
                yield from (Span(*place.span()) for place in places if not RANDOM.search(place[0]))
            else:
                yield from harmless_words(text, at, end)


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each line in characters, without its line end."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1
