"""Credentials in the midst of any text: a URL's password, the argument of a flag, the value of `password=`."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter

from volfix.syntax.source import Span

HIDDEN = "***"

WORDS = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|(?:api|access|private|encryption|master)_?key|basicauth|authorization"
    r"|requirepass|masterauth",
    re.IGNORECASE,
)
PARTS = frozenset({"key", "keys", "pass", "auth", "pw", "salt", "jwt"})
NOT_THE_VALUE = frozenset({"file", "files", "path", "dir", "stdin"})
"""`PASSWORD_FILE` says where the password is, not what it is."""
PART = re.compile(r"[^a-zA-Z0-9]+|(?<=[a-z0-9])(?=[A-Z])")

SHORT_FLAGS = {
    r"(?:redis|valkey|keydb)-cli": "-a",
    r"mongo\w*": "-p",
    "sqlcmd": "-P",
    "sshpass": "-p",
    "login": "-p",
    "curl": "-u",
}
"""The one-letter flag in which a command takes a password."""
GLUED = re.compile(r"""(?<![^\s"',\[])-p(?![rvRa]{1,3}\b)([^\s"',=-][^\s"']*)""")
"""`-pSECRET`, as the clients of MySQL take it; `cp -pr` and `mkdir -pv` stay."""
MYSQL = re.compile("mysql|mariadb", re.IGNORECASE)

AFTER_FLAG = r"""(?:[ \t]+|\\?["'][ \t]*,[ \t]*)(?=\S)"""
BEFORE_VALUE = r"""(?:\\?["'])?[ \t]*=(?!=)>?[ \t]*|\\?["'][ \t]*:[ \t]*|(?P<prose>:[ \t]+(?![\[{]|[|>][-+0-9]*\s))"""
ASSIGNED = re.compile(rf"(?<![\w.-])([\w.-]{{1,200}})(?:{BEFORE_VALUE})(?=\S)")
FLAG = re.compile(rf"(?<![\w-])-{{1,2}}([A-Za-z][\w-]{{0,60}}){AFTER_FLAG}")
OTHERS = (
    re.compile(rf"(?<![\w-])(?:requirepass|masterauth){AFTER_FLAG}"),
    re.compile(r"""\b(?:password|identified[ \t]+by)[ \t]+(?=\\?["'])""", re.IGNORECASE),
    *(re.compile(rf"""\b{tool}\b[^\n]{{0,300}}?[\s"']{flag}{AFTER_FLAG}""") for tool, flag in SHORT_FLAGS.items()),
)
LOGIN = re.compile(r"""(?<![\w:])[\w.+-]{1,60}:([^\s@:/"'`]{1,200})@(?!sha256:)(?=[\w.-])""")
"""`user:password@host` without a scheme, as in the source of a mount or a DSN."""
BEARER = re.compile(r"\b(?:bearer|basic)[ \t]+([\w.~+/=-]{8,})", re.IGNORECASE)
VALUE = re.compile(
    r"""\\"(?P<escaped>(?:(?!\\")[^\n])*)|"(?P<double>(?:[^"\\\n]|\\[^\n])*)|'(?P<single>(?:[^'\n]|'')*)|(?P<bare>\S+)"""
)
RUN = re.compile(r"[^\s<>]+")
URL_START = re.compile(r"([A-Za-z0-9+.-]{1,40})://")
PEM_KEY = "PRIVATE KEY-----"
BETWEEN = re.compile(r"""\\?["'`](?=[,\]}):;]|\Z)""")
"""A quotation mark that ends an entry: one inside a password is followed by more of it."""


@cache
def is_credential(name: str) -> bool:
    """Whether a key, variable or flag of this name holds a secret as its value."""
    parts = [part.lower() for part in PART.split(name) if part]
    if not parts or parts[-1] in NOT_THE_VALUE or parts == ["secrets"]:
        return False
    return WORDS.search(name) is not None or not PARTS.isdisjoint(parts)


def credentials(text: str, *, prose: bool = False) -> Iterator[Span]:
    """The characters of `text` that look like credentials; in `prose` a word before a colon introduces none."""
    if "://" in text:
        yield from _url_passwords(text)
    yield from _private_keys(text)
    yield from _named(text, prose=prose)
    for pattern in OTHERS:
        for found in pattern.finditer(text):
            yield _value(text, found.end())
    for found in BEARER.finditer(text):
        yield Span(*found.span(1))
    if "@" in text:
        yield from (Span(*found.span(1)) for found in LOGIN.finditer(text))
    if MYSQL.search(text):
        for found in GLUED.finditer(text):
            yield _value(text, found.start(1))


def _named(text: str, *, prose: bool) -> Iterator[Span]:
    """What is assigned to the name of a credential, and the argument of a flag that is called like one."""
    for found in ASSIGNED.finditer(text):
        if is_credential(found[1]) and not (prose and found["prose"]):
            yield _value(text, found.end())
    for found in FLAG.finditer(text):
        if is_credential(found[1]) and not text.startswith("--", found.end()):
            yield _value(text, found.end())


def _value(text: str, start: int) -> Span:
    """The value that begins at `start`, without its quotes; an unquoted one ends at a blank."""
    found = VALUE.match(text, start)
    if found is None:
        return Span(start, start)
    if found.lastgroup != "bare":
        return Span(*found.span(found.lastgroup or 0))
    closing = "\"'`)],;\\" if "{" in found[0] else "\"'`)]},;\\"
    return Span(start, start + len(found[0].rstrip(closing)))


def _private_keys(text: str) -> Iterator[Span]:
    start = text.find(PEM_KEY)
    while start >= 0:
        start += len(PEM_KEY)
        end = text.find("-----", start)
        end = len(text) if end < 0 else end
        yield Span(start, end)
        start = text.find(PEM_KEY, end)


def _url_passwords(text: str) -> Iterator[Span]:
    """`scheme://user:PASSWORD@host`, the password up to the last `@` of the URL; also `https://TOKEN@host`."""
    for run in RUN.finditer(text):
        if "://" not in run[0]:
            continue
        start = run.start()
        for end in [*(mark.start() for mark in BETWEEN.finditer(run[0])), len(run[0])]:
            stop = run.start() + end
            yield from _passwords_in(text, start, stop)
            start = stop


def _passwords_in(text: str, start: int, stop: int) -> Iterator[Span]:
    starts = list(URL_START.finditer(text, start, stop))
    ends = [*(found.start() for found in starts[1:]), stop][: len(starts)]
    pending = None
    for found, end in zip(starts, ends, strict=True):
        begin = found.end() if pending is None else pending
        at = text.rfind("@", found.end(), end)
        colon = text.find(":", begin, end if at < 0 else at)
        if at >= 0:
            if colon >= 0:
                yield Span(colon + 1, at)
            elif found[1].lower() in ("http", "https") and "/" not in text[found.end() : at]:
                yield Span(found.end(), at)
            pending = None
        elif colon >= 0:
            pending = begin  # `://` may stand in the password itself: then the `@` is still to come


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans by place, without empty ones, those that touch made one."""
    found: list[Span] = []
    for span in sorted(spans, key=attrgetter("start")):
        if span.start >= span.end:
            continue
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def masked(text: str, spans: Iterable[Span]) -> str:
    """The text with `***` for each span, line by line: indentation and line ends stay."""
    parts: list[str] = []
    position = 0
    for span in merged(spans):
        parts.append(text[position : span.start])
        parts.append("\n".join(map(_masked_line, text[span.start : span.end].split("\n"))))
        position = span.end
    return "".join([*parts, text[position:]])


def _masked_line(line: str) -> str:
    content = line.strip(" \t\r")
    if not content:
        return line
    start = line.index(content)
    return line[:start] + HIDDEN + ("\r" if line.endswith("\r") else "")


def trimmed(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """The spans without blanks at their ends; those that are blank are none."""
    for span in spans:
        inner = text[span.start : span.end]
        start = span.start + len(inner) - len(inner.lstrip())
        if start < span.end:
            yield Span(start, span.start + len(inner.rstrip()))


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans have a character in common."""
    return one.start < other.end and other.start < one.end


def meeting(span: Span, others: Sequence[Span]) -> list[Span]:
    """Those of the others, which are in order and do not overlap, that have a character in common with the span."""
    first = bisect_right(others, span.start, key=attrgetter("end"))
    return list(others[first : bisect_left(others, span.end, key=attrgetter("start"))])


def without(spans: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """What remains of the spans without the characters of the others; both are in order and do not overlap."""
    parts: list[Span] = []
    first = 0
    for span in spans:
        while first < len(others) and others[first].end <= span.start:
            first += 1
        start = span.start
        for number in range(first, len(others)):
            other = others[number]
            if other.start >= span.end:
                break
            if start < other.start:
                parts.append(Span(start, other.start))
            start = other.end
        if start == span.start:
            parts.append(span)
        elif start < span.end:
            parts.append(Span(start, span.end))
    return parts


def hide_credentials(text: str) -> str:
    """The text without what looks like a credential: of an address whose rest is needed, of what is only compared."""
    return masked(text, credentials(text, prose=True))
