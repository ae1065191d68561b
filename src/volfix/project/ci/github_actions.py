"""GitHub, Gitea and Forgejo Actions: each job of a workflow is a pipeline; local composite actions are read too.

Source: docs.github.com, workflow syntax and metadata syntax for GitHub Actions.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import replace
from pathlib import Path

from volfix.knowledge.systems import Life, Place, System, plugins_of, system
from volfix.project.ci.names import ACTIONS, checkout_of
from volfix.project.ci.nodes import (
    asked,
    environment_of,
    flag,
    fragments,
    mappings,
    masked,
    numbered,
    places_of,
    plain_path,
    roots_of,
    text,
)
from volfix.project.ci.pipeline import Pipeline, PipelineFile, Step, StepMount
from volfix.project.compose.compose_file import strings
from volfix.syntax import disk
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, resolved

WORKSPACE = re.compile(r"\$\{\{\s*github\.workspace\s*\}\}")
SYSTEM = system("github_actions")
SYSTEMS = {
    ".github": SYSTEM,
    ".gitea": replace(SYSTEM, name="Gitea Actions"),
    ".forgejo": replace(SYSTEM, name="Forgejo Actions"),
}
"""The system, by the name of the directory that holds `workflows`."""
HOSTED = re.compile(SYSTEM.hosted)
OWN = re.compile(SYSTEM.own)
RUN = ("shell", "working-directory")
ACTION_NAMES = ("action.yml", "action.yaml")
DEPTH = 5
"""How many levels of local actions that use local actions are followed: they may use each other without end."""


def recognises(path: Path, _roots: Many[Mapping]) -> bool:
    """Whether the file is in a directory of workflows, such as `.github/workflows`."""
    return path.parent.name == "workflows" and path.parent.parent.name in ACTIONS


def read(source: Source, documents: tuple[Document, ...]) -> PipelineFile:
    """The workflow file, with each job as a pipeline. At least one document must be a mapping."""
    own = SYSTEMS[source.path.parent.parent.name]
    document, root = next((each, root) for each in documents if isinstance(root := resolved(each.root), Mapping))
    jobs = mappings(root.get("jobs"))
    return PipelineFile(
        source, own, (document,), tuple(_job(source, document, root, own, name, job) for name, job in jobs)
    )


def _job(source: Source, document: Document, root: Mapping, own: System, name: str, job: Mapping) -> Pipeline:
    home = checkout_of(source.path)
    steps = tuple(_steps(source, home, job, job.get("steps"), 0, _defaults(root, job)))
    place = _place(own, job)
    checkout, cleaned_by, below = _checkout(job.get("steps"))
    scopes = (root.get("env"), job.get("env"))
    titles = (source.path.stem, text(root, "name"), name, text(job, "name"))
    return Pipeline(
        system=own,
        place=place,
        runner="runs-on: " + ", ".join(strings(job.get("runs-on"))),
        name=name,
        document=document,
        node=job,
        steps=(*steps, *_services(source, job)),
        volumes=(),
        workspace=f"{SYSTEM.workspace_of(home.name)}{below}",
        environment={key: value for scope in scopes for key, value in _variables(scope, home).items()},
        given_at=places_of(source, *scopes),
        events=_events(root.get("on")),
        titles=tuple(title for title in titles if title),
        checkout=Life.NEW if place is Place.THROWN_AWAY else checkout,
        cleaned_by=cleaned_by,
        clean_flags=SYSTEM.clean_flags,
        names_environment=job.get("environment") is not None,
    )


def _place(own: System, job: Mapping) -> Place:
    """Where a job runs, by its `runs-on` labels; outside GitHub a label may stand for a container."""
    labels = list(strings(job.get("runs-on")))
    if labels and all(map(HOSTED.fullmatch, labels)):
        return Place.THROWN_AWAY if own is SYSTEM else Place.UNKNOWN
    if any("${" in label for label in labels) or not labels:
        return Place.UNKNOWN
    if job.get("container") is not None:
        return Place.CONTAINER
    return Place.HOST if own is SYSTEM or any(map(OWN.fullmatch, labels)) else Place.UNKNOWN


def _checkout(steps: Node | None) -> tuple[Life, str, str]:
    """What happens to the checkout between two runs, the command that does it, and its path below the workspace."""
    for _, step in numbered(steps):
        given = step.get("with")
        given = given if isinstance(given, Mapping) else Mapping(step.span, (), flow=False)
        if (text(step, "uses") or "").partition("@")[0].endswith("actions/checkout") and not text(given, "repository"):
            below = f"/{plain_path(path)}" if (path := text(given, "path")) else ""
            if text(given, "clean") == "false":
                return Life.KEPT, "", below
            by = SYSTEM.cleaned_by["checkout"].replace("{flags}", " ".join(SYSTEM.clean_flags))
            return Life(SYSTEM.checkout), by, below
    return Life.UNKNOWN, "", ""


def _events(node: Node | None) -> frozenset[str] | None:
    names = set(strings(node))
    for key, pair in node.items() if isinstance(node, Mapping) else ():
        given = resolved(pair.value)
        types = set(strings(given.get("types"))) if isinstance(given, Mapping) else set()
        names.add("closed" if types == {"closed"} else key)  # runs after a pull request was merged or closed
    return frozenset(names) or None


def _defaults(root: Mapping, job: Mapping) -> dict[str, str]:
    """The shell and the directory that `defaults: run:` sets for every `run` step of the job."""
    found: dict[str, str] = {}
    for scope in (root, job):
        node = scope.get("defaults")
        run = node.get("run") if isinstance(node, Mapping) else None
        found |= {key: value for key, _ in run.items() if (value := text(run, key))} if isinstance(run, Mapping) else {}
    return found


def _steps(
    source: Source, home: Path, job: Mapping, node: Node | None, depth: int, defaults: dict[str, str] | None = None
) -> Iterator[Step]:
    """The steps of a list; a use of a local composite action is replaced by that action's steps."""
    container = job.get("container")
    mounts = _mounts(container) if isinstance(container, Mapping) else ()
    image = text(container, "image") if isinstance(container, Mapping) else text(job, "container")
    for number, step in numbered(node):
        uses, given = text(step, "uses") or "", step.get("with")
        if uses.startswith("./") and depth < DEPTH:
            yield from _composite(home / uses, home, job, depth)
            continue
        condition = text(step, "if") or ""
        said = {**(defaults or {}), **{key: value for key in RUN if (value := text(step, key))}}
        is_shell = not said.get("shell") or posixpath.basename(said["shell"].split()[0]) in SYSTEM.shells
        run = tuple(fragments(source, step.get("run"))) if is_shell else ()
        keys = [key for each in plugins_of(uses) for key in each.commands]
        settings = given if isinstance(given, Mapping) else None
        script = tuple(part for key in keys if settings for part in fragments(source, settings.get(key)))
        yield Step(
            name=text(step, "name") or str(number),
            node=step,
            image=uses or image,
            commands=tuple(asked(part, condition) for part in run),
            script=tuple(asked(part, condition) for part in script),
            environment=_variables(step.get("env"), home),
            given_at=places_of(source, step.get("env")),
            mounts=mounts,
            settings=settings,
            working_directory=plain_path(said.get("working-directory", "")),
            after_failure="failure()" in condition,
            source=source,
        )


