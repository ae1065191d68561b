"""The `volfix carry` command of a changed project, and which data goes into which volume."""

from __future__ import annotations

import os
import re
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


def identity(project: ProjectResult, move: Move) -> tuple[str, ...]:
    """A key for the data and its volume; equal where services or variants of a project repeat a move."""
    kind, rest = kind_of(move)
    volume = real_volume(project, move.volume)
    if kind == "host":
        return kind, _host_path(project, move) or str(_written_in(project, move) / rest), volume
    if kind == "volume":
        return kind, rest, volume
    return kind, rest, volume, project.name, move.service


def real_volume(project: ProjectResult, key: str) -> str:
    """The volume's name on the host."""
    return project.real_volumes.get(key) or f"{project.name}_{key}"


def _host_path(project: ProjectResult, move: Move) -> str | None:
    """The absolute host path, `~` for the home directory; None where it depends on what only the host knows.

    Compose resolves a relative path from the directory of the project's first file; in an included or extended file
    from that file's own.
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
    return os.path.normpath(_written_in(project, move) / source)


def _written_in(project: ProjectResult, move: Move) -> Path:
    for reported in project.findings:
        fix, path = reported.finding.fix, reported.finding.location.path
        if fix is not None and move in fix.moves and path not in project.files:
            return path.parent
    return main_file(project).parent if project.files else project.root
