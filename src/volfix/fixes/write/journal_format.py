"""What the journal says about a run, and how it is written down: JSON, for programs and for people in need."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

VERSION = 1
END_OF_TIME = 2**37
"""Seconds: what a datetime can still say."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """One file of a transaction: `path` relative to the root, SHA-256 of its bytes before and after.

    `mode` is for a person who puts the file back by hand; `temporary` is the name beside the file under which its new
    bytes are prepared.
    """

    path: str
    before: str
    after: str
    mode: int
    temporary: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run's transactions, each the files of one stack; `undo` runs put back what another changed.

    `started` is in seconds since 1970, UTC.
    """

    started: float
    transactions: tuple[tuple[SavedFile, ...], ...] = ()
    undo: bool = False

    @property
    def files(self) -> list[SavedFile]:
        """Each file that the run changed, from its first state to its last."""
        found: dict[str, SavedFile] = {}
        for file in (file for transaction in self.transactions for file in transaction):
            first = found.get(file.path, file)
            found[file.path] = SavedFile(file.path, first.before, file.after, file.mode, file.temporary)
        return [file for file in found.values() if file.before != file.after]


def encoded(root: Path, run: Run) -> bytes:
    """The JSON of a run; `root` is there for people to read."""
    import json

    # ASCII: a name that is no UTF-8 keeps its bytes as lone surrogates, which JSON escapes and gives back.
    return json.dumps({"version": VERSION, "root": str(root), **asdict(run)}, indent=1).encode("ascii")


def decoded(data: bytes) -> Run:
    """Raises ValueError, KeyError or TypeError for whatever is not a journal of this version."""
    import json

    content = json.loads(data)
    if content["version"] != VERSION:
        raise ValueError(content["version"])
    stacks = tuple(tuple(_saved(file) for file in stack) for stack in content["transactions"])
    started = float(content["started"])
    if not (stacks and 0 <= started < END_OF_TIME):
        raise ValueError("no transaction, or no time")
    return Run(started, stacks, bool(content["undo"]))


def _saved(entry: dict[str, object]) -> SavedFile:
    """The journal may come with a repository from anywhere: no name in it leads out of the root."""
    texts = [entry[key] for key in ("path", "before", "after", "temporary")]
    path, before, after, temporary = (text if isinstance(text, str) else "" for text in texts)
    mode = entry["mode"]
    digests = all(len(digest) == 64 and set(digest) <= set("0123456789abcdef") for digest in (before, after))
    inside = path and not path.startswith("/") and not {"", ".", "..", ".git"} & set(path.split("/"))
    named = temporary.startswith(".volfix-") and temporary.endswith(".tmp") and "/" not in temporary
    if not (digests and inside and named and "\0" not in path + temporary and isinstance(mode, int)):
        raise ValueError(path)
    return SavedFile(path, before, after, mode, temporary)
