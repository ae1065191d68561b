"""What a service's Dockerfile says of the stage that is built: base image, working directory, user, variables.

Source: docker/docs, Dockerfile reference. Nothing is executed.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from volfix.project.interpolation import InterpolationError, interpolate
from volfix.project.model import Service
from volfix.syntax.dockerfile import Instruction, read
from volfix.syntax.source import FileProblem, Source

GIVES = re.compile(r"--chown=(?P<owner>\S+)")


@dataclass(frozen=True, slots=True)
class Stage:
    """The final or targeted stage, with what it inherits from earlier ones.

    `base_image` is the last image from outside that it stands on, `workdir` absolute; both None where they are not
    known. `created` are the directories that the build makes and gives to the stage's own user.
    """

    source: Source
    base_image: str | None
    workdir: str | None
    user: str | None
    environment: Mapping[str, str]
    volumes: tuple[str, ...]
    created: tuple[str, ...]


@dataclass(slots=True)
class _Building:
    """A stage while its instructions are read."""

    base_image: str | None
    workdir: str | None = None
    user: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    made: list[tuple[str, str | None]] = field(default_factory=list)
    """Directories, each with the owner that it was given."""

    def copy(self) -> _Building:
        return _Building(
            self.base_image,
            self.workdir,
            self.user,
            {},
            dict(self.environment),
            list(self.volumes),
            list(self.made),
        )


def stage_of(service: Service) -> Stage | None:
    """The stage that the service's build makes; None where there is no build, or no Dockerfile that can be read."""
    build = service.build
    if build is None or build.context is None or build.inline or "${" in build.dockerfile:
        return None
    return _stage(build.context / build.dockerfile, build.target, build.arguments)


@lru_cache(maxsize=4096)
def _stage(path: Path, target: str | None, arguments: tuple[tuple[str, str], ...]) -> Stage | None:
    try:
        if not path.is_file():
            return None
        source = Source.read(path)
    except (FileProblem, OSError):  # the build cannot read it either, and says so better
        return None
    built = _build(read(source), target, dict(arguments))
    if built is None:
        return None
    created = tuple(
        dict.fromkeys(path for path, owner in built.made if owner is not None and _is_same(owner, built.user))
    )
    return Stage(source, built.base_image, built.workdir, built.user, built.environment, tuple(built.volumes), created)


def _is_same(owner: str, user: str | None) -> bool:
    return owner.split(":")[0] == (user or "root").split(":")[0]


def _build(instructions: Iterable[Instruction], target: str | None, given: Mapping[str, str]) -> _Building | None:
    outer: dict[str, str] = {}
    stages: dict[str, _Building] = {}
    current: _Building | None = None
    name = ""
    for number, item in enumerate(instructions):
        if item.keyword == "FROM":
            if current is not None and target is not None and target.lower() == name:
                return current
            current, name = _from(item, stages, outer, str(len(stages)))
            stages[name] = stages[str(number)] = current
        elif current is None:
            if item.keyword == "ARG":
                _argument(item.text, given, outer, outer)
        else:
            _apply(item, current, given, outer)
    if target is not None and current is not None and target.lower() != name:
        return None
    return current


def _from(
    item: Instruction, stages: Mapping[str, _Building], outer: Mapping[str, str], number: str
) -> tuple[_Building, str]:
    words = [word for word in item.text.split() if not word.startswith("--")]
    name = words[2].lower() if len(words) > 2 and words[1].upper() == "AS" else number
    image = _expanded(words[0], outer) if words else None
    if image is not None and image.lower() in stages:
        return stages[image.lower()].copy(), name
    return _Building(None if image in (None, "scratch") else image), name


def _apply(item: Instruction, stage: _Building, given: Mapping[str, str], outer: Mapping[str, str]) -> None:
    known = {**stage.values, **stage.environment}
    match item.keyword:
        case "ARG":
            _argument(item.text, given, outer, stage.values)
        case "ENV":
            stage.environment.update(_pairs(item.text, known))
        case "WORKDIR":
            path = _expanded(item.text.strip("\"'"), known)
            if path is not None and (path.startswith("/") or stage.workdir is not None):
                path = posixpath.normpath(posixpath.join(stage.workdir or "/", path))
                stage.made.append((path, None))
                stage.workdir = path
            else:
                stage.workdir = None
        case "USER":
            stage.user = _expanded(item.text.strip(), known) or item.text.strip()
        case "VOLUME":
            stage.volumes += _list(item.text)
        case "COPY" | "ADD":
            _copied(item.text, stage)
        case "RUN":
            _run(item.text + "\n" + item.heredoc, stage)


def _argument(text: str, given: Mapping[str, str], outer: Mapping[str, str], values: dict[str, str]) -> None:
    for part in _words(text):
        name, equals, default = part.partition("=")
        value = given.get(name, default if equals else outer.get(name))
        if value is not None:
            values[name] = _expanded(value, {**outer, **values}) or value


def _pairs(text: str, known: Mapping[str, str]) -> dict[str, str]:
    first = text.split(None, 1)
    if first and "=" not in first[0]:  # ENV NAME the rest of the line
        return {first[0]: _expanded(first[1], known) or first[1]} if len(first) > 1 else {}
    found = {}
    for word in _words(text):
        name, equals, value = word.partition("=")
        if equals:
            found[name] = _expanded(value, known) or value
    return found


def _list(text: str) -> list[str]:
    if text.startswith("["):
        import json

        try:
            return [str(item) for item in json.loads(text)]
        except ValueError:
            return []
    return text.split()


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _expanded(text: str, known: Mapping[str, str]) -> str | None:
    """`text` with its variables; None where one of them is not known."""
    try:
        found = interpolate(text, known.get)
    except InterpolationError:
        return None
    return None if found.unknown else found.value


def _copied(text: str, stage: _Building) -> None:
    owner = GIVES.search(text)
    words = (
        _list(text[text.index("[") :]) if "[" in text else [word for word in text.split() if not word.startswith("--")]
    )
    if len(words) > 1 and owner:
        stage.made.append((posixpath.normpath(posixpath.join(stage.workdir or "/", words[-1])), owner["owner"]))


def _run(text: str, stage: _Building) -> None:
    """`mkdir`, `chown` and `install -d -o` in a RUN, each command by itself."""
    for command in re.split(r"&&|\|\||;|\n", text):
        words = _words(command.strip())
        if not words:
            continue
        paths = [_place(word, stage) for word in words[1:] if not word.startswith("-")]
        if words[0] == "mkdir":
            stage.made += [(path, None) for path in paths]
        elif words[0] == "chown" and len(paths) > 1:
            owner = next(word for word in words[1:] if not word.startswith("-"))
            deep = any(word.startswith("-") and "R" in word for word in words[1:])
            for path in paths[1:]:
                stage.made.append((path, owner))
                if deep:
                    stage.made += [(made, owner) for made, _ in stage.made if made.startswith(path.rstrip("/") + "/")]
        elif words[0] == "install" and "-d" in words and "-o" in words[:-1]:
            stage.made.append((paths[-1], words[words.index("-o") + 1]))


def _place(word: str, stage: _Building) -> str:
    return posixpath.normpath(posixpath.join(stage.workdir or "/", word))
