"""The commands in a cron table. Source: crontab(5)."""

from __future__ import annotations

import re
from dataclasses import replace

from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Source

CRON = re.compile(r"[ \t]*(?:@\w+|(?:[\d*/,A-Za-z-]+[ \t]+){4}[\d*/,A-Za-z-]+)[ \t]+(?P<command>[^\n]+)")


SETTING = re.compile(r"[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*(['\"]?)(.*?)\2[ \t]*\Z")
"""A line that sets a variable for the commands below it."""


def cron_lines(source: Source) -> list[Entry]:
    """The commands of a cron table. In a `cron.d` directory each line names a user before the command."""
    entries = []
    environment: dict[str, str | None] = {}
    given_at: dict[str, tuple[Source, int]] = {}
    for line in re.finditer(r"^[^\n]*", source.text, re.MULTILINE):
        if setting := SETTING.match(line[0]):
            environment = {**environment, setting[1]: setting[3]}
            given_at = {**given_at, setting[1]: (source, line.start(0) + setting.start(1))}
            continue
        found = CRON.match(source.text, line.start(), line.end())
        if found is None or line[0].lstrip().startswith("#"):
            continue
        start = found.start("command")
        if source.path.parent.name == "cron.d":
            start += len(re.match(r"\S+\s+|", found["command"])[0])  # type: ignore[index]
        fragment = Fragment.between(source, start, line.end())
        own = Entry("cron", source, "", (fragment,), source.path.parent, labels=(source.path.stem,))
        entries.append(replace(own, environment=environment, given_at=given_at))
    return entries
