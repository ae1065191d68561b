"""The sources of a run: directories of clones, lists with one path or git URL a line, single repositories.

Source: git, Documentation/urls.txt; gruntwork-io/git-xargs, README (commas and quotes around names);
Skyscanner/turbolift, README (repos.txt).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from volfix.project.discovery import VENDORED
from volfix.syntax.visible import visible

STANDARD_INPUT = "-"
URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<user>[^/@]*)@)?(?P<rest>.+)\Z", re.DOTALL)
SCP_LIKE = re.compile(r"(?:(?P<user>[^/@:]+)@)?(?P<host>[^/:@]+):(?!:)(?P<path>[^/].*|/.+)\Z", re.DOTALL)
ON_GITHUB = re.compile(r"(?P<host>github(?:\.[\w-]+)+)/(?P<owner>[\w-]+)/(?P<name>[\w.-]+)\Z", re.ASCII)

PORTS = {"https": ":443", "http": ":80", "ssh": ":22", "git": ":9418"}


class SourceProblem(Exception):
    """A source on the command line that cannot be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class Source:
    """One repository. `text` is what the line said and `place` its real path or its URL, both without credentials.

    `address` is the URL with its credentials, for git alone; None for a path.
    """

    text: str
    place: str
    address: str | None = None

    @property
    def name(self) -> str:
        return repository_name(self.place)


def sources(arguments: Iterable[str], standard_input: BinaryIO) -> Iterator[Source]:
    """The repositories that the arguments name, each once; raises SourceProblem."""
    seen: set[str] = set()
    for argument in arguments:
        for source in _of_argument(argument, standard_input):
            if source.place not in seen:
                seen.add(source.place)
                yield source


def _of_argument(argument: str, standard_input: BinaryIO) -> Iterator[Source]:
    if argument == STANDARD_INPUT:
        yield from _of_lines(standard_input)
    elif os.path.isdir(argument):  # noqa: PTH112 - never raises
        yield from _of_directory(argument)
    elif os.path.isfile(argument):  # noqa: PTH113 - never raises
        with Path(argument).open("rb") as lines:
            yield from _of_lines(lines)
    else:
        source = _remote(argument)
        if source is None:
            raise SourceProblem(f"{visible(argument)}: no such directory or file, nor the address of a repository")
        yield source


def _of_lines(lines: Iterable[bytes]) -> Iterator[Source]:
    """One source a line; blank lines and comments (`#`) are left out."""
    for raw in lines:
        line = os.fsdecode(raw).strip()
        if line and not line.startswith("#"):
            if os.path.isdir(line):  # noqa: PTH112 - never raises
                yield from _of_directory(line)
            else:
                yield _remote(line) or _local(line)


def _of_directory(path: str) -> Iterator[Source]:
    """The directory where it is a repository, else the repositories below it; raises SourceProblem without any."""
    found = False
    pending = [path]
    while pending:
        current = pending.pop()
        if is_repository(current):
            found = True
            yield _local(current)
            continue
        try:
            entries = sorted(os.scandir(current), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            raise SourceProblem(f"{visible(current)}: {error.strerror}") from error
        pending += [
            entry.path for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name not in VENDORED
        ]
    if not found:
        raise SourceProblem(f"{visible(path)}: holds no clone")


def is_repository(path: str) -> bool:
    """Whether the directory is a work tree or a bare repository. Source: git, gitrepository-layout."""
    if os.path.lexists(os.path.join(path, ".git")):  # noqa: PTH118 - ten thousand in a run
        return True
    return all(os.path.exists(os.path.join(path, part)) for part in ("HEAD", "objects", "refs"))  # noqa: PTH110, PTH118


def _local(path: str) -> Source:
    return Source(path, os.path.realpath(path))


def _remote(text: str) -> Source | None:
    """The repository at a URL, or on GitHub as `github.com/owner/name`; None for what is neither: it is a path."""
    found = URL.match(text)
    if found is not None:
        shown = without_credentials(text)
        return Source(shown, shown, text)
    if SCP_LIKE.match(text):
        return Source(text, text, text)
    found = ON_GITHUB.match(text.strip("\"', "))
    if found is None:
        return None
    url = f"https://{found['host']}/{found['owner']}/{found['name'].removesuffix('.git')}.git"
    return Source(url, url, url)


def is_path(address: str) -> bool:
    """Whether git takes the address for a path of this machine."""
    return URL.match(address) is None and SCP_LIKE.match(address) is None and "::" not in address


def path_of(address: str) -> str | None:
    """The real path of an address on this machine, `file://` too; None for one elsewhere."""
    found = URL.match(address)
    if not is_path(address) and (found is None or found["scheme"].lower() != "file"):
        return None
    path = os.path.realpath(address if found is None else "/" + unquote(found["rest"]).partition("/")[2])
    if not os.path.exists(path) and os.path.exists(f"{path}.git"):  # noqa: PTH110 - never raises
        path += ".git"  # as git resolves it
    return path


def without_credentials(url: str) -> str:
    """The URL without a password; without the user too where the scheme's user may be a token."""
    found = URL.match(url)
    if found is None or found["user"] is None:
        return url
    name = found["user"].partition(":")[0]
    user = f"{name}@" if name and found["scheme"].lower().endswith("ssh") else ""
    return f"{found['scheme']}://{user}{found['rest']}"


def repository_name(place: str) -> str:
    """The last part of a path or URL, as the directory of a clone would be called."""
    name = re.split(r"[/:]", place.rstrip("/").removesuffix("/.git"))[-1].removesuffix(".git")
    return name if name.strip(".") else "repository"


def same_repository(url: str) -> str:
    """An address without what differs between two ways to one repository: scheme, its usual port, user, `.git`, case
    of the host; for one of this machine its real path."""
    path = path_of(url)
    if path is not None:
        return path.removesuffix("/.git")
    found = URL.match(url)
    if found is not None:
        host, slash, path = found["rest"].partition("/")
        host = host.removesuffix(PORTS.get(found["scheme"].lower(), ""))
    elif found := SCP_LIKE.match(url):
        host, slash, path = found["host"], "/", found["path"]
    else:
        return url
    return host.lower() + slash + path.strip("/").removesuffix(".git")


def host_of(url: str | None) -> str | None:
    """The server that an address names; None for a path of this machine."""
    if url is None or is_path(url) or url.startswith("file:"):
        return None
    return same_repository(url).partition("/")[0].partition(":")[0] or None
