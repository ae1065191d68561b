"""CircleCI: each job is a pipeline; reusable commands and executors are resolved.

Source: circleci/circleci-docs, configuration-reference (jobs, commands, executors, parameters, `when` steps).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import replace
from pathlib import Path

from volfix.knowledge.systems import Life, Place, system
from volfix.project.ci.nodes import asked, environment_of, fragments, mappings, places_of, plain_path, text
from volfix.project.ci.pipeline import Pipeline, PipelineFile, Step
from volfix.project.compose.compose_file import strings
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, resolved

SYSTEM = system("circleci")
OWN = re.compile(SYSTEM.own)
DEPTH = 5
"""How many levels of commands that use other commands are followed."""


def recognises(path: Path, _roots: Many[Mapping]) -> bool:
    """Whether the file is in a `.circleci` directory."""
    return path.parent.name == ".circleci"


def read(source: Source, documents: tuple[Document, ...]) -> PipelineFile:
    """The pipeline file, with each job as a pipeline. At least one document must be a mapping."""
    document, root = next((each, root) for each in documents if isinstance(root := resolved(each.root), Mapping))
    jobs = tuple(_job(source, document, root, name, job) for name, job in mappings(root.get("jobs")))
    return PipelineFile(source, SYSTEM, (document,), jobs)


def _job(source: Source, document: Document, root: Mapping, name: str, job: Mapping) -> Pipeline:
    executor = _executor(root, job)
    scopes = tuple(node for node in (executor, job) if node is not None)
    runner, directory = (_last_value(scopes, key) for key in ("resource_class", "working_directory"))
    is_own = OWN.fullmatch(runner or "") is not None
    workspace, is_known = _workspace(directory, job.get("steps"), is_own=is_own)
    variables = tuple(node.get("environment") for node in scopes)
    return Pipeline(
        system=SYSTEM,
        place=Place.HOST if is_own else Place.THROWN_AWAY,
        runner=f"resource_class: {runner}" if is_own else "CircleCI",
        name=name,
        document=document,
        node=job,
        steps=tuple(_steps(source, root, job.get("steps"), 0)),
        volumes=(),
        workspace=workspace,
        names_workspace=is_known,
        environment={key: value for node in variables for key, value in environment_of(node).items()},
        given_at=places_of(source, *variables),
        titles=(name, *_workflows(root, name)),
        checkout=Life.UNKNOWN if is_own else Life(SYSTEM.checkout),
    )


def _last_value(scopes: Many[Mapping], key: str) -> str | None:
    """The value of `key` in the last mapping that has it."""
    return next((value for node in reversed(scopes) if (value := text(node, key))), None)


def _workspace(said: str | None, steps: Node | None, *, is_own: bool) -> tuple[str, bool]:
    """The directory of the checkout, and whether that is certain.

    It is uncertain for a self-hosted runner, whose own configuration names the directory, and for a `checkout` step
    with a path, which puts the files in a directory below.
    """
    place = re.sub(r"\A~(?=/|\Z)", posixpath.dirname(SYSTEM.workspace), said or "")
    if not place.startswith("/") or re.search(r"[$<]", place):
        place, said = SYSTEM.workspace, None
    items = [resolved(item) for item in steps.items] if isinstance(steps, Sequence) else []
    is_below = any(isinstance(item, Mapping) and item.get("checkout") is not None for item in items)
    return posixpath.normpath(place), not is_below and (said is not None or not is_own)


def _executor(root: Mapping, job: Mapping) -> Mapping | None:
    """The mapping of the job's executor under `executors:`; None if the file has none of that name."""
    node = job.get("executor")
    name = text(node, "name") if isinstance(node, Mapping) else next(strings(node), None)
    return next((body for key, body in mappings(root.get("executors")) if key == name), None)


def _workflows(root: Mapping, job: str) -> Iterator[str]:
    """The names of the workflows that run the job."""
    for name, body in mappings(root.get("workflows")):
        node = body.get("jobs")
        for item in node.items if isinstance(node, Sequence) else ():
            entry = resolved(item)
            names = [key for key, _ in entry.items()] if isinstance(entry, Mapping) else list(strings(entry))
            if job in names:
                yield name


def _steps(source: Source, root: Mapping, node: Node | None, depth: int) -> Iterator[Step]:
    """The steps of a list; a use of a reusable command is replaced by that command's steps."""
    for number, item in enumerate(node.items if isinstance(node, Sequence) else (), 1):
        entry = resolved(item)
        if isinstance(entry, Scalar):
            yield from _command_steps(source, root, entry.value, depth)
        elif isinstance(entry, Mapping):
            for key, pair in entry.items():
                given = resolved(pair.value)
                if key == "run":
                    yield _step(source, entry, given, number)
                elif key in ("when", "unless") and isinstance(given, Mapping):
                    condition = source.text[_span(given, "condition")]
                    for step in _steps(source, root, given.get("steps"), depth + 1):
                        yield replace(step, commands=tuple(asked(each, condition) for each in step.commands))
                else:
                    yield from _command_steps(source, root, key, depth)


def _span(node: Mapping, key: str) -> slice:
    """The position of an entry's value in the text; an empty slice if the entry is missing."""
    value = node.get(key)
    return slice(value.span.start, value.span.end) if value is not None else slice(0)


def _command_steps(source: Source, root: Mapping, name: str, depth: int) -> Iterator[Step]:
    for key, body in mappings(root.get("commands")) if depth < DEPTH else ():
        if key == name:
            yield from _steps(source, root, body.get("steps"), depth + 1)


def _step(source: Source, node: Mapping, given: Node, number: int) -> Step:
    """A `run` step: either only a text, or a mapping with `command`, `name`, `working_directory` and `environment`."""
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
