"""Whether a database file's engine is in use: a type switch beside its setting may name a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from volfix.knowledge.switches import SCHEME, SwitchValue, engine_in, host_beside, switch_of
from volfix.project.compose.effective_environment import effective_values
from volfix.project.compose.model import Project
from volfix.project.compose.origins import InCompose
from volfix.project.compose.references import REFERENCE
from volfix.project.compose.service import Service
from volfix.project.compose.unreferenced_env_files import assigned_in


@dataclass(frozen=True, slots=True)
class EngineSwitch:
    """What a service's environment says about the engine of one setting and its value.

    `switch` is the type switch beside the setting; `host` is the variable of a server's host if there is no switch.
    `elsewhere` is an env file that may set the switch, because the Compose file only has a default for it.
    """

    name: str
    value: str
    switch: SwitchValue | None
    elsewhere: Path | None
    host: str | None

    @property
    def is_off(self) -> bool:
        """Whether the switch names a server: then the value is the name of a schema, or has no effect."""
        return self._engine == "server" and not self._names_file

    @property
    def doubt(self) -> str | None:
        """Why the application may not open the file; None if nothing speaks against it."""
        if self.elsewhere is not None:
            return f"{self.elsewhere.name} sets the engine too ({self.switch} here): the database may be on a server"
        if self._engine == "unknown":
            return f"volfix cannot tell the engine from {self.switch}: the database may be on a server"
        if self._engine == "server":
            return f"{self.switch} names a server and {self.name} a file: volfix cannot tell which of them counts"
        if self.host is not None and "/" not in self.value:
            return f"{self.host} names a server: {self.value} may be the name of a database there"
        return None

    @property
    def _engine(self) -> str | None:
        if self.switch is None:
            return None
        return "unknown" if self.elsewhere else self.switch.engine

    @property
    def _names_file(self) -> bool:
        """Whether the value itself is a file's URL, in a setting that any engine may use."""
        scheme = SCHEME.match(self.value)
        return scheme is not None and engine_in(scheme[1]) == "file" and engine_in(self.name) != "file"


def switch_beside(
    project: Project, service: Service, name: str, value: str, beside: Mapping[str, str] | None = None
) -> EngineSwitch:
    """The engine switch beside the setting `name`; `beside` are the values of an env file that nothing names.

    These values override defaults in the Compose file, but not its literal values.
    """
    environment = effective_values(service)
    if beside:
        own = {key for key, variable in service.environment.items() if _default(variable.origin) == []}
        environment = {**environment, **{key: text for key, text in beside.items() if key not in own}}
    switch = switch_of(name, environment)
    variable = service.environment.get(switch.name) if switch and not beside else None
    names = _default(variable.origin) if variable is not None else None
    files = [assigned_in(project, each) for each in names or ()]
    host = host_beside(name, environment) if switch is None else None
    return EngineSwitch(name, value, switch, next(filter(None, files), None), host)


def _default(origin: object) -> list[str] | None:
    """The variables whose default in the Compose file is the value; empty for a literal, None for a value from
    elsewhere.
    """
    return REFERENCE.findall(origin.scalar.value) if isinstance(origin, InCompose) else None
