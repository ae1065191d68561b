"""Builds a project from Compose files and the files that they include or extend, merged as Compose does.

Source: compose-spec/compose-go, loader/include.go, loader/extends.go, cli/options.go.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose.carriers import is_carrier
from volfix.project.compose.compose_file import ComposeFile, Unread
from volfix.project.compose.environment import lookup_in
from volfix.project.compose.interpolation import InterpolationError, Lookup, interpolate
from volfix.project.compose.model import Project, normalized_name
from volfix.project.compose.part import Part
from volfix.project.compose.service import Service
from volfix.project.loader import Loader
from volfix.syntax import disk, yaml_tree
from volfix.syntax.yaml_tree import Scalar

if TYPE_CHECKING:
    from volfix.project.compose.includes import IncludeEntry

REMOTE = re.compile(r"(?:oci|git|ssh|https?)://|[\w.-]+@[\w.-]+:|github\.com/")
"""Addresses that Compose downloads. Source: docker/compose, pkg/remote; moby/buildkit, ParseGitRef."""

DEEPEST = 20
"""The longest chain of services that extend each other which is followed: each holds the parts of all before it."""


def build_project(
    root: Path, directory: Path, files: tuple[ComposeFile, ...], loader: Loader, called_in: Path | None = None
) -> Project:
    """The project that Compose builds from `files`, merged in this order.

    `root` is the top directory of the repository. `directory` is the project's directory. `called_in` is the directory
    in which Compose is called (by default the same): its `.env` counts first.
    """
    called_in = called_in or directory
    lookup = lookup_in(called_in, loader.dotenv(called_in), loader.handed.get(called_in))
    if called_in != directory:
        lookup = lookup_in(directory, loader.dotenv(directory), lookup)
    builder = _Builder(loader, lookup)
    for file in files:
        builder.add(file, directory)
    services: dict[str, Service] = {}
    carriers: dict[str, Service] = {}
    for name, parts in builder.parts.items():
        service = Service(name, tuple(parts), builder.lookup_of(parts[0].directory), loader.env_file)
        (carriers if is_carrier(service) else services)[name] = service
    name = _project_name(loader.dotenv(called_in).values.get("COMPOSE_PROJECT_NAME") or "", files, lookup)
    return Project(
        root,
        directory,
        name or normalized_name(os.path.basename(disk.real(str(directory)))),  # noqa: PTH119
        files,
        services,
        tuple(builder.loaded.values()),
        extended=frozenset(builder.loaded.keys() - builder.merged),
        unread_files=tuple(builder.unread),
        called_in=called_in,
        included_env=frozenset(path for paths in builder.env_files.values() for path in paths),
        copies=loader.copies,
        carriers=carriers,
    )


def _project_name(given: str, files: tuple[ComposeFile, ...], lookup: Lookup) -> str:
    """The project's name from `.env` or the last file, empty without one; not normalised if a variable is unknown."""
    name = given or next((file.name for file in reversed(files) if file.name), "")
    try:
        found = interpolate(name, lookup)
    except InterpolationError:
        return name
    return found.value if found.unknown else normalized_name(found.value)


class _Builder:
    """Collects the parts of each service in the order in which Compose merges them: included files come first."""

    def __init__(self, loader: Loader, lookup: Lookup) -> None:
        self.loader, self.lookup = loader, lookup
        self.parts: dict[str, list[Part]] = {}
        self.loaded: dict[Path, ComposeFile] = {}
        self.merged: set[Path] = set()
        self.unread: list[Unread] = []
        self.env_files: dict[Path, tuple[Path, ...]] = {}
        self.lookups: dict[Path, Lookup] = {}

    def lookup_of(self, directory: Path) -> Lookup:
        """The variables for the services of an included directory: the project's first, then its env files.

        The env files are those in the `env_file:` of the `include:`, the last wins; by default the directory's `.env`.
        Asked when all files are added.
        """
        if directory not in self.lookups:
            lookup = self.lookup
            for path in reversed(self.env_files.get(directory, (directory / ".env",))):
                lookup = lookup_in(directory, self.loader.env_file(path, raw=False), lookup)
            self.lookups[directory] = lookup
        return self.lookups[directory]

    def add(self, file: ComposeFile, directory: Path) -> None:
        if file.path in self.merged:
            return
        self.merged.add(file.path)
        self.loaded[file.path] = file
        if any(root.get("include") is not None for root in file.roots):
            from volfix.project.compose.includes import includes_of  # few files include others

            for entry in includes_of(file):
                self._include(entry, directory)
        for name, node, _ in file.services():
            self.parts.setdefault(name, []).extend(self._extended(name, node, file, directory, frozenset()))

    def _include(self, entry: IncludeEntry, directory: Path) -> None:
        paths = [path for text in entry.paths if (path := self._path(directory, text)) is not None]
        paths = [path / "compose.yaml" if os.path.isdir(path) else path for path in paths]  # noqa: PTH112 - never raises
        if not paths:
            return
        start = directory / entry.project_directory if entry.project_directory else paths[0].parent
        env_files = [path for text in entry.env_files if (path := self._path(directory, text)) is not None]
        if env_files:
            self.env_files[start] = tuple(env_files)
        for path in paths:
            if (included := self._read(path)) is not None:
                self.add(included, start)

    def _path(self, directory: Path, text: str) -> Path | None:
        """The file that an `include:` or `extends:` names; None, with a note, if it is remote or unknown."""
        try:
            found = interpolate(text, self.lookup)
        except InterpolationError:
            found = None
        if found is None or found.unknown or REMOTE.match(text):
            self.loader.note(f"{directory}: {text} is not read: it is remote, or volfix cannot resolve its name")
            self.unread.append(Unread(text, "it is remote, or volfix cannot resolve its name", None))
            return None
        return Path(os.path.normpath(directory / found.value))

    def _read(self, path: Path) -> ComposeFile | None:
        if (reason := disk.missing(path)) is not None:
            self.unread.append(Unread.of(path, reason))
            return None
        unread = self.loader.unread(path)
        self.unread += [unread] if unread else []
        return self.loader.compose(path)

    def _extended(
        self, name: str, node: yaml_tree.Mapping, file: ComposeFile, directory: Path, seen: frozenset[tuple[Path, str]]
    ) -> list[Part]:
        own = Part(name, node, file, directory)
        extends = node.get("extends")
        if extends is None or (file.path, name) in seen:
            return [own]
        if len(seen) == DEEPEST:
            disk.refuse(file.path, f"services extend each other more than {DEEPEST} deep: volfix does not follow them")
            return [own]
        seen |= {(file.path, name)}
        base_file, base_directory, base_name = file, directory, None
        if isinstance(extends, Scalar):
            base_name = extends.value
        elif isinstance(extends, yaml_tree.Mapping):
            service, where = extends.get("service"), extends.get("file")
            base_name = service.value if isinstance(service, Scalar) else None
            if isinstance(where, Scalar):
                path = self._path(directory, where.value)
                other = self._read(path) if path is not None else None
                if path is None or other is None:
                    return [own]
                base_file, base_directory = other, path.parent
                self.loaded.setdefault(other.path, other)
        base = base_file.nodes.get(base_name) if base_name is not None else None
        if base_name is None or base is None:
            return [own]
        return [*self._extended(base_name, base, base_file, base_directory, seen), own]
