"""What of a message may be shown: of a command in backticks the words that are known to be harmless, of an assignment
its name, and no credential anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.fixes.masking.credentials import credentials, masked, merged, trimmed, without
from volfix.syntax.source import Span

QUOTED = re.compile(r"`([^`\n]*)`")
"""Several words in backticks are a command of the repository, or volfix's own."""
EXPRESSION = re.compile(r"\$\{\{ ?[\w.-]+ ?\}\}|\$\(([^()\n]*)\)")
"""A variable of GitHub Actions, or what a command prints: neither makes a name several words."""
OWN = re.compile(r"(?:# )?volfix\b")
ASSIGNMENT = re.compile(r"(?<![\w./:-])(?<!--map )(?<!--map ')[A-Za-z_][\w.]{0,63}=([^\s'\"`,;&?)]+)")
"""`NAME=value`, also in the query of a URL; no `--map ./data=app-db` and no `--select=VF101`."""
MAPPED = re.compile(r"""--map (?:"\$\(printf %b |\$)?'(?:[^'\n]|'"'"')*=([A-Za-z0-9][\w.-]*)'""")
"""A source whose name has to be quoted, and the volume that it is carried to."""
MOUNT_FAILED = re.compile(r"failed to mount local volume: .*?, data: (.*): ")
"""The engine quotes a volume's options. Source: moby, volume/local/local_unix.go; moby/sys, mount/mount_errors.go."""
DATABASE = re.compile(
    r"(?:(?:jdbc|file|sqlite[\w+]*|h2|mem|hsqldb|derby|duckdb):)+[\w./:~*+%${}-]*\Z|:memory:?\Z"
    r"|(?:postgres|mysql|maria|mongo|redis)[\w+]*://\S+"
)
"""The URL of a file, of a database in memory or of a server, whose password is no concern of this module."""


def scrub(text: str) -> str:
    """A message with `***` for what it may not show."""
    return masked(text, [*credentials(text, prose=True), *_commands(text), *_values(text)])


def _commands(text: str) -> Iterator[Span]:
    for found in QUOTED.finditer(text):
        if " " not in found[1] or OWN.match(text, found.start(1)):
            continue
        from volfix.fixes.masking.words import harmless_words  # few messages quote a command

        is_name = " " not in EXPRESSION.sub("", found[1])
        inner = [each.span(1) for each in EXPRESSION.finditer(text, *found.span(1)) if each[1]]
        for start, end in inner if is_name else [found.span(1)]:
            yield from trimmed(text, without([Span(start, end)], merged(harmless_words(text, start, end))))


def _values(text: str) -> Iterator[Span]:
    yield from (Span(*found.span(1)) for found in MOUNT_FAILED.finditer(text))
    volumes = {found.start(1) for found in MAPPED.finditer(text)}
    for found in ASSIGNMENT.finditer(text):
        from volfix.fixes.masking.words import is_harmless_value

        value = found[1].rstrip(".:")
        if not (found.start(1) in volumes or DATABASE.match(value) or is_harmless_value(value)):
            yield Span(found.start(1), found.start(1) + len(value))
