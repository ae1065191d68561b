"""Says what a volume or directory holds before it is replaced: rows by table, else the number and size of the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from volfix.docker.archive import Manifest
from volfix.docker.sqlite_files import Spool, counts
from volfix.knowledge.clients import Client


def held(manifest: Manifest, spool: Spool, clients: Sequence[Client]) -> Iterator[str]:
    """A clause for each database in it. `spool` has copies of the SQLite files, `clients` are the engines whose data
    directory this is.
    """
    import sqlite3

    for path, local in spool.paths.items():
        try:
            found = list(counts(local))
        except sqlite3.DatabaseError as error:
            yield f"{path}: its rows cannot be counted ({error})"
            continue
        unread = "".join(f", {one.table} cannot be read" for one in found if one.rows is None)
        yield f"{path}: {tables({one.table: one.rows for one in found if one.rows is not None})}{unread}"
    files = [path for path, entry in manifest.items() if entry.kind == "file"]
    engine = next((one for one in clients if any(map(one.is_data_file, files))), None)
    if engine is not None:
        yield f"{size(manifest)} of {engine.name}, whose rows cannot be counted in its files"
    elif not spool.paths:
        yield f"{size(manifest)}, none of which is a database that volfix can read"


def tables(rows: Mapping[str, int]) -> str:
    """The number of rows of each table, in words."""
    counts = (f"{table} has {number:,} {'row' if number == 1 else 'rows'}" for table, number in rows.items())
    return ", ".join(counts) or "no tables"


def size(manifest: Manifest) -> str:
    """The bytes and the number of the files."""
    files = sum(entry.kind == "file" for entry in manifest.values())
    total = sum(entry.size for entry in manifest.values())
    return f"{amount(total)} in {files} {'file' if files == 1 else 'files'}"


def amount(number: float) -> str:
    """A number of bytes with the unit that keeps it short."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
