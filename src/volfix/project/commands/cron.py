"""The commands in a cron table. Source: crontab(5)."""

from __future__ import annotations

import re

from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Source

CRON = re.compile(r"[ \t]*(?:@\w+|(?:[\d*/,A-Za-z-]+[ \t]+){4}[\d*/,A-Za-z-]+)[ \t]+(?P<command>[^\n]+)")


def cron_lines(source: Source) -> list[Entry]:
    """The commands of a cron table; those in /etc/cron.d name a user first."""
    entries = []
    for line in re.finditer(r"^[^\n]*", source.text, re.MULTILINE):
        found = CRON.match(source.text, line.start(), line.end())
        if found is None or line[0].lstrip().startswith("#"):
            continue
        start = found.start("command")
        if source.path.parent.name == "cron.d":
            start += len(re.match(r"\S+\s+|", found["command"])[0])  # type: ignore[index]
        fragment = Fragment.between(source, start, line.end())
        entries.append(Entry("cron", source, "", (fragment,), source.path.parent, labels=(source.path.stem,)))
    return entries
