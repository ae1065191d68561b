"""The variables that a service's process sees, and where each value is written.

Source: compose-spec/compose-go, types/project.go (environment over env_file, later files over earlier ones),
override/merge.go and loader/reset.go (the parts of a service), dotenv/godotenv.go (interpolation within env files).
volfix never reads its own process's environment: its findings must not depend on the machine that it runs on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose.interpolation import Interpolated, InterpolationError, Lookup, Unset, interpolate
from volfix.project.compose.origins import InCompose, InEnvFile, Origin, PutTogether, Variable
from volfix.syntax.disk import LARGEST_SETTINGS
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Scalar

if TYPE_CHECKING:
    from volfix.syntax.dotenv import Assignment


@dataclass(frozen=True)
class DotenvFile:
    """An env file as it was read; `source` is None and there are no assignments if it is missing or unreadable."""

    path: Path
    source: Source | None
    assignments: tuple[Assignment, ...]
    lookup: Lookup | None = None
    problem: FileProblem | None = None

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """The last value of each name. Values are interpolated with `lookup` first, then with earlier lines."""
        found: dict[str, Variable] = {}
        add_assignments(self, self.lookup or _unset, found)
        return found

    @cached_property
    def values(self) -> dict[str, str]:
        """The values by name, without those from outside; unknown parts appear as `${NAME}`."""
        return {name: variable.value for name, variable in self.variables.items() if variable.value is not None}


def _unset(_: str) -> None:
    return None


def read_dotenv(
    path: Path,
    problems: list[FileProblem],
    raw: bool = False,
    lookup: Lookup | None = None,
    overlay: Mapping[Path, Source] | None = None,
) -> DotenvFile:
    """The env file at `path`; an entry in `overlay` replaces its text on disk.

    `raw` means Compose's `format: raw`. `lookup` is asked for a name before the file itself. If Compose would refuse
    the file, the reason is added to `problems`.
    """
    source = (overlay or {}).get(path)
    try:
        if source is None:
            source = _source(path)
        if source is None:
            return DotenvFile(path, None, (), lookup)
        from volfix.syntax.dotenv import read

        file = DotenvFile(path, source, read(source, raw), lookup)
        _check(file)
    except FileProblem as problem:
        problems.append(problem)
        return DotenvFile(path, None, (), lookup, problem)
    return file


def _source(path: Path) -> Source | None:
    if path.name == ".env" and path.is_dir():  # a Python virtual environment, which Compose ignores too
        return None
    try:
        return Source.read(path, LARGEST_SETTINGS)
    except FileProblem as problem:
        if isinstance(problem.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise


def _check(file: DotenvFile) -> None:
    """Raise FileProblem if a value cannot be interpolated, whatever the variables are."""
    assert file.source is not None
    for assignment in file.assignments:
        if not assignment.literal:
            try:
                interpolate(assignment.value, _unset)
            except InterpolationError as error:
                place = file.source.place(assignment.value_span.start)
                raise FileProblem(file.path, str(error), *place) from error


@dataclass(frozen=True)
class DirectoryLookup:
    """The variables that Compose interpolates with in a directory.

    `parent`, the lookup of the including project, is asked before the directory's `dotenv`.
    """

    directory: Path
    dotenv: DotenvFile
    parent: Lookup | None

    def __call__(self, name: str) -> str | None:
        value = self._outer(name)
        return value if value is not None else _value_or_unset(self._variables, name)

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
        """Where the value of a variable is written; None if that is unknown."""
        if self._outer(name) is not None:
            return origin_in(self.parent, name)
        variable = self._variables.get(name)
        return variable.origin if variable else None


def lookup_in(directory: Path, dotenv: DotenvFile, parent: Lookup | None = None) -> DirectoryLookup:
    """The variables that interpolation sees in the directory of a project or of an included project.

    PWD is the directory itself, HOME is `~`; COMPOSE_PROJECT_NAME is known only if `dotenv` sets it.
    """
    return DirectoryLookup(directory, dotenv, parent)


def _value_or_unset(variables: Mapping[str, Variable], name: str) -> str | None:
    """The value of a variable; Unset if it is set to a value that comes from outside, which may be empty."""
    variable = variables.get(name)
    if variable is None or variable.inherited or variable.value is not None:
        return variable.value if variable else None
    return Unset(f"${{{name}}}")


@dataclass(frozen=True, slots=True)
class _Layered:
    """What an env file is interpolated with: `first`, then the variables known so far."""

    first: Lookup
    then: Mapping[str, Variable]

    def __call__(self, name: str) -> str | None:
        value = self.first(name)
        return value if value is not None else _value_or_unset(self.then, name)

    def origin(self, name: str) -> Origin:
        if self.first(name) is not None:
            return origin_in(self.first, name)
        variable = self.then.get(name)
        return variable.origin if variable else None


def origin_in(lookup: Lookup | None, name: str) -> Origin:
    """Where the value that `lookup` returns for `name` is written; None if it does not know."""
    origin: Callable[[str], Origin] | None = getattr(lookup, "origin", None)
    return None if origin is None else origin(name)


def add_assignments(file: DotenvFile, lookup: Lookup, variables: dict[str, Variable]) -> None:
    """Add the variables of an env file to `variables`, as Compose does.

    Values are interpolated with `lookup` first, then with `variables`. A later assignment replaces an earlier
    assignment. Values that grow larger than any file are left unknown.
    """
    length = 0
    for item in file.assignments:
        if item.name and file.source is not None:
            variable = _assigned(file.source, item, lookup, variables)
            length += len(variable.value or "")
            variables[item.name] = variable if length <= 2 * LARGEST_SETTINGS else Variable(item.name, None, None)


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
    except InterpolationError:  # a required variable is empty, or the value is too long
        return Variable(item.name, None, None)
    if interpolated.value == item.value and not any(piece.name for piece in interpolated.pieces):
        return Variable(item.name, item.value, InEnvFile(source, item))
    return _interpolated_variable(item.name, interpolated, InEnvFile(source, item), known)


def _interpolated_variable(name: str, value: Interpolated, written: InCompose | InEnvFile, lookup: Lookup) -> Variable:
    """A variable with an interpolated value. If the value is only `${OTHER}`, its origin is where OTHER is written."""
    piece = value.pieces[0] if len(value.pieces) == 1 else None
    if piece is None or piece.name is None:
        return Variable(name, value.value, PutTogether(written, value.pieces))
    return Variable(name, value.value, origin_in(lookup, piece.name)) if piece.found else Variable(name, None, None)


def written_variable(
    name: str, text: str | None, file: Source, scalar: Scalar, start: int, lookup: Lookup
) -> Variable | None:
    """The variable of one entry of `environment:`; None if the entry's name depends on an unknown variable.

    `text` is scalar.value[start:] or Compose's form of a number in it; None for an entry that is only a name.
    """
    if "$" in name and start:
        return _whole_entry(scalar.value, lookup)
    if text is None:
        return Variable(name, lookup(name), origin_in(lookup, name), inherited=True)
    if text != scalar.value[start:]:
        return Variable(name, text, None)
    if "$" not in text:
        return Variable(name, text, InCompose(file, scalar, start, len(scalar.value)))
    try:
        value = interpolate(text, lookup)
    except InterpolationError:
        return Variable(name, None, None)
    if len(value.pieces) == 1 and (piece := value.pieces[0]).name is None:
        return Variable(name, value.value, InCompose(file, scalar, start + piece.start, start + piece.end))
    return _interpolated_variable(name, value, InCompose(file, scalar, start, len(scalar.value)), lookup)


def _whole_entry(text: str, lookup: Lookup) -> Variable | None:
    """The variable of a list entry with a `$` in its name: Compose interpolates before it splits at the `=`."""
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
    """A service's variables: `entries` of `environment:` win over env files, later env files over earlier env files."""
    found: dict[str, Variable] = {}
    for file in files:
        add_assignments(file, _Layered(lookup, entries), found)
    return {**found, **entries}
