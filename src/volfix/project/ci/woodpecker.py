"""Woodpecker and Drone 0.8, its ancestor: one pipeline a file, volumes as strings, workspace named after the project.

Source: woodpecker-ci/woodpecker, docs (workflow syntax, volumes, migrations); drone/drone-yaml, converter/legacy.
"""

from __future__ import annotations

import posixpath
from pathlib import Path

from volfix.project.ci.pipeline import (
    DRONE_08,
    WOODPECKER,
    Pipeline,
    PipelineFile,
    Step,
    StepMount,
    environment_of,
    events_of,
    flag,
    scalars,
    text,
)
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, resolved

WOODPECKER_KEYS = frozenset({"when", "labels", "variables", "skip_clone", "depends_on", "runs_on"})
SHELLS = frozenset({"sh", "bash", "zsh", "fish", "ash", "dash", "pwsh", "powershell", "cmd", "nu"})
"""What `image:` names under Woodpecker's local backend: the program that runs the commands on the host itself."""


def looks_like(root: Mapping) -> bool:
    """Whether a document is Woodpecker's whatever its `kind:` says: steps as a map, `when` or volumes in its form."""
    steps = root.get("steps")
    if isinstance(steps, Mapping) or isinstance(root.get("when"), Sequence | Mapping):
        return True
    entries = [resolved(item) for item in steps.items] if isinstance(steps, Sequence) else []
    return any(
        isinstance(step.get("when"), Sequence)
        or any(isinstance(resolved(item), Scalar) for item in getattr(step.get("volumes"), "items", ()))
        for step in entries
        if isinstance(step, Mapping)
    )


def is_list_of_steps(node: Node | None) -> bool:
    """Whether a list holds steps: mappings that name an image or commands."""
    return isinstance(node, Sequence) and any(
        isinstance(step := resolved(item), Mapping) and (step.get("image") or step.get("commands"))
        for item in node.items
    )


def read(source: Source, parts: tuple[Document, ...], root: Mapping) -> PipelineFile:
    """The one pipeline of a file of either dialect; with `pipeline:` they differ in little but the workspace."""
    steps = root.get("steps") or root.get("pipeline")
    dialect = WOODPECKER if root.get("steps") is not None or _is_woodpecker(source.path, root, steps) else DRONE_08
    found = [
        *(_step(name, node, service=False) for name, node in _named(steps)),
        *(_step(name, node, service=True) for name, node in _named(root.get("services"))),
    ]
    images = {step.image for step in found if not step.is_service and step.image and not step.script}
    local = dialect == WOODPECKER and bool(images) and all(posixpath.basename(image) in SHELLS for image in images)
    pipeline = Pipeline(
        dialect=dialect,
        runner="exec" if local else "docker",
        name=source.path.stem.lstrip("."),
        document=parts[0],
        node=root,
        steps=tuple(found),
        volumes=(),
        workspace=_workspace(root.get("workspace"), dialect, repository_name(source.path)),
        events=events_of(root.get("when")),
        clones=not flag(root, "skip_clone"),
    )
    return PipelineFile(source, dialect, parts, (pipeline,))


def repository_name(path: Path) -> str:
    """The repository's name, which the workspace ends in, as far as the directory of the checkout tells it."""
    directory = path.parent
    return (directory.parent if directory.name == ".woodpecker" else directory).name


def _is_woodpecker(path: Path, root: Mapping, steps: Node | None) -> bool:
    """`pipeline:` alone is of both: what only one of them has decides, and the name only where nothing does."""
    if any(root.get(key) is not None for key in WOODPECKER_KEYS):
        return True
    if any(isinstance(node.get("when"), Sequence) for _, node in _named(steps)):
        return True
    return ".woodpecker" in (path.parent.name, path.stem)


def _workspace(node: Node | None, dialect: str, repository: str) -> str:
    base, path = ("/woodpecker", None) if dialect == WOODPECKER else ("/drone", None)
    if isinstance(node, Mapping):
        base, path = text(node, "base") or base, text(node, "path")
    return posixpath.normpath(posixpath.join(base, path.lstrip("/") if path is not None else f"src/{repository}"))


def _named(node: Node | None) -> list[tuple[str, Mapping]]:
    """Each step with its name, from a map or from a list."""
    if isinstance(node, Mapping):
        return [(key, value) for key, pair in node.items() if isinstance(value := resolved(pair.value), Mapping)]
    items = [resolved(item) for item in node.items] if isinstance(node, Sequence) else []
    return [
        (text(item, "name") or f"step {number}", item)
        for number, item in enumerate(items, 1)
        if isinstance(item, Mapping)
    ]


def _step(name: str, node: Mapping, *, service: bool) -> Step:
    settings = node.get("settings")
    parameters = settings if isinstance(settings, Mapping) else node
    return Step(
        name=name,
        node=node,
        image=text(node, "image"),
        commands=tuple(scalars(node.get("commands"))),
        script=tuple(scalars(parameters.get("script"))),
        environment=environment_of(node.get("environment")),
        mounts=tuple(_mounts(node.get("volumes"))),
        privileged=flag(node, "privileged"),
        detach=flag(node, "detach"),
        is_service=service,
        working_directory=text(node, "directory"),
        events=events_of(node.get("when")),
    )


def _mounts(node: Node | None) -> list[StepMount]:
    found = []
    for item in node.items if isinstance(node, Sequence) else ():
        entry = resolved(item)
        if isinstance(entry, Scalar):
            source, _, rest = entry.value.partition(":")
            path = rest.split(":")[0] or None
            if source.startswith("/"):
                found.append(StepMount(entry, None, source, path))
            else:
                found.append(StepMount(entry, source, None, path))
    return found
