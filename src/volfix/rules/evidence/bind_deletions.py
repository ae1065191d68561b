"""VF402's findings for commands that delete mounted files, and which mounts a deletion hits."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from volfix.knowledge.targets import never_converted
from volfix.project.compose.host_directories import is_file
from volfix.project.compose.mounts import BIND, VOLUME
from volfix.project.deployments.flow import Flow
from volfix.project.deployments.stacks import Anchor, Commands
from volfix.project.deployments.throwaway_stacks import is_test_stack
from volfix.project.git_ignore import keeps_all_of, names
from volfix.project.shell.command import Command
from volfix.project.shell.file_deletions import DeletedPath, covers, is_kept, relative_to
from volfix.project.shell.paths import below
from volfix.project.stack import Use
from volfix.rules.context import Context, at, once, source_location
from volfix.rules.evidence.command_words import how_it_runs, shown_command
from volfix.rules.evidence.disguised_binds import disguise_of
from volfix.rules.evidence.held_data import APPLICATION, UNKNOWN, held_data
from volfix.rules.findings import Finding, Place, Severity
from volfix.syntax import disk
from volfix.syntax.pasted import pattern

WRITTEN = "what the containers have written"
"""What is in a directory of which only the mount is known."""


@dataclass(frozen=True, slots=True)
class HostData:
    """A directory of the host that a service writes to. `known` names its data; None if volfix knows only the mount."""

    use: Use
    path: str
    known: str | None
    data: str = WRITTEN
    """The data, in the words of a headline."""
    loses: str | None = None
    code: str = "VF101"
    """The code of the rule that reports the bind mount."""


def bind_deletion_findings(
    context: Context, commands: Commands, is_converted: Callable[[Context, HostData], bool]
) -> Iterator[Finding]:
    """A finding for every command in a deploying flow that deletes a mounted directory.

    If a command cleans the whole checkout, the rule that converts the mount reports it, if there is one.
    """
    seen: set[object] = set()
    for item in commands.file_deletions:
        anchors = [anchor for anchor in item.anchors if anchor.project in context.stack.projects]
        key = (item.command.fragment.source.path, item.command.place)
        if not anchors or key in seen:
            continue
        for deleted in item.paths:
            hit = hits(deleted, anchors, host_data(context), context)
            if hit := [each for each in hit if not cleans_checkout(deleted, each) or not is_converted(context, each)]:
                seen.add(key)
                ends = all(is_converted(context, each) for each in hit if each.known)
                yield _finding(item.flow, item.command, deleted, hit, ends=ends)
                break


def _finding(flow: Flow, command: Command, deleted: DeletedPath, hit: list[HostData], *, ends: bool) -> Finding:
    """The finding; `ends` says that other fixes of this run turn all known data into volumes."""
    source, place = command.fragment.source, command.place
    known = [item for item in hit if item.known]
    first = (known or hit)[0]
    what = first.known or WRITTEN
    mount = first.use.mount
    name = pattern(posixpath.basename(posixpath.normpath(mount.raw_source)))
    spare = {
        "rsync --delete": f"use --exclude={name}",
        "git clean": f"use `git clean -e {name}`",
    }.get(deleted.verb, f"leave {mount.raw_source} out of the command")
    return Finding(
        code="VF402",
        severity=Severity.ERROR if known else Severity.WARNING,
        location=at(source, place.start, place.end),
        message=f"the deployment deletes {first.data}",
        danger=f"the deployment runs `{shown_command(command)}`, which deletes {what} in {mount.raw_source}",
        label=f"deletes {mount.raw_source}",
        places=tuple(Place(source_location(item.use.mount), "kept here") for item in hit),
        loses=first.loses,
        evidence=(
            how_it_runs(flow, command),
            *dict.fromkeys(f"{item.use.service.name} mounts {item.use.mount.written_as}" for item in hit),
            *(
                ["`git clean` without -x keeps ignored files, but no rule ignores this directory"]
                * deleted.only_untracked
            ),
        ),
        step=command.start.step,
        reason=f"ends with {first.code}'s fix and `volfix carry`; until then {spare}"
        if known and ends
        else f"keep the data in a named volume, or {spare}",
    )


@once
def host_data(context: Context) -> tuple[HostData, ...]:
    """The host directories that the stack writes to, and that a deployment does not bring along."""
    return tuple(found for use in context.stack.uses if (found := _data_of(context, use)) is not None)


def _data_of(context: Context, use: Use) -> HostData | None:
    mount = use.mount
    if mount.read_only or mount.overridden or is_file(mount) or is_test_stack(use.project):
        return None
    source = mount.source if mount.kind == BIND else None
    if mount.kind == VOLUME and (disguise := disguise_of(use)) is not None:
        source = disguise.device
    if source is None:
        return None
    path = source if source.startswith(("~", "$")) else os.path.normpath(use.project.directory / source)
    held = held_data(context, use)
    if held is not None and held.kind != UNKNOWN:
        known = f"the data of {held.entry.name}" if held.entry else "the database"
        name = use.service.name
        code = "VF102" if held.kind == APPLICATION else "VF101"
        return HostData(use, path, known, held.data(name), held.loses(name), code)
    is_spared = never_converted(None, mount.clean_target) or disk.exists(Path(path))
    if is_spared or use.project.directory.is_relative_to(path):
        return None
    return HostData(use, path, None, loses=f"{WRITTEN} in {mount.raw_source}")


def hits(deleted: DeletedPath, anchors: Sequence[Anchor], data: Sequence[HostData], context: Context) -> list[HostData]:
    """The items of `data` that the command deletes."""
    found = []
    for item in data:
        own = [anchor for anchor in anchors if anchor.project is item.use.project]
        if own and any(deletes(deleted, anchor, item, context) for anchor in own):
            found.append(item)
    return found


def cleans_checkout(deleted: DeletedPath, data: HostData) -> bool:
    """Whether the command deletes everything in the checkout that git does not track, with the data in it."""
    if not deleted.in_checkout or deleted.is_remote or deleted.source is not None:
        return False
    return data.use.project.directory.is_relative_to(re.sub(r"/\*\Z", "", deleted.path))


def deletes(deleted: DeletedPath, anchor: Anchor, data: HostData, context: Context) -> bool:
    """Whether the deletion hits the data of a service whose project lies where the anchor says."""
    if deleted.partly:
        return False
    if deleted.verb == "rm -r":
        return any(covers(path, data.path) for path in _as_in_checkout(deleted.path, anchor))
    if deleted.source is not None:
        return _synced_away(deleted, anchor, data)
    for path in _as_in_checkout(deleted.path, anchor):
        relative = relative_to(data.path, path)
        if relative is not None and not names(deleted.kept, relative):
            directory = Path(path, relative)
            ignored = directory.is_relative_to(context.root) and keeps_all_of(directory, context.root)
            return not (deleted.only_untracked and ignored)
    return False


def _as_in_checkout(path: str, anchor: Anchor) -> Iterator[str]:
    """The path, and the path in the checkout that it stands for if the project is deployed elsewhere."""
    yield path
    directory = str(anchor.project.directory)
    relative = below(path, anchor.place)
    if relative is not None and anchor.place != directory:
        yield posixpath.normpath(f"{directory}/{relative}")
    elif below(anchor.place, path) is not None and anchor.place != directory:
        yield directory


def _synced_away(deleted: DeletedPath, anchor: Anchor, data: HostData) -> bool:
    """Whether a copy with --delete deletes the directory on the other side, because the copied tree lacks it."""
    assert deleted.source is not None
    relative = relative_to(data.path, deleted.source)
    if relative is None:
        relative = relative_to(data.path, deleted.path)
        return relative is not None and not is_kept(relative, deleted.kept)
    if is_kept(relative, deleted.kept) or deleted.path.startswith("/tmp"):  # noqa: S108 - a place that nothing runs in
        return False
    elsewhere = anchor.place if below(anchor.place, deleted.source) is None else None
    return elsewhere is None or elsewhere == "~" or below(elsewhere, deleted.path) is not None
