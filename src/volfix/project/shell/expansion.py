"""Expands the words of a command as the shell does: a word may become no word, one word or several.

Source: POSIX, Shell Command Language, 2.2 Quoting and 2.6 Word Expansions; bash manual, 3.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from volfix.project.shell.command import Argument
from volfix.project.shell.outputs import output
from volfix.project.shell.parameters import parameter
from volfix.project.shell.state import State, Unset, Value
from volfix.syntax.fragment import Character, Fragment, as_written
from volfix.syntax.shell_commands import SimpleCommand
from volfix.syntax.shell_words import Word, expansion_end
from volfix.syntax.source import Span

SPECIAL = re.compile(r"[$`'\"\\]")
NAME = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?!$-])")
HANDED_ON = re.compile(r"(\"?)\$(?:([@*1-9])|\{([@*1-9])\})\1\Z")
EMPTY_LIST = re.compile(r'"\$(?:@|\{@\}|\{\w+\[@\]\})"')
ANSI = {"n": "\n", "t": "\t", "r": "\r"}


def expanded(words: Iterable[Word], command: SimpleCommand, fragment: Fragment, state: State) -> list[Argument]:
    """The arguments that `words` of the command in the fragment become, in order."""
    return [each for word in words for each in _expanded(fragment, word.span, command.span, state)]


def _expanded(fragment: Fragment, span: Span, home: Span, state: State) -> list[Argument]:
    text = fragment.text[span.start : span.end]
    if not SPECIAL.search(text):
        return [Argument(text, fragment, span, home)]
    if (handed := HANDED_ON.match(text)) and (found := _passed_arguments(handed, state)):
        return found
    words = _Words(fragment.text, state)
    words.read(span.start, span.end)
    return [
        Argument(word.value, fragment, span, home, word.expanded, tuple(word.characters) if word.known else ())
        for word in words.found
    ]


def _passed_arguments(found: re.Match[str], state: State) -> list[Argument] | None:
    """The caller's arguments that `"$@"` or `$1` passes on; None if the shell would change or split them."""
    name, words = found[2] or found[3], state.arguments or ()
    given = list(words if name in ("@", "*") else words[int(name) - 1 : int(name)])
    stay = name != "*" if found[1] else all(re.fullmatch(r"[^\s*?]+", word.value) for word in given)
    return given if given and stay else None


def plain(text: str, state: State) -> str:
    """The text expanded and unquoted as one word, like the value of an assignment."""
    if not SPECIAL.search(text):
        return text
    words = _Words(text, state, splits=False)
    words.read(0, len(text))
    return words.found[0].value if words.found else ""


def document(text: str, span: Span, state: State) -> Iterator[Character]:
    """The characters of the here-document at `span` of `text`, with variables expanded, each with its position."""
    at = span.start
    while at < span.end:
        char = text[at]
        if char == "\\" and at + 1 < span.end and text[at + 1] in "$`\\\n":
            if text[at + 1] != "\n":
                yield text[at + 1], at, at + 2
            at += 2
            continue
        stop = _expansion_end(text, at, span.end)
        value = _value(text[at:stop], state) if stop > at + 1 else None
        if isinstance(value, str):
            yield from ((one, at, stop) for one in value)
        else:
            yield from as_written(text, at, stop)
        at = stop


def _value(text: str, state: State) -> Value | Unset:
    if text.startswith(("$(", "`")):
        return output(text[2:-1] if text[0] == "$" else text[1:-1].replace("\\`", "`"), state, plain)
    return parameter(text, state, plain)


def _expansion_end(text: str, at: int, end: int) -> int:
    """The end of the expansion that begins at `at`; `at + 1` if none begins there."""
    found = NAME.match(text, at, end)
    return found.end() if found else expansion_end(text, at, end)


@dataclass(slots=True)
class _Word:
    """A word being built; `known` says that it is more than an expansion with an unknown value."""

    characters: list[Character] = field(default_factory=list)
    expanded: bool = False
    known: bool = False

    @property
    def value(self) -> str:
        return "".join(char for char, _, _ in self.characters)


