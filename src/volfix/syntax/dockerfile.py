"""Parses a Dockerfile as BuildKit does: instructions with positions, joined lines, here-documents, words, variables.

Source: moby/buildkit, frontend/dockerfile/parser (lines and words), frontend/dockerfile/shell/lex.go (variables).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from volfix.syntax.source import FileProblem, Source, Span, too_much

DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*\Z")
DIRECTIVES = frozenset({"escape", "syntax", "check"})
KEYWORD = re.compile(r"\s*(\S+)[\t\v\f\r ]*")
HEREDOC = re.compile(r"[0-9]*<<(-?)([\"']?)([^<\"']+)\2\Z")
WITH_HEREDOC = re.compile(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s+(?!\[)", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OPERATOR = re.compile(r"\}|:?[-+?]")
# By escape character: words with their quotes and escapes, and line ends that continue (an escaped escape does not).
WORD = {
    escape: re.compile(rf"(?:{e}.|'[^']*(?:'|\Z)|\"(?:{e}.|[^\"{e}])*(?:\"|{e}?\Z)|[^\s'\"{e}])+", re.DOTALL)
    for escape, e in (("\\", r"\\"), ("`", "`"))
}
CONTINUED = {escape: re.compile(rf"(?:^|(?<=[^{e}])){e}[ \t]*\Z") for escape, e in (("\\", r"\\"), ("`", "`"))}

MOST, MOST_STAGES = 5_000, 100
"""Instructions and stages of a Dockerfile that is read: each stage has all that the stages below it say."""
SHELLS = frozenset({"sh", "bash", "ash", "dash", "/bin/sh", "/bin/bash", "/bin/ash", "/bin/dash"})
OPENS, CLOSES = frozenset({"if", "for", "while", "until", "case"}), frozenset({"fi", "done", "esac"})
COMMENT_LINE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Dockerfile.

    `keyword` is in upper case. `flags` are its `--name=value` words, `text` the arguments after them as one line.
    `span` is the position of the whole instruction. `heredocs` are the contents of its here-documents. `escape` is the
    file's escape character.
    """

    keyword: str
    flags: tuple[str, ...]
    text: str
    span: Span
    heredocs: tuple[str, ...] = ()
    escape: str = "\\"

    def flag(self, name: str) -> str | None:
        """The value of the flag `--name=`, without quotes; None without the flag."""
        values = [flag.partition("=")[2] for flag in self.flags if flag.startswith(f"--{name}=")]
        return values[-1].strip("\"'") if values else None

    @property
    def words(self) -> list[str]:
        """The arguments one by one, with their quotes and escapes, as ENV and ARG read them."""
        return WORD[self.escape].findall(self.text)

    @property
    def array(self) -> list[str] | None:
        """The strings of the JSON form; None if the instruction is not in JSON form."""
        if not self.text.startswith("["):
            return None
        import json

        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):  # not JSON: BuildKit then reads it as shell form
            return None
        return found if all(isinstance(item, str) for item in found) else None


