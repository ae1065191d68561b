"""A change as a diff: masked for eyes, true to the byte for `git apply` and `patch -p1`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from volfix.fixes.changes import FileChange
from volfix.fixes.hunks import Row, hunks
from volfix.fixes.masking.secrets import masked as hide
from volfix.fixes.masking.secrets import with_secrets
from volfix.syntax.visible import INVISIBLE, visible

NO_NEWLINE = "\\ No newline at end of file\n"
QUOTED = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}


def unified(change: FileChange, root: Path, context: int = 3, masked: bool = True) -> str:
    """The change as a unified diff with paths relative to `root`, for a person: empty where nothing changes.

    It is computed on the true lines, so that a line whose only difference is hidden still shows as changed. Characters
    that a terminal would obey are written out, the CR of CRLF is left away; `patch` gives what tools can apply.
    """
    parts: list[str] = []
    for header, rows in _lines(change, context, masked):
        parts.append(header)
        for row, line in rows:
            ending = "" if line.endswith("\n") else NO_NEWLINE
            parts.append(f"{row.sign}{_shown(line)}\n{ending}")
    return "".join([*_header(change, root), *parts]) if parts else ""


def changed_lines(change: FileChange, masked: bool = True) -> Iterator[tuple[str, int, str]]:
    """The lines that go and come, each with its sign and its number, from 1, in the text that it stands in.

    A line is the same with and without the line feed at its end: the last line of a file may lack it.
    """
    for _, rows in _lines(change, 0, masked, split=_bare_lines):
        yield from ((row.sign, row.number + 1, _shown(line)) for row, line in rows)


def _lines(
    change: FileChange, context: int, masked: bool, split: Callable[[str], list[str]] | None = None
) -> Iterator[tuple[str, list[tuple[Row, str]]]]:
    """The hunks, each row with its line as a person may see it; `split` makes lines of a text."""
    split = split or split_lines
    before, after = change.before, change.after
    old, new = split(before.text), split(after.text)
    found = hunks(change, old, new, context)
    if masked and found:
        first, last = found[0].whole, found[-1].whole
        if not (change.secrets_before or change.secrets_after):
            change = with_secrets(
                change, before.lines(first.start, last.end), after.lines(first.new_start, last.new_end)
            )
        old = split(hide(before.text, change.secrets_before))
        new = split(hide(after.text, change.secrets_after))
    for hunk in found:
        yield hunk.header, [(row, (new if row.sign == "+" else old)[row.number]) for row in hunk.rows()]


def _shown(line: str) -> str:
    return visible(line.removesuffix("\n").removesuffix("\r"))


def patch(change: FileChange, root: Path) -> bytes:
    """The change as `git apply` and `patch -p1` take it in `root`: every byte as it is in the files, secrets too."""
    before = _byte_lines(change.before.data)
    after = _byte_lines(change.after.data)
    parts: list[bytes] = []
    for hunk in hunks(change, before, after, 3):
        parts.append(hunk.header.encode())
        for row in hunk.rows():
            line = (after if row.sign == "+" else before)[row.number]
            parts.append(row.sign.encode() + line + (b"" if line.endswith(b"\n") else b"\n" + NO_NEWLINE.encode()))
    return (
        b"".join([*(line.encode("utf-8", "surrogateescape") for line in _header(change, root)), *parts])
        if parts
        else b""
    )


def split_lines(text: str) -> list[str]:
    """The lines of a text, each with its line end: only a line feed ends one."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _bare_lines(text: str) -> list[str]:
    return [line.removesuffix("\n") for line in split_lines(text)]


def _byte_lines(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _header(change: FileChange, root: Path) -> Iterator[str]:
    for prefix, sign, path in (("a", "---", change.before.path), ("b", "+++", change.after.path)):
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix().lstrip("/")
        quoted = _quoted(f"{prefix}/{name}")
        # git ends a name with blanks with a tab: otherwise `patch` takes what follows the blank for a date
        yield f"{sign} {quoted}{chr(9) if ' ' in quoted and not quoted.startswith(chr(34)) else ''}\n"


def _quoted(name: str) -> str:
    """The name as git writes it: in quotes where it has quotes, backslashes or invisible characters."""
    if not (INVISIBLE.search(name) or any(mark in name for mark in QUOTED)):
        return name
    parts = []
    for character in name:
        if character in QUOTED:
            parts.append("\\" + QUOTED[character])
        elif INVISIBLE.match(character):
            parts += [f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape")]
        else:
            parts.append(character)
    return '"' + "".join(parts) + '"'
