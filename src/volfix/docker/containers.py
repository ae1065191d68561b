"""Containers and volumes as the engine describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from volfix.knowledge.paths import lies_in

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
VOLUME_KEY, ONE_OFF = "com.docker.compose.volume", "com.docker.compose.oneoff"
DIRECTORY, CONFIG_FILES = "com.docker.compose.project.working_dir", "com.docker.compose.project.config_files"
"""Labels that Compose gives. Source: docker/compose, pkg/api/labels.go."""


@dataclass(frozen=True, slots=True)
class MountPoint:
    """A mount of a container: `kind` is bind, volume or tmpfs; `source` a path of the daemon's host, or a name."""

    kind: str
    source: str
    target: str
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Container:
    """A container; `image` is an image's id, `state` created, running, paused, restarting, exited or dead."""

    id: str
    name: str
    image: str
    state: str
    labels: Mapping[str, str]
    mounts: tuple[MountPoint, ...]

    @property
    def project(self) -> str | None:
        """The Compose project; None for containers of others and for those of `compose run`."""
        return None if self.labels.get(ONE_OFF, "False").lower() == "true" else self.labels.get(PROJECT)

    @property
    def service(self) -> str | None:
        return self.labels.get(SERVICE)

    @property
    def is_running(self) -> bool:
        return self.state in ("running", "paused", "restarting")

    def mount_at(self, target: str) -> MountPoint | None:
        return next((mount for mount in self.mounts if mount.target.rstrip("/") == target.rstrip("/")), None)

    def holder(self, path: str) -> MountPoint | None:
        """The mount that a path is, or lies in; None if it is in the container's own layer."""
        above = [item for item in self.mounts if lies_in(path, item.target)]
        return max(above, key=lambda item: len(item.target), default=None)


@dataclass(frozen=True, slots=True)
class Process:
    """How a container's or an image's program is started, environment and arguments included; `image` is the name of
    the image, as whoever made the container wrote it.
    """

    environment: Mapping[str, str] = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    directory: str = "/"
    image: str = ""


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of the engine; `directory` is where its files are on the daemon's host."""

    name: str
    driver: str
    options: Mapping[str, str]
    labels: Mapping[str, str]
    directory: str


def container_in(item: Mapping[str, Any]) -> Container:
    """The container that an item of the engine's list describes."""
    mounts = []
    for mount in item.get("Mounts") or ():
        kind = str(mount.get("Type", ""))
        source = mount.get("Name") if kind == "volume" else mount.get("Source")
        mounts.append(MountPoint(kind, str(source or ""), str(mount["Destination"]), bool(mount.get("RW", True))))
    names = item.get("Names") or [item["Id"][:12]]
    return Container(
        str(item["Id"]),
        str(names[0]).lstrip("/"),
        str(item.get("ImageID", "")),
        str(item.get("State", "")),
        dict(item.get("Labels") or {}),
        tuple(mounts),
    )


def environment_in(item: Mapping[str, Any]) -> Process:
    """The process that an inspected container or image describes."""
    config = item.get("Config") or {}
    pairs = (text.partition("=") for text in config.get("Env") or ())
    words = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
    environment = {name: value for name, _, value in pairs}
    return Process(environment, tuple(words), config.get("WorkingDir") or "/", str(config.get("Image") or ""))


def volume_in(item: Mapping[str, Any]) -> Volume:
    """The volume that the engine's answer describes."""
    return Volume(
        str(item["Name"]),
        str(item.get("Driver", "local")),
        dict(item.get("Options") or {}),
        dict(item.get("Labels") or {}),
        str(item.get("Mountpoint", "")),
    )
