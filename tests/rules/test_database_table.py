"""Every row of the table: the file that is opened, the verdict, the new value."""

from __future__ import annotations

from pathlib import Path

import pytest
from database_table import READERS, TABLE

from volfix.project.discovery import directories
from volfix.project.loader import Loader
from volfix.project.stacks import read_stacks
from volfix.rules.context import Context
from volfix.rules.evidence.databases import proposals
from volfix.rules.evidence.proposal import Proposal


def test_the_table_is_as_long_as_it_has_to_be() -> None:
    assert len(set(TABLE)) == len(TABLE) > 120
    assert {row[0] for row in TABLE} == set(READERS)


def found(root: Path, reader: str, value: str, directory: str, mounts: str) -> list[Proposal]:
    targets = [] if mounts == "-" else mounts.split(",")
    volumes = "".join(f"      - v{number}:{target}\n" for number, target in enumerate(targets))
    compose = (
        f"services:\n  app:\n    build: .\n    environment:\n      DATABASE_URL: '{value}'\n"
        + (f"    volumes:\n{volumes}volumes:\n" if targets else "")
        + "".join(f"  v{number}:\n" for number in range(len(targets)))
    )
    files = {"compose.yaml": compose, "Dockerfile": f"FROM alpine:3.20\nWORKDIR {directory}\n", **READERS[reader]}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    stack = next(iter(read_stacks(directories([root], []), Loader([], []))))
    return list(proposals(Context(stack, {}, frozenset())))


def verdict(proposal: Proposal) -> str:
    if proposal.database.is_inside:
        return "inside"
    if proposal.trap:
        return "trap"
    if proposal.directory is not None:
        return "own volume"
    return "unsure" if proposal.new_value is None else "moved"


@pytest.mark.parametrize(("reader", "value", "directory", "mounts", "path", "said", "after"), TABLE)
def test_row(
    reader: str, value: str, directory: str, mounts: str, path: str, said: str, after: str, tmp_path: Path
) -> None:
    proposal = next(iter(found(tmp_path, reader, value, directory, mounts)), None)
    if said == "none":
        assert proposal is None
        return
    assert proposal is not None
    assert (proposal.database.path or "-", verdict(proposal), proposal.new_value or "") == (path, said, after)
    assert said in ("inside", "moved", "trap", "own volume") or proposal.reason
