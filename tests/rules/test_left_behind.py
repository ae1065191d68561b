"""Given a former mount that still holds a database, when nobody carried it as it is now, then VF112 says so."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import volfix
from volfix.fixes.write.carried import keep
from volfix.project import children
from volfix.rules.carried import Carried
from volfix.syntax import disk

BEFORE = "services:\n  db:\n    image: postgres:16\n    volumes: [./pgdata:/var/lib/postgresql/data]\n"
AFTER = BEFORE.replace("./pgdata", "rows") + "volumes:\n  rows:\n    driver: local\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose database directory holds rows."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = tmp_path / "shop"
    (root / "pgdata").mkdir(parents=True)
    (root / "pgdata" / "PG_VERSION").write_text("16\n")
    (root / "compose.yaml").write_text(BEFORE)
    return root


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(root), "-c", "user.email=a@b", "-c", "user.name=a", *words], check=True)


def left(root: Path, *, outside: bool = True) -> list[str]:
    plan = volfix.plan(root, select=["VF112"], outside=outside)
    assert not plan.result.errors
    assert not plan.result.notes
    return [line for finding in plan.findings for line in (finding.danger, *finding.evidence)]


NOT_CARRIED = "./pgdata holds the data of PostgreSQL: the volume rows starts without it"
IN_CHECKOUT = "the old data is in the checkout: a deployment that cleans the checkout deletes it"


def test_what_a_write_left_behind_is_known_without_git(shop: Path) -> None:
    result = volfix.plan(shop).write()
    assert result.status == 1, "the rows are still to be carried"
    by_volfix = NOT_CARRIED.replace("volume rows", "volume db-data")
    assert left(shop) == [
        by_volfix,
        "db mounted ./pgdata before (the files before the last volfix --write)",
        IN_CHECKOUT,
    ]


def test_what_is_changed_and_not_committed_is_known_from_the_commit_before(shop: Path) -> None:
    git(shop, "init", "-q")
    git(shop, "add", "compose.yaml")
    git(shop, "commit", "-qm", "before")
    assert left(shop) == []
    (shop / "compose.yaml").write_text(AFTER)
    assert left(shop)[0] == NOT_CARRIED


def test_a_directory_outside_of_the_repository_is_looked_at_where_that_is_wanted(shop: Path) -> None:
    (shop / "pgdata").rename(shop.parent / "rows")
    (shop / "compose.yaml").write_text(BEFORE.replace("./pgdata", "../rows"))
    volfix.plan(shop, unsafe_fixes=True).write()
    assert left(shop) == [
        NOT_CARRIED.replace("./pgdata", "../rows").replace("volume rows", "volume db-data"),
        "db mounted ../rows before (the files before the last volfix --write)",
    ]
    assert left(shop, outside=False) == []


def carried(shop: Path, when: float, key: str = "rows") -> None:
    keep(shop, [Carried(os.path.realpath(shop / "pgdata"), key, f"shop_{key}", when)])


@pytest.fixture
def committed(shop: Path) -> Path:
    git(shop, "init", "-q")
    git(shop, "add", "compose.yaml")
    git(shop, "commit", "-qm", "before")
    (shop / "compose.yaml").write_text(AFTER)
    return shop


def test_what_was_carried_as_it_is_now_is_no_finding(committed: Path) -> None:
    carried(committed, time.time())
    assert left(committed) == []


def test_what_was_written_after_it_was_carried_is_not_carried(committed: Path) -> None:
    carried(committed, time.time() - 60)
    assert left(committed)[0] == NOT_CARRIED
    assert "files have changed since, and no volume has these changes" in left(committed)[2]


def test_what_was_carried_into_another_volume_is_not_carried_into_this_one(committed: Path) -> None:
    carried(committed, time.time(), "other")
    assert left(committed)[0] == NOT_CARRIED


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b'[{"source": 1}]', b"[1]"])
def test_a_record_that_cannot_be_read_silences_nothing(committed: Path, content: bytes) -> None:
    carried(committed, time.time())
    (committed / ".git" / "volfix" / "carried.json").write_bytes(content)
    assert left(committed)[0] == NOT_CARRIED


def test_a_directory_that_may_not_be_looked_into_may_hold_the_database(
    committed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(
        top: Path, skipped: Collection[str] = (), *, onerror: Callable[[OSError], None] | None = None
    ) -> Iterator[tuple[str, list[str]]]:
        if onerror is not None:
            onerror(PermissionError(13, "Permission denied", str(top)))
        return iter(())

    monkeypatch.setattr(disk, "walk", closed)
    assert left(committed)[0] == NOT_CARRIED.replace("the data of PostgreSQL", "files that volfix may not read here")


CARRIER = """\
    depends_on: {carry-rows: {condition: service_completed_successfully}}
  carry-rows:
    image: postgres:16
    user: "0:0"
    network_mode: none
    restart: "no"
    entrypoint: [sh, -c]
    command: ["...", carry, ./pgdata, rows, /var/lib/postgresql/data]
    volumes: ["%s:/from:ro", "rows:/to", "rows-moved:/mark"]
