"""The variables that a service's process sees, and where each value is written.

Source: compose-spec/compose-go, types/project.go (environment over env_file, later files over earlier ones),
override/merge.go and loader/reset.go (the parts of a service), dotenv/godotenv.go (interpolation within env files).
The process's own environment is never read: what volfix says must not depend on the machine that it runs on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from volfix.project.compose.interpolation import Interpolated, InterpolationError, Lookup, Unset, interpolate
from volfix.project.compose.origins import InCompose, InEnvFile, Origin, PutTogether, Variable
from volfix.syntax import dotenv as env_syntax
from volfix.syntax.disk import LARGEST
from volfix.syntax.dotenv import Assignment
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Scalar


@dataclass(frozen=True)
class DotenvFile:
    """An env file as it was read; without source and assignments where there is none, or where it cannot be read."""

    path: Path
    source: Source | None
    assignments: tuple[Assignment, ...]
    lookup: Lookup | None = None
    problem: FileProblem | None = None

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """The last value of each name, interpolated in order: `lookup` decides, then what stands further up."""
        found: dict[str, Variable] = {}
        add_assignments(self, self.lookup or _nothing, found)
        return found

    @cached_property
    def values(self) -> dict[str, str]:
        """The known values; what is unknown in them stays visible as `${NAME}`."""
        return {name: variable.value for name, variable in self.variables.items() if variable.value is not None}


def _nothing(_: str) -> None:
    return None


def read_dotenv(
    path: Path,
    problems: list[FileProblem],
    raw: bool = False,
    lookup: Lookup | None = None,
    overlay: Mapping[Path, Source] | None = None,
) -> DotenvFile:
    """Read an env file, or take its source in `overlay`; where Compose would refuse it, `problems` has the reason.

    `raw` is Compose's `format: raw`; `lookup` answers for names before the file itself does.
    """
    source = (overlay or {}).get(path)
    try:
        if source is None:
            source = _source(path)
        if source is None:
            return DotenvFile(path, None, (), lookup)
        file = DotenvFile(path, source, env_syntax.read(source, raw), lookup)
        _check(file)
    except FileProblem as problem:
        problems.append(problem)
        return DotenvFile(path, None, (), lookup, problem)
    return file


def _source(path: Path) -> Source | None:
    if path.name == ".env" and path.is_dir():  # a virtual environment, which Compose passes over too
        return None
    try:
        return Source.read(path)
    except FileProblem as problem:
        if isinstance(problem.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise


def _check(file: DotenvFile) -> None:
    """Raise FileProblem where a value cannot be interpolated, whatever the variables are."""
    assert file.source is not None
    for assignment in file.assignments:
        if not assignment.literal:
            try:
                interpolate(assignment.value, _nothing)
            except InterpolationError as error:
                place = file.source.place(assignment.value_span.start)
                raise FileProblem(file.path, str(error), *place) from error


@dataclass(frozen=True)
class DirectoryLookup:
    """What Compose interpolates with in a directory; `parent`, that of the including project, comes first."""

    directory: Path
    dotenv: DotenvFile
    parent: Lookup | None

    def __call__(self, name: str) -> str | None:
        value = self._outer(name)
        return value if value is not None else _said(self._variables, name)

    def _outer(self, name: str) -> str | None:
        value = self.parent(name) if self.parent else None
        if value is None and name in ("PWD", "HOME"):
            return os.path.normpath(self.directory.absolute()) if name == "PWD" else "~"
        return value

    @cached_property
    def _variables(self) -> dict[str, Variable]:
        if not any("$" in assignment.value for assignment in self.dotenv.assignments):
            return self.dotenv.variables
        found: dict[str, Variable] = {}
        add_assignments(self.dotenv, self._outer, found)
        return found

    def origin(self, name: str) -> Origin:
        """Where the value of a variable is written."""
        if self._outer(name) is not None:
            return origin_in(self.parent, name)
        variable = self._variables.get(name)
        return variable.origin if variable else None


def lookup_in(directory: Path, dotenv: DotenvFile, parent: Lookup | None = None) -> DirectoryLookup:
    """The variables that interpolation sees in a project's or an included project's directory.

    PWD is the directory itself, HOME is `~`, COMPOSE_PROJECT_NAME is known only where `dotenv` says it.
    """
    return DirectoryLookup(directory, dotenv, parent)


def _said(variables: Mapping[str, Variable], name: str) -> str | None:
    """The value of a variable; Unset where it comes from outside: the variable is set, if only to nothing."""
    variable = variables.get(name)
    if variable is None or variable.inherited or variable.value is not None:
        return variable.value if variable else None
    return Unset(f"${{{name}}}")


@dataclass(frozen=True, slots=True)
class _Layered:
    """What an env file is interpolated with: `first`, then the variables that are known so far."""

    first: Lookup
    then: Mapping[str, Variable]

    def __call__(self, name: str) -> str | None:
        value = self.first(name)
        return value if value is not None else _said(self.then, name)

    def origin(self, name: str) -> Origin:
        if self.first(name) is not None:
            return origin_in(self.first, name)
        variable = self.then.get(name)
        return variable.origin if variable else None


@runtime_checkable
class KnowsOrigins(Protocol):
    """A lookup that knows where its values are written."""

    def origin(self, name: str) -> Origin:
        """Where the value of a variable is written."""


def origin_in(lookup: Lookup | None, name: str) -> Origin:
    """Where the value that `lookup` gives is written, as far as it knows."""
    return lookup.origin(name) if isinstance(lookup, KnowsOrigins) else None


def add_assignments(file: DotenvFile, lookup: Lookup, variables: dict[str, Variable]) -> None:
    """Add an env file's variables to those that are known so far, as Compose does: `lookup` comes first in what it
    interpolates, then `variables`; a later assignment replaces an earlier one. Values that grow beyond any file's size
    are left unknown.
    """
    length = 0
    for item in file.assignments:
        if item.name and file.source is not None:
            variable = _assigned(file.source, item, lookup, variables)
            length += len(variable.value or "")
            variables[item.name] = variable if length <= 2 * LARGEST else Variable(item.name, None, None)


def _assigned(source: Source, item: Assignment, lookup: Lookup, variables: Mapping[str, Variable]) -> Variable:
    if item.inherited:
        if (value := lookup(item.name)) is not None:
            return Variable(item.name, value, origin_in(lookup, item.name))
        return variables.get(item.name) or Variable(item.name, None, None, inherited=True)
    if item.literal:
        return Variable(item.name, item.value, InEnvFile(source, item))
    known = _Layered(lookup, variables)
    try:
        interpolated = interpolate(item.value, known)
    except InterpolationError:  # a required variable that is empty, a value beyond all bounds: not one to reason about
        return Variable(item.name, None, None)
    if interpolated.value == item.value and not any(piece.name for piece in interpolated.pieces):
        return Variable(item.name, item.value, InEnvFile(source, item))
    return _put_together(item.name, interpolated, InEnvFile(source, item), known)


def _put_together(name: str, value: Interpolated, written: InCompose | InEnvFile, lookup: Lookup) -> Variable:
    """A variable whose value is interpolated; where it is one other variable's value, its origin is that one's."""
    piece = value.pieces[0] if len(value.pieces) == 1 else None
    if piece is None or piece.name is None:
        return Variable(name, value.value, PutTogether(written, value.pieces))
    return Variable(name, value.value, origin_in(lookup, piece.name)) if piece.found else Variable(name, None, None)


def written_variable(
    name: str, text: str | None, file: Source, scalar: Scalar, start: int, lookup: Lookup
) -> Variable | None:
    """The variable of one entry of `environment:`: `text` is scalar.value[start:], or what Compose makes of a number
    there; None for a name alone.

    None where the entry's name itself depends on a variable of unknown value.
    """
    if "$" in name and start:
        return _whole_entry(scalar.value, lookup)
    if text is None:
        return Variable(name, lookup(name), origin_in(lookup, name), inherited=True)
    if text != scalar.value[start:]:
        return Variable(name, text, None)
    try:
        value = interpolate(text, lookup)
    except InterpolationError:
        return Variable(name, None, None)
    if text == "":
        return Variable(name, "", InCompose(file, scalar, start, start))
    if len(value.pieces) == 1 and (piece := value.pieces[0]).name is None:
        return Variable(name, value.value, InCompose(file, scalar, start + piece.start, start + piece.end))
    return _put_together(name, value, InCompose(file, scalar, start, len(scalar.value)), lookup)


def _whole_entry(text: str, lookup: Lookup) -> Variable | None:
    """An entry of the list form whose name holds a variable: Compose interpolates before it looks for the `=`."""
    try:
        value = interpolate(text, lookup)
    except InterpolationError:
        return None
    name, equals, rest = value.value.partition("=")
    if "${" in name or not name:
        return None
    return Variable(name, rest if equals else lookup(name), None, inherited=not equals)


def service_environment(
    entries: Mapping[str, Variable], files: Iterable[DotenvFile], lookup: Lookup
) -> dict[str, Variable]:
    """A service's variables: `entries` of `environment:` win over the env files, of which later ones win."""
    found: dict[str, Variable] = {}
    for file in files:
        add_assignments(file, _Layered(lookup, entries), found)
    return {**found, **entries}
