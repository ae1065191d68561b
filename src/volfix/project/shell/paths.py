"""Paths as shell commands write them: absolute, below `~`, or below a variable with unknown value (`$APP/web`)."""

from __future__ import annotations

import posixpath


def joined(directory: str, text: str) -> str:
    """The path `text` relative to `directory`, normalised; unchanged if it begins with `/`, `~` or a variable."""
    whole = text if text.startswith(("/", "~", "$", "`")) else f"{directory}/{text}"
    return posixpath.normpath(whole)


def below(path: str, directory: str) -> str | None:
    """The path relative to `directory` ("." for the directory itself); None if it is outside."""
    path, directory = posixpath.normpath(path), posixpath.normpath(directory)
    if path == directory:
        return "."
    prefix = directory.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def moved(path: str, directory: str, to: str) -> str:
    """The path with its beginning `directory` replaced by `to`; unchanged if it is outside `directory`."""
    relative = below(path, directory)
    return path if relative is None else posixpath.normpath(f"{to}/{relative}")
