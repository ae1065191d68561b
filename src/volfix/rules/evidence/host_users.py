"""What the findings about bind mounts say about the host: who uses the directory, and which .gitignore lines become
unused.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from volfix.knowledge.entries import Entry
from volfix.project.commands.host_users import MOST as SEARCHED
from volfix.project.commands.host_users import HostUse, are_searched, host_uses
from volfix.project.compose.host_directories import relative
from volfix.project.image.ownership import runs_as_root
from volfix.project.stack import Use
from volfix.rules.context import Context, once

MOST = 5
"""The most places that a finding lists."""


def host_evidence(context: Context, use: Use, path: Path | None = None, source: str | None = None) -> Iterator[str]:
    """Evidence: lines of the repository that use the mount's source on the host, and .gitignore lines that become
    unused.

    Tools on the host will not see what is in a volume. Give `path` and `source` (its text) if the mount itself does not
    have them.
    """
    path = path or context.host_of(use.mount).path
    source = source or use.mount.raw_source
    if path is None or path in (context.root, use.project.directory):
        return
    found = _uses(context, use, path)
    yield from (_use_in_words(context, host_use, source) for host_use in found[:MOST])
    if len(found) > MOST:
        yield f"{len(found) - MOST} more lines of the repository name {source} on the host"
    from volfix.project.git_ignore import lines_for

    if path.is_relative_to(context.root) and path not in context.above_binds:
        for file, line, pattern in islice(lines_for(path, context.root), MOST):
            yield f"{relative(file, context.root)}:{line}: `{pattern}` is unused after the fix"


def host_doubts(context: Context, use: Use, entry: Entry | None = None) -> Iterator[str]:
    """Why the fix is unsafe: lines that write to the source on the host, or test it. They would use an empty directory.

    A line that changes the owner matters only if the service needs that: not for root, nor for a known image (`entry`).
    """
    path = context.host_of(use.mount).path
    if path is None or path in (context.root, use.project.directory):
        return
    is_settled = entry is not None or runs_as_root(use.service)
    for host_use in _uses(context, use, path):
        if host_use.does is None:
            continue
        from volfix.project.commands.host_effects import OWNS  # slow to import, and most directories are in no command

        if not (host_use.does == OWNS and is_settled):
            place = f"{relative(host_use.path, context.root)}, line {host_use.line}"
            yield f"{place}: `{host_use.tool}` {host_use.does} {use.mount.raw_source} on the host"
    if not are_searched(use.project.directory, context.root):
        yield f"more than {SEARCHED} files may use {use.mount.raw_source} on the host: volfix searches no more"


def _uses(context: Context, use: Use, path: Path) -> list[HostUse]:
    """The lines that use the directory; the stack's Compose files, which the fix changes, are none of them."""
    found = host_uses(path, use.project.directory, context.root)
    own = _compose_files(context) if found else ()
    return [each for each in found if each.path not in own]


@once
def _compose_files(context: Context) -> frozenset[Path]:
    return frozenset(file.path for file in context.stack.files)


def _use_in_words(context: Context, host_use: HostUse, source: str) -> str:
    place = f"{relative(host_use.path, context.root)}:{host_use.line}"
    if host_use.tool is None:
        return f"{place}: names {source} on the host; after the fix the data is not there"
    return f"{place}: `{host_use.tool}` uses {source} on the host: it will not see the volume"
