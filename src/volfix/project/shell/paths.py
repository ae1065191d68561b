"""Paths as a shell's commands write them: absolute, below `~`, or below a variable of unknown value (`$APP/web`)."""

from __future__ import annotations

import posixpath


def joined(directory: str, text: str) -> str:
    """A path relative to a directory; one that begins with a slash, `~` or a variable stands by itself."""
    whole = text if text.startswith(("/", "~", "$", "`")) else f"{directory}/{text}"
    return posixpath.normpath(whole)


def below(path: str, directory: str) -> str | None:
    """The path relative to a directory that it is, or lies below; None elsewhere."""
    path, directory = posixpath.normpath(path), posixpath.normpath(directory)
    if path == directory:
        return "."
    prefix = directory.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def moved(path: str, directory: str, to: str) -> str:
    """The path with the directory that it lies below replaced by another; the path itself elsewhere."""
    relative = below(path, directory)
    return path if relative is None else posixpath.normpath(f"{to}/{relative}")
