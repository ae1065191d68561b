"""Why a bind mount of a directory or a file is not converted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from volfix.project.compose.host_directories import HostDirectory, is_within, relative
from volfix.project.compose.references import REFERENCE
from volfix.project.git import GitUnavailable
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.databases import with_unneeded
from volfix.rules.evidence.own_volume import VERSION_1
from volfix.rules.evidence.source_variables import given_names
from volfix.rules.ignores import is_ignored


def mount_refusals(context: Context, use: Use) -> Iterator[str]:
    """Why volfix does not edit the entry of the mount."""
    mount = use.mount
    if use.project.files[0].version_1:
        yield VERSION_1
    if mount.problem:
        yield mount.problem
    if not is_within(mount.file.path, context.root):
        yield f"{mount.file.path} lies outside {context.root}"
    if is_ignored(context, mount.file, mount.place):
        yield f"the mount of {mount.raw_source} in {use.service.name} has an ignore comment"


def source_refusals(context: Context, host: HostDirectory, what: str) -> Iterator[str]:
    """Why the source stays on the host: several projects mount it, or a variable in it also names a database in no
    mount: without the mount volfix would move that database alone. `what` is `host directory` or `file`.
    """
    others = context.users.get(host.key, frozenset())
    if len(others) > 1:
        names = ", ".join(sorted(in_words(context, path, name) for path, name in others))
        yield f"several projects mount this {what} ({names}): with volumes, each project would have its own data"
    variables = {name for use in context.binds.get(host, ()) for name in REFERENCE.findall(use.mount.raw_source)}
    for name in sorted(variables & _naming_databases(context).keys() if variables else ()):
        database = _naming_databases(context)[name]
        where = f"{database.path} of {database.service.name}, which no mount holds"
        yield f"{name} also names the database {where}: change both together, by hand"


@once
def _naming_databases(context: Context) -> dict[str, Database]:
    """The variables that an env file or a deployment gives, each with a database in no mount, now or after a fix.

    Also where no service needs the value: it may be a fix that made it so.
    """
    found = (each for each in with_unneeded(context) if not each.database.is_inside)
    outside = [each.database for each in found if each.database.beside or (each.place or each.directory) is None]
    return {name: each for each in reversed(outside) if each.path is not None for name in given_names(each)}


def tracked_refusals(context: Context, host: HostDirectory, asked: str, where: str = "") -> Iterator[str]:
    """Why the source stays in the repository: git tracks it, or volfix cannot ask git. `asked` is the question in
    words.
    """
    if host.path is None or not host.inside:
        return
    try:
        tracked = context.tracked_below(host.path)
    except GitUnavailable as unavailable:
        yield f"volfix cannot ask git {asked}: {unavailable.reason}"
        return
    if tracked:
        yield f"git tracks {tracked}{where}: this directory is part of the repository, not only data"


def in_words(context: Context, directory: Path, name: str) -> str:
    """A project in words: its directory below the root, and its name if the name differs."""
    place = relative(directory, context.root)
    return place if name == directory.name else f"{place}, project {name}"
