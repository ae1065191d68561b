"""The `volfix carry` command of a changed project, and which data goes into which volume."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePath

from volfix.fixes.results import ProjectResult
from volfix.project.compose.host_directories import relative
from volfix.report.entries import main_file
from volfix.rules.findings import Move

KINDS = ("volume", "anonymous", "container")


def kind_of(move: Move) -> tuple[str, str]:
    """The kind of a move's source (`host`, `volume`, `anonymous`, `container`), and its path, real name or target."""
    kind, colon, rest = move.source.partition(":")
    return (kind, rest) if colon and kind in KINDS else ("host", move.source)


def carry_words(project: ProjectResult, base: Path, *, is_first: bool) -> list[str | PurePath]:
    """The `volfix carry` command for this project; `is_first`: of those that its directory has, carry finds it."""
    words: list[str | PurePath] = [
        "volfix",
        "carry",
        "--write",
        *(["--from-project", project.name] if project.renamed else []),
    ]
    words += [word for pair in project.maps for word in ("--map", pair)]
    place = main_file(project).parent if is_first else main_file(project)
    return words if place == base else [*words, PurePath(relative(place, base))]


def written_in(project: ProjectResult) -> dict[Move, Path]:
    """The directory of the file that a move's fix changes, where that is none of the project's Compose files."""
    found: dict[Move, Path] = {}
    for reported in project.findings:
        fix, path = reported.finding.fix, reported.finding.location.path
        if fix is not None and fix.moves and path not in project.files:
            for move in fix.moves:
                found.setdefault(move, path.parent)
    return found


def identity(project: ProjectResult, move: Move, written: Mapping[Move, Path]) -> tuple[str, ...]:
    """A key for the data and its volume; equal where services or variants of a project repeat a move. `written` is
    what `written_in` says of the project.
    """
    kind, rest = kind_of(move)
    volume = real_volume(project, move.volume)
    if kind == "host":
        directory = written.get(move) or (main_file(project).parent if project.files else project.root)
        return kind, _host_path(move, directory) or str(directory / rest), volume
    if kind == "volume":
        return kind, rest, volume
    return kind, rest, volume, project.name, move.service


def real_volume(project: ProjectResult, key: str) -> str:
    """The volume's name on the host."""
    return project.real_volumes.get(key) or f"{project.name}_{key}"


def _host_path(move: Move, directory: Path) -> str | None:
    """The absolute host path, `~` for the home directory; None where it depends on what only the host knows.

    Compose resolves a relative path from `directory`: that of the project's first file; for an included or extended
    file its own.
    """
    source = move.source
    if "$" in source or (source.startswith("~") and not source.startswith("~/") and source != "~"):
        return None
    if re.match(r"[A-Za-z]:[\\/]", source):
        return source
    if source.startswith(("/", "~")):
        return os.path.normpath(source)
    if not source.startswith("."):
        return None
    return os.path.normpath(directory / source)
