"""Compose files that are not read, since their name says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from volfix.project.discovery import VENDORED
from volfix.syntax import disk

SERVICES = re.compile(
    rb"^services:[ \t]*(?:\{|(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]+[^\s#-])", re.MULTILINE
)
STARTS = re.compile(rb"(?:^[ \t]+|[{,][ \t]*)(?:image|build|extends):", re.MULTILINE)
LARGEST = 65_536
"""Bytes of a file that are looked at."""
MOST = 2000
"""YAML files of a tree that are looked at."""


def compose_files_by_content(path: Path) -> Iterator[Path]:
    """The YAML files at or below the path with services at their top, as a search of their bytes tells."""
    for candidate in islice(_yaml_files(path), MOST):
        data = disk.glance(candidate, LARGEST)
        if SERVICES.search(data) and STARTS.search(data):
            yield candidate


def _yaml_files(path: Path) -> Iterator[Path]:
    for current, names in disk.walk(path, VENDORED):
        for name in names:
            if name.lower().endswith((".yml", ".yaml")) and disk.is_file(found := Path(current, name)):
                yield found