@dataclass(slots=True)
class _Words:
    """Reads a written word and builds the words that it becomes; without `splits` a single word."""

    text: str
    state: State
    splits: bool = True
    found: list[_Word] = field(default_factory=list)
    is_open: bool = False

    @property
    def word(self) -> _Word:
        if not self.is_open:
            self.found.append(_Word())
            self.is_open = True
        return self.found[-1]

    def say(self, char: str, start: int, end: int) -> None:
        word = self.word
        word.characters.append((char, start, end))
        word.known = True

    def verbatim(self, at: int, stop: int) -> None:
        """Say the characters from `at` to `stop` as they are written."""
        word = self.word
        word.characters += as_written(self.text, at, stop)
        word.known = True

    def read(self, at: int, end: int) -> None:
        quoted = False
        while at < end:
            found = SPECIAL.search(self.text, at, end)
            if (stop := found.start() if found else end) > at:
                self.verbatim(at, stop)
                at = stop
                continue
            char = self.text[at]
            if char == '"':
                empty = None if quoted else EMPTY_LIST.match(self.text, at, end)
                if empty and _value(empty[0][1:-1], self.state) == ():
                    at = empty.end()
                    continue
                quoted = not quoted
                self.word.known = True
                at += 1
            elif char == "'" and not quoted:
                at = self.single_quoted(at, end)
            elif char == "$" and self.text[at + 1 : at + 2] == "'" and not quoted:
                at = self.ansi_quoted(at + 2, end)
            elif char == "\\" and at + 1 < end:
                at = self.escaped(at, quoted)
            else:
                stop = _expansion_end(self.text, at, end)
                if stop > at + 1:
                    self.expansion(at, stop, quoted)
                else:
                    self.say(char, at, stop)
                at = stop

    def single_quoted(self, at: int, end: int) -> int:
        stop = self.text.find("'", at + 1, end)
        stop = end if stop < 0 else stop
        self.verbatim(at + 1, stop)
        return stop + 1

    def ansi_quoted(self, at: int, end: int) -> int:
        self.word.known = True
        while at < end and self.text[at] != "'":
            if self.text[at] == "\\" and at + 1 < end:
                self.say(ANSI.get(self.text[at + 1], self.text[at + 1]), at, at + 2)
                at += 1
            else:
                self.say(self.text[at], at, at + 1)
            at += 1
        return at + 1

    def escaped(self, at: int, quoted: bool) -> int:
        following = self.text[at + 1]
        if following == "\n":
            return at + 2
        if not quoted or following in '$`"\\':
            self.say(following, at, at + 2)
        else:
            self.say("\\", at, at + 1)
            self.say(following, at + 1, at + 2)
        return at + 2

    def expansion(self, at: int, stop: int, quoted: bool) -> None:
        text = self.text[at:stop]
        value = _value(text, self.state)
        if value is None or isinstance(value, Unset):  # unknown: keep it as written
            self.word.characters += as_written(self.text, at, stop)
            return
        if quoted or not self.splits:
            values = (value,) if isinstance(value, str) else value
            if not self.splits or text.startswith(("$*", "${*")) or "[*]" in text:
                values = (" ".join(values),)
            for number, one in enumerate(values):
                self.is_open = self.is_open and number == 0
                self.put(one, at, stop)
            return
        parts = [value] if isinstance(value, str) else [f" {one} " for one in value]
        for part in parts:
            for piece in _pieces(part):
                if piece:
                    self.put(piece, at, stop)
                else:
                    self.is_open = False

    def put(self, value: str, at: int, stop: int) -> None:
        word = self.word
        word.characters.extend((char, at, stop) for char in value)
        word.expanded = True
        word.known = word.known or not _is_unknown(value)


def _is_unknown(value: str) -> bool:
    return value.startswith(("$", "`")) and _expansion_end(value, 0, len(value)) == len(value)


def _pieces(value: str) -> Iterator[str]:
    """The parts of a value, split at blanks, and an empty part for each blank. Expansions in it are not split."""
    at = start = 0
    while at < len(value):
        if value[at].isspace():
            if at > start:
                yield value[start:at]
            yield ""
            at = start = at + 1
        else:
            at = _expansion_end(value, at, len(value))
    if at > start:
        yield value[start:at]
