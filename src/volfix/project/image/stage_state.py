"""Applies the instructions of a Dockerfile to the state of their stage.

Source: docker/docs, Dockerfile reference; moby/buildkit, frontend/dockerfile/dockerfile2llb.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, fields
from typing import Any

from volfix.knowledge.paths import lies_in
from volfix.project.image.owners import Owners, give_by_run
from volfix.project.image.run_commands import migration, named_paths
from volfix.project.image.written_values import REPEATED, literal, pairs, place
from volfix.syntax.dockerfile import Instruction, commands, expanded
from volfix.syntax.source import Source, Span

PLATFORM = frozenset(f"{side}{part}" for side in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT"))
"""The build arguments that BuildKit itself sets."""

FROM_ELSEWHERE = re.compile(r"://|\.(?:tar|tgz|tbz2?|txz)(?:\.\w+)?[\"']?\Z")
"""Sources that ADD downloads or unpacks: their content is unknown."""


Values = dict[str, "str | None"]
"""Variables by name: None for a declared variable without a value; a missing name is unknown."""


@dataclass(slots=True)
class StageState:
    """The state of a stage while its instructions are read.

    `known` are the values of variables; `hidden` are variables to which ENV gave an unknown value. `written` has the
    positions of literal ENV values, with their stage, `defaults` those of ARG. `opened` says who may write a directory.
    `filled` are paths with files from outside the context. `inherits_command` says that CMD comes from an earlier
    stage. `children` counts the stages that build on this stage.
    """

    base_image: str | None
    workdir: str | None = None
    user: str | None = None
    arguments: Values = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    known: Values = field(default_factory=dict)
    volumes: dict[str, None] = field(default_factory=dict)
    owners: Owners = field(default_factory=Owners)
    written: dict[str, tuple[Span, StageState]] = field(default_factory=dict)
    defaults: dict[str, Span] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    copied: list[tuple[str, str]] = field(default_factory=list)
    started: dict[str, Instruction] = field(default_factory=dict)
    metadata: list[tuple[str, str]] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    run_paths: set[str] = field(default_factory=set)
    runs: list[Instruction] = field(default_factory=list)
    migration: tuple[str, Instruction] | None = None
    inherits_command: bool = False
    children: int = 0

    def on_top(self) -> StageState:
        """A new stage that builds on this stage; build arguments are not inherited."""
        self.children += 1
        taken: dict[str, Any] = {each.name: copy(getattr(self, each.name)) for each in fields(self)}
        known = {name: value for name, value in self.environment.items() if name not in self.hidden}
        own = {"arguments": {}, "known": known, "defaults": {}, "children": 0}
        own["inherits_command"] = "CMD" in self.started
        return StageState(**{**taken, **own})

    def learn(self, name: str) -> None:
        """Update the value of a variable in `known`; ENV wins over ARG."""
        self.known.pop(name, None)
        if name not in self.hidden and (name in self.environment or name in self.arguments):
            self.known[name] = self.environment[name] if name in self.environment else self.arguments[name]


def declare(item: Instruction, given: Mapping[str, str], outer: Values, scope: Values, values: Values) -> None:
    """Apply ARG to `values`: the build's value, otherwise the default, otherwise that of the ARG before the first FROM.

    `given` are the build's arguments, `outer` those before the first FROM; defaults are expanded with `scope`.
    """
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


def apply(source: Source, item: Instruction, stage: StageState, given: Mapping[str, str], outer: Values) -> None:
    """Apply one instruction to the stage. `given` are the build's arguments, `outer` those before the first FROM."""
    match item.keyword:
        case "ARG":
            declare(item, given, outer, stage.known, stage.arguments)
            _take_arguments(source, item, stage, given)
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
            stage.volumes.update(dict.fromkeys(path for path in paths if path is not None))
        case "COPY" | "ADD":
            _copy(item, stage)
        case "RUN":
            _run(item, stage)


def _run(item: Instruction, stage: StageState) -> None:
    stage.runs.append(item)
    found = list(commands(item))
    all_of_them, sure = [words for words, _ in found], [words for words, is_sure in found if is_sure]
    stage.run_paths.update(named_paths(all_of_them, stage.known, stage.workdir))
    give_by_run(sure, stage.known, stage.workdir, stage.user, stage.owners, stage.opened)
    if stage.migration is None and (command := migration(all_of_them)) is not None:
        stage.migration = command, item


