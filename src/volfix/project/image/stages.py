"""What a service's Dockerfile says of the stage that is built: base image, working directory, user, owned directories.

Source: docker/docs, Dockerfile reference; moby/buildkit, frontend/dockerfile/dockerfile2llb. Nothing is executed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from volfix.knowledge.base_images import start_directory
from volfix.knowledge.images import Image
from volfix.project.image.build import Build
from volfix.project.image.modes import may_write
from volfix.project.image.owners import give_by_run
from volfix.project.image.run_commands import migration, named_paths
from volfix.project.image.values import REPEATED, Written, literal, pairs, place
from volfix.syntax.dockerfile import NAME, Instruction, expanded, read
from volfix.syntax.source import FileProblem, Source, Span

PLATFORM = frozenset(f"{side}{part}" for side in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT"))
"""The arguments that BuildKit itself gives a value."""

FROM_ELSEWHERE = re.compile(r"://|\.(?:tar|tgz|tbz2?|txz)(?:\.\w+)?[\"']?\Z")
"""What ADD fetches or unpacks: nobody sees here what is in it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The final or targeted stage, with what it inherits from earlier ones.

    `base_image` is the last image from outside that it stands on, None where it is not known or `scratch`; `workdir` is
    absolute, None where it is not known; `user` is the last `USER`, None where none is said; `environment` has the
    values that are known, `written` where they are written; `volumes` are the targets of VOLUME. `owners` has the
    directories, absolute, that the build makes, None where it is not known whose, `opened` whom it lets write some;
    `copied` says which paths of the build context go where, one that ends in a slash is a directory; `entrypoint` and
    `command` are what the container runs, None where the base image says it; `started` are the words of ENTRYPOINT and
    CMD as written, `metadata` are HEALTHCHECK and LABEL with their texts. `filled` are the paths to which files come
    from elsewhere, `compiled` those of the build context that other stages take, `run_paths` those that commands of RUN
    name, `runs` their texts; `migration` is the command that makes a database's schema, with its line.
    """

    source: Source
    base_image: str | None
    workdir: str | None
    user: str | None
    environment: Mapping[str, str]
    volumes: tuple[str, ...]
    owners: Mapping[str, str | None]
    opened: Mapping[str, str]
    written: Mapping[str, Written] = field(default_factory=dict)
    copied: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    started: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    filled: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()
    run_paths: frozenset[str] = frozenset()
    migration: tuple[str, int] | None = None
    runs: tuple[str, ...] = ()

    def given_to(self, user: str) -> frozenset[str]:
        """The directories that the build gives to this user, as USER says it, or lets it write."""
        name = user.partition(":")[0]
        owned = {path for path, owner in self.owners.items() if name and owner == name}
        return frozenset(owned | {path for path, whose in self.opened.items() if may_write(whose, user)})


def stage_of(build: Build | None) -> Stage | None:
    """The stage that the build makes; None where there is no build, or no Dockerfile that can be read."""
    if build is None or build.context is None or build.inline or "${" in build.dockerfile:
        return None
    for name in dict.fromkeys((build.dockerfile, build.dockerfile.replace("Dockerfile", "dockerfile"))):
        path = build.context / name
        try:
            status = path.stat()
        except (OSError, ValueError):  # BuildKit tries the name in lower case too, and then gives up
            continue
        return _stage(path, build.target, build.arguments, (status.st_mtime_ns, status.st_size, status.st_ino))
    return None


@lru_cache(maxsize=1024)
def _stage(
    path: Path, target: str | None, arguments: tuple[tuple[str, str], ...], _state: tuple[int, int, int]
) -> Stage | None:
    try:
        source = Source.read(path)
        instructions = read(source)
    except FileProblem:  # the build cannot read it either, and says so better
        return None
    stages: list[_Stage] = []
    stage = _built(source, instructions, target, dict(arguments), stages)
    if stage is None:
        return None
    return Stage(
        source,
        stage.base_image,
        stage.workdir,
        stage.user,
        stage.environment,
        tuple(stage.volumes),
        stage.owners,
        stage.opened,
        {name: Written(span, owner.children > 1) for name, (span, owner) in stage.written.items()},
        tuple(stage.copied),
        _run(stage.started.get("ENTRYPOINT")),
        _run(stage.started.get("CMD")),
        tuple(word for item in stage.started.values() for word in _words(item)),
        tuple(stage.metadata),
        tuple(stage.filled),
        tuple(path for other in stages if other is not stage for path, _ in other.copied),
        frozenset(stage.run_paths),
        (schema[1], source.place(schema[0].span.start)[0]) if (schema := migration(stage.runs)) else None,
        tuple("\n".join((item.text, *item.heredocs)) for item in stage.runs),
    )


Values = dict[str, "str | None"]
"""Arguments by name: None for one that is declared and not set; one that is not there is not known."""


@dataclass(slots=True)
class _Stage:
    """A stage while its instructions are read; `owners` has each directory that it made, None where not known whose.

    `written` and `defaults` have the places of literal values, of ENV with the stage that says it; `children` counts
    the stages that stand on it.
    """

    base_image: str | None
    workdir: str | None = None
    user: str | None = None
    arguments: Values = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    volumes: list[str] = field(default_factory=list)
    owners: dict[str, str | None] = field(default_factory=dict)
    written: dict[str, tuple[Span, _Stage]] = field(default_factory=dict)
    defaults: dict[str, Span] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    copied: list[tuple[str, str]] = field(default_factory=list)
    started: dict[str, Instruction] = field(default_factory=dict)
    metadata: list[tuple[str, str]] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    run_paths: set[str] = field(default_factory=set)
    runs: list[Instruction] = field(default_factory=list)
    inherits_command: bool = False
    children: int = 0

    def on_top(self) -> _Stage:
        """A new stage that begins as this one ends; arguments are not inherited."""
        self.children += 1
        return _Stage(
            self.base_image,
            self.workdir,
            self.user,
            {},
            dict(self.environment),
            set(self.hidden),
            list(self.volumes),
            dict(self.owners),
            dict(self.written),
            opened=dict(self.opened),
            copied=list(self.copied),
            started=dict(self.started),
            inherits_command="CMD" in self.started,
            metadata=list(self.metadata),
            filled=list(self.filled),
            run_paths=set(self.run_paths),
            runs=list(self.runs),
        )

    @property
    def known(self) -> Values:
        """What variables stand for: ENV wins over ARG; one that ENV gave an unknown value is not known."""
        known = {**self.arguments, **self.environment}
        return {name: value for name, value in known.items() if name not in self.hidden}


def _built(
    source: Source,
    instructions: Iterable[Instruction],
    target: str | None,
    given: Mapping[str, str],
    stages: list[_Stage],
) -> _Stage | None:
    """The last stage, or the one that `target` names or numbers; `stages` gets all of them."""
    outer: Values = {}
    names: dict[str, _Stage] = {}
    for item in instructions:
        if item.keyword == "FROM":
            stage, name = _begun(item, names, outer)
            stages.append(stage)
            if name:
                names[name] = stage
        elif stages:
            _apply(source, item, stages[-1], given, outer)
        elif item.keyword == "ARG":
            _declare(item, given, {}, outer, outer)
    if not target:
        return stages[-1] if stages else None
    if target.lower() in names:
        return names[target.lower()]
    return stages[int(target)] if target.isascii() and target.isdigit() and int(target) < len(stages) else None


def _begun(item: Instruction, names: Mapping[str, _Stage], outer: Values) -> tuple[_Stage, str]:
    words = item.text.split()
    name = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else ""
    # No image is there yet that could have variables: what is not declared is not set.
    undeclared = {found: None for found in NAME.findall(words[0] if words else "") if found not in PLATFORM}
    image = expanded(words[0], {**undeclared, **outer}, item.escape) if words else None
    if image and image.lower() in names:
        return names[image.lower()].on_top(), name
    if image == "scratch":
        return _Stage(None, "/"), name
    return _Stage(image or None, start_directory(Image.parse(image)) if image else None), name


def _declare(item: Instruction, given: Mapping[str, str], outer: Values, scope: Values, values: Values) -> None:
    """ARG: the build's value, else the default, else the value of the ARG above the first FROM."""
    for word in item.words:
        name, equals, default = word.partition("=")
        values.pop(name, None)
        if name in given:
            if "${" not in given[name]:
                values[name] = given[name]
        elif equals:
            value = expanded(default, scope, item.escape)
            if value is not None:
                values[name] = value
        elif name not in PLATFORM:
            values[name] = outer.get(name)


