"""What the finding about a bind mount says of the host: who uses the directory there, and what git need not ignore."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from volfix.knowledge.entries import Entry
from volfix.project.commands.host_users import HostUse, host_uses
from volfix.project.compose.host_directories import relative
from volfix.project.image.ownership import runs_as_root
from volfix.project.stack import Use
from volfix.rules.context import Context

MOST = 5
"""Places that a finding names one by one."""


def host_evidence(context: Context, use: Use, path: Path | None = None, source: str | None = None) -> Iterator[str]:
    """The lines of the repository that use the mount's source on the host, and those of .gitignore that become idle.

    For a mount that is about to become a volume: tools on the host do not see what is in one. `path` and `source`, its
    text, are given where the mount itself does not say them.
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
    """Who writes the mount's source on the host, or asks for it: they would work on a directory that nobody uses.

    Who gives it to another owner matters where the service may need that: an image that is known, as by its `entry`,
    does it itself, and root needs nothing.
    """
    path = context.host_of(use.mount).path
    if path is None or path in (context.root, use.project.directory):
        return
    is_settled = entry is not None or runs_as_root(use.service)
    for host_use in _uses(context, use, path):
        if host_use.does is None:
            continue
        from volfix.project.commands.host_effects import OWNS  # reads commands: most directories are in none

        if not (host_use.does == OWNS and is_settled):
            place = f"{relative(host_use.path, context.root)}, line {host_use.line}"
            yield f"{place}: `{host_use.tool}` {host_use.does} {use.mount.raw_source} on the host"


def _uses(context: Context, use: Use, path: Path) -> list[HostUse]:
    """The lines that use the directory; the stack's Compose files, which the fix changes, are none of them."""
    own = {file.path for file in context.stack.files}
    return [each for each in host_uses(path, use.project.directory, context.root) if each.path not in own]


def _use_in_words(context: Context, host_use: HostUse, source: str) -> str:
    place = f"{relative(host_use.path, context.root)}:{host_use.line}"
    if host_use.tool is None:
        return f"{place}: names {source} on the host; after the fix the data is not there"
    return f"{place}: `{host_use.tool}` uses {source} on the host: it will not see the volume"
