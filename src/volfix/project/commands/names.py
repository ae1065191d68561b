"""The names that files with shell commands have, and documents that show some.

They are asked for every file of a tree, so this imports next to nothing.
"""

from __future__ import annotations

import os
import re

from volfix.project.ci.names import may_have_jobs
from volfix.syntax import disk

COMMAND_FILE = re.compile(
    r"(?:GNUmakefile|[Mm]akefile|\.?[Jj]ustfile|[Tt]askfile\.ya?ml|package\.json|crontab|[^/]*\.(?:sh|bash|mk|crontab|cron|service|ps1))\Z"
)
CRON_TABLES = ("cron.d", "crontabs")
"""Directories of cron tables, whatever these are called. Source: cron(8); busybox, crond."""
SHEBANG = re.compile(rb"#![^\n]*\b(?:ba|da|a|z|k)?sh\b")
"""How an executable script for a shell begins."""
DOCUMENTS = (".md", ".rst", ".adoc", ".txt", ".org")
CALLS_DOCKER = re.compile(rb"\b(?:docker|docker-compose|podman|nerdctl)\s")
"""A command that reaches into containers from outside."""


def is_document(name: str) -> bool:
    """Whether people read the file of this name."""
    return name.lower().endswith(DOCUMENTS)


def is_script(entry: os.DirEntry[str]) -> bool:
    """Whether a file whose name has no suffix is an executable script for a shell, by its first line: `bin/deploy`."""
    if "." in entry.name or not entry.is_file(follow_symlinks=False) or not entry.stat().st_mode & 0o111:
        return False
    return SHEBANG.match(disk.glance(entry.path, 80)) is not None


def has_commands(path: str) -> bool:
    """Whether a file at this path, with slashes, may hold commands, by its name."""
    name = path.rpartition("/")[2]
    return COMMAND_FILE.match(name) is not None or in_cron_table(path) or may_have_jobs(path)


def in_cron_table(path: str) -> bool:
    """Whether a file at this path, with slashes, is a cron table by its directory, whatever it is called."""
    return path.rpartition("/")[0].rpartition("/")[2] in CRON_TABLES
