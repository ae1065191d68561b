"""Turns a pipeline's steps, and what plugins do on other machines, into entries for the shell interpreter."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from volfix.knowledge.systems import Place, plugins_of
from volfix.project.ci.copy_plugins import copies
from volfix.project.ci.daemons import host_path, is_daemon_image, is_socket_path
from volfix.project.ci.names import checkout_of
from volfix.project.ci.nodes import variables_of
from volfix.project.ci.pipeline import Pipeline, PipelineFile, Step, only_for_requests
from volfix.project.compose.compose_file import strings
from volfix.project.shell.entry import Entry
from volfix.project.shell.paths import below, moved


def entries(file: PipelineFile) -> Iterator[Entry]:
    """What the steps of the file run, without steps that run only for pull requests."""
    home = checkout_of(file.path)
    for pipeline in file.pipelines:
        if only_for_requests(pipeline.events):
            continue
        for step in pipeline.steps:
            if not step.is_service and not only_for_requests(step.events):
                yield from step_entries(file, pipeline, step, home)


def titles_of(pipeline: Pipeline, step: Step) -> tuple[str, ...]:
    """The names of the step and of what it is part of (workflow, job ...), the widest first."""
    return (*pipeline.titles, step.name)


def step_entries(file: PipelineFile, pipeline: Pipeline, step: Step, home: Path) -> Iterator[Entry]:
    """What a step runs in a checkout at `home`: its commands, or what its plugin does on another machine."""
    source, group = step.source or file.source, pipeline.name
    labels = titles_of(pipeline, step)
    name = file.step_name(pipeline, step)
    if step.commands:
        elsewhere, thrown_away = pipeline.place is Place.OTHER_HOST, pipeline.place is Place.THROWN_AWAY
        beside = any(is_daemon_image(service.image or "") for service in pipeline.services)
        hosted = thrown_away or (beside and not elsewhere)
        workspace = pipeline.workspace.rstrip("/")
        directory = moved(posixpath.join(workspace, step.working_directory or ""), workspace, str(home))
        names = (name for variable in pipeline.system.workspace_variables for name in variables_of(variable))
        places = dict.fromkeys(names, workspace)
        yield Entry(
            *("pipeline", source, step.name, step.commands, Path(directory), group, name, labels, hosted, elsewhere),
            after_failure=step.after_failure,
            mounted=tuple(_mounted(pipeline, step, home)) if pipeline.runs_in_container else None,
            environment={**places, **pipeline.environment, **step.environment},
            given_at={**pipeline.given_at, **step.given_at},
            workspace=workspace,
            home=home,
        )
        return
    if copied := tuple(copies(source, step.image or "", step.settings or step.node)):
        yield Entry("pipeline", source, step.name, copied, home, group, name, labels)
    if step.script:
        yield Entry(
            *("pipeline", source, step.name, step.script, home, group, name, labels),
            remote=True,
            environment=_passed_on(pipeline, step),
            given_at={**pipeline.given_at, **step.given_at},
        )


def _passed_on(pipeline: Pipeline, step: Step) -> dict[str, str | None]:
    """The variables that a plugin passes to commands on another host: those that its settings name."""
    given = step.settings or step.node
    named = (name for each in plugins_of("ssh") for name in strings(given.get(each.passes)))
    names = {name.strip() for text in named for name in text.split(",")}
    return {name: value for name, value in {**pipeline.environment, **step.environment}.items() if name in names}


def _mounted(pipeline: Pipeline, step: Step, home: Path) -> Iterator[str]:
    """The targets of the step's host mounts; a target inside the workspace is given as a path in the checkout."""
    workspace = pipeline.workspace
    for mount in step.mounts:
        path = posixpath.normpath(mount.path) if mount.path and host_path(pipeline, mount) else None
        if path is None or is_socket_path(path):
            continue
        if below(workspace, path) is not None:
            yield str(home)
        elif (relative := below(path, workspace)) is not None:
            yield posixpath.normpath(f"{home}/{relative}")
        else:
            yield path
