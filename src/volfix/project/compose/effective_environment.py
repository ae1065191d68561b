"""The variables that a service's process sees, and the values that they override.

Source: docker/docs, Dockerfile reference (ENV is what the container starts with); compose-spec/compose-go,
types/project.go (environment over env_file, later files over earlier ones).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from volfix.project.compose.origins import Variable
from volfix.project.compose.service import Service

VARIABLES, VALUES = "effective variables", "effective values"
"""The keys of what nearly every rule asks of every service."""


def effective_variables(service: Service) -> tuple[Variable, ...]:
    """The variables that Compose sets in the container, then those that only its Dockerfile sets."""
    if VARIABLES not in service.known:
        service.known[VARIABLES] = tuple(_variables(service))
    variables: tuple[Variable, ...] = service.known[VARIABLES]
    return variables


def effective_values(service: Service) -> Mapping[str, str | None]:
    """The value of each effective variable; None if it comes from outside. Unknown parts appear as `${NAME}`."""
    if VALUES not in service.known:
        service.known[VALUES] = {variable.name: variable.value for variable in effective_variables(service)}
    values: Mapping[str, str | None] = service.known[VALUES]
    return values


def _variables(service: Service) -> Iterator[Variable]:
    yield from service.environment.values()
    for name, variable in dockerfile_variables(service).items():
        if name not in service.environment:
            yield variable


def dockerfile_variables(service: Service) -> dict[str, Variable]:
    """The ENV variables of the Dockerfile stage that the service builds; empty if it builds none."""
    stage = service.stage
    if stage is None:
        return {}
    from volfix.project.compose.outer_origins import InDockerfile  # most services run an image as it is

    found = {}
    for name, value in stage.environment.items():
        place = stage.written.get(name)
        origin = InDockerfile(stage.source, place.span, place.shared) if place else None
        found[name] = Variable(name, value, origin)
    return found


def sources_of(service: Service, name: str) -> list[tuple[str, Variable]]:
    """Every source that sets the variable `name`, as (name to show, variable); the source that wins comes first."""
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
    """The file and offset at which a value is written."""
    return None if variable.origin is None else (variable.origin.file.path, variable.origin.place)
