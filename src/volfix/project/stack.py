"""From directories to stacks: the projects that share files or a directory, read once and planned together.

Source: compose-spec/compose-go, loader/include.go, loader/extends.go, cli/options.go.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose_file import ComposeFile, IncludeEntry, NotForVolfix, load
from volfix.project.discovery import Directory, combinations
from volfix.project.environment import DotenvFile, lookup_in, read_dotenv
from volfix.project.interpolation import InterpolationError, Lookup, interpolate
from volfix.project.model import Part, Project, Service, normalized_name
from volfix.project.mounts import Mount
from volfix.project.named_files import with_named_files
from volfix.syntax import yaml_tree
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Scalar

if TYPE_CHECKING:
    from volfix.project.deliveries import Delivery
    from volfix.project.pipelines import PipelineFile


@dataclass(frozen=True, eq=False)
class Use:
    """A mount as one service of one project has it."""

    project: Project
    service: Service
    mount: Mount


@dataclass(frozen=True, eq=False)
class Stack:
    """Projects that must be fixed together, since they share a directory, files or a pipeline that deploys them.

    A pipeline without a Compose file here is a stack without projects.
    """

    root: Path
    projects: tuple[Project, ...]
    deliveries: tuple[Delivery, ...] = ()
    asked: frozenset[Path] = frozenset()
    """The Compose files that were asked for, where single files were: the others beside them are only looked at."""

    def is_asked(self, project: Project) -> bool:
        """Whether the project is one to report and to fix."""
        return not self.asked or any(file.path in self.asked for file in project.files)

    @cached_property
    def files(self) -> tuple[ComposeFile, ...]:
        return tuple({file.path: file for project in self.projects for file in project.loaded}.values())

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every mount of every service of every project; one that several projects share comes once for each."""
        return tuple(
            Use(project, service, mount)
            for project in self.projects
            for service in project.services.values()
            for mount in service.mounts
        )

    @cached_property
    def volume_keys(self) -> frozenset[str]:
        """Every volume key that is in use, declared or not."""
        keys = {key for file in self.files for key in file.declared}
        return frozenset(keys | {use.mount.source for use in self.uses if use.mount.kind == "volume"})

    def source(self, path: Path) -> Source | None:
        sources = (*(file.source for file in self.files), *(delivery.file.source for delivery in self.deliveries))
        return next((source for source in sources if source.path == path), None)


class Loader:
    """Reads each Compose and env file once; what cannot be read is named once in `problems` or `notes`.

    `overlay` holds files as they will be: they are taken instead of those on disk.
    """

    def __init__(self, problems: list[FileProblem], notes: list[str]) -> None:
        self.problems, self.notes = problems, notes
        self.overlay: Mapping[Path, Source] = {}
        self._files: dict[str, ComposeFile | None] = {}
        self._pipelines: dict[str, PipelineFile | None] = {}
        self._env_files: dict[tuple[Path, bool], DotenvFile] = {}

    def overlaid(self, overlay: Mapping[Path, Source]) -> Loader:
        """A loader that sees these files instead of those on disk, and all others as this one does."""
        other = Loader([], [])
        other.overlay = overlay
        changed = {os.path.realpath(path) for path in overlay}
        other._files = {key: file for key, file in self._files.items() if key not in changed}
        other._env_files = {key: file for key, file in self._env_files.items() if key[0] not in overlay}
        return other

    def compose(self, path: Path) -> ComposeFile | None:
        """The Compose file at `path`; None, and a problem or note, where it cannot be used."""
        key = os.path.realpath(path)
        if key not in self._files:
            try:
                self._files[key] = load(path, self.overlay.get(path))
            except FileProblem as problem:
                self._files[key] = None
                self.problems.append(problem)
            except NotForVolfix as other:
                self._files[key] = None
                self.notes.append(str(other))
        return self._files[key]

    def pipeline(self, path: Path) -> PipelineFile | None:
        """The pipeline file at `path`; None, and a problem or note, where it cannot be used."""
        from volfix.project.pipelines import load as load_pipeline

        key = os.path.realpath(path)
        if key not in self._pipelines:
            self._pipelines[key] = None
            try:
                self._pipelines[key] = load_pipeline(path, self.overlay.get(path))
            except FileProblem as problem:
                self.problems.append(problem)
            except NotForVolfix as other:
                self.notes.append(str(other))
        return self._pipelines[key]

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)

    def env_file(self, path: Path, raw: bool) -> DotenvFile:
        """An env file, empty where there is none."""
        if (path, raw) not in self._env_files:
            self._env_files[path, raw] = read_dotenv(path, self.problems, raw=raw, overlay=self.overlay)
        return self._env_files[path, raw]

    def dotenv(self, directory: Path) -> DotenvFile:
        """The project's `.env`, empty where there is none."""
        return self.env_file(directory / ".env", raw=False)


