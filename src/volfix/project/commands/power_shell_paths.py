"""Evaluates PowerShell expressions for paths: literals, variables, Join-Path, Split-Path, the script's directory."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

TOKEN = re.compile(
    r"[ \t]*(?:\"(?P<double>(?:[^\"`]|`.)*)\"|'(?P<single>[^']*)'|(?P<open>\$?\()|(?P<close>\))(?:\.(?:Provider)?Path)?"
    r"|(?P<bare>[^\s()\"',]+)),?"
)
VARIABLE = re.compile(r"\$(?:\{(?P<braced>[\w:.]+)\}|(?P<plain>(?:env:)?\w+(?:\.\w+)*))", re.IGNORECASE)
DRIVE = re.compile(r"[A-Za-z]:/")
OWN_FILE = frozenset({"pscommandpath", "myinvocation.mycommand.path", "myinvocation.mycommand.definition"})
HOME = frozenset({"home", "env:userprofile", "env:home"})
SWITCHES = frozenset(
    {"-path", "-literalpath", "-childpath", "-additionalchildpath", "-parent", "-stackname", "-passthru"}
)
"""Parameters that do not change the value of the expression."""
Known = Mapping[str, str | None]


def path_of(text: str, script: Path, known: Known, *, is_argument: bool = False) -> str | None:
    """The path that the expression `text` gives, with `/` as separator; None if it is unknown.

    `script` is the path of the script, `known` the values of its variables. A word without quotes is a command, unless
    `is_argument` says that the expression is the argument of a command.
    """
    tokens = list(TOKEN.finditer(text.strip()))
    if not tokens or "".join(found[0] for found in tokens).strip() != text.strip():
        return None
    return _value(iter(tokens), script, known, is_argument=is_argument)


def plain_variables(text: str) -> str:
    """The text with `$env:NAME` written as a shell variable of the same length."""
    return re.sub(r"\$(\{?)env:(\w+)", lambda found: f"${found[1]}{'_' * 4}{found[2]}", text, flags=re.IGNORECASE)


def _value(tokens: Iterator[re.Match[str]], script: Path, known: Known, *, is_argument: bool = False) -> str | None:
    """The value of the words up to the end or up to the closing parenthesis."""
    words: list[tuple[str | None, bool]] = []
    for found in tokens:
        if found["close"]:
            break
        if found["open"]:
            words.append((_value(tokens, script, known), False))
        elif found["single"] is not None:
            words.append((_with_slashes(found["single"]), False))
        elif found["double"] is not None:
            words.append((_expanded(found["double"], script, known), False))
        elif found["bare"].lower() not in SWITCHES:
            words.append((_expanded(found["bare"], script, known), found["bare"][0] != "$"))
    if is_argument and len(words) == 1:
        return words[0][0]
    return _value_of_words(words)


def _value_of_words(words: list[tuple[str | None, bool]]) -> str | None:
    """The path that a command (`join-path` ...) gives; without a command the value of the only word."""
    if not words:
        return None
    first, is_bare = words[0]
    values = [value for value, _ in words[1:]]
    verb = (first or "").lower() if is_bare else ""
    if verb in ("join-path", "split-path", "resolve-path"):
        if not values or None in values:
            return None
        parts = [value for value in values if value is not None]
        if verb == "join-path":
            return posixpath.normpath("/".join([parts[0], *(part.lstrip("/") for part in parts[1:])]))
        if len(parts) > 1:
            return None
        return posixpath.dirname(parts[0].rstrip("/")) or "." if verb == "split-path" else parts[0]
    return None if values or is_bare else first


def _expanded(text: str, script: Path, known: Known) -> str | None:
    """The text with its variables replaced; None if a variable is unknown."""
    parts, at = [], 0
    for found in VARIABLE.finditer(text):
        value = _variable((found["braced"] or found["plain"]).lower(), script, known)
        if value is None:
            return None
        parts += [text[at : found.start()], value]
        at = found.end()
    whole = "".join([*parts, text[at:]])
    return None if re.search(r"[$`*?@]", whole) else _with_slashes(whole)


def _variable(name: str, script: Path, known: Known) -> str | None:
    if name == "psscriptroot":
        return script.parent.as_posix()
    if name in OWN_FILE:
        return script.as_posix()
    if name in HOME:
        return "~"
    return known.get(name)


def _with_slashes(text: str) -> str:
    """The path with `/` as separator; a path on a Windows drive becomes absolute (`/C:/data`)."""
    path = text.strip().replace("\\", "/")
    return f"/{path}" if DRIVE.match(path) else path
