"""The mounts of a service, in Compose's short and long syntax.

Source: compose-spec/compose-go, format/volume.go and loader (the short form's grammar, which sources are paths).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from volfix.project.compose.field_values import boolean, mount_options
from volfix.project.compose.interpolation import Interpolated, InterpolationError, Lookup, interpolate
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping, Node, Pair, Scalar, resolved

BIND, VOLUME, ANONYMOUS, UNKNOWN = "bind", "volume", "anonymous", "unknown"
"""The kinds of mounts that rules look at; other mounts have Compose's own `type`: tmpfs, npipe, cluster, image."""

BIND_ONLY_OPTIONS = frozenset(
    {"z", "Z", "U", "private", "rprivate", "shared", "rshared", "slave", "rslave", "cached", "delegated", "consistent"}
)
WINDOWS_DRIVE = re.compile(r"[A-Za-z]:(?:[\\/]|\Z)")
MARK = re.compile(r"\$\{|[}:]")
"""What may begin or end a variable or a section of a short mount."""


@dataclass(frozen=True, eq=False)
class Mount:
    """One entry of a service's `volumes:`.

    `node` is the entry. `raw_source` and `raw_target` are as written, `source` and `target` after interpolation; an
    unknown variable appears as `${NAME}`. A bind mount's relative source starts from `directory` and has the `./` that
    the long form may leave out. `overridden` says that a later mount replaces this mount. `problem` says why the entry
    cannot be understood or edited.
    """

    service: str
    file: Source
    node: Node
    kind: str
    raw_source: str
    source: str
    raw_target: str
    target: str
    read_only: bool
    directory: Path
    no_copy: bool = False
    subpath: str | None = None
    overridden: bool = False
    problem: str | None = None

    @property
    def place(self) -> int:
        """The offset of the entry in the file's text."""
        return self.node.span.start

    @cached_property
    def clean_target(self) -> str:
        """The target, normalised as Compose does."""
        return clean(self.target)

    @property
    def written_as(self) -> str:
        """The entry as `source:target` for messages; in quotes if a blank at its ends would be invisible."""
        return _quoted_if_padded(f"{self.raw_source}:{self.raw_target}" if self.raw_source else self.raw_target)

    @property
    def target_as_written(self) -> str:
        """The target for messages; in quotes if a blank at its ends would be invisible."""
        return _quoted_if_padded(self.raw_target)

    @property
    def meant_target(self) -> str:
        """The intended target: `/data` for `m:/data`, which Compose reads as a path on a Windows drive."""
        is_drive = self.kind == ANONYMOUS and WINDOWS_DRIVE.match(self.clean_target) is not None
        return self.clean_target[2:] if is_drive else self.clean_target

    @property
    def source_is_known(self) -> bool:
        """Whether the source contains no unknown variable."""
        return "${" not in self.source


def _quoted_if_padded(text: str) -> str:
    return text if text == text.strip() else f"'{text}'"


def clean(target: str) -> str:
    """A mount target normalised as Compose does to compare targets (Go's path.Clean)."""
    cleaned = posixpath.normpath(target) if target else "."
    return "/" + cleaned.lstrip("/") if cleaned.startswith("//") else cleaned


def split_short(text: str) -> list[str]:
    """The sections of a short mount, split at colons; not inside `${...}` or after a Windows drive letter."""
    if ":" not in text:
        return [text]
    sections: list[str] = []
    start = depth = 0
    for found in MARK.finditer(text):
        mark, at = found[0], found.start()
        if mark == "${":
            depth += 1
        elif mark == "}" and depth:
            depth -= 1
        elif mark == ":" and not depth:
            if at - start == 1 and text[start].isalpha() and len(text) > 2:
                continue
            sections.append(text[start:at])
            start = at + 1
    return [*sections, text[start:]]


def is_path(source: str) -> bool:
    """Whether Compose takes a source for a host path; its first characters decide."""
    return source.startswith((".", "/", "~", "\\\\")) or WINDOWS_DRIVE.match(source) is not None


def is_windows_path(source: str) -> bool:
    """Whether the source is a Windows path: a drive letter, or a host path with backslashes."""
    return WINDOWS_DRIVE.match(source) is not None or (is_path(source) and "\\" in source)


def source_kind(value: Interpolated) -> str:
    """`bind` or `volume`; `unknown` if the source begins with an unknown variable that no path follows."""
    text = value.value
    if is_path(text):
        return BIND
    if text.startswith("${") and value.unknown:
        rest = text[text.index("}") + 1 :]
        return BIND if rest.startswith(("/", "\\")) else UNKNOWN
    return VOLUME


