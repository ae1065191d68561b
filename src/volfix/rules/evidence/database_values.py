"""The database file that one value names, for a service that takes it: where it lies, and where it could lie safely."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from volfix.knowledge.variables import variable_kind
from volfix.project.compose.model import Project, Service
from volfix.project.compose.origins import Variable
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_places import (
    holder,
    in_fitting_mounts,
    is_forgotten,
    only_suggested,
    places_of,
    settled,
    working_directory,
)

if TYPE_CHECKING:
    from volfix.project.code.database_url import DatabaseFile

MAY_BE_FILE = re.compile(r"sqlite|jdbc:|file:|\.s?db|\.sq|data ?source|filename", re.IGNORECASE)
"""What every value that names a database file has in it, and few others."""


def located(
    project: Project, service: Service, name: str, variable: Variable, beside: Mapping[str, str] | None = None
) -> Database | None:
    """The database file that a variable's value names, for a service that takes it, with the values `beside` it.

    None where it names none, and where a type switch says that the engine is another one.
    """
    assert variable.value is not None
    if not MAY_BE_FILE.search(variable.value):
        return None
    from volfix.project.code.database_url import database_file  # few projects name a database file
    from volfix.project.code.readers import reader_of
    from volfix.rules.evidence.engine_switch import switch_beside

    file = database_file(variable.value, variable_kind(name), reader_of(service))
    if file is None or (switch := switch_beside(project, service, name, variable.value, beside)).is_off:
        return None
    found = placed(project, service, Variable(name, variable.value, variable.origin), file)
    return found if found is None or switch.doubt is None else replace(found, doubt=switch.doubt)


def placed(project: Project, service: Service, variable: Variable, file: DatabaseFile) -> Database | None:
    """The database of a value, with the mount that holds it or may; None where it is not meant to last."""
    from volfix.project.code.database_url import resolved_path
    from volfix.rules.remedies.database_places import meant, proposed

    assert variable.value is not None
    directory = working_directory(project, service)
    file, literal = settled(project, service, file), resolved_path(file, directory)
    path, *others = places_of(project, service, file) or (None,)
    shown = _shown(variable.value, file)
    base = Database(project, service, variable.name, variable.value, variable.origin, path, file, shown=shown)
    base = replace(base, by_mount=path != literal, doubt=_guess(project, service, file, others))
    if path is not None and not path.isprintable():
        return None
    if path is None:
        return replace(base, reason=file.doubt or "the service's working directory is not known")
    if is_forgotten(service, path):
        return None
    within = holder(project, service, path)
    if within is not None:
        return replace(base, mount=within, is_inside=True, path_in_mount=path)
    if file.doubt or file.unproven:
        return replace(base, reason=file.doubt or file.unproven)
    found = meant(project, base, file, directory) or proposed(project, base, directory)
    guess = only_suggested(service, file.path.lstrip("/"), directory) if found.trap else base.doubt
    return found if guess is None else replace(found, doubt=guess, by_mount=True)


def _guess(project: Project, service: Service, file: DatabaseFile, others: list[str]) -> str | None:
    """Why the place of the file is a guess; None where it is known, or where a mount fits the file's directories.

    A mount of the file alone suggests its directory and no more: to move the file the value has to change.
    """
    if others:
        return f"it may also be {' or '.join(others)}: set `working_dir:`"
    if not file.relative or file.doubt:
        return None
    written = posixpath.normpath(posixpath.join(file.folder, file.path))
    if fitting := in_fitting_mounts(project, service, file):
        if all(mount.clean_target != fitting[0] for mount in project.mounts_of(service)):
            return None
        directory: str | None = fitting[0].removesuffix("/" + written.replace("../", ""))
    else:
        directory = working_directory(project, service)
    return only_suggested(service, written, directory)


def _shown(value: str, file: DatabaseFile) -> str:
    before = value[: file.start]
    return (
        ("***" if "=" in before or "@" in before else before)
        + value[file.start : file.end]
        + ("***" if value[file.end :] else "")
    )
