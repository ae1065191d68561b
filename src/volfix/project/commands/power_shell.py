"""PowerShell scripts: reads their plain calls of Docker and their changes of directory.

Source: PowerShell-Docs, about_Parsing, about_Environment_Variables and about_Automatic_Variables; Set-Location,
Push-Location, Pop-Location, Join-Path, Split-Path and Resolve-Path, with their aliases (cd, sl, chdir, pushd, popd).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.project.commands.power_shell_paths import path_of, plain_variables
from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.source import Source

TOKEN = re.compile(
    r"<#.*?#>|#[^\n]*|@\"\r?\n.*?\n\"@|@'\r?\n.*?\n'@|\"(?:[^\"`]|`.)*\"|'[^']*'"
    r"|(?P<start>(?:^|;|\b(?:try|finally)\s*\{)[ \t]*(?:&[ \t]*)?(?=\S))",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
"""A comment or text, which holds no statement; or the place where a statement starts (group `start`)."""
REST = r"(?:\$\{[^}\n]*\}|`\r?\n|[^\n;|#}])*"
CALL = re.compile(rf"(?:docker|docker-compose|podman)(?:\.exe)?[ \t]{REST}", re.IGNORECASE)
PLACE = re.compile(
    rf"(?:(?P<goes>Set-Location|sl|cd|chdir|Push-Location|pushd)|Pop-Location|popd)(?![\w-])[ \t]*(?P<to>{REST})",
    re.IGNORECASE,
)
ASSIGNED = re.compile(rf"\$(?:script:|global:)?(?P<name>\w+)[ \t]*=[ \t]*(?P<value>{REST})", re.IGNORECASE)
PUSHES = frozenset({"push-location", "pushd"})


def entries(source: Source) -> list[Entry]:
    """The script as one entry with its calls of Docker and changes of directory; none if it never calls Docker."""
    found = list(_commands(source))
    if not any(CALL.match(fragment.text) for fragment in found):
        return []
    name = source.path.stem
    return [Entry("script", source, name, tuple(found), source.path.parent, labels=(name,))]


def _commands(source: Source) -> Iterator[Fragment]:
    """The calls of Docker, and the script's changes of directory written for a shell."""
    known: dict[str, str | None] = {}
    for start in (found.end() for found in TOKEN.finditer(source.text) if found["start"] is not None):
        if call := CALL.match(source.text, start):
            yield _call(source, *call.span())
        elif assigned := ASSIGNED.match(source.text, start):
            known[assigned["name"].lower()] = path_of(assigned["value"], source.path, known)
        elif place := PLACE.match(source.text, start):
            yield Fragment.of(source, _directory_change(source, place, known))


def _call(source: Source, start: int, end: int) -> Fragment:
    """The command with `$env:NAME` and continued lines written as in a shell, without a change of length."""
    part = Fragment.between(source, start, end)
    text = plain_variables(re.sub(r"`(?=\r?\n)", r"\\", part.text))
    return Fragment(source, text.rstrip().ljust(len(text)), part.starts, part.ends)


def _directory_change(source: Source, place: re.Match[str], known: dict[str, str | None]) -> Iterator[Character]:
    """`cd`, `pushd` or `popd` with the directory; an unknown directory becomes a variable that nothing sets."""
    text = "popd"
    if place["goes"]:
        path = path_of(place["to"], source.path, known, is_argument=True)
        to = '"$PLACE"' if path is None or "'" in path else f"'{path}'"
        text = f"{'pushd' if place['goes'].lower() in PUSHES else 'cd'} {to}"
    return ((char, *place.span()) for char in text)