def _apply(source: Source, item: Instruction, stage: _Stage, given: Mapping[str, str], outer: Values) -> None:
    match item.keyword:
        case "ARG":
            _declare(item, given, outer, stage.known, stage.arguments)
            _place_defaults(source, item, stage, given)
        case "ENV":
            _set(source, item, stage)
        case "WORKDIR":
            _enter(item, stage)
        case "ENTRYPOINT" | "CMD":
            _start(item, stage)
        case "HEALTHCHECK" | "LABEL":
            stage.metadata.append((item.keyword, item.text))
        case "USER":
            stage.user = expanded(item.text, stage.known, item.escape) or item.text
        case "VOLUME":
            texts = item.array if item.array is not None else item.text.split()
            paths = [place(expanded(text, stage.known, item.escape), "/") for text in texts]
            stage.volumes += [path for path in paths if path is not None and path not in stage.volumes]
        case "COPY" | "ADD":
            _copy(item, stage)
        case "RUN":
            stage.runs.append(item)
            stage.run_paths.update(named_paths(item, stage.known, stage.workdir))
            give_by_run(item, stage.known, stage.workdir, stage.user, stage.owners, stage.opened)


def _start(item: Instruction, stage: _Stage) -> None:
    """ENTRYPOINT and CMD; an ENTRYPOINT takes away the CMD that an earlier stage or the base image has."""
    if item.keyword == "ENTRYPOINT" and stage.inherits_command:
        del stage.started["CMD"]
    stage.inherits_command = False
    stage.started[item.keyword] = item


