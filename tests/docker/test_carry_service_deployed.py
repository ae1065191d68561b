"""Given a carry service, when it is deployed, carried, carried back or reverted, then no row is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Host
from test_carry_command import AFTER, BEFORE, INSIDE, Shop, database, rows_in

from volfix.docker.engine import Engine
from volfix.knowledge.carry_service import MARK, MARK_SUFFIX, MOVED, SOURCE, TARGET, command

pytestmark = pytest.mark.engine
Content = Callable[[str], Path]
WORDS = command("./data", "app-db", "/app/data")
CARRIER = f"""\
  carry-app-db:
    image: box:1
    user: "0:0"
    network_mode: none
    restart: "no"
    entrypoint: [sh, -c]
    command: {json.dumps([word.replace("$", "$$") for word in WORDS])}
    volumes: ["./data:{SOURCE}:ro", "app-db:{TARGET}", "app-db{MARK_SUFFIX}:{MARK}"]
volumes:
  app-db{MARK_SUFFIX}:
    driver: local
"""
OLD = BEFORE.format(url=INSIDE).replace("    init: true\n", "    init: true\n    stop_grace_period: 0s\n")
WAITING = "    depends_on: {carry-app-db: {condition: service_completed_successfully}}\n"
MERGED = AFTER.replace("volumes:\n  app-db:", f"{WAITING}{CARRIER}  app-db:").replace(
    "init: true", "init: true\n    stop_grace_period: 0s"
)
VOLUME = "shop_app-db"


@pytest.fixture
def shop(host: Host, engine: Engine, tmp_path: Path) -> Shop:
    """A project whose database lies in ./data, deployed, with a commit that moves it."""
    shop = Shop(host, tmp_path / "shop")
    (shop.directory / "data").mkdir()
    shop.write(OLD)
    database(shop.directory / "data/database.db")
    shop.compose("up", "-d")
    shop.write(MERGED)
    return shop


def add(file: Path, rows: int) -> None:
    import sqlite3

    with sqlite3.connect(file) as connection:
        connection.executemany("INSERT INTO items (name) VALUES (?)", [("more",)] * rows)


def refused(shop: Shop) -> str:
    """What the carry service says at a deployment that fails."""
    with pytest.raises(AssertionError, match="didn't complete successfully: exit 1"):
        shop.compose("up", "-d")
    return shop.compose("logs", "--no-log-prefix", "carry-app-db").splitlines()[-1]


def test_merging_is_enough(shop: Shop, content: Content) -> None:
    shop.compose("up", "-d")
    assert rows_in(content(VOLUME) / "database.db") == 1000
    add(content(VOLUME) / "database.db", 1)
    for words in (
        ("up", "-d", "--force-recreate"),
        ("down",),
        ("up", "-d", "app"),
        ("restart",),
        ("up", "-d", "--wait"),
    ):
        shop.compose(*words)
    assert rows_in(content(VOLUME) / "database.db") == 1001
    assert "the volume was filled by an earlier run: nothing to do" in shop.volfix("carry")


def test_a_carry_before_the_deployment_is_the_carry_of_the_service(shop: Shop, content: Content) -> None:
    shop.volfix("carry", "--write", "--no-up")
    assert (content(f"{VOLUME}{MARK_SUFFIX}") / MOVED).stat().st_size > 0
    add(content(VOLUME) / "database.db", 1)
    shop.compose("up", "-d")
    assert rows_in(content(VOLUME) / "database.db") == 1001


def test_a_revert_and_a_second_merge_lose_nothing(shop: Shop, content: Content) -> None:
    shop.compose("up", "-d")
    add(content(VOLUME) / "database.db", 5)
    shop.write(OLD)
    shop.compose("up", "-d", "--remove-orphans")
    add(shop.directory / "data/database.db", 7)
    shop.write(MERGED)
    said = refused(shop)
    assert said == (
        "volfix: ./data was written again after it was moved into app-db. To keep app-db, move ./data away. "
        "To have ./data instead: volfix carry --write --map ./data=app-db --replace"
    )
    assert rows_in(content(VOLUME) / "database.db") == 1005
    shop.volfix(*said.rpartition(": volfix ")[2].split())
    shop.compose("up", "-d")
    assert rows_in(content(VOLUME) / "database.db") == 1007
    (kept,) = shop.host.docker("volume", "ls", "-q", "--filter", "name=before-carry").split()
    assert rows_in(content(kept) / "database.db") == 1005


def test_after_a_second_merge_a_carry_without_options_says_the_same_and_records_nothing(
    shop: Shop, content: Content
) -> None:
    shop.compose("up", "-d")
    file = shop.directory / "data/database.db"
    add(file, 7)
    mark = content(f"{VOLUME}{MARK_SUFFIX}") / MOVED
    for earlier in (1_000_000, 500_000_000):  # also where the rows came in the second of the mark
        changed = max(file.stat().st_mtime_ns, file.stat().st_ctime_ns, file.parent.stat().st_ctime_ns)
        os.utime(mark, ns=(changed - earlier, changed - earlier))
        said = shop.volfix("carry", "--write", status=1)
        assert "holds other data than ./data" in said
        assert "move ./data away. If rows are missing: volfix carry --write --replace --map ./data=app-db\n" in said
        assert "has changed since: what came later is not in it" in " ".join(shop.volfix("explain").split())
    assert "may not be in the volume" in shop.volfix("--select", "VF112", status=1)


def test_what_the_service_has_carried_is_known_with_the_engine_and_then_recorded_without_it(shop: Shop) -> None:
    shop.compose("up", "-d")
    assert "cannot see without an engine whether carry-app-db has moved it" in " ".join(
        shop.volfix("--select", "VF112", status=1).split()
    )
    assert "ok shop_app-db was carried from ./data at 20" in " ".join(shop.volfix("explain").split())
    assert "nothing to do" in shop.volfix("carry", "--write")
    assert "VF112" not in shop.volfix("--select", "VF112")
    add(shop.directory / "data/database.db", 7)
    said = " ".join(shop.volfix("explain").split())
    assert f"{shop.directory}/data has changed since: what came later is not in it" in said
    shop.host.docker("rm", "-f", *shop.host.docker("ps", "-aq").split())
    shop.host.docker("volume", "rm", VOLUME)
    shop.compose("up", "--no-start")
    assert "NOT CARRIED" in shop.volfix("explain"), "the volume is empty again"


def test_after_a_second_merge_the_volume_can_be_kept(shop: Shop, content: Content) -> None:
    shop.compose("up", "-d")
    add(content(VOLUME) / "database.db", 5)
    add(shop.directory / "data/database.db", 7)
    assert "To keep app-db, move ./data away." in refused(shop)
    shutil.move(shop.directory / "data", shop.directory / "data-of-before")
    shop.compose("up", "-d")
    assert rows_in(content(VOLUME) / "database.db") == 1005


def test_what_was_carried_back_is_known_to_the_next_deployment_of_either_file(shop: Shop, content: Content) -> None:
    shop.compose("up", "-d")
    add(content(VOLUME) / "database.db", 5)
    (shop.directory / "data/database.db").unlink()
    shop.volfix("carry", "--back", "--write", "--map", "./data=app-db")
    assert rows_in(shop.directory / "data/database.db") == 1005
    shop.compose("up", "-d")
    assert rows_in(content(VOLUME) / "database.db") == 1005
    shop.write(OLD)
    shop.compose("up", "-d", "--remove-orphans")
    shop.write(MERGED)
    shop.compose("up", "-d")
    assert rows_in(content(VOLUME) / "database.db") == 1005


def test_a_volume_that_is_gone_is_filled_by_what_the_message_says(shop: Shop, content: Content) -> None:
    shop.compose("up", "-d")
    shop.compose("down")
    shop.host.docker("volume", "rm", VOLUME)
    said = refused(shop)
    assert said == (
        "volfix: app-db is empty, and ./data was moved into it before. To move it again: "
        "volfix carry --write --map ./data=app-db"
    )
    shop.volfix(*said.rpartition(": volfix ")[2].split())
    shop.compose("up", "-d")
    assert rows_in(content(VOLUME) / "database.db") == 1000


def test_a_copy_that_the_service_has_not_finished_is_no_reason_to_move_the_source_away(
    shop: Shop, content: Content
) -> None:
    shop.compose("up", "--no-start")
    volume = content(VOLUME)
    (volume / ".volfix-copy").mkdir()
    (volume / ".volfix-gate").write_text("closed\n")
    (volume / "database.db").symlink_to(".volfix-gate/./database.db")
    said = shop.volfix("carry", "--write", status=1)
    assert "app-db: a carry service has copied ./data in part. Keep ./data. Next: deploy again." in said
    assert "away" not in said
    shop.compose("up", "-d")
    assert rows_in(volume / "database.db") == 1000


def test_two_deployments_at_once_carry_once(shop: Shop, content: Content) -> None:
    words = ["docker-compose", "up", "-d"]
    both = [
        subprocess.Popen(words, cwd=shop.directory, env=shop.host.environment, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert min(one.wait(120) for one in both) == 0
    shop.compose("up", "-d")
    assert rows_in(content(VOLUME) / "database.db") == 1000
    assert shop.compose("ps", "--status", "running", "--services").split() == ["app"]
