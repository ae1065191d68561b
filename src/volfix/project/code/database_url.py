"""Finds the database file that a value names, as the libraries that read it do, and writes a new path into the value.

Source: tests of the libraries themselves if knowledge/readers.toml says so; otherwise their documentation.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote, unquote

from volfix.knowledge.readers import Form, Reader, reader_of_scheme
from volfix.project.compose.mounts import clean

SQLITE_URL = re.compile(
    r"(?P<scheme>sqlite3?(?:\+[a-z0-9]+)?|spatialite)://(?P<path>[^?#]*)(?P<rest>.*)\Z", re.IGNORECASE
)
SQLITE_SHORT = re.compile(r"(?P<scheme>sqlite3?):(?!//)(?P<path>[^?#]+)(?P<rest>.*)\Z", re.IGNORECASE)
FILE_URL = re.compile(r"(?P<scheme>file):(?P<path>[^?#]+)(?P<rest>.*)\Z")
JDBC = re.compile(r"(?P<scheme>jdbc:(?:sqlite|h2|hsqldb)):(?:file:)?(?P<path>[^?;]+)(?P<rest>.*)\Z")
DATA_SOURCE = re.compile(
    r"(?:^|.*?;)\s*(?:data source|datasource|filename)\s*=\s*(?P<path>[^;]+)(?P<rest>.*)\Z", re.IGNORECASE
)
PLAIN = re.compile(r"(?P<path>[^\s:?;,]+\.(?:db3?|sqlite3?|sqlitedb|sdb))(?P<rest>\?.*)?\Z", re.IGNORECASE)
ANY_PATH = re.compile(r"(?P<path>[^?;]+)(?P<rest>\?.*)?\Z")
NO_FILE = re.compile(r":|mem:|tcp:|ssl:|zip:|nio|https?:|wss?:|libsql:|res:|\||%|\$", re.IGNORECASE)
WINDOWS = re.compile(r"/*[A-Za-z]:[\\/]|.*\\")
IN_MEMORY = re.compile(
    r"(?:jdbc:)?sqlite3?(?:\+[a-z0-9]+)?:/{0,4}(?:\?.*)?\Z|.*(?::|%3A)memory(?::|%3A)|(?:jdbc|r2dbc):(?:\w+:)*mem:"
    r"|jdbc:derby:memory:|(?:sqlite|file|jdbc:sqlite).*[?&](?:mode=memory|vfs=memdb)\b|.*;\s*mode\s*=\s*memory\b",
    re.IGNORECASE,
)

HOME = ("jdbc:h2", "jdbc:hsqldb")
"""Schemes whose library replaces `~` by the home directory; for others it is a directory named `~`.