def read_mount(service: str, file: Source, node: Node, directory: Path, lookup: Lookup) -> Mount | None:
    """The mount that the entry `node` of `volumes:` describes; None if Compose would refuse the entry."""
    entry = resolved(node)
    try:
        if isinstance(entry, Scalar):
            return _read_short(service, file, entry, directory, lookup)
        if isinstance(entry, Mapping):
            return _read_long(service, file, entry, directory, lookup)
    except InterpolationError as error:
        return Mount(
            service, file, entry, UNKNOWN, "", "", "", "", False, directory, problem=f"not interpolated: {error}"
        )
    return None


def _read_short(service: str, file: Source, node: Scalar, directory: Path, lookup: Lookup) -> Mount | None:
    sections = split_short(node.value)
    values = [interpolate(section, lookup) for section in sections]
    problem = None
    parts = [values[0].resolved, *(value.value for value in values[-2:])]
    if any(len(split_short(part)) > 1 for part in parts):
        problem = "a variable stands for more than one part of the mount"
    if len(sections) == 1:
        if WINDOWS_DRIVE.match(values[0].value):
            problem = f"Compose reads {sections[0]} as a Windows path: a volume needs a name of two letters or more"
        kind = ANONYMOUS if not values[0].unknown else UNKNOWN
        return Mount(service, file, node, kind, "", "", sections[0], values[0].value, False, directory, problem=problem)
    if len(sections) > 3 or not all(sections):
        return None
    options = mount_options(values[2].value if len(sections) == 3 else "")
    if options.read_only is None:
        problem = f"volfix cannot tell whether the mount is read-only ({sections[2]})"
    return Mount(
        service,
        file,
        node,
        source_kind(values[0]),
        sections[0],
        values[0].value,
        sections[1],
        values[1].value,
        options.read_only is True,
        directory,
        no_copy=options.no_copy,
        problem=problem,
    )


def _read_long(service: str, file: Source, node: Mapping, directory: Path, lookup: Lookup) -> Mount | None:
    def text(key: str) -> tuple[str, str]:
        value = node.get(key)
        if not isinstance(value, Scalar) or value.is_null:
            return "", ""
        return value.value, interpolate(value.value, lookup).value

    kind, (raw_source, source), (raw_target, target) = text("type")[1], text("source"), text("target")
    if not target:
        return None
    problem = None
    if node.pair("type") is None or (raw_source and node.pair("source") is None):
        problem = "parts of the mount come from a merge key"
    read_only = boolean(node.get("read_only"), lookup)
    if read_only is None:
        problem = f"volfix cannot tell whether the mount is read-only (read_only: {text('read_only')[0]})"
    if kind == VOLUME and not source:
        kind = ANONYMOUS
    if kind == BIND and source and not is_path(source) and not source.startswith("${"):
        source = f"./{source}"
        raw_source = raw_source if "$" in raw_source else source
    inner = node.get("volume")
    inner = inner if isinstance(inner, Mapping) else None
    subpath = inner.get("subpath") if inner else None
    return Mount(
        service,
        file,
        node,
        kind,
        raw_source,
        source,
        raw_target,
        target,
        read_only is True,
        directory,
        no_copy=inner is not None and boolean(inner.get("nocopy"), lookup) is True,
        subpath=interpolate(subpath.value, lookup).value if isinstance(subpath, Scalar) else None,
        problem=problem,
    )


def volume_text(mount: Mount, key: str) -> str:
    """The short mount with the named volume `key` as its source: `ro` stays, options of bind mounts are removed."""
    assert isinstance(mount.node, Scalar)
    sections = split_short(mount.node.value)
    if len(sections) < 3:
        return f"{key}:{sections[1]}"
    kept = [option for option in sections[2].split(",") if option.strip() not in BIND_ONLY_OPTIONS]
    return ":".join([key, sections[1], *([",".join(kept)] if kept else [])])


def retargeted(mount: Mount, source: str, target: str) -> str:
    """The short mount with another named volume and target; it keeps the options that `volume_text` keeps."""
    _, _, *options = split_short(volume_text(mount, source))
    return ":".join([source, target, *options])


def bind_pair(mount: Mount) -> Pair | None:
    """The `bind:` entry of a long mount, which a volume must not have; None without one."""
    return mount.node.pair("bind") if isinstance(mount.node, Mapping) else None