def read(source: Source) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile, in order; raises FileProblem where BuildKit cannot tell where they end, and
    where there are too many.
    """
    found = tuple(islice(_instructions(source), MOST + 1))
    if len(found) > MOST or sum(item.keyword == "FROM" for item in found) > MOST_STAGES:
        raise too_much(source.path, f"more than {MOST} instructions or {MOST_STAGES} stages: volfix does not read it")
    return found


def _instructions(source: Source) -> Iterator[Instruction]:
    lines = [line.removesuffix("\r") for line in source.text.split("\n")]
    starts = [0, *(at + 1 for at, character in enumerate(source.text) if character == "\n")]
    escape = _escape(source, lines)
    at = 0
    while at < len(lines):
        first, line = at, lines[at].lstrip()
        at += 1
        if not line or line.startswith("#"):
            continue
        joined, at = _joined(line, lines, at, escape)
        last, heredocs = at - 1, []
        for chomp, name in _heredocs(joined, escape):
            body, at = _body(source, lines, at, chomp, name, starts[first])
            heredocs.append(body)
            last = at - 1
        span = Span(starts[first] + len(lines[first]) - len(line), starts[last] + len(lines[last]))
        found = KEYWORD.match(joined)
        if found:
            flags, text = _flags(joined[found.end() :], escape)
            yield Instruction(found[1].upper(), flags, text, span, tuple(heredocs), escape)


def _escape(source: Source, lines: list[str]) -> str:
    """The character that continues a line: a backslash, or the character of an `escape` directive at the top."""
    for line in lines:
        directive = DIRECTIVE.match(line.lstrip())
        if directive is None or directive[1].lower() not in DIRECTIVES:
            break
        if directive[1].lower() == "escape":
            if directive[2] not in CONTINUED:
                raise FileProblem(source.path, "the escape character must be \\ or `", 1, 1)
            return directive[2]
    return "\\"


def _joined(line: str, lines: list[str], at: int, escape: str) -> tuple[str, int]:
    """A line joined with its continuations (comments and empty lines left out), and the index of the next line."""
    parts = []
    continued = CONTINUED[escape].search(line)
    while continued:
        parts.append(line[: continued.start()])
        while at < len(lines) and (not lines[at].strip() or lines[at].lstrip().startswith("#")):
            at += 1
        if at == len(lines):
            return "".join(parts), at
        line, at = lines[at], at + 1
        continued = CONTINUED[escape].search(line)
    return "".join([*parts, line]), at


def _heredocs(joined: str, escape: str) -> Iterator[tuple[bool, str]]:
    if "<<" in joined and WITH_HEREDOC.match(joined):
        for word in WORD[escape].findall(joined):
            if found := HEREDOC.match(word):
                yield found[1] == "-", found[3]


def _body(source: Source, lines: list[str], at: int, chomp: bool, name: str, start: int) -> tuple[str, int]:
    body: list[str] = []
    while at < len(lines):
        line = lines[at].lstrip("\t") if chomp else lines[at]
        at += 1
        if line == name:
            return "".join(f"{text}\n" for text in body), at
        body.append(line)
    raise FileProblem(source.path, "a here-document is not closed", *source.place(start))


def _flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    flags = []
    text = text.strip()
    while text.startswith("--") and (found := WORD[escape].match(text)):
        text = text[found.end() :].lstrip()
        if found[0] == "--":
            break
        flags.append(found[0])
    return tuple(flags), text


class _Unknown(Exception):
    """A part of the text has an unknown value, or BuildKit refuses its form."""


def expanded(text: str, known: Mapping[str, str | None], escape: str = "\\") -> str | None:
    """`text` with its variables replaced and without quotes and escapes; None if a value is unknown.

    `known` are the variables' values: None for a declared variable that is not set, so that a default applies. A
    variable that is missing in `known` may come from the base image: it is unknown.
    """
    try:
        return _Expansion(text, known, escape).until("")
    except (_Unknown, RecursionError):
        return None


class _Expansion:
    def __init__(self, text: str, known: Mapping[str, str | None], escape: str) -> None:
        self.text, self.known, self.escape, self.at = text, known, escape, 0

    def until(self, stop: str) -> str:
        found: list[str] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == stop:
                return "".join(found)
            if character == "'":
                end = self.text.find("'", self.at)
                if end < 0:
                    raise _Unknown
                character, self.at = self.text[self.at : end], end + 1
            elif character == '"':
                character = self._double_quoted()
            elif character == "$":
                character = self._variable()
            elif character == self.escape:
                character = self.text[self.at : self.at + 1]
                self.at += 1
            found.append(character)
        if stop:
            raise _Unknown
        return "".join(found)

    def _double_quoted(self) -> str:
        found: list[str] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == '"':
                return "".join(found)
            if character == "$":
                character = self._variable()
            elif character == self.escape and self.text[self.at : self.at + 1] in ('"', "$", self.escape):
                character = self.text[self.at]
                self.at += 1
            found.append(character)
        raise _Unknown

    def _variable(self) -> str:
        braced = self.text.startswith("{", self.at)
        name = NAME.match(self.text, self.at + braced)
        if name is None:
            if braced or re.match(r"[0-9@*#?\-$!]", self.text[self.at : self.at + 1]):
                raise _Unknown
            return "$"
        self.at = name.end()
        if not braced:
            return self._value(name[0], required=True)
        operator = OPERATOR.match(self.text, self.at)
        if operator is None:
            raise _Unknown
        self.at = operator.end()
        if operator[0] == "}":
            return self._value(name[0], required=True)
        value, word = self._value(name[0], required=False), self.until("}")
        is_set = self.known[name[0]] is not None and (value != "" or ":" not in operator[0])
        if operator[0].endswith("+"):
            return word if is_set else ""
        if not is_set and operator[0].endswith("?"):
            raise _Unknown
        return value if is_set else word

    def _value(self, name: str, *, required: bool) -> str:
        value = self.known.get(name)
        if name not in self.known or (required and value is None):
            raise _Unknown
        return value or ""


def commands(item: Instruction) -> Iterator[tuple[list[str], bool]]:
    """The commands of a RUN as words, and whether each runs in any case: not behind `||`, in an `if` or a loop."""
    script = "\n".join([item.text, *item.heredocs])
    words = item.array
    if item.heredocs:
        reader = [word for word in item.words if "<<" not in word]
        if reader and reader[0] not in SHELLS:
            return
        script = "\n".join(item.heredocs)
    elif words is not None:
        if len(words) < 3 or words[0] not in SHELLS or not words[1].endswith("c"):
            yield from [(words, True)] if words else []
            return
        script = words[2]
    depth, sure = 0, True
    for command, separator in _split(script):
        depth += command[0] in OPENS
        yield command, sure and depth == 0
        depth -= command[0] in CLOSES
        sure = "||" not in separator


def _split(script: str) -> Iterator[tuple[list[str], str]]:
    """Each command of a script, with the separator before the next command."""
    import shlex

    lexer = shlex.shlex(COMMENT_LINE.sub("", script), posix=True, punctuation_chars=";&|()\n")
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t\r", "", True
    command: list[str] = []
    comment = False
    try:
        for word in lexer:
            separates = not set(word) - set(";&|()\n")
            comment = (comment or word.startswith("#")) and "\n" not in word
            if separates and command and not comment:
                yield command, word
                command = []
            elif not separates and not comment:
                command.append(word)
    except ValueError:  # an open quote: the shell would refuse it too
        return
    if command:
        yield command, ""
