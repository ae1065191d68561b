"""What volfix takes a project to mean, against what `docker-compose config` says of it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volfix.project.compose.interpolation import VISIBLE
from volfix.project.compose.merging import build_project
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import ANONYMOUS, BIND, UNKNOWN, VOLUME, Mount, is_path
from volfix.project.compose.service import Service
from volfix.project.loader import Loader

from . import valid_projects
from .table import Outcome

HOME = "/home/somebody"


def lacking() -> str | None:
    return None if shutil.which("docker-compose") else "docker-compose is not on PATH"


def same_as_compose(seed: int, directory: Path) -> Outcome:
    """The project of the seed means the same to both; nothing is tried where Compose refuses it."""
    files = valid_projects.laid(random.Random(seed), directory)
    config = asked(directory, files)
    if isinstance(config, str):
        return Outcome(0)
    return Outcome(1, tuple(differences(config, read(directory, files), directory)))


def asked(directory: Path, files: tuple[str, ...]) -> dict[str, Any] | str:
    """What Compose makes of the files in order, or its reason to refuse them. Nothing of this process reaches it."""
    words = ["docker-compose", *(word for name in files for word in ("-f", name)), "--profile", "*"]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": HOME,
        "PWD": str(directory),
        "GOGC": "off",
    }  # a fourth of its time
    done = subprocess.run(
        [*words, "config", "--format", "json"], cwd=directory, env=environment, capture_output=True, check=False
    )
    if done.returncode:
        return done.stderr.decode().strip()
    config: dict[str, Any] = json.loads(done.stdout)
    return config


def read(directory: Path, files: tuple[str, ...]) -> Project | str:
    """volfix's project of the files, or what it cannot read of them."""
    loader = Loader([], [])
    loaded = [loader.compose(directory / name) for name in files]
    if loader.problems:
        return str(loader.problems[0])
    return build_project(directory, directory, tuple(file for file in loaded if file is not None), loader)


def differences(config: dict[str, Any], project: Project | str, directory: Path) -> Iterator[str]:
    """Each fact on which the two are not of one mind."""
    if isinstance(project, str):
        yield f"Compose takes it, volfix does not read it: {project}"
        return
    yield from _unlike("name", config["name"], project.name)
    yield from _unlike("services", sorted(config["services"]), sorted(project.services))
    for name, said in config["services"].items():
        if name in project.services:
            yield from _service(name, said, project.services[name])
    for key, said in config.get("volumes", {}).items():
        yield from _unlike(f"volume {key}", said["name"], project.real_name(key))
        yield from _unlike(f"volume {key}: external", said.get("external", False), project.is_external(key))


def _service(name: str, said: dict[str, Any], service: Service) -> Iterator[str]:
    yield from _unlike(f"{name}: image", said.get("image"), service.image)
    for key, words in (("command", service.command), ("entrypoint", service.entrypoint)):
        yield from _unlike(f"{name}: {key}", *(tuple(map(plain, side or ())) for side in (said.get(key), words)))
    yield from _unlike(f"{name}: profiles", sorted(said.get("profiles", ())), sorted(set(service.profiles)))
    variables = {key: text if text is None else plain(text) for key, text in said.get("environment", {}).items()}
    own = {key: variable.value for key, variable in service.environment.items()}
    for key in sorted((variables.keys() | own.keys()) - {""}):  # a last line without an end gives no name a value
        if not variables.get(key) and own.get(key) is None:
            continue  # a value from outside, where nothing is in Compose's environment
        yield from _unlike(f"{name}: {key}", variables.get(key, "(missing)"), own.get(key, "(missing)"))
    mounts = {mount["target"]: _said(mount) for mount in said.get("volumes", ())}
    ours = {VISIBLE.sub("", mount.clean_target): _read(mount) for mount in service.mounts if not mount.overridden}
    for target in sorted(mounts.keys() | ours.keys()):
        yield from _unlike(f"{name}: {target}", mounts.get(target), ours.get(target))


def _said(mount: dict[str, Any]) -> dict[str, Any]:
    volume = mount.get("volume") or {}
    return {
        "kind": ANONYMOUS if mount["type"] == VOLUME and not mount.get("source") else mount["type"],
        "source": _path(plain(mount.get("source") or "")),
        "read_only": mount.get("read_only", False),
        "no_copy": volume.get("nocopy", False),
        "subpath": volume.get("subpath"),
    }


def _read(mount: Mount) -> dict[str, Any]:
    source = VISIBLE.sub("", mount.source)
    kind = mount.kind if mount.kind != UNKNOWN else BIND if is_path(source) else VOLUME
    if kind == BIND and not source.startswith("~"):
        source = str(mount.directory / source)
    return {
        "kind": kind,
        "source": _path(source),
        "read_only": mount.read_only,
        "no_copy": mount.no_copy,
        "subpath": mount.subpath,
    }


def _path(source: str) -> str:
    return os.path.normpath(source) if source else ""


def plain(text: str) -> str:
    """Compose's text with its dollars single again, and the home directory as volfix writes it."""
    return text.replace("$$", "$").replace(HOME, "~")


def agree(compose: object, volfix: object) -> bool:
    """Whether both say the same, where Compose was called with none of the variables that volfix leaves visible.

    A visible `${NAME}` may be text too, behind a dollar that was written twice.
    """
    if not isinstance(compose, str) or not isinstance(volfix, str):
        return compose == volfix
    literal = VISIBLE.split(volfix)[::2]
    visible = [found[0] for found in VISIBLE.finditer(volfix)]
    pattern = "".join(
        f"{re.escape(text)}(?:{re.escape(name)})?" for text, name in zip(literal, [*visible, ""], strict=True)
    )
    return re.fullmatch(pattern, compose) is not None


def _unlike(what: str, compose: object, volfix: object) -> Iterator[str]:
    if not agree(compose, volfix):
        yield f"{what}: Compose says {compose!r}, volfix {volfix!r}"
