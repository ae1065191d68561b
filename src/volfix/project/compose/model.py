"""The model of a project: its files, its services, its volumes and their names on the host.

Source: compose-spec/compose-go, override/merge.go (merging), cli/options.go (the project's name).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from volfix.project.compose.compose_file import ComposeFile, Unread
from volfix.project.compose.env_places import Copies
from volfix.project.compose.field_values import boolean
from volfix.project.compose.interpolation import InterpolationError, interpolate
from volfix.project.compose.mounts import Mount
from volfix.project.compose.service import Service
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, resolved


@dataclass(frozen=True, eq=False)
class Project:
    """A set of Compose files that is deployed together. Compose prefixes the names of its volumes with `name`."""

    root: Path
    directory: Path
    name: str
    files: tuple[ComposeFile, ...]
    services: dict[str, Service]
    loaded: tuple[ComposeFile, ...]
    """The files, and the files that they include or extend."""
    extended: frozenset[Path] = frozenset()
    """The files that are only extended: `extends` takes a service from them and nothing else."""
    called_in: Path | None = None
    """The directory in which Compose is called; its `.env` counts first. COMPOSE_FILE may make it another directory."""
    included_env: frozenset[Path] = frozenset()
    """The env files that `include:` names."""
    copies: Copies = field(default_factory=dict)
    """The env files that deployments copy to another place, by that place."""
    deployed_as: str | None = None
    """The name under which a pipeline deploys the project, if it is not `name`."""
    unread_files: tuple[Unread, ...] = ()
    """The Compose files that Compose merges or may merge into the project, and that volfix could not read."""
    carriers: dict[str, Service] = field(default_factory=dict)
    """The services that copy data into a volume once (carriers.py); no rule looks at them."""

    @cached_property
    def env_places(self) -> frozenset[Path]:
        """The paths at which Compose looks for env files of the project and its services: `.env`, `env_file:`."""
        named = {file.path for service in self.services.values() for file in service.env_files if file.path is not None}
        directories = {self.directory, self.called_in or self.directory} | {
            service.parts[0].directory for service in self.services.values()
        }
        return frozenset({directory / ".env" for directory in directories} | named | self.included_env)

    @cached_property
    def env_paths(self) -> frozenset[Path]:
        """The env files that set variables of the project: those paths, and the files that are copied there."""
        return self.env_places | {copy.source for path in self.env_places for copy in self.copies.get(path, ())}

    @cached_property
    def unread(self) -> tuple[Unread, ...]:
        """The files that the project depends on and volfix could not read: Compose files and existing env files."""
        readers = {service.read_env for service in self.services.values()}
        asked = {(path, False) for path in self.env_places if path.name == ".env" or path in self.included_env}
        for service in self.services.values():
            asked |= {(file.path, file.raw) for file in service.env_files if file.path is not None}
        problems = {read(path, raw).problem for read in readers for path, raw in asked}
        found = {Unread.of(problem.path, problem.message) for problem in problems if problem is not None}
        return (*dict.fromkeys(self.unread_files), *sorted(found, key=lambda each: each.name))

    @property
    def file_names(self) -> tuple[str, ...]:
        """The names of its Compose files, for messages."""
        return tuple(file.path.name for file in self.files)

    @property
    def merged(self) -> tuple[ComposeFile, ...]:
        """The files whose top-level sections count: all but those that are only extended."""
        return tuple(file for file in self.loaded if file.path not in self.extended)

    @cached_property
    def declared(self) -> dict[str, Node]:
        """The volumes that the project declares, by the name in the file; a later file's entry wins."""
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
        """The volume's name on the host; `key` is its name in the Compose file."""
        return self.fixed_name(key) or f"{self.deployed_as or self.name}_{key}"

    def fixed_name(self, key: str) -> str | None:
        """The volume's name on the host if it does not depend on the project's name; otherwise None."""
        if key not in self._fixed_names:
            self._fixed_names[key] = self._fixed_name(key)
        return self._fixed_names[key]

    @cached_property
    def _fixed_names(self) -> dict[str, str | None]:
        """What `fixed_name` has found: it is asked for each mount, and several times."""
        return {}

    def _fixed_name(self, key: str) -> str | None:
        name, external = self._volume_field(key, "name"), self._volume_field(key, "external")
        inner = external.get("name") if isinstance(external, Mapping) else None
        for node in (name, inner):
            if isinstance(node, Scalar) and not node.is_null:
                return self._interpolated(node.value)
        return key if self.is_external(key) else None

    def is_external(self, key: str) -> bool:
        """Whether the volume is external: Compose neither creates nor deletes it."""
        external = self._volume_field(key, "external")
        return isinstance(external, Mapping) or boolean(external, self._lookup) is True

    def _volume_field(self, key: str, field: str) -> Node | None:
        """A field of a declared volume; the last file that has it wins."""
        found = None
        for file in self.loaded:
            entry = resolved(file.declared[key]) if key in file.declared else None
            value = entry.get(field) if isinstance(entry, Mapping) else None
            found = found if value is None else resolved(value)
        return found

    def _interpolated(self, text: str) -> str:
        try:
            return interpolate(text, self._lookup).value
        except InterpolationError:
            return text

    def _lookup(self, name: str) -> str | None:
        """A variable's value for the project itself: the value that its services see."""
        return next((service.lookup(name) for service in self.services.values()), None)

    def mounts_of(self, service: Service) -> tuple[Mount, ...]:
        """The service's effective mounts, including those from `volumes_from`."""
        found = [mount for mount in service.mounts if not mount.overridden]
        for name, read_only in service.volumes_from:
            if name in self.services and name != service.name:
                shared = [mount for mount in self.services[name].mounts if not mount.overridden]
                found += [replace(mount, read_only=True) for mount in shared] if read_only else shared
        return tuple(found)


def normalized_name(text: str) -> str:
    """The text as a project name, normalised as Compose normalises a directory's name."""
    return re.sub(r"[^a-z0-9_-]", "", text.lower()).lstrip("_-")
