"""The fix for a single mounted database file: a volume at a directory, and the new path everywhere in the stack."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Set
from typing import TYPE_CHECKING

from volfix.edits.code_edits import SetLiteral
from volfix.edits.env_file_edits import SetAssignment
from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import SetScalar
from volfix.project.compose.host_directories import HostDirectory
from volfix.project.compose.mounts import BIND
from volfix.project.compose.origins import Origin, compose_scalar
from volfix.project.compose.outer_origins import InCode
from volfix.project.image.ownership import foreign_user
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.code_databases import can_say
from volfix.rules.evidence.code_doubts import script_naming, set_at_start
from volfix.rules.evidence.database import unsayable
from volfix.rules.evidence.databases import only_follows, proposals, proposals_in
from volfix.rules.evidence.host_users import host_doubts
from volfix.rules.evidence.other_deployments import other_name, other_sources
from volfix.rules.evidence.path_words import scalars
from volfix.rules.evidence.source_variables import place_doubt
from volfix.rules.findings import Applicability, Change, Fix, MountChange, Move
from volfix.rules.remedies.bind_to_volume import Conversion
from volfix.rules.remedies.declarations import declared
from volfix.rules.remedies.file_uses import DIRECTORIES, FileUse
from volfix.rules.remedies.mount_edits import stays_for_others, to_volume
from volfix.rules.remedies.mount_refusals import mount_refusals, source_refusals, tracked_refusals
from volfix.rules.remedies.volume_names import volume_key

if TYPE_CHECKING:
    from pathlib import Path

    from volfix.project.compose.service import Service
    from volfix.rules.evidence.proposal import Proposal
    from volfix.syntax.source import Span

BESIDE = ("-wal", "-shm", "-journal")
SCHEME = re.compile(r"\A(?:[\w+]+:)?")


def file_fix(context: Context, use: Use) -> Conversion:
    """The fix for the file that `use` mounts, at each of its mounts in the stack; or why there is none."""
    host = context.host_of(use.mount)
    uses = [FileUse(context, other) for other in context.binds[host]]
    live = [item for item in uses if not item.use.mount.overridden]
    refusal = next(_refusals(context, host, live), None)
    if refusal is not None:
        return Conversion(None, refusal)
    writer = next(item for item in live if not item.use.mount.read_only)
    assert writer.directory is not None
    key = volume_key(context, writer.service, writer.directory, host.key)
    edits = [edit for item in uses for edit in _mount_edits(item, key)]
    edits += [edit for item in live for edit in item.moved(_new_path(item))]
    operations = tuple(dict.fromkeys(operation for operation, _ in edits))
    if clash := _clash(operations):
        return Conversion(None, clash)
    doubts = list(dict.fromkeys(_doubts(context, host, live)))
    applicability = Applicability.UNSAFE if doubts else Applicability.SAFE
    move = Move(writer.service, writer.use.mount.raw_source, key, writer.directory, file=writer.path)
    changes = tuple(dict.fromkeys(change for _, change in edits))
    return Conversion(Fix(operations, changes, applicability, (move,)), "; ".join(doubts) or None)


def _new_path(item: FileUse) -> str:
    assert item.directory is not None
    return posixpath.join(item.directory, posixpath.basename(item.path))


def _mount_edits(item: FileUse, key: str) -> Iterator[tuple[Operation, Change]]:
    mount = item.use.mount
    change = MountChange(mount.file.path, item.service, item.path, key, mount.place, new_target=item.directory)
    for operation in to_volume(mount, key, item.directory):
        yield operation, change
    yield from declared(item.use, key)


def _clash(operations: Iterable[Operation]) -> str | None:
    """Why the operations contradict: two services share a line and need different values. None if they do not."""
    texts: dict[object, str] = {}
    for operation in operations:
        if not isinstance(operation, SetScalar | SetAssignment | SetLiteral):
            continue
        place, text = (operation.source.path, operation.place.start), operation.value
        if texts.setdefault(place, text) != text:
            line = operation.source.place(place[1])[0]
            return f"{place[0].name}, line {line}, would need {texts[place]} for one service and {text} for another"
    return None


def _refusals(context: Context, host: HostDirectory, live: list[FileUse]) -> Iterator[str]:
    """Why the file stays mounted by itself; each reason is enough."""
    for item in live:
        yield from mount_refusals(context, item.use)
        yield from _beside(item)
        yield from _unheld(item)
        if (reason := stays_for_others(context, item.use)) is not None:
            yield reason
        yield from _path_refusals(item)
        if posixpath.basename(item.path) != posixpath.basename(live[0].path):
            yield f"{live[0].service} and {item.service} mount the file under different names"
    yield from source_refusals(context, host, "file")
    yield from _other_readers(context, host, live)
    yield from tracked_refusals(context, host, "whether it tracks the file")


def _beside(item: FileUse) -> Iterator[str]:
    for other in item.use.project.mounts_of(item.use.service):
        if other.clean_target in {item.path + ending for ending in BESIDE}:
            yield f"{other.raw_target} is mounted beside this file: both belong in one directory"


def _unheld(item: FileUse) -> Iterator[str]:
    """Other databases of the service in no mount: the new volume would be for them too, and nothing moves them yet."""
    for proposal in proposals_in(item.context, item.use.project, item.use.service):
        database = proposal.database
        if proposal.place is not None or database.path is None or database.beside:
            continue
        if not only_follows(item.context, proposal):
            files = f"{database.variable} of {item.service} names {database.path}, which no mount holds"
            yield f"{files}: mount one volume at a directory for both files, by hand"


def _path_refusals(item: FileUse) -> Iterator[str]:
    if not item.databases and not item.words:
        yield f"volfix does not find where {item.service} reads the path {item.path}"
    if any(database.origin is None for database in item.databases):
        yield "the value that names the file comes from several places"
    yield from (proposal.reason for proposal in item.proposals if proposal.reason)
    if item.directory is None:
        yield f"volfix finds no free directory beside {item.path}: {', '.join(DIRECTORIES)} are in use"
        return
    for database in item.databases:
        origin = database.origin
        value = item.value_of(database, _new_path(item))
        if isinstance(origin, InCode) and not can_say(origin, value):
            yield f"no single literal in {origin.file.path.name} changes the path"
        yield from filter(None, (database.unknown, unsayable(origin, value)))


def _other_readers(context: Context, host: HostDirectory, live: list[FileUse]) -> Iterator[str]:
    """Services that open the file or use the value that names it, and do not mount the file itself."""
    mounts = {id(item.use.mount) for item in live}
    values = {database.written_at for item in live for database in item.databases} - {None}
    words = {(word.file.path, word.scalar.span) for item in live for word in item.words}
    for proposal, opened in _among_opened(context, values, host.key):
        database, mount = proposal.database, proposal.database.mount or proposal.mount
        if mount is not None and id(mount) in mounts:
            continue
        if database.written_at in values and not only_follows(context, proposal):
            yield f"{database.service.name} uses the same value, but does not mount the file"
        if mount is not None and opened == host.key:
            yield f"{database.service.name} opens the file through {mount.raw_source}"
    services = {id(item.use.service) for item in live}
    runs = {number: service for word in words for number, service in _run(context).get(word, ())}
    for _, service in sorted(runs.items()):
        if id(service) not in services:
            yield f"{service.name} runs the same command or health check, but does not mount the file"


@once
def _opened(context: Context) -> list[tuple[Proposal, str | None]]:
    """Each proposal, and the host path of the file that its service opens through a bind mount of a directory."""
    found: list[tuple[Proposal, str | None]] = []
    for proposal in proposals(context):
        database, mount, path = proposal.database, proposal.database.mount or proposal.mount, None
        if mount is not None and mount.kind == BIND and database.is_inside and database.path:
            inner = posixpath.relpath(database.path, mount.clean_target)
            path = posixpath.normpath(f"{context.host_of(mount).key}/{inner}")
        found.append((proposal, path))
    return found


def _among_opened(
    context: Context, values: Set[object], host: str | None = None
) -> Iterator[tuple[Proposal, str | None]]:
    """Those of `_opened` whose value is at one of these places, or that open the file at this host path."""
    numbers = {number for key in (*values, host) for number in _numbers(context).get(key, ())}
    return (_opened(context)[number] for number in sorted(numbers))


@once
def _numbers(context: Context) -> dict[object, list[int]]:
    """By the place of the value, and by the host path of the file, the numbers in `_opened`."""
    found: dict[object, list[int]] = {}
    for number, (proposal, opened) in enumerate(_opened(context)):
        for key in (proposal.database.written_at, opened):
            found.setdefault(key, []).append(number)
    found.pop(None, None)
    return found


@once
def _run(context: Context) -> dict[tuple[Path, Span], list[tuple[int, Service]]]:
    """By the place of a word, the services that run it, with their numbers."""
    found: dict[tuple[Path, Span], list[tuple[int, Service]]] = {}
    services = (service for project in context.stack.projects for service in project.services.values())
    for number, service in enumerate(services):
        for file, scalar in scalars(service):
            found.setdefault((file.path, scalar.span), []).append((number, service))
    return found


def _followers(context: Context, live: list[FileUse]) -> Iterator[str]:
    """Services that have the value in their code too, which only follows their environment."""
    values = {database.written_at for item in live for database in item.databases} - {None}
    for proposal, _ in _among_opened(context, values):
        if proposal.place is None and only_follows(context, proposal):
            yield f"{proposal.database.service.name} uses the same value, but does not mount the file"


def _is_joined(origin: Origin | None) -> bool:
    """Whether the code writes a directory of the path in another place than the file name.

    Other code may build the old path from it, and no search finds that. The directory of the module itself does not
    count.
    """
    return isinstance(origin, InCode) and SCHEME.sub("", origin.before.removesuffix(origin.base)).strip("/") != ""


def _doubts(context: Context, host: HostDirectory, live: list[FileUse]) -> Iterator[str]:
    """Why the fix is unsafe."""
    if (doubt := place_doubt(host, live[0].use.mount.raw_source)) is not None:
        yield doubt
    for item in live:
        yield from host_doubts(context, item.use)
        yield from other_sources(context, item.use)
        yield from filter(None, [other_name(context, item.use, item.databases, _new_path(item))])
    yield from _followers(context, live)
    known = {(item.use.mount.file.path, item.use.mount.node.span) for item in live}
    for item in live:
        known |= {(word.file.path, word.scalar.span) for word in item.words}
        written = filter(None, (compose_scalar(database.origin) for database in item.databases))
        known |= {(each.file.path, each.scalar.span) for each in written}
    for item in live:
        assert item.directory is not None
        if not item.use.mount.read_only and (user := foreign_user(item.use.service, item.directory, None)):
            yield f"{item.service} runs as {user}, and a new volume may belong to root"
        if not item.databases and not item.use.mount.read_only:
            yield f"the command of {item.service} names the file, and other places may name it too"
        yield from item.other_mentions(known)
        for proposal in item.proposals:
            yield from filter(None, (proposal.doubt, set_at_start(context, proposal.database)))
        if any(_is_joined(database.origin) for database in item.databases):
            yield "the code builds the path from parts, and may build other paths from them"
        if script := script_naming(context, item.use.service, item.path):
            yield script
