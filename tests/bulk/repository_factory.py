"""Estates for tests and figures: local git repositories, made from the fixtures and mutations of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures"
DATE = 1_700_000_000
SERVICES = ("app", "web", "api", "backend", "site", "core")
DIRECTORIES = ("./data", "./storage", "../state", "./var/db")
Files = dict[str, bytes]


def files_below(root: Path) -> Files:
    """The bytes of every file below a directory, by relative path."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def repository(path: Path, files: Mapping[str, bytes], *, origin: str | None = None, bare: bool = False) -> Path:
    """A repository with these files in one commit on `main`; its files are not checked out."""
    flags = ("--bare",) if bare else ()
    path.parent.mkdir(parents=True, exist_ok=True)
    git(path.parent, "init", "-q", "--template=", "-b", "main", *flags, str(path))
    if origin is not None:
        git(path, "remote", "add", "origin", origin)
    git(path, "fast-import", "--quiet", data=_stream(files))
    return path


def checked_out(path: Path, files: Mapping[str, bytes], *, origin: str | None = None) -> Path:
    """As `repository`, with its files in the work tree."""
    git(repository(path, files, origin=origin), "reset", "-q", "--hard")
    return path


def git(at: Path, *words: str, data: bytes | None = None) -> str:
    """What git prints, with a name and an address set, whatever the machine has."""
    people = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", "-C", str(at), *people, *words], input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def _stream(files: Mapping[str, bytes]) -> bytes:
    parts = [b"commit refs/heads/main\ncommitter Ada <ada@example.org> %d +0000\ndata 5\nfirst\n" % DATE]
    for name, content in files.items():
        mode = b"100755" if name.endswith(".sh") else b"100644"
        parts.append(b"M %s inline %s\ndata %d\n%s\n" % (mode, os.fsencode(name), len(content), content))
    return b"".join([*parts, b"\n"])


def generate(directory: Path, number: int) -> Path:
    """An estate of so many repositories; the same ones for the same number."""
    shapes = list(SHAPES)
    for item in range(number):
        shape = shapes[item % len(shapes)]
        repository(directory / f"{item // 100:03}" / f"{shape}-{item:05}", SHAPES[shape](item))
    return directory


def _reference(item: int) -> Files:
    files = files_below(FIXTURES / "fastapi-sqlite-drone" / "repository")
    service, data = SERVICES[item % len(SERVICES)], DIRECTORIES[item % len(DIRECTORIES)]
    compose = files["docker-compose.yml"].replace(b"./data:", data.encode() + b":")
    compose = compose.replace(b"depends_on: [app]", f"depends_on: [{service}]".encode())
    files["docker-compose.yml"] = compose.replace(b"\n  app:\n", f"\n  {service}:\n".encode())
    return files


def _without_pipeline(item: int) -> Files:
    files = _reference(item)
    del files[".drone.yml"]
    return files


def _named(item: int) -> Files:
    files = _reference(item)
    files["docker-compose.yml"] = f"name: shop{item}\n".encode() + files["docker-compose.yml"]
    return files


def _stack(item: int) -> Files:
    files = files_below(FIXTURES / "postgres-stack" / "repository")
    return {name: content.replace(b"postgres:15", b"postgres:%d" % (13 + item % 5)) for name, content in files.items()}


def _done(item: int) -> Files:
    return {**files_below(FIXTURES / "overrides-and-anchors" / "expected"), "README.md": f"# {item}\n".encode()}


def _windows(item: int) -> Files:
    return {
        name: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        for name, content in _without_pipeline(item).items()
    }


def _in_deploy(item: int) -> Files:
    return {f"deploy/{name}": content for name, content in _without_pipeline(item).items()}


SHAPES: dict[str, Callable[[int], Files]] = {
    "reference": _reference,
    "plain": _without_pipeline,
    "stack": _stack,
    "done": _done,
    "anchors": lambda _: files_below(FIXTURES / "overrides-and-anchors" / "repository"),
    "named": _named,
    "nothing": lambda item: {"README.md": f"# {item}\n".encode()},
    "windows": _windows,
    "deploy": _in_deploy,
    "broken": lambda _: files_below(FIXTURES / "hostile" / "broken"),
}
