"""What Docker and SQLite do that loses rows: measured on the engine at hand, and that volfix does not fall for it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Host
from test_carry_command import AFTER, BEFORE, INSIDE, Shop, database, rows_in

from volfix.docker.engine import Engine

pytestmark = pytest.mark.engine
Content = Callable[[str], Path]
KEEPS_NAMED = (1, 42)
"""The engine's API from which `docker volume prune` leaves named volumes alone."""


@pytest.fixture
def shop(host: Host, engine: Engine, tmp_path: Path) -> Shop:
    return Shop(host, tmp_path / "shop")


def test_a_container_made_before_the_rewrite_still_has_the_bind(shop: Shop, content: Content) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.compose("up", "-d")
    old = shop.container()
    shop.host.docker("stop", old)
    shop.write(AFTER)
    shop.host.docker("start", old)
    assert str(shop.directory / "data") in shop.host.docker("inspect", "-f", "{{.Mounts}}", old)
    shop.host.docker("stop", old)
    shop.volfix("carry", "--write")
    assert shop.container() != old, "it is replaced, never started again"
    assert rows_in(content("shop_app-db") / "database.db") == 1000


def test_docker_cp_makes_a_deleted_source_anew_and_succeeds(shop: Shop) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    data = shop.directory / "data"
    data.mkdir()
    shop.compose("up", "-d")
    data.rmdir()
    shop.host.docker("stop", shop.container())
    shop.host.docker("cp", f"{shop.container()}:/app/data", str(shop.directory / "copy"))
    assert data.is_dir()
    assert not any((shop.directory / "copy").iterdir())
    data.rmdir()
    shop.write(AFTER)
    assert "nothing is carried" in shop.volfix("carry", "--write", status=1)
    assert not data.exists()
    assert shop.host.docker("volume", "ls", "-q") == ""


def test_docker_create_copies_the_image_s_files_into_a_new_volume(shop: Shop, content: Content, tmp_path: Path) -> None:
    (tmp_path / "app" / "data").mkdir(parents=True)
    (tmp_path / "app" / "data" / "seed").write_text("from the image")
    made = shop.host.docker("create", "box:1").strip()
    shop.host.docker("cp", str(tmp_path / "app"), f"{made}:/")
    shop.host.docker("commit", made, "seeded:1")
    try:
        shop.host.docker("create", "-v", "plain:/app/data", "seeded:1")
        assert (content("plain") / "seed").exists()
        (shop.directory / "data").mkdir()
        database(shop.directory / "data" / "database.db")
        shop.write(AFTER.replace("box:1", "seeded:1"))
        shop.volfix("carry", "--write", "--map", "./data=app-db")
        assert [path.name for path in content("shop_app-db").iterdir()] == ["database.db"]
    finally:
        shop.host.docker("rm", "-f", *shop.host.docker("ps", "-aq").split())
        shop.host.docker("rmi", "seeded:1")


def test_an_old_engine_s_prune_deletes_named_volumes_that_no_container_has(host: Host, engine: Engine) -> None:
    host.docker("volume", "create", "shop_app-db")
    host.docker("volume", "prune", "-f")
    version = host.docker("version", "--format", "{{.Server.APIVersion}}").strip()
    keeps = tuple(map(int, version.split("."))) >= KEEPS_NAMED
    assert (engine.volume("shop_app-db") is not None) == keeps


def test_a_running_writer_s_files_are_torn_when_they_are_copied_one_by_one(tmp_path: Path) -> None:
    writer = database(tmp_path / "app.db", 0)
    connection = sqlite3.connect(writer)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("INSERT INTO items (name) VALUES ('first')")
    connection.commit()
    shutil.copy(writer, tmp_path / "copy.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what a writer does every thousand pages, and when it ends
    shutil.copy(f"{writer}-wal", tmp_path / "copy.db-wal")
    assert rows_in(writer) == 1
    assert rows_in(tmp_path / "copy.db") == 0, "the committed row is in neither copy"
    connection.close()


def test_rows_copies_a_database_only_while_its_writers_are_paused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from volfix.docker.deployed import deployed_at
    from volfix.docker.rows import count

    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db", 3)
    shop.compose("up", "-d")
    states = []
    real = Engine.read

    def read(self: Engine, container: str, path: str) -> Iterator[bytes]:
        states.append(shop.host.docker("inspect", "-f", "{{.State.Status}}", container).strip())
        return real(self, container, path)

    monkeypatch.setattr(Engine, "read", read)
    found = count(Engine.connect(), deployed_at(shop.directory))
    assert [one.tables for one in found] == [{"items": 3}]
    assert set(states) == {"paused"}
