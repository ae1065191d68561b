"""The code of a build context that its image runs: Python modules, alembic.ini, scripts that start them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from volfix.project.source_files import source_files

MENTIONS = re.compile(rb"sqlite|\.db[\"']", re.IGNORECASE)
"""What every module that names a database file has in it. Nothing else is parsed."""
NOT_DEPLOYED = frozenset(
    {"tests", "test", "testing", "docs", "doc", "examples", "example", "samples", "benchmarks", "benchmark", "e2e"}
    | {"scripts", "tools", "notebooks", "fixtures", "versions"}
)
"""Directories of code that serves something else than the deployment."""
TEST_MODULE = re.compile(r"(?:test|conftest)\w*\.py\Z|\w*_tests?\.py\Z")
SIGNS = re.compile(r"requirements.*\.txt|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|alembic\.ini|\w+\.py")
STARTERS = (".sh", "Procfile", ".conf")


@dataclass(frozen=True)
class DeployedCode:
    """What of a build context runs in the container, tests and what `.dockerignore` leaves out apart."""

    directory: Path

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The Python modules, alembic.ini, and the scripts and settings that start programs."""
        if not _is_python(self.directory):
            return ()
        ignored = _ignored(self.directory)
        found = source_files(self.directory, (".py", "alembic.ini", *STARTERS))
        return tuple(path for path in found if _is_deployed(path.relative_to(self.directory), ignored))

    @cached_property
    def mentioning(self) -> tuple[Path, ...]:
        """The modules and ini files that mention a database file, by a search of their bytes."""
        modules = ((path, data) for path, data in self._data.items() if path.suffix in (".py", ".ini"))
        return tuple(path for path, data in modules if MENTIONS.search(data))

    @cached_property
    def _data(self) -> dict[Path, bytes]:
        return {path: _bytes(path) for path in self.files}

    def having(self, pattern: re.Pattern[bytes], *words: bytes) -> Iterator[Path]:
        """The files in which the pattern is found, each as often as it is; one of the words is in every such place."""
        for path, data in self._data.items():
            if any(word in data for word in words):
                yield from (path for _ in pattern.finditer(data))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # neither can the build read it
        return b""


def _is_python(directory: Path) -> bool:
    """Whether the context, or a directory in it, looks like a Python project's: others are not searched."""
    try:
        entries = list(os.scandir(directory))
        below = [each for entry in entries if entry.is_dir(follow_symlinks=False) for each in os.scandir(entry.path)]
    except OSError:  # no build context
        return False
    return any(SIGNS.fullmatch(entry.name) for entry in [*entries, *below])


def _is_deployed(relative: Path, ignored: list[str]) -> bool:
    if NOT_DEPLOYED & set(relative.parts[:-1]) or TEST_MODULE.match(relative.name):
        return False
    out = False
    for pattern in ignored:
        said = pattern.removeprefix("!").strip("/").removeprefix("**/")
        places = [relative.as_posix(), *(parent.as_posix() for parent in relative.parents)]
        if any(fnmatch(place, said) or (said != pattern and fnmatch(place, f"*/{said}")) for place in places):
            out = not pattern.startswith("!")
    return not out


def _ignored(directory: Path) -> list[str]:
    """The patterns of `.dockerignore`, one that begins with `!` takes back."""
    lines = _bytes(directory / ".dockerignore").decode(errors="replace").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
