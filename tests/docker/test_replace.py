"""Given volumes with rows that came later, when one is replaced, then no other is, and its rows are counted."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Host
from test_carry_command import Shop, database, rows_in

from volfix.docker.engine import Engine

pytestmark = pytest.mark.engine
Content = Callable[[str], Path]
STACK = """\
services:
  app:
    image: box:1
    init: true
    network_mode: host
    volumes:
      - {data}:/app/data
      - {more}:/app/more
{volumes}"""
BEFORE = STACK.format(data="./data", more="./more", volumes="")
AFTER = STACK.format(data="app-db", more="app-more", volumes="volumes:\n  app-db:\n  app-more:\n")
SERVER = """\
services:
  db:
    image: {image}
    init: true
    network_mode: host
    entrypoint: [sleep, "3600"]
    volumes:
      - {source}:{target}
{volumes}"""


@pytest.fixture
def shop(host: Host, engine: Engine, tmp_path: Path) -> Shop:
    """Two volumes that were carried, and rows that came later in both."""
    del engine
    shop = Shop(host, tmp_path / "shop")
    shop.write(BEFORE)
    for name in ("data", "more"):
        (shop.directory / name).mkdir()
        database(shop.directory / name / "database.db")
    shop.compose("up", "-d")
    shop.write(AFTER)
    shop.volfix("carry", "--write")
    for volume in ("shop_app-db", "shop_app-more"):
        path = Path(host.docker("volume", "inspect", "-f", "{{.Mountpoint}}", volume).strip()) / "database.db"
        with sqlite3.connect(path) as connection:
            connection.executemany("INSERT INTO items (name) VALUES (?)", [("later",)] * 500)
            connection.execute("CREATE TABLE orders (id INTEGER)")
            connection.execute("INSERT INTO orders VALUES (1)")
    return shop


def kept(shop: Shop) -> list[str]:
    return [name for name in shop.host.docker("volume", "ls", "-q").split() if "-before-carry-" in name]


def test_replace_with_map_concerns_the_named_volume_only(shop: Shop, content: Content) -> None:
    plan = shop.volfix("carry", "--replace", "--map", "./data=app-db")
    assert "  it holds database.db: items has 1,500 rows, orders has 1 row\n" in plan
    assert "will be copied to the volume shop_app-db-before-carry-<time>" in plan
    assert rows_in(content("shop_app-db") / "database.db") == 1500
    said = shop.volfix("carry", "--write", "--replace", "--map", "./data=app-db")
    (backup,) = kept(shop)
    assert backup.startswith("shop_app-db-before-carry-")
    assert f"app-db: {backup} keeps database.db: items has 1,500 rows, orders has 1 row\n" in said
    assert rows_in(content(backup) / "database.db") == 1500
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    assert rows_in(content("shop_app-more") / "database.db") == 1500


def test_replace_alone_leaves_what_an_earlier_run_filled(shop: Shop, content: Content) -> None:
    assert shop.volfix("carry", "--replace").count("nothing to do") == 2
    shop.volfix("carry", "--write", "--replace")
    assert not kept(shop)
    for volume in ("shop_app-db", "shop_app-more"):
        assert rows_in(content(volume) / "database.db") == 1500


def test_the_command_that_a_refusal_prints_names_what_it_replaces_and_nothing_else(
    shop: Shop, content: Content
) -> None:
    shop.compose("down")
    said = shop.volfix("carry", "--map", "./data=app-db", "--map", "./more=app-more", "--write")
    assert said.count("nothing to do") == 2
    shop.host.docker("volume", "rm", "shop_app-more")
    shop.compose("up", "-d")
    database(content("shop_app-more") / "database.db", 3)
    said = shop.volfix("carry", "--write", "--map", "./data=app-db", "--map", "./more=app-more", status=1)
    assert "it holds database.db: items has 3 rows" in said
    assert "volfix carry --write --replace --map ./more=app-more\n" in said
    shop.volfix("carry", "--write", "--replace", "--map", "./more=app-more")
    assert rows_in(content("shop_app-more") / "database.db") == 1000
    assert rows_in(content("shop_app-db") / "database.db") == 1500
    assert rows_in(content(kept(shop)[0]) / "database.db") == 3


def test_the_container_that_had_the_volume_leaves_its_own_layer(shop: Shop, tmp_path: Path) -> None:
    """The volume can only be made anew without the container; what the container wrote beside it is kept."""
    shop.host.docker("cp", str(database(tmp_path / "beside.db", 9)), "shop-app-1:/beside.db")
    said = shop.volfix("carry", "--write", "--replace", "--map", "./data=app-db")
    found = re.search(r"the image (\S+) keeps what was in it", said)
    assert found, said
    made = shop.host.docker("create", found[1]).strip()
    shop.host.docker("cp", f"{made}:/beside.db", str(tmp_path / "again.db"))
    assert rows_in(tmp_path / "again.db") == 9
    shop.host.docker("rm", made)
    shop.host.docker("rmi", found[1])


@pytest.mark.parametrize("source", ["container:/own", "container:/own/database.db"])
def test_data_in_the_container_itself_is_copied_out_before_a_volume_is_replaced(
    shop: Shop, tmp_path: Path, content: Content, source: str
) -> None:
    (tmp_path / "own").mkdir()
    database(tmp_path / "own/database.db", 7)
    shop.host.docker("cp", str(tmp_path / "own"), "shop-app-1:/")
    said = shop.volfix("carry", "--write", "--replace", "--map", f"{source}=app-db", status=1)
    assert "nothing is replaced: shop-app-1 mounts shop_app-db, and the data to carry is in shop-app-1 itself" in said
    assert not kept(shop)
    copying = re.search(r"\((mkdir rows && .+?)\), then: volfix (.+)\n", said)
    assert copying, said
    subprocess.run(["sh", "-ec", copying[1]], cwd=shop.directory, env=shop.host.environment, check=True)
    shop.volfix(*copying[2].split())
    assert rows_in(content("shop_app-db") / "database.db") == 7
    assert rows_in(content(kept(shop)[0]) / "database.db") == 1500


@pytest.mark.parametrize(
    ("image", "target", "file", "said"),
    [
        ("postgres:16", "/var/lib/postgresql/data", "PG_VERSION", "of PostgreSQL, whose rows cannot be counted"),
        ("redis:7", "/data", "dump.rdb", "of Redis, whose rows cannot be counted"),
        ("acme/unknown:1", "/app/data", "rows.bin", "none of which is a database that volfix can read"),
    ],
)
def test_what_cannot_be_counted_is_said_with_its_files_and_size(
    host: Host, engine: Engine, tmp_path: Path, content: Content, image: str, target: str, file: str, said: str
) -> None:
    del engine
    host.docker("tag", "box:1", image)
    shop = Shop(host, tmp_path / "shop")
    shop.write(SERVER.format(image=image, source="./db", target=target, volumes=""))
    (shop.directory / "db" / "base").mkdir(parents=True)
    (shop.directory / "db" / file).write_text("16\n")
    (shop.directory / "db" / "base" / "1").write_text("rows")
    shop.write(SERVER.format(image=image, source="db-data", target=target, volumes="volumes:\n  db-data:\n"))
    shop.compose("up", "-d")
    for path in (content("shop_db-data") / file, content("shop_db-data") / "other"):
        path.write_text("17\n")
    plan = shop.volfix("carry", "--replace", "--map", "./db=db-data")
    assert f"it holds 6 bytes in 2 files{' ' if said.startswith('of') else ', '}{said}" in plan
    done = shop.volfix("carry", "--write", "--replace", "--map", "./db=db-data", "--no-up")
    (backup,) = kept(shop)
    assert f"{backup} keeps 6 bytes in 2 files" in done
    assert (content(backup) / "other").exists()


def test_back_says_what_the_directory_holds_that_it_does_not_replace(shop: Shop) -> None:
    with sqlite3.connect(shop.directory / "data" / "database.db") as connection:
        connection.execute("INSERT INTO items (name) VALUES ('later')")
    said = shop.volfix("carry", "--back", "--write", "--map", "./data=app-db", status=1)
    assert "./data is not empty and holds something else than shop_app-db (database.db: items has 1,001 rows)" in said
    assert rows_in(shop.directory / "data" / "database.db") == 1001


def test_a_damaged_database_is_no_reason_to_say_nothing(shop: Shop, content: Content) -> None:
    path = content("shop_app-db") / "database.db"
    path.write_bytes(path.read_bytes()[:100] + os.urandom(9000))
    said = shop.volfix("carry", "--write", "--replace", "--map", "./data=app-db")
    assert "keeps database.db: its rows cannot be counted" in said
    shutil.rmtree(shop.directory / "more")