def read_stacks(directories: Iterable[Directory], loader: Loader) -> Iterator[Stack]:
    """The stacks of some directories. Files that another directory's project includes or extends belong to that one."""
    found: list[tuple[Directory, Project]] = []
    borrowed: set[str] = set()
    pipelines: list[tuple[Path, Path]] = []
    only: set[Path] = set()
    for directory in with_named_files(directories):
        only |= {directory.only} if directory.only else set()
        pipelines += [(path, directory.root) for path in directory.pipelines]
        for project in _projects(directory, loader):
            found.append((directory, project))
            borrowed |= {str(file.path) for file in project.loaded if file.path.parent != project.directory}
    kept = [project for _, project in found if not all(str(file.path) in borrowed for file in project.files)]
    groups = _Groups()
    for project in kept:
        env_files = [str(path) for path in project.env_paths if os.path.isfile(path)]  # noqa: PTH113 - never raises
        groups.join(str(project.directory), *(str(file.path) for file in project.loaded), *env_files)
    delivered = _delivered(pipelines, kept, loader)
    for _, projects, _ in delivered:
        groups.join(*(str(project.directory) for project in projects))
    by_group: dict[str, list[Project]] = {}
    for project in kept:
        by_group.setdefault(groups.of(str(project.directory)), []).append(project)
    for key, projects in by_group.items():
        own = tuple(one for one, reached, _ in delivered if reached and groups.of(str(reached[0].directory)) == key)
        asked = frozenset(only & {file.path for project in projects for file in project.files})
        yield Stack(projects[0].root, tuple(_as_deployed(projects, own)), own, asked)
    yield from (Stack(root, (), (delivery,)) for delivery, projects, root in delivered if not projects)


def _delivered(
    pipelines: list[tuple[Path, Path]], projects: list[Project], loader: Loader
) -> list[tuple[Delivery, list[Project], Path]]:
    """Each pipeline with the projects that it deploys, and its root."""
    if not pipelines:
        return []
    from volfix.project.deliveries import delivered

    return list(delivered(pipelines, projects, loader))


def _as_deployed(projects: list[Project], deliveries: tuple[Delivery, ...]) -> Iterable[Project]:
    if not deliveries:
        return projects
    from volfix.project.deliveries import as_deployed

    return (as_deployed(project, deliveries) for project in projects)


class _Groups:
    """Names that belong together: a union-find."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The name that stands for the group."""
        parents = self.parents
        while parents.setdefault(name, name) != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    def join(self, *names: str) -> None:
        """Make one group of these names."""
        for name in names[1:]:
            self.parents[self.of(name)] = self.of(names[0])


def _projects(directory: Directory, loader: Loader) -> Iterator[Project]:
    if not directory.files and not directory.pipelines and not directory.named:
        return
    files = [file for path in directory.files if (file := loader.compose(path)) is not None]
    setting = tuple(_compose_file_setting(directory.path, loader))
    found = combinations(files, setting)
    for combination in found:
        home = combination[0].path.parent if combination == setting else directory.path
        yield build_project(directory.root, home, combination, loader, directory.path)
    for paths in directory.named:
        named = tuple(file for path in paths if (file := loader.compose(path)) is not None)
        if len(named) == len(paths) and named not in found:
            found.append(named)
            yield build_project(directory.root, directory.path, named, loader)