def _words(item: Instruction) -> list[str]:
    return item.array if item.array is not None else item.words


def _run(item: Instruction | None) -> tuple[str, ...] | None:
    """The words that run: a shell reads the form that is no array."""
    if item is None:
        return None
    return ("/bin/sh", "-c", item.text) if item.array is None else tuple(item.array)


def _enter(item: Instruction, stage: _Stage) -> None:
    """WORKDIR, which makes the directory where it is not there."""
    stage.workdir = place(expanded(item.text, stage.known, item.escape), stage.workdir)
    if stage.workdir is not None:
        stage.owners.setdefault(stage.workdir, None)


def _place_defaults(source: Source, item: Instruction, stage: _Stage, given: Mapping[str, str]) -> None:
    for name, text in pairs(item):
        span = literal(source, item, name, text, stage.arguments.get(name))
        if span is not None and name not in given:
            stage.defaults[name] = span


def _set(source: Source, item: Instruction, stage: _Stage) -> None:
    """ENV; all its values are expanded before any of them counts."""
    known = stage.known
    for name, text in pairs(item):
        value = expanded(text, known, item.escape)
        stage.environment.pop(name, None)
        stage.written.pop(name, None)
        stage.hidden.discard(name)
        alone = REPEATED.fullmatch(text)
        span = stage.defaults.get(alone[1]) if alone else literal(source, item, name, text, value)
        if span is not None and (alone is None or alone[1] not in stage.environment or alone[1] == name):
            stage.written[name] = (span, stage)
        if value is None:
            stage.hidden.add(name)
        else:
            stage.environment[name] = value


def _copy(item: Instruction, stage: _Stage) -> None:
    """`COPY --chown` gives away the directory that it makes, not one that was there before."""
    owner = item.flag("chown")
    words = item.array if item.array is not None else item.words
    if len(words) < 2:
        return
    path = place(expanded(words[-1], stage.known, item.escape), stage.workdir)
    if path is not None and (item.flag("from") is not None or any(map(FROM_ELSEWHERE.search, words[:-1]))):
        stage.filled.append(path)
    if path is not None and item.flag("from") is None:
        ending = "/" if len(words) > 2 or words[-1].strip("\"'").endswith(("/", ".")) else ""
        stage.copied += [
            (posixpath.normpath(word.strip("\"'").lstrip("/") or "."), path.rstrip("/") + ending) for word in words[:-1]
        ]
    if owner is None:
        return
    user = expanded(owner, stage.known, item.escape)
    if path is not None and user and path not in stage.owners:
        stage.owners[path] = user.partition(":")[0]
