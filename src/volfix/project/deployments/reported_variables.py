"""The variables that jobs of a pipeline pass to later jobs in env files (GitLab's `reports: dotenv:`).

Source: docs.gitlab.com, Pass dotenv variables to specific jobs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from volfix.project.ci.names import checkout_of
from volfix.project.ci.pipeline import Pipeline, PipelineFile
from volfix.project.ci.steps import step_entries
from volfix.project.compose.origins import Variable
from volfix.project.compose.outer_origins import InFlow
from volfix.project.deployments.written_env_files import written_into
from volfix.project.shell.command import Command
from volfix.project.shell.entry import Entry
from volfix.project.shell.paths import joined

Handed = dict[str, Variable]


def with_reported(file: PipelineFile, commands_of: Callable[[Entry], list[Command]], root: Path | None) -> PipelineFile:
    """The file, with the variables that earlier pipelines pass on added to each pipeline.

    `commands_of` interprets an entry; `root` is the directory of the checkout (None: derived from the file's path).
    """
    if not any(pipeline.reports for pipeline in file.pipelines):
        return file
    reports = _Reports(file, commands_of, root or checkout_of(file.path))
    return replace(file, pipelines=tuple(reports.taken(pipeline) for pipeline in file.pipelines))


@dataclass(frozen=True, slots=True)
class _Reports:
    file: PipelineFile
    commands_of: Callable[[Entry], list[Command]]
    home: Path
    known: dict[str, Handed | None] = field(default_factory=dict)

    def taken(self, pipeline: Pipeline) -> Pipeline:
        """The pipeline with the variables from others. If those are unknown, all its variables become unknown."""
        environment, given_at = dict(pipeline.environment), dict(pipeline.given_at)
        for other in (each for each in self.file.pipelines if each.reports and each.name in pipeline.takes_from):
            found = self.reported(other)
            environment |= dict.fromkeys(environment) if found is None else {}
            for name, variable in (found or {}).items():
                environment[name] = variable.value
                if isinstance(variable.origin, InFlow):
                    given_at[name] = variable.origin.file, variable.origin.place
        return replace(pipeline, environment=environment, given_at=given_at)

    def reported(self, pipeline: Pipeline) -> Handed | None:
        """The variables that a pipeline passes to others, computed once; None if volfix does not know them."""
        if pipeline.name not in self.known:
            self.known[pipeline.name] = None  # stops the recursion if jobs need each other by mistake
            own = self.taken(pipeline)
            entries = [entry for step in own.steps for entry in step_entries(self.file, own, step, self.home)]
            commands = [command for entry in entries for command in self.commands_of(entry)]
            places = [joined(str(self.home), name) for name in pipeline.reports]
            self.known[pipeline.name] = written_into(commands, places)
        return self.known[pipeline.name]
