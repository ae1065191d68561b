"""The variables that a service's process sees, and the values that lose against them.

Source: docker/docs, Dockerfile reference (ENV is what the container starts with); compose-spec/compose-go,
types/project.go (environment over env_file, later files over earlier ones).
"""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.origins import InDockerfile, Variable
from volfix.project.compose.service import Service


def effective_variables(service: Service) -> Iterator[Variable]:
    """What Compose gives the container, then what its Dockerfile says and Compose does not."""
    yield from service.environment.values()
    for name, variable in dockerfile_variables(service).items():
        if name not in service.environment:
            yield variable


def effective_values(service: Service) -> dict[str, str | None]:
    """The same by name; None for a value from outside, and unknown parts as `${NAME}`."""
    return {variable.name: variable.value for variable in effective_variables(service)}


def dockerfile_variables(service: Service) -> dict[str, Variable]:
    """The ENV of the stage that the service's build makes."""
    stage = service.stage
    if stage is None:
        return {}
    found = {}
    for name, value in stage.environment.items():
        place = stage.written.get(name)
        origin = InDockerfile(stage.source, place.span, place.shared) if place else None
        found[name] = Variable(name, value, origin)
    return found


def sources_of(service: Service, name: str) -> list[tuple[str, Variable]]:
    """Every source that gives the variable a value, the one that wins first, with what it is called."""
    found: list[tuple[str, Variable]] = []
    files = [(file, service.read_env(file.path, file.raw)) for file in service.env_files if file.path is not None]
    given = [
        (f"the env file {file.path.name}", read.variables[name])
        for file, read in reversed(files)
        if file.path is not None and name in read.variables
    ]
    effective = service.environment.get(name)
    places = {_place(variable) for _, variable in given}
    if effective is not None and _place(effective) not in places:
        found.append(("environment:", effective))
    found += given
    if name in (baked := dockerfile_variables(service)):
        found.append(("the Dockerfile", baked[name]))
    return found


def _place(variable: Variable) -> tuple[object, int] | None:
    """Where a value is written, however it is put together."""
    return None if variable.origin is None else (variable.origin.file.path, variable.origin.place)
