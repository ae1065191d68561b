"""The commands of systemd units, in the order of a restart: a unit is stopped before it is started.

Source: systemd, man/systemd.service.xml and man/systemd.exec.xml.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Source

LINE = re.compile(r"^(?P<key>\w+)[ \t]*=[ \t]*(?P<value>(?:[^\n\\]|\\\n|\\.)*)", re.MULTILINE)
WORD = re.compile(r'"([^"]*)"|\'([^\']*)\'|(\S+)')
PREFIXES = "-@:+!"
"""Characters that may stand before a program; they say how its failure, name and rights are handled."""
ORDER = ("ExecStop", "ExecStopPost", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload")
"""The order of a restart, which stops the unit first."""


def entries(source: Source) -> list[Entry]:
    """The unit's commands as one entry; none if it runs no command."""
    lines = [(found["key"], found) for found in LINE.finditer(source.text)]
    found: list[Fragment] = []
    for key in ORDER:
        for name, line in lines:
            if name == key and line["value"].strip():
                start = line.end("value") - len(line["value"].lstrip(PREFIXES))
                found.append(Fragment.between(source, start, line.end("value")))
    given = {name: line["value"].strip() for name, line in lines}
    environment: dict[str, str | None] = {}
    given_at: dict[str, tuple[Source, int]] = {}
    for name, line in lines:
        for word in WORD.finditer(line["value"]) if name == "Environment" else ():
            variable, equals, value = (word[1] or word[2] or word[3] or "").partition("=")
            if equals:
                environment[variable] = value
                given_at[variable] = source, line.start("value") + word.start(word.lastindex or 0)
    directory = given.get("WorkingDirectory", "").lstrip("-")
    place = Path(directory) if directory.startswith("/") else source.path.parent
    if not found:
        return []
    name = source.path.stem
    entry = Entry("unit", source, name, tuple(found), place, labels=(name,), separate=True)
    return [replace(entry, environment=environment, given_at=given_at)]
