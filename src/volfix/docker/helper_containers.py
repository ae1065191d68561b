"""Carriers: containers that are never started, through which the engine reads and writes mounts.

Nothing is executed in them, so any image serves, `scratch` too. A directory is mounted one level down and written from
above: only so does the volume's own top directory get its owner and mode.
"""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

from volfix.docker.archive import Entry, Keep, Manifest, Reading
from volfix.docker.carry_jobs import CarryProblem, Origin
from volfix.docker.containers import MountPoint
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.tar_stream import END

ABOVE = "/volfix"
INSIDE = ABOVE + "/data"
CARRIER = "dev.volfix.carrier"
"""Label of each carrier: the volume, or the host directory, that it was made for."""

Progress = Callable[[int], None]
"""Called with the bytes that went by since the last call."""


class Carriers:
    """The carriers of one task. All are removed at its end, unless volfix is killed."""

    def __init__(self, engine: Engine, image: str, purpose: str) -> None:
        self._engine, self._image, self._purpose = engine, image, purpose
        self._stack = ExitStack()
        self._mounting: dict[MountPoint, str] = {}

    def __enter__(self) -> Carriers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._stack.close()
        except EngineProblem:
            if kind is None:  # else the earlier error is the one to report
                raise

    def mounting(self, kind: str, source: str, *, writable: bool = False, target: str = INSIDE) -> str:
        """A carrier with one mount; its id. Raises EngineProblem where a bind's source is not there."""
        mount = MountPoint(kind, source, target, writable)
        if mount not in self._mounting:
            carrier = self._engine.create_carrier(self._image, [mount], {CARRIER: self._purpose})
            self._stack.callback(self._engine.remove_container, carrier, anonymous_volumes=True)
            self._mounting[mount] = carrier
        return self._mounting[mount]

    def making(self, directory: str) -> None:
        """Have the daemon make a directory of its host, as `-v` does."""
        carrier = self._engine.create_carrier(self._image, [], {CARRIER: self._purpose}, bind=f"{directory}:{INSIDE}")
        self._stack.callback(self._engine.remove_container, carrier, anonymous_volumes=True)
        self._engine.kind_of(carrier, INSIDE)

    def source_of(self, origin: Origin) -> tuple[str, str]:
        """The container and the path in it through which an origin is read."""
        if origin.kind == "container":
            return origin.name, origin.path
        target = INSIDE
        if origin.below and not origin.path:
            target = posixpath.join(ABOVE, posixpath.basename(origin.below))
        path = posixpath.normpath(posixpath.join(target, origin.path))
        return self.mounting(origin.kind, origin.name, target=target), path


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
    with closing(reading.passing(engine.read(container, path))) as passing:
        for chunk in passing:
            if progress:
                progress(len(chunk))
    return reading.manifest


def united(parts: Iterable[tuple[Origin, Manifest]]) -> Manifest:
    """The manifests of several origins as one. Raises CarryProblem if two origins have different files of one path."""
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


def with_top(manifest: Manifest, origins: Iterable[Origin]) -> Manifest:
    """The manifest with a top directory in which the owner of each single file can write.

    SQLite makes files beside the database. A volume that takes a file out of a container's own layer has no directory
    of its own yet, or one that belonged to another project.
    """
    top = manifest.get("")
    for origin in origins:
        file = manifest.get(origin.below) if origin.below else None
        if file is None:
            continue
        if top is None:
            top = Entry("directory", 0, file.owner, file.group, 0o755, file.modified)
        elif file.owner not in (0, top.owner) and not top.mode & 0o002:
            top = replace(top, owner=file.owner, group=file.group, mode=top.mode | 0o700)
    return manifest if top is None else {**manifest, "": top}


def copy(
    engine: Engine,
    carriers: Carriers,
    origins: Sequence[Origin],
    into: tuple[str, str],
    progress: Progress | None = None,
    keep: Keep | None = None,
) -> Manifest:
    """Copy every origin into a mount, given as its kind and source; the manifest of what is then to be there.

    Raises CarryProblem, BrokenArchive and EngineProblem.
    """
    parts = []
    for origin in origins:
        container, path = carriers.source_of(origin)
        name = posixpath.basename(INSIDE if origin.below else path)
        carrier = carriers.mounting(*into, writable=True, target=posixpath.join(ABOVE, name))
        directory = posixpath.dirname(posixpath.join(INSIDE, origin.below)) if origin.below else ABOVE
        reading = Reading(origin.below, keep)
        with closing(reading.passing(engine.read(container, path))) as passing:
            engine.write(carrier, directory, _counted(passing, progress))
        parts.append((origin, reading.manifest))
    sent = with_top(united(parts), origins)
    if any(origin.below for origin in origins):  # a file changed the directory's time, or needs another owner
        engine.write(carriers.mounting(*into, writable=True), ABOVE, [_directory(sent[""])])
    return sent


def _counted(chunks: Iterable[bytes], progress: Progress | None) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        if progress:
            progress(len(chunk))


def _directory(entry: Entry) -> bytes:
    """An archive of the top directory alone."""
    return top_header(entry) + END


def top_header(entry: Entry) -> bytes:
    """The header of the top directory in an archive, 512 bytes."""
    member = tarfile.TarInfo(posixpath.basename(INSIDE))
    member.type, member.mode, member.mtime = tarfile.DIRTYPE, entry.mode, entry.modified
    member.uid, member.gid = entry.owner, entry.group
    return member.tobuf(tarfile.GNU_FORMAT)
