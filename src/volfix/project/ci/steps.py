"""The commands of a pipeline's steps, and what plugins do on other machines, as entries that can be run."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from volfix.project.ci.copies import copies
from volfix.project.ci.daemons import host_path, is_daemon_image, is_socket_path
from volfix.project.ci.names import checkout_of
from volfix.project.ci.nodes import places_of, scalar_fragment
from volfix.project.ci.pipeline import Pipeline, PipelineFile, Place, Step, only_for_requests
from volfix.project.ci.substitution import substituted
from volfix.project.shell.entry import Entry
from volfix.project.shell.paths import below, moved
from volfix.syntax.fragment import Fragment
from volfix.syntax.yaml_tree import Scalar


def entries(file: PipelineFile) -> Iterator[Entry]:
    """What the steps of the file run, but for those that run for pull requests alone."""
    home = checkout_of(file.path)
    for pipeline in file.pipelines:
        if only_for_requests(pipeline.events):
            continue
        for step in pipeline.steps:
            if not step.is_service and not only_for_requests(step.events):
                yield from step_entries(file, pipeline, step, home)


def step_entries(file: PipelineFile, pipeline: Pipeline, step: Step, home: Path) -> Iterator[Entry]:
    """What a step runs, in a checkout at `home`: its commands, or what its plugin does on another machine."""
    source, group = file.source, pipeline.name
    labels = (pipeline.name, file.path.stem.strip("."), step.name)
    name = file.step_name(pipeline, step)
    commands = tuple(_fragments(file, step.commands))
    if commands:
        elsewhere = pipeline.place is Place.OTHER_HOST
        hosted = not elsewhere and any(is_daemon_image(service.image or "") for service in pipeline.services)
        workspace = pipeline.workspace.rstrip("/")
        directory = moved(posixpath.join(workspace, step.working_directory or ""), workspace, str(home))
        places = dict.fromkeys(pipeline.system.workspace_variables, workspace)
        yield Entry(
            *("pipeline", source, step.name, commands, Path(directory), group, name, labels, hosted, elsewhere),
            after_failure=step.after_failure,
            mounted=tuple(_mounted(pipeline, step, home)) if pipeline.runs_in_container else None,
            environment={**places, **pipeline.environment, **step.environment},
            given_at=places_of(source, pipeline.node.get("environment"), step.node.get("environment")),
            workspace=workspace,
            home=home,
        )
        return
    if copied := tuple(copies(source, step.image or "", step.settings or step.node)):
        yield Entry("pipeline", source, step.name, copied, home, group, name, labels)
    script = tuple(_fragments(file, step.script))
    if script:
        yield Entry("pipeline", source, step.name, script, home, group, name, labels, remote=True)


def _fragments(file: PipelineFile, scalars: Iterable[Scalar]) -> Iterator[Fragment]:
    """Commands as the shell gets them, after the server has put its own variables in."""
    for scalar in scalars:
        fragment, known = scalar_fragment(file.source, scalar), file.system.server_variables
        yield fragment if known is None else fragment.inner(substituted(fragment.text, known))


def _mounted(pipeline: Pipeline, step: Step, home: Path) -> Iterator[str]:
    """Where the step has directories of the host; those in the workspace as places in the checkout."""
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
