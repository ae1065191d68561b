"""The database file that one value names for a service: where it is, and where it would be safe."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from volfix.project.compose.model import Project
from volfix.project.compose.origins import Variable
from volfix.project.compose.service import Service
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_places import (
    based,
    holder,
    in_fitting_mounts,
    is_forgotten,
    only_suggested,
    places_of,
    settled,
    working_directory,
)
from volfix.rules.evidence.named_places import named_file
from volfix.rules.evidence.proposal import Proposal, proposed, without_slash_mistake

if TYPE_CHECKING:
    from volfix.project.code.database_url import DatabaseFile


def located(
    project: Project, service: Service, name: str, variable: Variable, beside: Mapping[str, str] | None = None
) -> Proposal | None:
    """The proposal for the database file that a variable's value names; `beside` are other values of the same env file.

    None if the value names no file, or a type switch names another engine.
    """
    named = named_file(project, service, Variable(name, variable.value, variable.origin), beside)
    if named is None:
        return None
    file, doubt = named
    found = placed(project, service, Variable(name, variable.value, variable.origin), file)
    return found if found is None or doubt is None else replace(found, doubt=doubt)


def placed(project: Project, service: Service, variable: Variable, file: DatabaseFile) -> Proposal | None:
    """The proposal for the database of a value; None if the file is not meant to last."""
    from volfix.project.code.database_url import resolved_path

    assert variable.value is not None
    directory = working_directory(project, service)
    file = based(project, service, file)
    file, literal = settled(project, service, file), resolved_path(file, directory)
    path, *others = places_of(project, service, file) or (None,)
    shown = _shown(variable.value, file)
    database = Database(project, service, variable.name, variable.value, variable.origin, path, file, shown=shown)
    database, guess = replace(database, by_mount=path != literal), _guess(project, service, file, others)
    if path is not None and not path.isprintable():
        return None
    if path is None:
        return Proposal(
            database,
            reason=file.doubt or "volfix does not know the service's working directory: set `working_dir:`",
            doubt=guess,
        )
    if is_forgotten(service, path):
        return None
    within = holder(project, service, path)
    if within is not None:
        return Proposal(replace(database, mount=within), doubt=guess)
    if file.doubt or file.unproven:
        return Proposal(database, reason=file.doubt or file.unproven, doubt=guess)
    found = without_slash_mistake(database, directory) or proposed(database, directory)
    if found.trap:
        guess = only_suggested(service, file.path.lstrip("/"), directory)
    return found if guess is None else replace(found, database=replace(database, by_mount=True), doubt=guess)


def _guess(project: Project, service: Service, file: DatabaseFile, others: list[str]) -> str | None:
    """Why the file's place is a guess; None if it is known, or if a mount fits the file's directories.

    A mount of the file alone only suggests the working directory: to move the file, the value must change.
    """
    if others:
        return f"the file may also be {' or '.join(others)}: set `working_dir:`"
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
