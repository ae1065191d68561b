"""Carriers: containers that are never started, through which the engine reads and writes mounts.

Nothing is executed in them, so any image serves, `scratch` too. A directory is mounted one level down and written from
above: only so does the volume's own top directory get its owner and mode.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack

from volfix.docker.archive import BrokenArchive, Entry, Keep, Manifest, Reading
from volfix.docker.containers import MountPoint
from volfix.docker.engine import Engine, EngineProblem
from volfix.docker.jobs import CarryProblem, Origin

ABOVE = "/volfix"
INSIDE = ABOVE + "/data"
CARRIER = "dev.volfix.carrier"
"""Label of each carrier: the volume, or the host directory, that it was made for."""

Progress = Callable[[int], None]
"""Called with the bytes that went by since the last call."""


class Carriers:
    """The carriers of one piece of work; all are removed at the end, whatever happens but a kill."""

    def __init__(self, engine: Engine, image: str, purpose: str) -> None:
        self._engine, self._image, self._purpose = engine, image, purpose
        self._stack = ExitStack()

    def __enter__(self) -> Carriers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def mounting(self, kind: str, source: str, *, writable: bool = False, target: str = INSIDE) -> str:
        """A carrier with one mount; its id. Raises EngineProblem where a bind's source is not there."""
        mount = MountPoint(kind, source, target, writable)
        carrier = self._engine.create_carrier(self._image, [mount], {CARRIER: self._purpose})
        self._stack.callback(self._engine.remove_container, carrier, anonymous_volumes=True)
        return carrier

    def source_of(self, origin: Origin) -> tuple[str, str]:
        """The container and the path in it through which an origin is read."""
        if origin.kind == "container":
            return origin.name, origin.path
        target = posixpath.join(ABOVE, posixpath.basename(origin.below)) if origin.below else INSIDE
        return self.mounting(origin.kind, origin.name, target=target), target


def manifest_of(
    engine: Engine,
    container: str,
    path: str,
    below: str = "",
    keep: Keep | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Read a path of a container: what is there, with the SHA-256 of each file. Raises BrokenArchive, EngineProblem."""
    reading = Reading(below, keep)
    for chunk in reading.passing(engine.read(container, path)):
        if progress:
            progress(len(chunk))
    return reading.manifest


def merged(engine: Engine, carriers: Carriers, origins: Sequence[Origin]) -> Manifest:
    """What a volume will hold when all the origins are in it."""
    return united((origin, manifest_of(engine, *carriers.source_of(origin), origin.below)) for origin in origins)


def united(parts: Iterable[tuple[Origin, Manifest]]) -> Manifest:
    """One manifest out of those of several origins. Raises CarryProblem where two have the same file."""
    found: Manifest = {}
    from_where: dict[str, Origin] = {}
    for origin, manifest in parts:
        for path, entry in manifest.items():
            if path in found and entry != found[path]:
                raise CarryProblem(
                    f"both {from_where[path].shown} and {origin.shown} have {path}: say which with --map"
                )
            found[path], from_where[path] = entry, origin
    return found


def with_top(manifest: Manifest) -> Manifest:
    """The manifest with a top directory that the owner of the database files can write in.

    SQLite makes files beside the database, and a volume that holds a file out of a container's own layer has no
    directory of its own, or one that another user owns.
    """
    files = [(path, entry) for path, entry in manifest.items() if path and "/" not in path and entry.kind == "file"]
    top = manifest.get("")
    if top is None:
        first = files[0][1] if files else Entry("directory", 0, 0, 0, 0o755, 0)
        return {**manifest, "": Entry("directory", 0, first.owner, first.group, 0o755, first.modified)}
    return manifest


def copy(
    engine: Engine, carriers: Carriers, origins: Sequence[Origin], carrier: str, progress: Progress | None = None
) -> Manifest:
    """Copy every origin into what `carrier` mounts; the manifest of what was sent. Raises as `manifest_of` does."""
    parts = []
    for origin in origins:
        container, path = carriers.source_of(origin)
        reading = Reading(origin.below)
        directory = posixpath.dirname(posixpath.join(INSIDE, origin.below)) if origin.below else ABOVE
        chunks = reading.passing(engine.read(container, path))
        engine.write(carrier, directory, _counted(chunks, progress))
        parts.append((origin, reading.manifest))
    sent = united(parts)
    complete = with_top(sent)
    if complete != sent:
        engine.write(carrier, ABOVE, [_directory(complete[""])])
    elif any(origin.below for origin in origins):
        engine.write(carrier, ABOVE, [_directory(sent[""])])  # a file beside it moved its time
    return complete


def _counted(chunks: Iterable[bytes], progress: Progress | None) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        if progress:
            progress(len(chunk))


def _directory(entry: Entry) -> bytes:
    """An archive of the top directory alone."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo(posixpath.basename(INSIDE))
        member.type, member.mode, member.mtime = tarfile.DIRTYPE, entry.mode, entry.modified
        member.uid, member.gid = entry.owner, entry.group
        archive.addfile(member)
    return data.getvalue()


__all__ = ["BrokenArchive", "Carriers", "EngineProblem", "copy", "manifest_of", "merged", "united", "with_top"]
