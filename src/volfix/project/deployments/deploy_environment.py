"""Resolves a project as a command deploys it: its environment and its `--env-file` win over `.env` and defaults.

What its flow wrote into these env files before counts too.

Source: docker/docs, Compose, environment variables precedence; docker/compose, cmd/compose (COMPOSE_ENV_FILES).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from volfix.knowledge.commands import DockerCall
from volfix.project.compose.env_places import in_place
from volfix.project.compose.environment import DirectoryLookup, DotenvFile, origin_in, read_dotenv
from volfix.project.compose.interpolation import Lookup
from volfix.project.compose.model import Project
from volfix.project.compose.origins import Origin, Variable
from volfix.project.shell.command import Command
from volfix.project.shell.paths import joined
from volfix.syntax import disk

ReadEnv: TypeAlias = Callable[[Path, bool], DotenvFile]


@dataclass(frozen=True, slots=True)
class GivenVariables:
    """A lookup of the variables that a flow passes to Compose; an unknown value is `${NAME}`."""

    variables: Mapping[str, Variable]

    def origin(self, name: str) -> Origin:
        return self.variables[name].origin if name in self.variables else None

    def __call__(self, name: str) -> str | None:
        if name not in self.variables:
            return None
        value = self.variables[name].value
        return f"${{{name}}}" if value is None or "$" in value or "{{" in value or "`" in value else value


@dataclass(frozen=True, slots=True)
class _NotRead:
    """A lookup for an env file that is not in the repository: it may set any variable that `first` does not set."""

    first: Lookup

    def __call__(self, name: str) -> str | None:
        value = self.first(name)
        return f"${{{name}}}" if value is None else value

    def origin(self, name: str) -> Origin:
        return origin_in(self.first, name)


@dataclass(frozen=True, slots=True)
class _Chain:
    """Two lookups: `then` is asked if `first` does not know the variable."""

    first: Lookup
    then: Lookup

    def __call__(self, name: str) -> str | None:
        value = self.first(name)
        return self.then(name) if value is None else value

    def origin(self, name: str) -> Origin:
        return origin_in(self.then if self.first(name) is None else self.first, name)


def env_file_names(command: Command, call: DockerCall) -> list[str]:
    """The names of the env files that the command uses instead of the project's `.env`; the last wins."""
    named = call.values("--env-file")
    return named or [name for name in (command.environment.get("COMPOSE_ENV_FILES") or "").split(",") if name]


def as_deployed(
    project: Project,
    given: GivenVariables,
    files: Sequence[Path] = (),
    written: Mapping[Path, Mapping[str, Variable]] = {},
) -> Project:
    """The project as deployed with the variables `given`.

    `files` are env files that replace its `.env`, `written` what the flow wrote into env files before.
    """
    outer: Lookup = given
    places = {project.directory / ".env", (project.called_in or project.directory) / ".env"}
    for path in reversed(files or sorted(places)):
        if path in written:
            outer = _Chain(outer, GivenVariables(written[path]))
        if files and path.is_relative_to(project.root) and disk.is_file(path):
            outer = DirectoryLookup(project.directory, read_dotenv(path, []), outer)
        elif files and path not in written:
            outer = _NotRead(outer)
    places = places if files else set()
    replaced = frozenset(in_place(project.copies, place) for place in places)
    services = {
        name: replace(service, lookup=_below(service.lookup, outer, replaced))
        for name, service in project.services.items()
    }
    return replace(project, services=services)


def with_env_files(project: Project, files: Mapping[Path, Path | None]) -> Project:
    """The project with other files at the places of its env files; None for a place without a file."""
    now = {in_place(project.copies, place): place for place in files}
    read: dict[Path, DotenvFile] = {}
    for place, path in files.items():
        read[place] = DotenvFile(place, None, ()) if path is None else read_dotenv(path, [])

    def changed(lookup: Lookup | None) -> Lookup | None:
        if not isinstance(lookup, DirectoryLookup):
            return lookup
        path = lookup.dotenv.path
        dotenv = read[now[path]] if path in now else lookup.dotenv
        return DirectoryLookup(lookup.directory, dotenv, changed(lookup.parent))

    services = {}
    for name, service in project.services.items():

        def read_env(path: Path, raw: bool, before: ReadEnv = service.read_env) -> DotenvFile:
            if path not in files:
                return before(path, raw)
            other = files[path]
            return read[path] if other is None else read_dotenv(other, [], raw=raw)

        services[name] = replace(service, lookup=changed(service.lookup) or service.lookup, read_env=read_env)
    return replace(project, services=services)


def _below(lookup: Lookup | None, outer: Lookup, replaced: frozenset[Path]) -> Lookup:
    """The lookup with `outer` asked first, and without the env files in `replaced`."""
    if not isinstance(lookup, DirectoryLookup):
        return outer
    dotenv = lookup.dotenv
    if dotenv.path in replaced:
        dotenv = DotenvFile(dotenv.path, None, ())
    return DirectoryLookup(lookup.directory, dotenv, _below(lookup.parent, outer, replaced))


def env_files(project: Project, command: Command, call: DockerCall) -> list[Path]:
    """The paths of the env files that the command names; for another machine they are taken relative to the project."""
    names = env_file_names(command, call)
    places = (joined(command.directory if command.in_checkout else str(project.directory), name) for name in names)
    return [Path(place) for place in places]
