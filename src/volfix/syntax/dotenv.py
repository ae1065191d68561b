"""Parses env files as Compose does, with the position of each assignment, and writes a new value into an assignment.

Source: compose-spec/compose-go, dotenv/parser.go; docker/cli, pkg/kvfile (the format `raw`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from volfix.syntax import disk
from volfix.syntax.source import CannotEdit, Edit, FileProblem, Source, Span, too_much

if TYPE_CHECKING:
    from dotenv.parser import Binding

BLANK = "\t\v\f\r \x85\xa0"
SPACE = (
    BLANK + "\n\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""Go's white space: within a line (BLANK), and all of it (SPACE). Python's str.strip() uses another set."""

MOST = 20_000
"""Assignments of a file that is read."""
SKIPPED = re.compile(rf"(?:[{SPACE}]+|#[^\n]*)*")
BLANKS = re.compile(rf"[{BLANK}]*")
EXPORT = re.compile(rf"export(?=[\t\n\f\r ])[{BLANK}]*")
KEY_END = re.compile("[=:\n]")
QUOTED = {quote: re.compile(rf"{quote}([^{quote}\\]*(?:\\.[^{quote}\\]*)*){quote}", re.DOTALL) for quote in ("'", '"')}
ESCAPE = re.compile(r'\\(?:[abcfnrtv$"\\]|0[0-9]{0,3})')
OCTAL = re.compile(r"\\0([0-3][0-7]{2})")
ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "$": "$$"}
LINE_ENDS = {"\n": "\\n", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One statement of an env file; `span` runs from `export` or the name to the end of the value.

    `value_span` is the written value without quotes; `quote` is the quote around it, or "". `value` has its escapes
    decoded; it is still to be interpolated unless it is `literal`. `inherited` marks a name without `=`, whose value
    comes from outside (`value` is then ""). `line` counts from 1.
    """

    name: str
    value: str
    span: Span
    value_span: Span
    quote: str
    line: int
    literal: bool = False
    inherited: bool = False


def read(source: Source, raw: bool = False) -> tuple[Assignment, ...]:
    """The assignments of an env file in order; the last assignment of a name counts.

    `raw`: by the rules of `docker run --env-file`. Raises FileProblem with line and column where Compose refuses the
    file, and where it has too many; the message never holds what is written there.
    """
    found = tuple(islice((_raw if raw else _assignments)(source), MOST + 1))
    if len(found) > MOST:
        raise too_much(source.path, f"more than {MOST} variables: volfix does not read it")
    return found


def _problem(source: Source, place: int, message: str) -> FileProblem:
    return FileProblem(source.path, message, *source.place(place))


def _assignments(source: Source) -> Iterator[Assignment]:
    text, at = source.text, 0
    while True:
        found = SKIPPED.match(text, at)
        start = found.end() if found else at
        if start == len(text):
            return
        assignment, at = _assignment(source, start)
        yield assignment


def _assignment(source: Source, start: int) -> tuple[Assignment, int]:
    """The statement at `start`, and the offset at which the next statement may begin."""
    text = source.text
    exported = EXPORT.match(text, start)
    key_start = exported.end() if exported else start
    end = KEY_END.search(text, key_start)
    written = text[key_start : end.start() if end else len(text)]
    for offset, character in enumerate(written):
        if character not in BLANK and character not in "_.-[]" and not character.isalnum():
            raise _problem(source, key_start + offset, f"unexpected character {character!r} in the name of a variable")
    name = written.rstrip(SPACE)
    if end and " " in name:
        raise _problem(source, key_start, "the name of a variable cannot contain a space")
    line, key_end = source.place(start)[0], key_start + len(name)
    if end is None:  # only a name at the end of the file: Compose reads it as a value without a name
        value = written.rstrip(SPACE)
        return Assignment("", value, Span(start, key_end), Span(key_start, key_end), "", line), len(text)
    if end[0] == "\n":
        span = Span(start, key_end)
        return Assignment(name, "", span, Span(key_end, key_end), "", line, inherited=True), end.end()
    value_start = _end_of_blanks(text, end.end())
    if text[value_start : value_start + 1] in ("", "\n"):
        value_start = end.end() + len(text[end.end() : value_start].partition("\r")[0])
    quote = text[value_start : value_start + 1]
    if quote in QUOTED:
        return _quoted(source, name, start, value_start, quote)
    stop = source.line_end(value_start)
    value = text[value_start:stop].removesuffix("\n").partition(" #")[0].rstrip(SPACE)
    value_span = Span(value_start, value_start + len(value))
    return Assignment(name, value, Span(start, value_span.end), value_span, "", line), stop


def _end_of_blanks(text: str, at: int) -> int:
    found = BLANKS.match(text, at)
    return found.end() if found else at


def _quoted(source: Source, name: str, start: int, value_start: int, quote: str) -> tuple[Assignment, int]:
    found = QUOTED[quote].match(source.text, value_start)
    if found is None:
        raise _problem(source, value_start, "the quoted value is not terminated")
    value = re.sub(r"\\(.)", lambda pair: quote if pair[1] == quote else pair[0], found[1], flags=re.DOTALL)
    if quote == '"':
        value = ESCAPE.sub(_unescaped, value)
    line = source.place(start)[0]
    span, value_span = Span(start, found.end()), Span(*found.span(1))
    return Assignment(name, value, span, value_span, quote, line, literal=quote == "'"), found.end()


def _unescaped(found: re.Match[str]) -> str:
    text = found[0]
    if text[1] == "0":
        octal = OCTAL.fullmatch(text)
        return chr(int(octal[1], 8)) if octal else "\\" + text[2:]
    return ESCAPES.get(text[1], text)


def _raw(source: Source, start: int = 0) -> Iterator[Assignment]:
    while start < len(source.text):
        stop = source.line_end(start)
        line = source.text[start:stop].removesuffix("\n").removesuffix("\r")
        place = start + len(line) - len(line.lstrip(SPACE))
        name, equals, value = line[place - start :].partition("=")
        if (name or equals) and not name.startswith("#"):
            if not name or " " in name or "\t" in name:
                raise _problem(source, place, "a variable needs a name without white space")
            end = start + len(line)
            span, value_span = Span(place, end), Span(end - len(value), end)
            yield Assignment(
                name, value, span, value_span, "", source.place(place)[0], literal=True, inherited=not equals
            )
        start = stop


def replace_value(source: Source, assignment: Assignment, value: str) -> Edit:
    """The edit that gives an assignment a new value; quotes, `export`, comments and line ends stay.

    `value` has the form of Assignment.value: it will be interpolated unless the assignment is literal. An unquoted
    value is put in double quotes if it needs them. Raises CannotEdit if the value cannot be written in the file, or if
    python-dotenv, which many applications use, would read another change than Compose.
    """
    if assignment.inherited:
        raise CannotEdit(f"{assignment.name} takes its value from outside {source.path.name}")
    raw = assignment.literal and assignment.quote == ""
    written = [value] if raw or assignment.quote == "" else []
    if assignment.quote == "'":
        written = [re.sub(r"'", r"\\'", value)]
    elif not raw:
        inner = _double_quoted(value)
        before = source.text[assignment.value_span.start : assignment.value_span.end]
        if "\\$" in before:  # keep the spelling of a dollar
            written.append(inner.replace("$$", "\\$"))
        written.append(inner if assignment.quote else f'"{inner}"')
    for text in written:
        edit = Edit(source.path, assignment.value_span, text)
        after = source.splice([edit])
        if _only_value_changed(source, after, assignment, value, raw) and (
            raw or _agrees_at(source, after, assignment, value)
        ):
            return edit
    raise CannotEdit(f"{source.path.name}, line {assignment.line}: cannot write the new value of {assignment.name}")


def _double_quoted(value: str) -> str:
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return re.sub("[\n\r]", lambda found: LINE_ENDS[found[0]], text)


def _only_value_changed(before: Source, after: Source, assignment: Assignment, value: str, raw: bool) -> bool:
    """Whether the edited statement has the new value and nothing else changed: it ends where it is expected to."""
    start, grown = assignment.span.start, len(after.text) - len(before.text)
    try:
        said = next(_raw(after, start)) if raw else _assignment(after, start)[0]
    except FileProblem:
        return False
    expected = (assignment.name, value, assignment.literal, assignment.inherited, assignment.span.end + grown)
    return expected == (said.name, said.value, said.literal, said.inherited, said.span.end)


def _agrees_at(before: Source, after: Source, assignment: Assignment, value: str) -> bool:
    """Like `agrees`, for a change of one assignment: python-dotenv reads only that statement again."""
    known = _bindings(before)
    number = bisect_right(known.starts, assignment.value_span.start) - 1
    start, old = known.starts[number], known.bindings[number]
    end = start + len(old.original.string) + len(after.text) - len(before.text)
    new = next(iter(_parsed(after.text[start:end])), None)
    is_one = new is not None and new.key == old.key == assignment.name and len(new.original.string) == end - start
    if new is None or not is_one or assignment.name not in known.agree or "\\" in new.original.string:
        return agrees(before, after)
    if known.agree[assignment.name]:
        return bool(new.value == value)
    return bool(value != assignment.value or new.value == old.value)


@dataclass(frozen=True, slots=True)
class _Bindings:
    """What python-dotenv reads in a file: its statements and where each begins.

    `agree` says, for each name that occurs once in both readings, whether Compose reads the same value.
    """

    bindings: tuple[Binding, ...]
    starts: tuple[int, ...]
    agree: dict[str, bool]


@disk.remembered(2)
def _bindings(source: Source) -> _Bindings:
    bindings, starts = _parsed(source.text), list[int]()
    at = 0
    for binding in bindings:
        starts.append(at)
        at += len(binding.original.string)
    theirs, ours = _values_by_python_dotenv(source), _values(source)
    once = (name for name in theirs if len(theirs[name]) == len(ours.get(name, ())) == 1)
    return _Bindings(bindings, tuple(starts), {name: theirs[name] == ours[name] for name in once})


def _parsed(text: str) -> tuple[Binding, ...]:
    from io import StringIO

    from dotenv.parser import parse_stream

    return tuple(parse_stream(StringIO(text)))


def agrees(before: Source, after: Source) -> bool:
    """Whether python-dotenv and Compose read the same change between two states of an env file.

    If they already differ on a name's value before the change, its value after it is not compared.
    """
    ours, theirs = _values(before), _values_by_python_dotenv(before)
    ours_after, theirs_after = _values(after), _values_by_python_dotenv(after)
    if ours.keys() != ours_after.keys() or theirs.keys() != theirs_after.keys():
        return False
    for name, values in theirs.items():
        if values != theirs_after[name] and ours.get(name) == ours_after.get(name):
            return False
        if values == ours.get(name) and theirs_after[name] != ours_after[name]:
            return False
    return True


def _values(source: Source) -> dict[str, list[str | None]]:
    found: dict[str, list[str | None]] = {}
    for item in read(source):
        found.setdefault(item.name, []).append(None if item.inherited else item.value)
    return found


def _values_by_python_dotenv(source: Source) -> dict[str, list[str | None]]:
    found: dict[str, list[str | None]] = {}
    for binding in _parsed(source.text):
        if binding.key is not None:
            found.setdefault(binding.key, []).append(binding.value)
    return found
