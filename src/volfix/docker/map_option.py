"""Looks up on the engine what a person named with `--map`: a path, a volume, or a place in a container."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from volfix.docker.carry_jobs import MAPPED, CarryProblem, Origin
from volfix.docker.containers import Container
from volfix.docker.engine import Engine
from volfix.docker.sqlite_files import BESIDE
from volfix.syntax.pasted import word


def mapped(engine: Engine, directory: Path, containers: Iterable[Container], source: str) -> Iterator[Origin]:
    """The origins of a source as a person writes it; a file comes with the files that SQLite keeps beside it.

    `directory` is what a path starts from, `containers` are those of the volume's services. Raises CarryProblem where
    it cannot be found.
    """
    kind, colon, rest = source.partition(":")
    if colon and kind == "volume":
        if engine.volume(rest) is None:
            raise CarryProblem(f"--map {source}: there is no volume {rest}")
        yield Origin("volume", rest, source, MAPPED)
    elif colon and kind in ("anonymous", "container"):
        found = ((item, _mapped_in(engine, item, kind, rest, source)) for item in containers)
        having = [(item, origins) for item, origins in found if origins]
        if not having:
            raise CarryProblem(f"--map {source}: no container of the volume's services has it")
        yield from _only(having, source, rest)
    else:
        path = os.path.normpath(directory / source)
        yield Origin("bind", path, source, MAPPED)


def _mapped_in(engine: Engine, container: Container, kind: str, path: str, source: str) -> list[Origin]:
    if kind == "anonymous":
        mount = container.mount_at(path)
        is_volume = mount is not None and mount.kind == "volume"
        return [Origin("volume", mount.source, source, MAPPED)] if mount and is_volume else []
    what = engine.kind_of(container.id, path)
    if what is None:
        return []
    if what != "file":
        return [Origin("container", container.id, source, MAPPED, path=path)]
    beside = [path + ending for ending in BESIDE if engine.kind_of(container.id, path + ending) == "file"]
    return [
        Origin("container", container.id, f"container:{file}", MAPPED, path=file, below=posixpath.basename(file))
        for file in (path, *beside)
    ]


def _only(having: Sequence[tuple[Container, list[Origin]]], source: str, path: str) -> list[Origin]:
    """What the one container has. Raises CarryProblem where several have data of their own at that path."""
    places = {(above.source, above.target) if (above := item.holder(path)) else (item.id, path) for item, _ in having}
    if len(places) > 1:
        names = sorted(item.name for item, _ in having)
        inner = path if having[0][1][0].below else f"{path.rstrip('/')}/."
        raise CarryProblem(
            f"--map {source}: {', '.join(names)} each have their own. Copy the rows that count out of their container "
            f"(mkdir rows && docker cp -a {word(f'{names[0]}:{inner}')} rows/) and name the copy: --map ./rows=VOLUME"
        )
    return having[0][1]
