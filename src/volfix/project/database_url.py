"""The database file that a value names: read as its reader reads it, and written for another place.

Source: the libraries themselves where knowledge/readers.toml says verified; sqlite-jdbc, H2 and Microsoft.Data.Sqlite
by their documentation.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from volfix.knowledge.readers import Reader, reader_of_scheme

SQLITE_URL = re.compile(
    r"(?P<scheme>sqlite3?(?:\+[a-z0-9]+)?|spatialite)://(?P<path>[^?]*)(?P<rest>.*)\Z", re.IGNORECASE
)
SQLITE_SHORT = re.compile(r"sqlite3?:(?!//)(?P<path>[^?#]+)(?P<rest>.*)\Z", re.IGNORECASE)
FILE_URL = re.compile(r"file:(?://(?=/))?(?P<path>[^?#]+)(?P<rest>.*)\Z")
JDBC = re.compile(r"jdbc:(?:sqlite:(?:file:)?|h2:(?:file:)?)(?P<path>[^?;]+)(?P<rest>.*)\Z")
DATA_SOURCE = re.compile(r"(?:^|.*?;)\s*(?:data source|datasource|filename)\s*=\s*(?P<path>[^;]+)", re.IGNORECASE)
DATABASE_FILE = re.compile(r"[^\s:?;,]+\.(?:db3?|sqlite3?|sqlitedb|sdb)\Z", re.IGNORECASE)
NO_FILE = re.compile(r":memory:|mem:|tcp:|ssl:|zip:|nio|https?:|wss?:|libsql:|~|\||%|\$|//", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """Where value[start:end] names a database file.

    `path` is what is written there as a path, `relative` whether it starts from the directory that the reader's
    `relative_to` names. `doubt` says why that cannot be told; `path` is then what is written.
    """

    start: int
    end: int
    path: str
    relative: bool
    relative_to: str = "working directory"
    absolute_prefix: str = ""
    relative_prefix: str = ""
    doubt: str | None = None


def database_file(value: str, kind: str | None, reader: Reader | None) -> DatabaseFile | None:
    """The database file in `value`; None where it names none (a server, a database in memory, anything else).

    `kind` is what the variable's name promises (knowledge.variables); a plain path counts only where it promises a
    file. `reader` is the library that opens it, None where it is not known.
    """
    if found := SQLITE_URL.match(value):
        return _sqlite_url(found, reader)
    if (found := SQLITE_SHORT.match(value)) or (found := JDBC.match(value)):
        return _plain(found.start("path"), found["path"])
    if found := FILE_URL.match(value):
        return _file_url(found, reader) if kind in ("url", "file") else None
    if kind == "url" and (found := DATA_SOURCE.match(value)) and DATABASE_FILE.match(found["path"].strip()):
        return _plain(found.start("path"), found["path"].rstrip())
    if kind in ("file", "url") and DATABASE_FILE.match(value) and "://" not in value:
        return _plain(0, value)
    return None


def _plain(start: int, path: str) -> DatabaseFile | None:
    if NO_FILE.match(path) or path.startswith(":") or not path.strip("./"):
        return None
    return DatabaseFile(start, start + len(path), path, relative=not path.startswith("/"))


def _sqlite_url(found: re.Match[str], reader: Reader | None) -> DatabaseFile | None:
    path, start = found["path"], found.start("path")
    if path.strip("/") in ("", ":memory:") or "mode=memory" in found["rest"]:
        return None
    reader = reader_of_scheme(found["scheme"].lower()) or reader
    end = start + len(path)
    if not path.startswith("/") and "@" in path:
        return None
    if "#" in path:
        return DatabaseFile(start, end, path, False, doubt="libraries differ over the `#` in it")
    if path.startswith("//"):
        return DatabaseFile(start, end, "/" + path.lstrip("/"), False, absolute_prefix="/")
    if path.startswith("/file:") or "%" in path:
        return DatabaseFile(start, end, path, False, doubt="it is a URI within the URL, which volfix does not rewrite")
    if reader is None and path.startswith(("/./", "/../")):
        return DatabaseFile(start, end, path[1:], True, absolute_prefix="/", relative_prefix="/")
    if reader is None:
        return DatabaseFile(
            start, end, path, False, doubt="the library that reads it is not known, and they differ over these slashes"
        )
    if reader.three_slashes == "relative":
        if not path.startswith("/"):
            return DatabaseFile(start, end, path, False, doubt=f"{reader.name} does not take a URL with two slashes")
        return DatabaseFile(start, end, path[1:], True, reader.relative_to, absolute_prefix="/", relative_prefix="/")
    return DatabaseFile(start, end, path, not path.startswith("/"), reader.relative_to)


def _file_url(found: re.Match[str], reader: Reader | None) -> DatabaseFile | None:
    item = _plain(found.start("path"), found["path"])
    if item is None or not item.relative:
        return item
    if reader is None:
        return DatabaseFile(item.start, item.end, item.path, True, doubt="the library that reads it is not known")
    return DatabaseFile(item.start, item.end, item.path, True, reader.relative_to)


def resolved_path(file: DatabaseFile, directory: str | None) -> str | None:
    """The absolute path of the file, `directory` being the working directory; None where it cannot be told."""
    if not file.relative:
        return posixpath.normpath(file.path)
    if directory is None or file.doubt:
        return None
    base = {"instance folder": "instance", "schema directory": "prisma"}.get(file.relative_to, "")
    return posixpath.normpath(posixpath.join(directory, base, file.path))


def moved(value: str, file: DatabaseFile, path: str, directory: str | None) -> str:
    """`value` with the absolute `path` in place of the file's; relative and with `./` where it was so and can be."""
    if file.relative and directory is not None and path.startswith(directory.rstrip("/") + "/"):
        dot = "./" if file.path.startswith("./") else ""
        written = file.relative_prefix + dot + posixpath.relpath(path, directory)
    else:
        written = file.absolute_prefix + path
    return value[: file.start] + written + value[file.end :]
