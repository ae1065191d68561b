"""The database file that a value names, and its path in the container as things are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from volfix.knowledge.variables import MAY_BE_FILE, variable_kind
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.model import Project
from volfix.project.compose.origins import Variable
from volfix.project.compose.service import Service
from volfix.rules.evidence.database_places import based, places_of, settled

if TYPE_CHECKING:
    from volfix.project.code.database_url import DatabaseFile

OPENED = "opened"
"""The key of the paths that `opened_by` returns: each database of the service asks for them."""
RENAMED = "renamed"
"""The key of the targets that `renamed` returns."""


def opened_by(project: Project, service: Service) -> Mapping[str, str | None]:
    """The paths of the database files that the service's environment names, and those that `opens` has added, each with
    a doubt whether a database will be there; None for none.
    """
    if OPENED not in service.known:
        places = (place_of(project, service, variable) for variable in effective_variables(service))
        service.known[OPENED] = dict.fromkeys(filter(None, places))
    paths: dict[str, str | None] = service.known[OPENED]
    return paths


def opens(project: Project, service: Service, path: str, doubt: str | None) -> bool:
    """Whether it is news that the service opens this database file, which code, a flow or a loose env file names, or a
    fix will name.
    """
    known = opened_by(project, service)
    if path in known and (known[path] is None or doubt is not None):
        return False
    service.known[OPENED] = {**known, path: doubt}
    return True


def renamed(service: Service) -> frozenset[str]:
    """The targets of the service's host directories that become volumes of other services' databases."""
    targets: frozenset[str] = service.known.get(RENAMED, frozenset())
    return targets


def renames(service: Service, target: str) -> None:
    """Note that the host directory at the target becomes such a volume: its name will be another."""
    service.known[RENAMED] = renamed(service) | {target}


def place_of(project: Project, service: Service, variable: Variable) -> str | None:
    """The path of the database file that the value names; None if it names no file, or in an unknown place."""
    named = named_file(project, service, variable, None)
    if named is None:
        return None
    places = places_of(project, service, settled(project, service, based(project, service, named[0])))
    return places[0] if len(places) == 1 else None


def named_file(
    project: Project, service: Service, variable: Variable, beside: Mapping[str, str] | None
) -> tuple[DatabaseFile, str | None] | None:
    """The file as the value names it, with a doubt about its engine; None if the value names no file, or the engine is
    off.
    """
    if variable.value is None or not MAY_BE_FILE.search(variable.value):
        return None
    from volfix.project.code.database_url import database_file  # few projects name a database file
    from volfix.project.code.readers import reader_of
    from volfix.rules.evidence.engine_switch import switch_beside

    file = database_file(variable.value, variable_kind(variable.name), reader_of(service))
    if file is None or (switch := switch_beside(project, service, variable.name, variable.value, beside)).is_off:
        return None
    return file, switch.doubt