Sources: h2database/h2database, FilePathDisk.expandUserHomeDirectory; hsqldb.org, guide (the `~` of a file's path).
"""
SYMFONY = re.compile(r"/%kernel\.project_dir%/([^%]+)\Z")
Base = Literal["", "home", "Symfony"]
"""What a path starts from: the home directory of the process's user, or Symfony's project (with composer.json)."""
FROM_THE_ROOT = ("application root", "process")
"""Values of `relative_to` that mean the application's own directory: Rails.root, Laravel's base_path()."""


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A database file that value[start:end] names.

    `path` is that text as a path, with escapes decoded. A relative path starts from `folder` below the working
    directory. `ending` is what the library appends to the name. `decodes` says that the library decodes `%` escapes.
    `absolute_prefix` and `relative_prefix` are written before a new path. `slashes_decide` says that only the number of
    slashes makes the path relative or absolute. `doubt` says why the file's place is unknown; `path` is then the plain
    text, `readings` are the possible files, and `below` is the path below `base`. `unproven` says why volfix does not
    edit the value although it knows the file.
    """

    start: int
    end: int
    path: str
    relative: bool
    folder: str = ""
    absolute_prefix: str = ""
    relative_prefix: str = ""
    decodes: bool = False
    ending: str = ""
    slashes_decide: bool = False
    doubt: str | None = None
    unproven: str | None = None
    readings: tuple[DatabaseFile, ...] = ()
    base: Base = ""
    below: str = ""


def database_file(value: str, kind: str | None, readers: Sequence[Reader]) -> DatabaseFile | None:
    """The database file in `value`; None if it names no file (a server, a database in memory, anything else).

    `kind` is what the variable's name promises (knowledge.variables), or `opened` if code opens the value as a
    database. A plain path counts only if `kind` promises a file. `readers` are the libraries that may open it, empty if
    unknown. If several libraries read the value differently, `doubt` of the result says so.
    """
    if is_in_memory(value):
        return None
    if found := SQLITE_URL.match(value):
        return _common_reading(found, "url", readers) if found["path"].rstrip().strip("/") else None
    if found := SQLITE_SHORT.match(value):
        return _common_reading(found, "short", readers)
    if found := JDBC.match(value):
        return _common_reading(found, "jdbc", readers)
    if kind in ("url", "file", "opened") and (found := FILE_URL.match(value)):
        return _common_reading(found, "file", readers)
    if kind == "url" and (found := DATA_SOURCE.match(value)) and PLAIN.match(found["path"].strip()):
        return _common_reading(found, "data source", readers)
    if kind in ("file", "url") and "://" not in value and (found := PLAIN.match(value)):
        return _common_reading(found, "plain", readers)
    if kind == "opened" and "://" not in value and (found := ANY_PATH.match(value)):
        return _common_reading(found, "plain", readers)
    return None


def is_in_memory(value: str) -> bool:
    """Whether the value names a database in memory."""
    return IN_MEMORY.match(value) is not None


def _common_reading(found: re.Match[str], form: Form, readers: Sequence[Reader]) -> DatabaseFile | None:
    """The reading that all readers of this form share; with a doubt if they differ."""
    scheme = (found.groupdict().get("scheme") or form).lower()
    own = [*reader_of_scheme(scheme)] if form != "short" or scheme == "sqlite3" else []
    if own and (named := [reader for reader in readers if reader in own or reader.name == own[0].name]):
        own = named
    taking = own or [reader for reader in readers if form in reader.forms]
    if not taking:
        return _without_reader(found, form, readers)
    readings = list(dict.fromkeys(_read(found, form, reader) for reader in taking))
    if len(readings) == 1:
        return readings[0]
    certain = [reading for reading in readings if reading is not None]
    names = " and ".join(dict.fromkeys(reader.name for reader in taking))
    plain = _as_path(found, form)
    if not certain or plain is None:
        return None
    same = len({replace(each, unproven=None) for each in certain}) == 1 and len(certain) == len(readings)
    return certain[0] if same else replace(plain, doubt=f"{names} read this value differently")


def _without_reader(found: re.Match[str], form: Form, readers: Iterable[Reader]) -> DatabaseFile | None:
    """The reading if no known reader takes the form: what every library would agree on, or a doubt."""
    item = _as_path(found, form)
    if item is None or item.doubt:
        return item
    path = item.path
    elsewhere = next((reader for reader in readers if reader.relative_to != "working directory"), None)
    if form == "plain" and item.relative and elsewhere is not None:
        return replace(item, doubt=f"{elsewhere.name} may resolve this path from its {elsewhere.relative_to}")
    if form in ("plain", "data source") or (form in ("short", "file") and not item.relative):
        return item
    known = " and ".join(dict.fromkeys(reader.name for reader in readers if form != "url" or "url" not in reader.forms))
    if form == "url" and path.startswith("//"):
        return replace(item, path="/" + path.lstrip("/"), relative=False, absolute_prefix="/")
    if form == "url" and path.startswith(("/./", "/../")):
        return replace(item, path=path[1:], relative=True, absolute_prefix="/", relative_prefix="/")
    if form == "short":
        return item
    unknown = "volfix does not know which library reads it" + (f" ({known} does not accept it)" if known else "")
    doubt = unknown + (", and libraries differ on these slashes" if form == "url" else "")
    return replace(item, doubt=doubt, readings=tuple(_both_readings(item, form)))


def _both_readings(item: DatabaseFile, form: Form) -> Iterator[DatabaseFile]:
    """The two readings on which libraries differ: after three slashes the path is absolute, or it is relative."""
    yield item
    if form == "url" and not item.relative:
        yield replace(item, path=item.path[1:], relative=True, absolute_prefix="/", relative_prefix="/")


def _as_path(found: re.Match[str], form: Form) -> DatabaseFile | None:
    """The text as a path, with no library's rules applied; None if it cannot be a file of the container."""
    path, start = found["path"].rstrip(), found.start("path")
    if form != "url" and (NO_FILE.match(path) or not path.strip("./")) and not WINDOWS.match(path):
        return None
    item = DatabaseFile(start, start + len(path), path, not path.startswith("/"))
    if form == "file" and path.startswith("///"):
        item = replace(item, path=path[2:], absolute_prefix="//")
    if WINDOWS.match(path):
        return replace(item, doubt="this is a Windows path")
    if path.startswith("~"):
        scheme = found.groupdict().get("scheme")
        item = replace(item, doubt="`~` is the home directory of the container's user")
        ending = ".mv.db" if scheme == "jdbc:h2" else ""
        is_home = path.startswith("~/") and scheme in HOME
        return replace(item, base="home", below=path[2:], ending=ending) if is_home else item
    if form == "url" and (symfony := SYMFONY.match(path)):
        item = replace(item, doubt="volfix does not know Symfony's project directory", base="Symfony", below=symfony[1])
        return replace(item, unproven="volfix does not edit a path that contains a Symfony parameter")
    return item


def _read(found: re.Match[str], form: Form, reader: Reader) -> DatabaseFile | None:
    item = _as_path(found, form)
    if item is None or item.doubt:
        return item if item is None or not item.base else _unless_tested(item, form, reader)
    if form == "url":
        item = _sqlite_url(item, item.path, found["rest"], reader)
    elif found.groupdict().get("rest") and form == "plain" and reader.ecosystem != "go":
        item = replace(item, doubt=f"{reader.name} does not accept `?...` after a path")
    elif form == "jdbc":
        item = _jdbc(item, found["scheme"])
    elif form == "file" and found["path"].startswith("//") and not found["path"].startswith("///"):
        item = replace(item, doubt="after `//` comes a host, not a path")
    elif "%" in item.path and form in ("file", "short"):
        item = replace(item, path=unquote(item.path) if reader.decodes else item.path, decodes=reader.decodes)
    if item.relative and not item.doubt:
        if reader.folder is None:
            readings = (item,) if reader.relative_to in FROM_THE_ROOT else ()
            reason = f"{reader.name} resolves a relative path from the {_start_of_relative(reader)}"
            item = replace(item, doubt=reason, readings=readings)
        else:
            item = replace(item, folder=reader.folder)
    return _unless_tested(item, form, reader)


def _unless_tested(item: DatabaseFile, form: Form, reader: Reader) -> DatabaseFile:
    """The file, marked `unproven` if its library was never tested; a plain absolute path needs no test."""
    if reader.basis != "unverified" or (form == "plain" and not item.relative):
        return item
    return replace(item, unproven=f"volfix knows only from the documentation how {reader.name} reads this value")


def _start_of_relative(reader: Reader) -> str:
    if reader.relative_to == "process":
        return "directory of the process, which differs between artisan and the web server"
    return f"{reader.relative_to}, which volfix cannot find"


def _sqlite_url(item: DatabaseFile, path: str, rest: str, reader: Reader) -> DatabaseFile:
    """The file in a `sqlite://` URL: its slashes, its escapes, and a `file:` URI inside the URL."""
    if "%kernel" in path or (not path.startswith("/") and reader.two_slashes == "refused"):
        reason = "it contains a framework parameter" if "%" in path else f"{reader.name} does not accept two slashes"
        return replace(item, doubt=reason)
    item = replace(item, slashes_decide=True)
    if path.startswith("//"):
        prefix = "/" if reader.three_slashes == "relative" else ""
        path = "/" + path.lstrip("/")
        item = replace(item, path=path, relative=False, absolute_prefix="/", relative_prefix=prefix)
    elif reader.three_slashes == "relative":
        item = replace(item, path=path[1:], relative=True, absolute_prefix="/", relative_prefix="/")
        if item.path.startswith("file:"):
            return _inner_uri(item, rest, reader)
    else:
        item = replace(item, path=path, relative=not path.startswith("/"))
    if "%" in path and reader.decodes:
        return replace(item, path=unquote(item.path), decodes=True)
    return item


def _inner_uri(item: DatabaseFile, rest: str, reader: Reader) -> DatabaseFile:
    """The file in `sqlite:///file:x?uri=true` (SQLAlchemy): `file:x` is SQLite's own URI, with its own escapes."""
    path = item.path.removeprefix("file:")
    if not re.search(r"[?&]uri=true\b", rest) or "%" in path or path.startswith("//") or "url" not in reader.forms:
        return replace(item, doubt="volfix does not edit a `file:` URI inside a URL")
    start = item.start + len("/file:")
    return DatabaseFile(start, item.end, path, not path.startswith("/"))


def _jdbc(item: DatabaseFile, scheme: str) -> DatabaseFile:
    if scheme == "jdbc:h2":
        if item.relative and not item.path.startswith(("./", "../")):
            return replace(item, doubt="H2 refuses a relative path without `./` (error 90011)")
        return replace(item, ending=".mv.db", relative_prefix="" if item.path.startswith("./") else "./")
    if scheme == "jdbc:sqlite" and item.path.startswith("//"):
        return replace(item, path="/" + item.path.lstrip("/"), absolute_prefix="")
    return item


def resolved_path(file: DatabaseFile, directory: str | None) -> str | None:
    """The absolute path of the file in the container, for the working directory `directory`; None if unknown."""
    if file.doubt:
        return None
    if not file.relative:
        return clean(file.path) + file.ending
    if directory is None:
        return None
    return clean(posixpath.join(directory, file.folder, file.path)) + file.ending


def other_reading(file: DatabaseFile, directory: str | None) -> str | None:
    """The path if the slashes of `sqlite:///x` are read the other way (relative or absolute); None if impossible."""
    if not file.slashes_decide or file.doubt or directory is None or file.path.startswith("."):
        return None
    if file.relative:
        return clean("/" + file.path)
    return posixpath.normpath(posixpath.join(directory, file.path.lstrip("/")))


def moved(value: str, file: DatabaseFile, path: str, directory: str | None) -> str:
    """`value` with the file's path replaced by the absolute `path`.

    The new path is written relative to the working directory `directory`, and with `./`, if the old path was and the
    new path lies below it. An unchanged file name keeps its escapes.
    """
    start = posixpath.normpath(posixpath.join(directory, file.folder)) if directory is not None else None
    path = path.removesuffix(file.ending) if file.ending else path
    if file.relative and start is not None and path.startswith(start.rstrip("/") + "/"):
        dot = "./" if file.path.startswith("./") else ""
        prefix, target = file.relative_prefix + dot, posixpath.relpath(path, start)
    else:
        prefix, target = file.absolute_prefix, path
    written = posixpath.basename(value[file.start : file.end])
    if file.decodes:
        folder, name = posixpath.split(target)
        name = written if unquote(written) == name else quote(name)
        target = posixpath.join(quote(folder), name)
    return value[: file.start] + prefix + target + value[file.end :]