def _composite(directory: Path, home: Path, job: Mapping, depth: int) -> Iterator[Step]:
    """The steps of the composite action in `directory`; none if it cannot be read or lies outside the repository."""
    for name in ACTION_NAMES:
        path = directory / name
        if not (Path(os.path.normpath(path)).is_relative_to(home) and disk.is_file(path)):
            continue
        try:
            source = Source.read(path)
        except FileProblem:
            return
        for root in roots_of(source):
            runs = root.get("runs")
            if isinstance(runs, Mapping):
                yield from _steps(source, home, job, runs.get("steps"), depth + 1)
        return


def _variables(node: Node | None, home: Path) -> dict[str, str | None]:
    """The variables of an `env:`. An expression becomes a shell variable of unknown value, except the workspace."""
    given = environment_of(node).items()
    return {name: value and masked(WORKSPACE.sub(SYSTEM.workspace_of(home.name), value)) for name, value in given}


def _services(source: Source, job: Mapping) -> Iterator[Step]:
    for name, node in mappings(job.get("services")):
        yield Step(
            name=name,
            node=node,
            image=text(node, "image"),
            commands=(),
            script=(),
            environment=environment_of(node.get("env")),
            mounts=tuple(_mounts(node)),
            privileged=flag(node, "privileged") or "--privileged" in (text(node, "options") or ""),
            is_service=True,
            source=source,
        )


def _mounts(container: Mapping) -> tuple[StepMount, ...]:
    """The entries of a container's `volumes:`, strings of the form `SOURCE:TARGET`."""
    found = []
    for item in getattr(container.get("volumes"), "items", ()):
        entry = resolved(item)
        if isinstance(entry, Scalar):
            host, _, rest = entry.value.partition(":")
            is_path = host.startswith("/")
            found.append(StepMount(entry, None if is_path else host, host if is_path else None, rest.split(":")[0]))
    return tuple(found)
