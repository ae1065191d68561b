"""Which words of a command, and which values, are known to be harmless: tools, verbs, options, names of files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from volfix.knowledge.host_tools import host_tools
from volfix.knowledge.tables import listed, table
from volfix.syntax.source import Span

VARIABLE = re.compile(r"\$(?:\$?\w+|\$?\{\w+\}|\(\w+\)|[@*#?])")
PAGE = 2_000
"""Characters of a comment or a value that may be shown."""
LONGEST = 200
"""Characters of a word: what is longer, no person has thought of."""
KEPT = 4000
"""Characters of commands whose harmless words are remembered: those of longer commands take megabytes."""
PATH = re.compile(r"(?:\.{1,2}(?=/)|~|\$\(pwd\))?(?:[\w.*%+~$/-]|\$\{\w+\})+\Z")
RANDOM = re.compile(r"(?=[A-Za-z_+-]*\d)(?=[\d_+-]*[A-Za-z])[A-Za-z0-9_+]{20,}|[A-Fa-f0-9]{16,}")
"""A word that no person has thought of."""
TOKEN = re.compile(
    r"""(?P<operator>[;&|()<>`'",\[\]{}!]+|\.{3}|\\?\r?\n)|(?P<word>(?:\$\{[^}\s]*\}|\$\([\w]+\)|(?!\.{3})[^\s;&|()<>`'",\[\]{}])+)"""
)
ENDS = re.compile(r"[;&|\n(`]")
ASSIGNS = re.compile(r"([A-Za-z_][\w.-]{0,63})[ \t]*(?:\+|::?|\?|!)?=[ \t]*")
QUOTE = re.compile("['\"]")
LONG = re.compile(r"--[a-z][a-z-]{0,40}\Z")
LONG_VALUE = re.compile(r"(--[a-z][a-z-]{0,40})=")
SHORT = re.compile(r"-(?:[a-zA-Z]|[a-oq-zA-OQ-Z][a-zA-Z]{1,3})\Z")
SMALL = re.compile(r"-?\d{1,2}\Z|\+(?:%[A-Za-z]|[-_:.])+\Z")
"""A small number, or the form in which `date` prints a moment."""
BARE = re.compile(r"[\w.*-]{1,40}\Z")
PRINTS = frozenset({"echo", "printf"})
"""Programs whose words are what they print: nobody knows what that is."""
BEFORE = frozenset({"sudo", "doas", "env", "time", "nohup", "exec"})
"""Programs that run the command behind them."""
OF_FILES = ("file", "-dir", "path", "directory")
"""How options end whose value is a path."""
COMPOSE = frozenset({"compose", "docker-compose", "podman-compose"})


def is_random(text: str) -> bool:
    """Whether the text seems to hold a word that no person has thought of; a text longer than a page counts as one."""
    return len(text) > PAGE or RANDOM.search(text) is not None  # the search takes quadratic time in a word's length


@cache
def _known() -> frozenset[str]:
    """The programs and words that the tables know."""
    words = set(listed("harmless", "words")) | set(host_tools())
    for key in ("servers", "clients", "tools"):
        words.update(word for entry in table("processes")[key] for word in entry.split() if "*" not in word)
    return frozenset(words)


@cache
def _suffixes() -> re.Pattern[str]:
    return re.compile(rf"[\w.*-]{{1,80}}\.(?:{'|'.join(listed('harmless', 'files'))})\Z|\.env(?:\.\w{{1,20}})?\Z")


def is_path(text: str) -> bool:
    """Whether the text is the path of a file: no part of it looks as if a machine had made it up."""
    if len(text) > LONGEST or not PATH.match(text) or RANDOM.search(text):
        return False
    return text.startswith(("/", "./", "../", "~/", "$")) or _suffixes().match(text.rpartition("/")[2]) is not None


def is_harmless_value(text: str) -> bool:
    """Whether what is assigned may be shown, whatever its name: a path, a variable, a small number, a known word."""
    known = text in _known() or SMALL.match(text) or VARIABLE.fullmatch(text)
    return bool(known) or _is_mount(text)


def _is_mount(text: str) -> bool:
    """A path, or a path of the host and one of a container, as `docker run -v` takes them."""
    first, *others = text.removesuffix(":ro").split(":")
    return is_path(first) and all(part.startswith("/") and is_path(part) for part in others)


def harmless_words(text: str, start: int, end: int) -> Iterator[Span]:
    """The words of the commands in `text[start:end]` that may be shown, with the marks between them.

    Quotes hold no word together: what is harmless alone is harmless in them.
    """
    find = _harmless_words if end - start <= KEPT else _harmless_words.__wrapped__
    return (Span(start + one, start + other) for one, other in find(text[start:end]))


@lru_cache(256)
def _harmless_words(text: str) -> tuple[tuple[int, int], ...]:
    """From and to of the same; kept, because many services may have the same command."""
    state, shown = _Command(), []
    for found in TOKEN.finditer(text):
        at = found.start()
        if found["operator"] is None:
            if len(found[0]) <= LONGEST:
                shown += [(at + one, at + other) for one, other in state.shown(found[0])]
            continue
        shown.append(found.span())
        if ENDS.search(found[0]) or (QUOTE.search(found[0]) and state.program in listed("harmless", "shells")):
            state = _Command()
        elif ">" in found[0]:
            state = _Command(program=">")
    return tuple(shown)


@dataclass(slots=True)
class _Command:
    """One command, read word by word: its program, the verb of Compose, and the option that the next word may be of."""

    program: str = ""
    verb: str = ""
    option: str = ""
    compose: bool = False
    volume: bool = False

    def shown(self, word: str) -> Iterator[tuple[int, int]]:
        """From and to of the characters of the next word that may be shown."""
        option, self.option = self.option, ""
        if assigned := ASSIGNS.match(word):
            yield 0, assigned.end()
            if VARIABLE.fullmatch(word, assigned.end()) or self._is_named(assigned[1], word[assigned.end() :]):
                yield assigned.end(), len(word)
        elif self.program in PRINTS:
            if VARIABLE.fullmatch(word):
                yield 0, len(word)
        elif word.startswith("-") and len(word) > 1:
            yield 0, self._flag(word)
        elif self._is_value(option, word) if option else self._is_word(word):
            yield 0, len(word)

    def _is_named(self, name: str, value: str) -> bool:
        return name in listed("harmless", "variables") and (BARE.match(value) is not None or is_path(value))

    def _flag(self, word: str) -> int:
        """How many characters of an option may be shown."""
        if found := LONG_VALUE.match(word):
            return len(word) if self._is_value(found[1], word[found.end() :]) else found.end()
        paths = self.program in listed("harmless", "paths") and not word.startswith("--")
        if word in listed("harmless", "switches"):
            return len(word)
        if not (LONG.match(word) or SHORT.match(word) or (paths and len(word) < 6)):
            return 2 if word.startswith("-p") else 0
        self.option = "" if paths else word
        return len(word)

    def _is_value(self, option: str, word: str) -> bool:
        named = option in listed("harmless", "options") and (self.compose or option not in ("-p", "-c", "-t", "-C"))
        if SMALL.match(word) or (option.endswith(OF_FILES) and is_path(word)):
            return True
        if option in ("-c", "-e") and word in _known():  # a command, or a statement of SQL
            return True
        return VARIABLE.fullmatch(word) is not None or (named and (BARE.match(word) is not None or is_path(word)))

    def _is_word(self, word: str) -> bool:
        name = word.rpartition("/")[2]
        word = word if self.program else word.lstrip("@-+")
        known = is_harmless_value(word) or (word.endswith(":") and word[:-1] in listed("harmless", "keys"))
        if not self.program or self.program in BEFORE:
            self.program = name
            self.compose = name in COMPOSE
            return known
        bare = BARE.match(word) is not None and RANDOM.search(word) is None
        if word in COMPOSE:
            self.compose = True
        elif self.compose and not self.verb:
            self.verb = word
        elif self.compose and self.verb in listed("harmless", "services"):
            return bare
        elif self.compose and self.verb in ("exec", "run"):
            self.program, self.compose = "", False
            return bare
        elif word in listed("harmless", "shells") or (word == "clean" and self.program == "git"):
            self.program = word
        elif word == "volume" and self.program == "docker":
            self.volume = True
        return known or (bare and (self.volume or self.program in listed("harmless", "paths")))
