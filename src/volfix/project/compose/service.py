"""A service of a project, merged from its parts: image, build, mounts, environment.

Source: compose-spec/compose-go, override/merge.go (merging), loader/extends.go.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volfix.project.compose.compose_file import strings
from volfix.project.compose.environment import DotenvFile, service_environment, written_variable
from volfix.project.compose.field_values import boolean, mount_options
from volfix.project.compose.interpolation import InterpolationError, Lookup, interpolate
from volfix.project.compose.merged_mounts import merged_mounts
from volfix.project.compose.mounts import Mount, clean
from volfix.project.compose.origins import Variable
from volfix.project.compose.part import Part
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, is_merge_key, resolved

if TYPE_CHECKING:
    from volfix.project.image.build import Build
    from volfix.project.image.stages import Stage


@dataclass(frozen=True, slots=True)
class EnvFile:
    """One file that `env_file:` names. `path` is None if its name is unknown; `raw` means `format: raw`."""

    path: Path | None
    raw: bool
    required: bool


@dataclass(frozen=True, eq=False)
class Service:
    """A service of a project; `parts` are in the order in which Compose merges them.

    `known` is what others have worked out of the service, each under a key of its own. Weak dictionaries would do too,
    but a Ctrl-C that comes while they drop an entry is lost.
    """

    name: str
    parts: tuple[Part, ...]
    lookup: Lookup
    read_env: Callable[[Path, bool], DotenvFile]
    known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def field(self, key: str) -> tuple[Node, Part] | None:
        """The value of the last part that has the key, with that part; None without one or after `!reset`."""
        for part in reversed(self.parts):
            value = part.node.get(key)
            if value is not None:
                return None if value.tag == "!reset" else (value, part)
        return None

    def text(self, key: str) -> str | None:
        """The interpolated value of a scalar field, unknown variables as `${NAME}`; None if missing or not a scalar."""
        found = self.field(key)
        if found is None or not isinstance(found[0], Scalar) or found[0].is_null:
            return None
        return self.interpolated(found[0].value)

    def interpolated(self, text: str) -> str:
        """The text with the service's variables; unchanged if Compose would refuse it."""
        try:
            return interpolate(text, self.lookup).value if "$" in text else text
        except InterpolationError:
            return text

    @cached_property
    def image(self) -> str | None:
        """The interpolated `image:`; None without one."""
        return self.text("image")

    @cached_property
    def build(self) -> Build | None:
        """The service's `build:`; None without one."""
        found = self.field("build")
        if found is None:
            return None
        node, part = found
        if isinstance(node, Scalar) and node.is_null:
            return None
        from volfix.project.image.build import Build, context_of  # most services run an image as it is

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
        """The Dockerfile stage that the service builds; None if it builds nothing or the Dockerfile is unreadable."""
        if self.build is None:
            return None
        from volfix.project.image.stages import stage_of

        return stage_of(self.build)

    @cached_property
    def entrypoint(self) -> tuple[str, ...] | None:
        """The words of `entrypoint`, empty for an empty entrypoint; None without one."""
        return self._words_of("entrypoint")

    @cached_property
    def command(self) -> tuple[str, ...] | None:
        """The words of `command`, empty for an empty command; None without one."""
        return self._words_of("command")

    def _words_of(self, key: str) -> tuple[str, ...] | None:
        """The words under a key. Compose splits a scalar into words like a shell but runs no shell."""
        found = self.field(key)
        value = resolved(found[0]) if found is not None else None
        if value is None or (isinstance(value, Scalar) and value.is_null):
            return None
        if not isinstance(value, Scalar):
            return tuple(self.interpolated(item) for item in strings(value))
        text = self.interpolated(value.value)
        try:
            return tuple(shlex.split(text))
        except ValueError:  # Compose refuses the text
            return tuple(text.split())

    @property
    def words(self) -> tuple[str, ...]:
        """The words of `entrypoint` and `command` together."""
        return (*(self.entrypoint or ()), *(self.command or ()))

    @cached_property
    def started(self) -> tuple[str, ...]:
        """The words that may start its process: those of the service and those of its Dockerfile."""
        return (*self.words, *(self.stage.started if self.stage else ()))

    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        """Every mount written for the service, in the order of the parts; `overridden` marks mounts without effect."""
        return merged_mounts(self.name, self.parts, self.lookup)

    @cached_property
    def tmpfs(self) -> frozenset[str]:
        """The targets whose data is in memory (tmpfs)."""
        targets = {mount.clean_target for mount in self.mounts if mount.kind == "tmpfs" and not mount.overridden}
        for part in self.parts:
            targets |= {clean(self.interpolated(text).split(":")[0]) for text in strings(part.node.get("tmpfs"))}
        return frozenset(targets)

    @cached_property
    def env_files(self) -> tuple[EnvFile, ...]:
        """The env files that the service loads; the last wins."""
        found: dict[str, EnvFile] = {}
        for part in self.parts:
            replaces, node = part.section("env_file")
            if replaces:
                found = {}
            for item in node.items if isinstance(node, Sequence) else () if node is None else (node,):
                entry = resolved(item)
                if isinstance(entry, Scalar) and not entry.is_null:
                    name = self._env_name(part, entry.value)
                    found[name] = self._env_file(part, entry.value, raw=False, required=True)
                elif isinstance(entry, Mapping) and isinstance(path := entry.get("path"), Scalar):
                    form = entry.get("format")
                    raw = isinstance(form, Scalar) and form.value == "raw"
                    needed = boolean(entry.get("required"), self.lookup, default=True) is not False
                    name = self._env_name(part, path.value)
                    found[name] = self._env_file(part, path.value, raw=raw, required=needed)
        return tuple(found.values())

    @cached_property
    def entries(self) -> dict[str, Variable]:
        """The entries of `environment:`, which win over every env file, even if their values are unknown."""
        entries: dict[str, Variable] = {}
        earlier: list[Node] = []
        for part in self.parts:
            replaces, node = part.section("environment")
            if replaces:
                entries, earlier = {}, []
            for name, text, scalar, start in assignments(node):
                if scalar.tag == "!reset" and not replaces:
                    if len(earlier) == 1 and isinstance(earlier[0], Mapping):  # Compose merges into a list
                        entries.pop(name, None)
                    continue
                variable = written_variable(name, text, part.file.source, scalar, start, self.lookup)
                if variable is not None:
                    entries[variable.name] = variable
            earlier += [] if node is None else [node]
        return entries

    @cached_property
    def environment(self) -> dict[str, Variable]:
        """The container's environment without the variables of the image."""
        files = [self.read_env(file.path, file.raw) for file in self.env_files if file.path is not None]
        return service_environment(self.entries, files, self.lookup)

    def _env_name(self, part: Part, text: str) -> str:
        """The name by which Compose identifies an env file: a file named again keeps its place in the order.

        A name from an extended service in another directory is made relative to this service's directory.
        """
        value, own = self.interpolated(text), self.parts[-1].directory
        return value if part.directory == own else os.path.relpath(part.directory / value, own)

    def _env_file(self, part: Part, text: str, *, raw: bool, required: bool) -> EnvFile:
        value = self.interpolated(text)
        known = "${" not in value and not value.startswith("~")
        return EnvFile(Path(os.path.normpath(part.directory / value)) if known else None, raw, required)

    @cached_property
    def volumes_from(self) -> tuple[tuple[str, bool], ...]:
        """The services whose mounts this service shares, each with True if it shares them read-only."""
        services = (text for text in self._shared if not text.startswith("container:"))
        given = (self.interpolated(text).partition(":") for text in services)
        return tuple((name, mount_options(mode).read_only is True) for name, _, mode in given)

    @property
    def volumes_of_containers(self) -> tuple[str, ...]:
        """The `container:NAME` entries of `volumes_from`: containers outside the project, with unknown mounts."""
        return tuple(text for text in self._shared if text.startswith("container:"))

    @cached_property
    def _shared(self) -> tuple[str, ...]:
        """The entries of `volumes_from`, as written."""
        return tuple(text for part in self.parts for text in strings(part.node.get("volumes_from")))

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles of the service; empty if it always runs."""
        return tuple(text for part in self.parts for text in strings(part.node.get("profiles")))


def assignments(node: Node | None) -> Iterator[tuple[str, str | None, Scalar, int]]:
    """The entries of a section like `environment:`: name, value, scalar, and the value's start in the scalar.

    The value is as Compose reads it, before interpolation; None if only the name is given. Merge keys are followed.
    """
    if node is not None:
        node = resolved(node)
    if isinstance(node, Mapping):
        from volfix.project.compose.typed_values import typed_text  # a section in list form has text alone

        for name, pair in node.items():
            value = resolved(pair.value)
            if isinstance(value, Scalar) and not is_merge_key(value):  # Compose drops an entry whose value is `<<`
                yield name, None if value.is_null else typed_text(value), value, 0
    elif isinstance(node, Sequence):
        for item in node.items:
            entry = resolved(item)
            if isinstance(entry, Scalar):
                name, equals, value_text = entry.value.partition("=")
                yield name, value_text if equals else None, entry, len(name) + 1
