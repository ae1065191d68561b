"""Values that override the environment from Compose: in env files that code loads, and in entry points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volfix.project.code.container_paths import container_path, may_be_in_image
from volfix.project.compose.model import Project
from volfix.project.compose.origins import InEnvFile, Variable
from volfix.project.compose.outer_origins import InCode
from volfix.project.compose.service import Service
from volfix.project.compose.unreferenced_env_files import assignments_in
from volfix.rules.context import Context
from volfix.rules.evidence.code_doubts import code_of, started_scripts


@dataclass(frozen=True, slots=True)
class StrongerValue:
    """A value that overrides the environment; `by` says in words what sets it."""

    variable: Variable
    by: str


def stronger_values(context: Context, project: Project, service: Service, name: str) -> Iterator[StrongerValue]:
    """The values that override what Compose gives the service for this variable."""
    build = service.build
    if build is None or build.context is None:
        return
    from volfix.project.code.start_values import env_files_loaded_over, script_databases

    code = code_of(context, build)
    for loaded in env_files_loaded_over(code):
        if loaded.path is None:
            continue
        if container_path(project, service, loaded.path) is None and not may_be_in_image(service):
            continue
        module = loaded.module.relative_to(build.context).as_posix()
        for item, source in assignments_in(loaded.path):
            if item.name == name:
                variable = Variable(name, item.value, InEnvFile(source, item))
                yield StrongerValue(variable, f"{module} loads {loaded.path.name} over the environment")
    for path in started_scripts(context, service):
        for named in script_databases(path):
            if named.name == name and not named.value.variables:
                origin = InCode(named.source, span) if (span := named.value.pieces[0].span) is not None else None
                yield StrongerValue(
                    Variable(name, named.value.text, origin), f"{path.name} sets {name} when the container starts"
                )