volumes:
  rows-moved: {}
"""


def with_carrier(shop: Path, source: str) -> None:
    text = AFTER.replace("volumes:\n  rows:", CARRIER % source + "  rows:")
    (shop / "compose.yaml").write_text(text)


def test_without_an_engine_nothing_is_claimed_of_what_a_carry_service_moves_and_what_to_type_is_said(
    committed: Path,
) -> None:
    with_carrier(committed, "./pgdata")
    (finding,) = volfix.plan(committed, select=["VF112"]).findings
    assert finding.message == "the old data may not be in the volume rows yet"
    assert finding.danger == (
        "./pgdata holds the data of PostgreSQL: volfix cannot see without an engine whether carry-rows has moved it"
    )
    assert finding.reason == (
        "the next deployment carries the data if it is not there yet. Run `volfix carry --write` on the host to check "
        "and record it. To deploy without the carry service: `volfix --select VF113 --write`"
    )


def test_a_carry_service_for_another_directory_carries_this_one_not(committed: Path) -> None:
    with_carrier(committed, "./other")
    assert left(committed)[0] == NOT_CARRIED


def test_a_carry_service_does_not_move_again_what_was_carried_and_has_changed(committed: Path) -> None:
    with_carrier(committed, "./pgdata")
    carried(committed, time.time() - 60)
    assert left(committed)[0] == NOT_CARRIED
    assert "carry-rows does not copy it again: if the files have changed, the next deployment fails" in left(committed)


@pytest.mark.parametrize("stacks", [1, 2, 7])
def test_the_history_of_a_repository_is_read_once_however_many_stacks_it_has(
    shop: Path, stacks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(shop, "init", "-q")
    for number in range(stacks):
        (shop / f"shop-{number}" / "pgdata").mkdir(parents=True)
        (shop / f"shop-{number}" / "pgdata" / "PG_VERSION").write_text("16\n")
        (shop / f"shop-{number}" / "compose.yaml").write_text(BEFORE)
        git(shop, "add", ".")
        git(shop, "commit", "-qm", "before")
        (shop / f"shop-{number}" / "compose.yaml").write_text(AFTER)
        git(shop, "commit", "-qam", "after")
    (shop / "compose.yaml").unlink()
    calls = []
    run = children.run

    def counted(command: Sequence[str], *limits: float | None, **options: Any) -> children.Ended:
        calls.append(command)
        return run(command, *limits, **options)

    monkeypatch.setattr(children, "run", counted)
    assert left(shop).count(NOT_CARRIED) == stacks
    assert sum("log" in command for command in calls) == 1


def test_what_only_a_merge_changed_is_known(shop: Path) -> None:
    """Both sides kept the directory; the merge itself took a volume."""
    git(shop, "init", "-q", "-b", "main")
    git(shop, "add", "compose.yaml")
    git(shop, "commit", "-qm", "before")
    git(shop, "checkout", "-qb", "side")
    (shop / "side").write_text("")
    git(shop, "add", "side")
    git(shop, "commit", "-qm", "side")
    git(shop, "checkout", "-q", "main")
    (shop / "compose.yaml").write_text("# main\n" + BEFORE)
    git(shop, "commit", "-qam", "main")
    git(shop, "merge", "-q", "--no-commit", "side")
    (shop / "compose.yaml").write_text(AFTER)
    git(shop, "commit", "-qam", "merged")
    assert left(shop)[0] == NOT_CARRIED
