"""The names of files with shell commands, and of documents that may show commands.

Every file of a tree is checked against these names, so this module imports almost nothing.
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
"""Directories in which every file is a cron table. Source: cron(8); busybox, crond."""
SHEBANG = re.compile(rb"#![^\n]*\b(?:ba|da|a|z|k)?sh\b")
"""The first line of an executable shell script."""
DOCUMENTS = (".md", ".rst", ".adoc", ".txt", ".org")
CALLS_DOCKER = re.compile(rb"\b(?:docker|docker-compose|podman|nerdctl)\s")
"""A command that calls Docker from outside a container."""


def is_document(name: str) -> bool:
    """Whether the name is that of a document, such as README.md."""
    return name.lower().endswith(DOCUMENTS)


def is_script(entry: os.DirEntry[str]) -> bool:
    """Whether the entry is an executable shell script without a suffix, such as `bin/deploy`, by its first line."""
    if "." in entry.name or not entry.is_file(follow_symlinks=False) or not entry.stat().st_mode & 0o111:
        return False
    return SHEBANG.match(disk.glance(entry.path, 80)) is not None


def has_commands(path: str) -> bool:
    """Whether the path (with `/`) may be that of a file with commands."""
    name = path.rpartition("/")[2]
    return COMMAND_FILE.match(name) is not None or in_cron_table(path) or may_have_jobs(path)


def in_cron_table(path: str) -> bool:
    """Whether the path (with `/`) lies in a directory of cron tables."""
    return path.rpartition("/")[0].rpartition("/")[2] in CRON_TABLES
