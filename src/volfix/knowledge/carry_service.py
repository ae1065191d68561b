"""The script of a carry service: it moves the files of a directory into a volume, once, whoever deploys the project."""

from __future__ import annotations

from volfix.knowledge.tables import HERE

SCRIPT = (HERE / "carry_service.sh").read_text(encoding="utf-8")
"""The text for `sh -c`, the same in every repository. dash, bash and busybox run it, with GNU's or busybox's tools."""
SOURCE = "/from"
"""Where the directory or volume that holds the data now is mounted, read-only."""
TARGET = "/to"
"""Where the volume that will hold the data is mounted."""
MARK = "/mark"
"""Where the mark is mounted. It has a volume of its own, because servers clean up, initialise or list theirs."""
MARK_SUFFIX = "-moved"
"""The end of the key of the mark's volume, after the key of the volume with the data."""
GATE = ".volfix-gate"
"""The file in the volume that is there as long as the service's copy is not whole."""
MOVED = "moved"
"""The file in the mark's volume that says what was moved: lines as `sha256sum` and `stat -c '%F %N'` print them."""
TOOLS = (
    *("chmod", "chown", "cp", "find", "ln", "mkdir", "mv", "rm", "rmdir"),
    *("sh", "sha256sum", "sort", "stat", "sync", "touch", "uniq"),
)
"""The programs that the image needs."""


def command(source: str, volume: str, directory: str, left_out: tuple[str, ...] = ()) -> list[str]:
    """The words of the service's `command`, whose entry point is `sh -c`; no `$` is doubled yet.

    source and volume are their names in the Compose file, for messages; directory is where the image has files of its
    own for the volume, which is the target of the mount; left_out are the entries of the source, none of them deeper,
    that are mounted by themselves and stay there.
    """
    if deeper := [name for name in left_out if "/" in name]:
        raise ValueError(f"{deeper[0]} is not directly in {source}")
    return [SCRIPT, "carry", source, volume, directory, *map(_literal, left_out)]


def _literal(name: str) -> str:
    """The pattern of `find -path` that matches only this name."""
    return "".join(f"\\{letter}" if letter in "\\*?[" else letter for letter in name)
