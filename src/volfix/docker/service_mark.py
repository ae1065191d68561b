"""The mark of a carry service says what the volume has of its source. `volfix carry` reads and writes the same mark.

So the service does not move again what `carry` has moved or `carry --back` has copied back. It refuses if the source
has files that the mark does not name.
"""

from __future__ import annotations

import posixpath
import tarfile
from pathlib import Path

from volfix.docker.archive import Entry, Manifest
from volfix.docker.carry_jobs import Job
from volfix.docker.containers import PROJECT, VOLUME_KEY
from volfix.docker.engine import Engine
from volfix.docker.helper_containers import INSIDE, Carriers
from volfix.docker.local_files import data_root, names_in
from volfix.docker.tar_stream import END
from volfix.knowledge.carry_service import MARK_SUFFIX, MOVED

ODD = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
"""How `sha256sum` writes characters that a line cannot hold; the line then begins with a backslash."""
KINDS = {"named pipe": "fifo", "character device": "character special file", "block device": "block special file"}
"""What `stat` calls them."""


def moved_at(engine: Engine, carriers: Carriers, job: Job) -> float | None:
    """When the carry service, or `carry` for it, compared the volume with its source, in seconds since 1970; None where
    neither has filled the volume.
    """
    if engine.volume(job.mark) is None:
        return None
    return engine.written_at(carriers.mounting("volume", job.mark), posixpath.join(INSIDE, MOVED))


def moved_here(engine: Engine, volume: str, mark: str) -> float | None:
    """What `moved_at` says of a volume, by the files of its mark on this machine; None for a volume that is empty.

    Raises OSError where they cannot be seen, and EngineProblem.
    """
    filled, noted = engine.volume(volume), engine.volume(mark)
    if filled is None or noted is None:
        return None
    if data_root(engine) is None:
        raise FileNotFoundError(mark)
    if MOVED not in names_in(noted) or not names_in(filled):
        return None
    found = Path(noted.directory, MOVED).stat()
    return found.st_mtime if found.st_size else None


def note_moved(engine: Engine, carriers: Carriers, job: Job, there: Manifest, when: float) -> None:
    """Note that source and volume held the same at a time (seconds since 1970), if the project has, or had, a carry
    service for the volume.
    """
    if engine.volume(job.mark) is None:
        if not job.has_service:
            return
        engine.create_volume(job.mark, {PROJECT: job.project, VOLUME_KEY: job.key + MARK_SUFFIX})
    lines = [
        _line(path, there[entry.link] if entry.kind == "hard link" else entry, entry) for path, entry in there.items()
    ]
    text = "".join(lines).encode("utf-8", "surrogateescape")
    member = tarfile.TarInfo(MOVED)
    member.size, member.mtime = len(text), when
    padding = bytes(-len(text) % tarfile.BLOCKSIZE)
    archive = [member.tobuf(tarfile.PAX_FORMAT), text, padding, END]
    engine.write(carriers.mounting("volume", job.mark, writable=True), INSIDE, archive)


def _line(path: str, first: Entry, entry: Entry) -> str:
    """As the service's script writes it: `sha256sum` of a file, `stat -c '%F %N'` of what else is no directory.

    first is the file that a hard link is the second name of.
    """
    name = f"./{path}"
    if entry.kind in ("file", "hard link"):
        written = name.translate(ODD)
        return f"{chr(92) if written != name else ''}{first.digest}  {written}\n"
    link = f" -> '{entry.link}'" if entry.kind == "symbolic link" else ""
    return f"{KINDS.get(entry.kind, entry.kind)} '{name}'{link}\n" if entry.kind != "directory" else ""
