"""PowerShell scripts, as far as they call Docker in plain words, a line each.

Source: PowerShell-Docs, about_Parsing and about_Environment_Variables.
"""

from __future__ import annotations

import re

from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Source

CALL = re.compile(
    r"^[ \t]*(?:&[ \t]*)?(?P<command>(?:docker|docker-compose|podman)(?:\.exe)?[ \t][^\n;|#]*)",
    re.MULTILINE | re.IGNORECASE,
)
PLACE = re.compile(
    r"^[ \t]*(?:Set-Location|cd|Push-Location)[ \t]+(?:-Path[ \t]+)?[\"']?(?P<path>[^\n;|#\"']+)",
    re.MULTILINE | re.IGNORECASE,
)
OWN = re.compile(r"\$PSScriptRoot|\(?Split-Path[^\n]*MyInvocation", re.IGNORECASE)
"""How a script says the directory that it lies in."""


def entries(source: Source) -> list[Entry]:
    """The script as the commands in it that call Docker; nothing where it calls none."""
    found = [_fragment(source, *match.span("command")) for match in CALL.finditer(source.text)]
    places = (match["path"].strip() for match in PLACE.finditer(source.text))
    if not found or not all(map(OWN.fullmatch, places)):  # where the commands run is said in words that are not read
        return []
    name = source.path.stem
    return [Entry("script", source, name, tuple(found), source.path.parent, labels=(name,))]


def _fragment(source: Source, start: int, end: int) -> Fragment:
    """The command with `$env:NAME` as a shell's variable of the same length."""
    part = Fragment.between(source, start, end)
    text = re.sub(r"\$env:(\w+)", lambda found: f"${'_' * 4}{found[1]}", part.text, flags=re.IGNORECASE)
    return Fragment(source, text.rstrip().ljust(len(text)), part.starts, part.ends)
