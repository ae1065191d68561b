"""Whether a directory holds only what a killed copy left, and nothing that a service wrote since."""

from __future__ import annotations

import hashlib
import posixpath
from contextlib import closing

from volfix.docker.archive import Manifest
from volfix.docker.carry_jobs import Origin
from volfix.docker.engine import Engine
from volfix.docker.helper_containers import Carriers
from volfix.docker.tar_stream import Bytes, members


def is_part(
    engine: Engine,
    carriers: Carriers,
    source: tuple[Manifest, tuple[Origin, ...]],
    target: tuple[Manifest, Origin],
) -> bool:
    """Whether the target has no file that the source lacks, each file whole, and at most one of them cut short.

    Source and target are what they hold, and where that is. A file is cut short where its bytes are the first ones of
    the source's: a database that was opened is not.
    """
    short = []
    for path, entry in target[0].items():
        wanted = source[0].get(path)
        if path and (wanted is None or entry.kind != wanted.kind):
            return False
        if wanted is not None and entry.digest != wanted.digest:
            short.append(path)
            if entry.size >= wanted.size or len(short) > 1:
                return False
    for path in short:
        size = target[0][path].size
        mine = _first(engine, carriers, target[1], path, size)
        if mine is None or mine not in (
            _first(engine, carriers, item, path, size) for item in source[1] if item.below in ("", path)
        ):
            return False
    return True


def _first(engine: Engine, carriers: Carriers, origin: Origin, path: str, size: int) -> str | None:
    """The digest of a file's first `size` bytes; None if this origin does not have the file."""
    container, place = carriers.source_of(origin)
    digest, left = hashlib.sha256(), size
    place = place if origin.below else posixpath.join(place, path)
    if engine.kind_of(container, place) != "file":
        return None
    with closing(engine.read(container, place)) as chunks:
        for _, head, rest in members(Bytes(chunks)):
            digest.update(head[:left])
            left -= min(left, len(head))
            for piece in rest:
                digest.update(piece[:left])
                left -= min(left, len(piece))
            break
    return digest.hexdigest()