def _start(item: Instruction, stage: StageState) -> None:
    """Apply ENTRYPOINT or CMD. An ENTRYPOINT discards the CMD of an earlier stage."""
    if item.keyword == "ENTRYPOINT" and stage.inherits_command:
        del stage.started["CMD"]
    stage.inherits_command = False
    stage.started[item.keyword] = item


def _enter(item: Instruction, stage: StageState) -> None:
    """Apply WORKDIR, which creates the directory if it does not exist."""
    stage.workdir = place(expanded(item.text, stage.known, item.escape), stage.workdir)
    if stage.workdir is not None:
        stage.owners.make(stage.workdir, None)


def _take_arguments(source: Source, item: Instruction, stage: StageState, given: Mapping[str, str]) -> None:
    for word in item.words:
        stage.learn(word.partition("=")[0])
    for name, text in pairs(item):
        span = literal(source, item, name, text, stage.arguments.get(name))
        if span is not None and name not in given:
            stage.defaults[name] = span


def _set(source: Source, item: Instruction, stage: StageState) -> None:
    """Apply ENV. All its values are expanded before the first is set."""
    values = [(name, text, expanded(text, stage.known, item.escape)) for name, text in pairs(item)]
    for name, text, value in values:
        stage.environment.pop(name, None)
        stage.written.pop(name, None)
        stage.hidden.discard(name)
        repeated = REPEATED.fullmatch(text)
        span = stage.defaults.get(repeated[1]) if repeated else literal(source, item, name, text, value)
        if span is not None and (repeated is None or repeated[1] not in stage.environment or repeated[1] == name):
            stage.written[name] = (span, stage)
        if value is None:
            stage.hidden.add(name)
        else:
            stage.environment[name] = value
        stage.learn(name)


def _in_context(source: str) -> str:
    """The source's path in the context; `..` cannot leave it. Source: docker/docs, reference/dockerfile (COPY)."""
    return posixpath.normpath(f"/{source}").lstrip("/") or "."


def _copy(item: Instruction, stage: StageState) -> None:
    """Apply COPY or ADD. `--chown` sets the owner only of a directory that it creates."""
    owner = item.flag("chown")
    words = item.array if item.array is not None else item.words
    if len(words) < 2:
        return
    path = place(expanded(words[-1], stage.known, item.escape), stage.workdir)
    if path is not None and (item.flag("from") is not None or any(map(FROM_ELSEWHERE.search, words[:-1]))):
        stage.filled.append(path)
    if path is not None and item.flag("from") is None:
        ending = "/" if len(words) > 2 or words[-1].strip("\"'").endswith(("/", ".")) else ""
        stage.copied += [(_in_context(word.strip("\"'")), path.rstrip("/") + ending) for word in words[:-1]]
    if owner is None:
        return
    user = expanded(owner, stage.known, item.escape)
    if path is not None and user:
        stage.owners.make(path, user.partition(":")[0])


def carried(item: Instruction, stage: StageState, other: StageState) -> Iterator[tuple[str, str]]:
    """The paths of the build context that `COPY --from` takes from the stage `other`, each with its path in `stage`."""
    words = item.array if item.array is not None else item.words
    target = place(expanded(words[-1], stage.known, item.escape), stage.workdir) if len(words) > 1 else None
    if target is None:
        return
    for word in words[:-1]:
        taken = posixpath.normpath("/" + word.strip("\"'").lstrip("/"))
        name = posixpath.basename(taken)
        is_directory = len(words) > 2 or words[-1].endswith(("/", "."))
        into = posixpath.join(target, name) if is_directory and posixpath.splitext(name)[1] else target
        for path, there in other.copied:
            whole = there.rstrip("/") or "/"
            if lies_in(whole, taken):
                inner = posixpath.relpath(whole, taken)
                ending = "/" if there.endswith("/") else ""
                yield path, (into if inner == "." else posixpath.join(into, inner)) + ending
            elif lies_in(taken, whole):
                part = posixpath.relpath(taken, whole)
                yield (part if path == "." else f"{path}/{part}"), into