def _compose_file_setting(directory: Path, loader: Loader) -> list[ComposeFile]:
    """The files that COMPOSE_FILE names in the directory's `.env`; none where one of them cannot be read."""
    dotenv = loader.dotenv(directory)
    text = dotenv.values.get("COMPOSE_FILE")
    if not text:
        return []
    separator = dotenv.values.get("COMPOSE_PATH_SEPARATOR") or ":"
    found = []
    for name in text.split(separator):
        path = directory / name.strip()
        file = loader.compose(path) if name.strip() and os.path.isfile(path) else None  # noqa: PTH113 - never raises
        if file is None:
            return []
        found.append(file)
    return found


def build_project(
    root: Path, directory: Path, files: tuple[ComposeFile, ...], loader: Loader, called_in: Path | None = None
) -> Project:
    """The project that these files make when Compose, called in `called_in`, merges them in this order."""
    called_in = called_in or directory
    lookup = lookup_in(called_in, loader.dotenv(called_in))
    if called_in != directory:
        lookup = lookup_in(directory, loader.dotenv(directory), lookup)
    builder = _Builder(loader, lookup)
    for file in files:
        builder.add(file, directory)
    services = {}
    for name, parts in builder.parts.items():
        services[name] = Service(name, tuple(parts), builder.lookup_of(parts[0].directory), loader.env_file)
    name = _project_name(loader.dotenv(called_in).values.get("COMPOSE_PROJECT_NAME") or "", files, lookup)
    return Project(
        root,
        directory,
        name or normalized_name(directory.resolve().name),
        files,
        services,
        tuple(builder.loaded.values()),
        called_in=called_in,
        included_env=frozenset(path for paths in builder.env_files.values() for path in paths),
    )


def _project_name(given: str, files: tuple[ComposeFile, ...], lookup: Lookup) -> str:
    """The name that `.env` or the last file says; with a variable of unknown value as it is written, empty for none."""
    name = given or next((file.name for file in reversed(files) if file.name), "")
    try:
        found = interpolate(name, lookup)
    except InterpolationError:
        return name
    return found.value if found.unknown else normalized_name(found.value)


class _Builder:
    """Collects the parts of each service, those of included files first, as Compose merges them."""

    def __init__(self, loader: Loader, lookup: Lookup) -> None:
        self.loader, self.lookup = loader, lookup
        self.parts: dict[str, list[Part]] = {}
        self.loaded: dict[Path, ComposeFile] = {}
        self.env_files: dict[Path, tuple[Path, ...]] = {}

    def lookup_of(self, directory: Path) -> Lookup:
        """What the services of a directory's files see: the project's values, then those of the `include:`'s env files.

        Without `env_file:` these are the directory's `.env`; of several the last one wins.
        """
        lookup = self.lookup
        for path in reversed(self.env_files.get(directory, (directory / ".env",))):
            lookup = lookup_in(directory, self.loader.env_file(path, raw=False), lookup)
        return lookup

    def add(self, file: ComposeFile, directory: Path) -> None:
        if file.path in self.loaded:
            return
        self.loaded[file.path] = file
        for entry in file.includes:
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
        """The file that an `include:` or `extends:` names; None, and a note, where only the deployment knows it."""
        try:
            found = interpolate(text, self.lookup)
        except InterpolationError:
            return None
        if found.unknown or "://" in text:
            self.loader.note(f"{directory}: {text} is not followed: where it leads is not known here")
            return None
        return Path(os.path.normpath(directory / found.value))

    def _read(self, path: Path) -> ComposeFile | None:
        return self.loader.compose(path) if os.path.isfile(path) else None  # noqa: PTH113 - never raises

    def _extended(
        self, name: str, node: yaml_tree.Mapping, file: ComposeFile, directory: Path, seen: frozenset[tuple[Path, str]]
    ) -> list[Part]:
        own = Part(name, node, file, directory)
        extends = node.get("extends")
        if extends is None or (file.path, name) in seen:
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
        for other_name, other_node, _ in base_file.services():
            if other_name == base_name:
                return [*self._extended(other_name, other_node, base_file, base_directory, seen), own]
        return [own]
