"""The projects that `volfix carry` is called for, and the summary of several, which is a list of them again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

FROM_INPUT = Path("-")
ENDINGS = (".yml", ".yaml", ".json")
"""Of a Compose file; a file with another name is a list of paths."""


def places(given: Sequence[Path]) -> list[Path]:
    """Each project's directory or Compose file, as it is to be typed: those below a directory that has none itself, and
    the lines of lists, in which `#` begins a comment. Raises click.BadParameter for a list that cannot be read.
    """
    from volfix.docker.deployed import project_places

    found: dict[str, Path] = {}
    for path in _listed(given):
        whole = Path(os.path.abspath(path))  # noqa: PTH100 - links stay
        for place in project_places(whole):
            found.setdefault(str(place), path if place == whole else Path(os.path.relpath(place)))
    return list(found.values())


def _listed(given: Sequence[Path]) -> Iterator[Path]:
    for path in given or (Path(),):
        if path != FROM_INPUT and (path.is_dir() or path.suffix in ENDINGS):
            yield path
            continue
        try:
            text = sys.stdin.read() if path == FROM_INPUT else path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.BadParameter(f"{path}: {error}") from error
        for line in filter(None, map(str.strip, text.splitlines())):
            if not line.startswith("#"):
                if not Path(line).exists():
                    raise click.BadParameter(f"{path}: {line}: there is no such file or directory")
                yield Path(line)


def summary(done: int, failed: Sequence[tuple[Path, str]], *, wrote: bool) -> Iterator[str]:
    """What became of several projects; the lines that are no comments are those to be carried again."""
    projects = "project" if done == 1 else "projects"
    yield f"# {done} {projects} {'carried' if wrote else 'can be carried'}, {len(failed)} not"
    for path, reason in failed:
        yield f"# not carried: {reason.splitlines()[0]}"
        yield str(path)
