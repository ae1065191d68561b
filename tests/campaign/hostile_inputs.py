"""A repository with one file spoiled: volfix says so in a line and goes on, and no write leaves the repository."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

from .command_line import Ended, ended
from .hostile_repository import FILES, HOSTILE, laid
from .table import Outcome

NEIGHBOUR = "services:\n  db:\n    image: postgres:16\n    volumes: ['./rows:/var/lib/postgresql/data']\n"
INSERTED = (
    *("\0", "\x1b[31m", "\u202e", "\ud800", "\ufeff", "\u2028", "\x85", "\r", "\t", "\x7f", "é" * 5000, "%s%n"),
    *(
        "{{ x }}",
        "${",
        "${A:-" * 200,
        "$(",
        "`",
        "'",
        '"',
        "\\",
        "<<EOF\n",
        "!!python/object:os.system",
        "*b",
        "&b",
        "? ",
    ),
    *("[" * 2000, "{" * 2000, "a: " * 200, "- " * 300, "---\n", "...\n", "%TAG ! x\n", "@", "#", ": ", "|2\n", ">-9\n"),
    *("~", ".." * 50, "/" * 4000, "&a [*a]"),
)
COMMANDS = (
    ("--unsafe-fixes",),
    ("--write", "--unsafe-fixes"),
    ("--output-format", "json"),
    ("--output-format", "sarif", "--unsafe-fixes"),
    ("--write", "--unsafe-fixes", "--carry-service"),
    ("--diff", "--unsafe-fixes"),
    ("carry", "--script"),
)
DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNSAFE = {*map(chr, range(32)), "\x7f", *DIRECTIONS} - {"\n", "\t"}
"""What steers a terminal, or the direction of the text."""


def inserted(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(INSERTED).encode("utf-8", "surrogatepass") + data[at:]


def cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def removed(chance: random.Random, data: bytes) -> bytes:
    first, last = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:first] + data[last:]


def doubled(chance: random.Random, data: bytes) -> bytes:
    first, last = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:last] + data[first:last] * chance.choice((1, 3, 40)) + data[last:]


def flipped(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def crossed(chance: random.Random, data: bytes) -> bytes:
    """A piece of another file's text in the middle of this one's."""
    other = chance.choice(list(FILES.values())).encode()
    at = chance.randrange(len(data) + 1)
    return data[:at] + other[: chance.randrange(len(other))] + data[at:]


WAYS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    inserted,
    inserted,
    cut,
    removed,
    doubled,
    flipped,
    crossed,
)


def one_file_spoiled(seed: int, directory: Path) -> Outcome:
    """The command of the seed ends with a status of its own and without a traceback, and the neighbour is checked."""
    chance = random.Random(seed)
    root, outside = directory / "root", directory / "outside"
    root.mkdir()
    outside.write_text("A=s3cret-outside\n")
    laid(root)
    (root / "neighbour").mkdir()
    (root / "neighbour" / "compose.yaml").write_text(NEIGHBOUR)
    name = chance.choice(sorted(FILES))
    if chance.random() < 0.15:
        (root / name).unlink()
        what = f"{name}: {chance.choice(HOSTILE)(root / name, outside)}"
    else:
        data = (root / name).read_bytes()
        ways = chance.choices(WAYS, k=chance.choice((1, 1, 1, 2, 4)))
        for way in ways:
            data = way(chance, data) or b"\n"
        (root / name).write_bytes(data)
        what = f"{name}: {', '.join(way.__name__ for way in ways)}"
    words = chance.choice(COMMANDS)
    before = _others(root, directory)
    found = list(_problems(ended(*words, str(root)), words))
    if _others(root, directory) != before:
        found.append("something outside of the repository has changed")
    return Outcome(1, tuple(f"{' '.join(words)} where {what}: {problem}" for problem in found))


def _problems(result: Ended, words: tuple[str, ...]) -> list[str]:
    found = []
    if result.has_failed or result.status not in (0, 1, 2):
        found.append(f"status {result.status}: {result.errors[-600:]}")
    if result.status == 0 and words[0] != "carry" and "--write" not in words:
        found.append("status 0, though the neighbour's database lies on a bind mount")
    printed = result.output + result.errors
    if "neighbour" not in printed and words[0] != "carry":
        found.append(f"the neighbour is not named: {result.errors[-300:]}")
    if "s3cret-outside" in printed:
        found.append("it shows a file outside of the repository")
    if steering := UNSAFE & set(printed):
        found.append(f"it prints {sorted(steering)!a}")
    return found


def _others(root: Path, directory: Path) -> dict[str, bytes]:
    """Every file beside the repository, but for volfix's own state."""
    found: dict[str, bytes] = {}
    for folder, _, names in os.walk(directory):
        if Path(folder) != root and root not in Path(folder).parents:
            found |= {str(Path(folder, name)): Path(folder, name).read_bytes() for name in names}
    return found
