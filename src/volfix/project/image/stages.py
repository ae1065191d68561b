"""Reads the Dockerfile stage that a service builds: base image, working directory, user, owned directories.

Source: docker/docs, Dockerfile reference; moby/buildkit, frontend/dockerfile/dockerfile2llb. Nothing is executed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from volfix.knowledge.images import Image, start_directory
from volfix.project.image.build import Build
from volfix.project.image.chmod import may_write
from volfix.project.image.stage_state import PLATFORM, StageState, Values, apply, carried, declare
from volfix.project.image.written_values import WrittenValue
from volfix.syntax import disk
from volfix.syntax.dockerfile import NAME, Instruction, expanded, read
from volfix.syntax.source import FileProblem, Source, too_much

MOST_COPIED = 10_000
"""Paths that a stage may have from the build context: each `COPY --from` of a stage can double them."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The stage that is built, including what it inherits from earlier stages. All paths are absolute.

    - `base_image`: the external image that it builds on; None for `scratch` or if unknown.
    - `workdir`: the working directory; None if unknown. `user`: the last USER; None without one.
    - `environment`: the known ENV values; `written`: where they are written. `volumes`: the targets of VOLUME.
    - `owners`: the owners of created directories (None if unknown); `opened`: who else may write to them.
    - `copied`: paths of the build context with their targets (a target that ends with `/` is a directory).
    - `filled`: paths with files from other sources; `compiled`: paths of the build context that other stages take.
    - `entrypoint`, `command`: what the container runs; None if the base image decides. `started`: their words.
    - `metadata`: HEALTHCHECK and LABEL with their texts.
    - `runs`: the texts of RUN; `run_paths`: the paths in them; `migration`: the command among them that creates a
      database's schema, with its line.
    """

    source: Source
    base_image: str | None
    workdir: str | None
    user: str | None
    environment: Mapping[str, str]
    volumes: tuple[str, ...]
    owners: Mapping[str, str | None]
    opened: Mapping[str, str]
    written: Mapping[str, WrittenValue] = field(default_factory=dict)
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
        """The directories that `user` (as in USER) owns or may write."""
        name = user.partition(":")[0]
        owned = {path for path, owner in self.owners.items() if name and owner == name}
        return frozenset(owned | {path for path, whose in self.opened.items() if may_write(whose, user)})


def stage_of(build: Build | None) -> Stage | None:
    """The stage that `build` builds; None without a build or without a readable Dockerfile."""
    if build is None or build.context is None or build.inline or "${" in build.dockerfile:
        return None
    for name in dict.fromkeys((build.dockerfile, build.dockerfile.replace("Dockerfile", "dockerfile"))):
        path = build.context / name
        try:
            state = disk.state(path)
        except OSError:  # BuildKit tries the name in lower case too
            if disk.missing(path) == disk.OUTSIDE:
                return None
            continue
        return _stage(path, build.target, build.arguments, state)
    return None


@disk.remembered(1024)
def _stage(
    path: Path, target: str | None, arguments: tuple[tuple[str, str], ...], _state: tuple[int, int, int]
) -> Stage | None:
    try:
        source = Source.read(path, disk.LARGEST_SETTINGS)
        instructions = read(source)
        stages: list[StageState] = []
        stage = _built(source, instructions, target, dict(arguments), stages)
    except FileProblem:  # the build cannot read it either, and says so better; or it is kept as refused
        return None
    if stage is None:
        return None
    return Stage(
        source,
        stage.base_image,
        stage.workdir,
        stage.user,
        stage.environment,
        tuple(stage.volumes),
        dict(stage.owners.items()),
        stage.opened,
        {name: WrittenValue(span, owner.children > 1) for name, (span, owner) in stage.written.items()},
        tuple(stage.copied),
        _started_words(stage.started.get("ENTRYPOINT")),
        _started_words(stage.started.get("CMD")),
        tuple(word for item in stage.started.values() for word in _words(item)),
        tuple(stage.metadata),
        tuple(stage.filled),
        tuple(path for other in stages if other is not stage for path, _ in other.copied),
        frozenset(stage.run_paths),
        (schema[0], source.place(schema[1].span.start)[0]) if (schema := stage.migration) else None,
        tuple("\n".join((item.text, *item.heredocs)) for item in stage.runs),
    )


def _built(
    source: Source,
    instructions: Iterable[Instruction],
    target: str | None,
    given: Mapping[str, str],
    stages: list[StageState],
) -> StageState | None:
    """The last stage, or the stage with the name or number `target`; None without one. All are added to `stages`."""
    outer: Values = {}
    names: dict[str, StageState] = {}
    for item in instructions:
        if item.keyword == "FROM":
            stage, name = _new_stage(item, names, outer)
            stages.append(stage)
            if name:
                names[name] = stage
        elif stages:
            apply(source, item, stages[-1], given, outer)
            if (other := _copied_stage(item, names, stages)) is not None:
                stages[-1].copied += carried(item, stages[-1], other)
                if len(stages[-1].copied) > MOST_COPIED:
                    raise too_much(
                        source.path, f"its stages copy more than {MOST_COPIED} paths: volfix does not read it"
                    )
        elif item.keyword == "ARG":
            declare(item, given, {}, outer, outer)
    if not target:
        return stages[-1] if stages else None
    if target.lower() in names:
        return names[target.lower()]
    return stages[int(target)] if target.isascii() and target.isdigit() and int(target) < len(stages) else None


def _copied_stage(item: Instruction, names: Mapping[str, StageState], stages: list[StageState]) -> StageState | None:
    """The earlier stage from which an instruction copies files; None if it copies from no stage."""
    name = (item.flag("from") or "").lower() if item.keyword == "COPY" else ""
    if name.isascii() and name.isdigit() and int(name) < len(stages) - 1:
        return stages[int(name)]
    return names.get(name)


def _new_stage(item: Instruction, names: Mapping[str, StageState], outer: Values) -> tuple[StageState, str]:
    words = item.text.split()
    name = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else ""
    # Before FROM there is no image whose ENV could set variables: an undeclared variable is unset.
    undeclared = {found: None for found in NAME.findall(words[0] if words else "") if found not in PLATFORM}
    image = expanded(words[0], {**undeclared, **outer}, item.escape) if words else None
    if image and image.lower() in names:
        return names[image.lower()].on_top(), name
    if image == "scratch":
        return StageState(None, "/"), name
    return StageState(image or None, start_directory(Image.parse(image)) if image else None), name


def _words(item: Instruction) -> list[str]:
    return item.array if item.array is not None else item.words


def _started_words(item: Instruction | None) -> tuple[str, ...] | None:
    """The words that run; the text form is run by `/bin/sh -c`."""
    if item is None:
        return None
    return ("/bin/sh", "-c", item.text) if item.array is None else tuple(item.array)
