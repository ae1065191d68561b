"""CircleCI: each job is a pipeline; reusable commands and executors are resolved.

Source: circleci.com documentation, configuration reference (jobs, commands, executors, setup_remote_docker,
resource_class of self-hosted runners).
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from pathlib import Path

from volfix.project.ci.names import checkout_of
from volfix.project.ci.nodes import environment_of, fragments, mappings, places_of, plain_path, text
from volfix.project.ci.pipeline import Life, Pipeline, PipelineFile, Place, Step, System
from volfix.project.compose.compose_file import strings
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, resolved

SYSTEM = System(
    name="CircleCI",
    is_editable=False,
    edits_commands=True,
    host_volumes=False,
    cleans_checkout=False,
    workspace_name=None,
    workspace_variables=("CIRCLE_WORKING_DIRECTORY",),
    server_variables=None,
    names_jobs=True,
    tests_by_default=True,
)
DEPTH = 5
"""How far commands that use commands are followed."""


def recognises(path: Path, _roots: Many[Mapping]) -> bool:
    """Whether the file lies where CircleCI's does."""
    return path.parent.name == ".circleci"


def read(source: Source, documents: tuple[Document, ...]) -> PipelineFile:
    """The jobs of the file."""
    document, root = next((each, root) for each in documents if isinstance(root := resolved(each.root), Mapping))
    jobs = tuple(_job(source, document, root, name, job) for name, job in mappings(root.get("jobs")))
    return PipelineFile(source, SYSTEM, (document,), jobs)


def _job(source: Source, document: Document, root: Mapping, name: str, job: Mapping) -> Pipeline:
    executor = _executor(root, job)
    scopes = tuple(node.get("environment") for node in (executor, job) if node is not None)
    is_own = "/" in (text(job, "resource_class") or (text(executor, "resource_class") if executor else None) or "")
    home = checkout_of(source.path)
    return Pipeline(
        system=SYSTEM,
        place=Place.HOST if is_own else Place.THROWN_AWAY,
        runner=f"resource_class: {text(job, 'resource_class')}" if is_own else "CircleCI",
        name=name,
        document=document,
        node=job,
        steps=tuple(_steps(source, root, job.get("steps"), 0)),
        volumes=(),
        workspace=f"/home/circleci/{home.name}",
        environment={key: value for scope in scopes for key, value in environment_of(scope).items()},
        given_at=places_of(source, *scopes),
        titles=(name, *_workflows(root, name)),
        checkout=Life.UNKNOWN if is_own else Life.NEW,
    )


def _executor(root: Mapping, job: Mapping) -> Mapping | None:
    """What the file says of the job's executor, by its name."""
    node = job.get("executor")
    name = text(node, "name") if isinstance(node, Mapping) else next(strings(node), None)
    return next((body for key, body in mappings(root.get("executors")) if key == name), None)


def _workflows(root: Mapping, job: str) -> Iterator[str]:
    """The workflows that run the job."""
    for name, body in mappings(root.get("workflows")):
        node = body.get("jobs")
        for item in node.items if isinstance(node, Sequence) else ():
            entry = resolved(item)
            names = [key for key, _ in entry.items()] if isinstance(entry, Mapping) else list(strings(entry))
            if job in names:
                yield name


def _steps(source: Source, root: Mapping, node: Node | None, depth: int) -> Iterator[Step]:
    """The steps of a list, those of reusable commands in the place of their use."""
    for number, item in enumerate(node.items if isinstance(node, Sequence) else (), 1):
        entry = resolved(item)
        if isinstance(entry, Scalar):
            yield from _used(source, root, entry.value, depth)
        elif isinstance(entry, Mapping):
            for key, pair in entry.items():
                given = resolved(pair.value)
                if key == "run":
                    yield _step(source, entry, given, number)
                elif key in ("when", "unless") and isinstance(given, Mapping):
                    yield from _steps(source, root, given.get("steps"), depth + 1)
                else:
                    yield from _used(source, root, key, depth)


def _used(source: Source, root: Mapping, name: str, depth: int) -> Iterator[Step]:
    for key, body in mappings(root.get("commands")) if depth < DEPTH else ():
        if key == name:
            yield from _steps(source, root, body.get("steps"), depth + 1)


def _step(source: Source, node: Mapping, given: Node, number: int) -> Step:
    """A `run` step: its text alone, or a mapping with its name, directory and variables."""
    body = given if isinstance(given, Mapping) else None
    environment = body.get("environment") if body is not None else None
    return Step(
        name=(text(body, "name") if body is not None else None) or str(number),
        node=node,
        image=None,
        commands=tuple(fragments(source, given if body is None else body.get("command"))),
        script=(),
        environment=environment_of(environment),
        given_at=places_of(source, environment),
        mounts=(),
        working_directory=plain_path((text(body, "working_directory") if body is not None else None) or ""),
        after_failure=body is not None and text(body, "when") == "on_fail",
        source=source,
    )
