"""What a project's files mean together: services with image, mounts and settings, each knowing where it is written.

Source: compose-spec/compose-go, override/merge.go (merging), loader/extends.go, cli/options.go (the project's name).
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose.compose_file import ComposeFile, Unread, strings
from volfix.project.compose.env_places import Copies
from volfix.project.compose.environment import DotenvFile, service_environment, written_variable
from volfix.project.compose.interpolation import InterpolationError, Lookup, interpolate
from volfix.project.compose.mounts import Mount, clean, read_mount
from volfix.project.compose.origins import Variable
from volfix.project.compose.words import boolean, mount_options
from volfix.project.image.build import Build, context_of
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, resolved

if TYPE_CHECKING:
    from volfix.project.image.stages import Stage


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One written piece of a service: its mapping, its file, and the directory that its relative paths start from."""

    service: str
    node: Mapping
    file: ComposeFile
    directory: Path


@dataclass(frozen=True, slots=True)
class EnvFile:
    """One file that `env_file:` names; `path` is None where the name holds a variable of unknown value."""

    path: Path | None
    raw: bool
    required: bool


@dataclass(frozen=True, eq=False)
class Service:
    """A service of a project: its parts in the order in which Compose merges them."""

    name: str
    parts: tuple[Part, ...]
    lookup: Lookup
    read_env: Callable[[Path, bool], DotenvFile]

    def field(self, key: str) -> tuple[Node, Part] | None:
        """The value of the last part that says it."""
        for part in reversed(self.parts):
            value = part.node.get(key)
            if value is not None:
                return None if resolved(value).tag == "!reset" else (value, part)
        return None

    def text(self, key: str) -> str | None:
        """A scalar field, interpolated; a variable of unknown value stays visible."""
        found = self.field(key)
        if found is None or not isinstance(found[0], Scalar) or found[0].is_null:
            return None
        return self.interpolated(found[0].value)

    def interpolated(self, text: str) -> str:
        try:
            return interpolate(text, self.lookup).value
        except InterpolationError:
            return text

    @cached_property
    def image(self) -> str | None:
        return self.text("image")

    @cached_property
    def build(self) -> Build | None:
        found = self.field("build")
        if found is None:
            return None
        node, part = found
        if isinstance(node, Scalar) and node.is_null:
            return None
        if isinstance(node, Scalar):
            return Build(context_of(part.directory, self.interpolated(node.value)), "Dockerfile", False, None, ())
        if not isinstance(node, Mapping):
            return None

        def text(key: str) -> str | None:
            value = node.get(key)
            return self.interpolated(value.value) if isinstance(value, Scalar) and not value.is_null else None

        arguments = tuple(
            (name, self.interpolated(value)) for name, value, _, _ in assignments(node.get("args")) if value is not None
        )
        context = context_of(part.directory, text("context") or ".")
        return Build(
            context,
            text("dockerfile") or "Dockerfile",
            node.get("dockerfile_inline") is not None,
            text("target"),
            arguments,
        )

    @cached_property
    def stage(self) -> Stage | None:
        """The stage of its Dockerfile that the build makes; None where nothing is built, or it cannot be read."""
        if self.build is None:
            return None
        from volfix.project.image.stages import stage_of  # most services run an image as it is

        return stage_of(self.build)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """`entrypoint` and `command`, split into words as a shell would."""
        found: list[str] = []
        for key in ("entrypoint", "command"):
            value = self.field(key)
            if value is None:
                continue
            if isinstance(value[0], Scalar):
                text = self.interpolated(value[0].value).replace("$$", "$")
                try:
                    found += shlex.split(text)
                except ValueError:
                    found += text.split()
            else:
                found += [self.interpolated(item) for item in strings(value[0])]
        return tuple(found)

    @cached_property
    def started(self) -> tuple[str, ...]:
        """Everything that may say how its process starts: the words of the service and those of its Dockerfile."""
        return (*self.words, *(self.stage.started if self.stage else ()))

    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        """Every mount that is written for the service, those of later files behind; an overridden one is marked."""
        found: list[Mount] = []
        for part in self.parts:
            node = part.node.get("volumes")
            if node is not None and node.tag in ("!reset", "!override"):
                found = [replace(mount, overridden=True) for mount in found]
            if not isinstance(node, Sequence) or node.tag == "!reset":
                continue
            for item in node.items:
                mount = read_mount(self.name, part.file.source, item, part.directory, self.lookup)
                if mount is not None:
                    found = [
                        replace(old, overridden=True) if old.clean_target == mount.clean_target else old
                        for old in found
                    ]
                    found.append(mount)
        return tuple(found)

    @cached_property
    def tmpfs(self) -> frozenset[str]:
        """The targets that live in memory."""
        targets = {mount.clean_target for mount in self.mounts if mount.kind == "tmpfs" and not mount.overridden}
        for part in self.parts:
            targets |= {clean(self.interpolated(text).split(":")[0]) for text in strings(part.node.get("tmpfs"))}
        return frozenset(targets)

    @cached_property
    def env_files(self) -> tuple[EnvFile, ...]:
        """The env files that the service loads, the one that wins last."""
        found: dict[str, EnvFile] = {}  # by what is written: a file named again in the same words keeps its place
        for part in self.parts:
            node = part.node.get("env_file")
            if _tag(node) in ("!reset", "!override"):
                found = {}
            if node is None or _tag(node) == "!reset":
                continue
            items = node.items if isinstance(node, Sequence) else (node,)
            for item in items:
                entry = resolved(item)
                if isinstance(entry, Scalar) and not entry.is_null:
                    found[self.interpolated(entry.value)] = self._env_file(part, entry.value, raw=False, required=True)
                elif isinstance(entry, Mapping) and isinstance(path := entry.get("path"), Scalar):
                    form = entry.get("format")
                    raw = isinstance(form, Scalar) and form.value == "raw"
                    needed = boolean(entry.get("required"), self.lookup, default=True) is not False
                    found[self.interpolated(path.value)] = self._env_file(part, path.value, raw=raw, required=needed)
        return tuple(found.values())

    @cached_property
    def environment(self) -> dict[str, Variable]:
        """What the container's environment will be, the image's own variables left out."""
        entries: dict[str, Variable] = {}
        for part in self.parts:
            node = part.node.get("environment")
            if _tag(node) in ("!reset", "!override"):
                entries = {}
            if node is None or _tag(node) == "!reset":
                continue
            for name, text, scalar, start in assignments(node):
                if scalar.tag == "!reset":
                    entries.pop(name, None)
                    continue
                variable = written_variable(name, text, part.file.source, scalar, start, self.lookup)
                if variable is not None:
                    entries[variable.name] = variable
        files = [self.read_env(file.path, file.raw) for file in self.env_files if file.path is not None]
        return service_environment(entries, files, self.lookup)

    def _env_file(self, part: Part, text: str, *, raw: bool, required: bool) -> EnvFile:
        value = self.interpolated(text)
        known = "${" not in value and not value.startswith("~")
        return EnvFile(Path(os.path.normpath(part.directory / value)) if known else None, raw, required)

    @property
    def volumes_from(self) -> Iterator[tuple[str, bool]]:
        """The services whose mounts this one shares, and whether for reading only."""
        for part in self.parts:
            for text in strings(part.node.get("volumes_from")):
                if not text.startswith("container:"):
                    name, _, mode = self.interpolated(text).partition(":")
                    yield name, mount_options(mode).read_only is True

    @property
    def volumes_of_containers(self) -> Iterator[str]:
        """The containers of no project here whose mounts this service shares, whatever these are."""
        for part in self.parts:
            yield from (text for text in strings(part.node.get("volumes_from")) if text.startswith("container:"))

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that the service is in; none for one that always runs."""
        return tuple(text for part in self.parts for text in strings(part.node.get("profiles")))


@dataclass(frozen=True, eq=False)
class Project:
    """One set of Compose files that is deployed together; `name` is what Compose prefixes the volumes' names with."""

    root: Path
    directory: Path
    name: str
    files: tuple[ComposeFile, ...]
    services: dict[str, Service]
    loaded: tuple[ComposeFile, ...]
    """The files and those that they include or extend."""
    extended: frozenset[Path] = frozenset()
    """Those that are there for `extends` alone, which takes over services and nothing else."""
    called_in: Path | None = None
    """Where Compose is called, whose `.env` counts first; another directory where COMPOSE_FILE leads to `directory`."""
    included_env: frozenset[Path] = frozenset()
    """The env files that `include:` names."""
    copies: Copies = field(default_factory=dict)
    """The env files that deploying flows put into another's place, by that place."""
    deployed_as: str | None = None
    """The name that a pipeline deploys it under, where that is another one."""
    unread_files: tuple[Unread, ...] = ()
    """The Compose files that are not read, though Compose merges them into the project, or may do so."""

    @cached_property
    def env_places(self) -> frozenset[Path]:
        """Where Compose looks for the env files of the project and its services: `.env`, what `env_file:` names."""
        named = {file.path for service in self.services.values() for file in service.env_files if file.path is not None}
        directories = {self.directory, self.called_in or self.directory} | {
            service.parts[0].directory for service in self.services.values()
        }
        return frozenset({directory / ".env" for directory in directories} | named | self.included_env)

    @cached_property
    def env_paths(self) -> frozenset[Path]:
        """The env files that give the project's services values: those places, and what is put there."""
        return self.env_places | {copy.source for path in self.env_places for copy in self.copies.get(path, ())}

    @cached_property
    def unread(self) -> tuple[Unread, ...]:
        """What the project depends on and volfix has not read: Compose files, and env files that are there."""
        readers = {service.read_env for service in self.services.values()}
        asked = {(path, False) for path in self.env_places if path.name == ".env" or path in self.included_env}
        for service in self.services.values():
            asked |= {(file.path, file.raw) for file in service.env_files if file.path is not None}
        problems = {read(path, raw).problem for read in readers for path, raw in asked}
        found = {Unread.of(problem.path, problem.message) for problem in problems if problem is not None}
        return (*dict.fromkeys(self.unread_files), *sorted(found, key=lambda each: each.name))

    @property
    def merged(self) -> tuple[ComposeFile, ...]:
        """The files whose top-level sections count."""
        return tuple(file for file in self.loaded if file.path not in self.extended)

    @cached_property
    def declared(self) -> dict[str, Node]:
        """The volumes that the project declares, by key; a later file's entry wins."""
        found: dict[str, Node] = {}
        for root in (root for file in self.merged if not file.version_1 for root in file.roots):
            volumes = root.get("volumes")
            if volumes is not None and volumes.tag in ("!reset", "!override"):
                found.clear()
            for key, pair in volumes.items() if isinstance(volumes, Mapping) and volumes.tag != "!reset" else ():
                if resolved(pair.value).tag == "!reset":
                    found.pop(key, None)
                else:
                    found[key] = pair.value
        return found

    def real_name(self, key: str) -> str:
        """The volume's name on the host."""
        return self.fixed_name(key) or f"{self.deployed_as or self.name}_{key}"

    def fixed_name(self, key: str) -> str | None:
        """The name that the volume has whatever the project is called; None where it depends on that."""
        name, external = self._volume_field(key, "name"), self._volume_field(key, "external")
        if isinstance(name, Scalar) and not name.is_null:
            return name.value
        if isinstance(external, Mapping) and isinstance(inner := external.get("name"), Scalar):
            return inner.value
        return key if self.is_external(key) else None

    def is_external(self, key: str) -> bool:
        """Whether the volume is somebody else's, which Compose neither makes nor removes."""
        external = self._volume_field(key, "external")
        return isinstance(external, Mapping) or boolean(external, self._lookup) is True

    def _volume_field(self, key: str, field: str) -> Node | None:
        """A field of a declared volume, as the last file that has it says."""
        found = None
        for file in self.loaded:
            entry = resolved(file.declared[key]) if key in file.declared else None
            value = entry.get(field) if isinstance(entry, Mapping) else None
            found = found if value is None else resolved(value)
        return found

    def _lookup(self, name: str) -> str | None:
        """A variable's value for the project itself, as its services see it."""
        return next((service.lookup(name) for service in self.services.values()), None)

    def mounts_of(self, service: Service) -> tuple[Mount, ...]:
        """The service's effective mounts with those of `volumes_from`."""
        found = [mount for mount in service.mounts if not mount.overridden]
        for name, read_only in service.volumes_from:
            if name in self.services and name != service.name:
                shared = [mount for mount in self.services[name].mounts if not mount.overridden]
                found += [replace(mount, read_only=True) for mount in shared] if read_only else shared
        return tuple(found)


def assignments(node: Node | None) -> Iterator[tuple[str, str | None, Scalar, int]]:
    """The entries of an `environment:`-like section: name, value as written, the scalar, where in it the value begins.

    The value is None where only the name is given. Merge keys are followed.
    """
    if node is not None:
        node = resolved(node)
    if isinstance(node, Mapping):
        for name, pair in node.items():
            value = resolved(pair.value)
            if isinstance(value, Scalar):
                yield name, None if value.is_null else value.value, value, 0
    elif isinstance(node, Sequence):
        for item in node.items:
            entry = resolved(item)
            if isinstance(entry, Scalar):
                name, equals, value_text = entry.value.partition("=")
                yield name, value_text if equals else None, entry, len(name) + 1


def _tag(node: Node | None) -> str | None:
    return None if node is None else resolved(node).tag


def normalized_name(text: str) -> str:
    """A project name as Compose normalises a directory's."""
    return re.sub(r"[^a-z0-9_-]", "", text.lower()).lstrip("_-")
