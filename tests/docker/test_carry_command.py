"""Given a project whose mounts volfix rewrote, when `volfix carry` is called in it, then its rows are in the volume."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Host
from test_carry import spoiled

from volfix.cli.carry import command
from volfix.docker.engine import Engine

pytestmark = pytest.mark.engine
Content = Callable[[str], Path]
BEFORE = """\
services:
  app:
    image: box:1
    init: true
    network_mode: host
    working_dir: /app
    environment:
      DATABASE_URL: {url}
    volumes:
      - ./data:/app/data
"""
AFTER = """\
services:
  app:
    image: box:1
    init: true
    network_mode: host
    working_dir: /app
    environment:
      DATABASE_URL: sqlite:////app/data/database.db
    volumes:
      - app-db:/app/data
volumes:
  app-db:
    driver: local
"""
CARRY = re.compile(r" +(?:\d+  )?(volfix carry .*?)(?:  .*)?$")
INSIDE, BESIDE = "sqlite:////app/data/database.db", "sqlite:////app/database.db"


def database(path: Path, rows: int = 1000) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
        connection.executemany("INSERT INTO items (name) VALUES (?)", [(f"item {n}",) for n in range(rows)])
    return path


def rows_in(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("SELECT count(*) FROM items").fetchone()[0])


def carry_command(said: str) -> str:
    """The carry command that volfix prints, for a person to type."""
    return next(found[1] for line in said.splitlines() if (found := CARRY.match(line)))


class Shop:
    """A project's directory, in git, with the docker and volfix commands."""

    def __init__(self, host: Host, directory: Path) -> None:
        self.host, self.directory = host, directory
        directory.mkdir(parents=True)
        self.git("init", "-q")

    def git(self, *words: str) -> None:
        command = ["git", "-C", str(self.directory), "-c", "user.email=a@b", "-c", "user.name=a", *words]
        subprocess.run(command, check=True, capture_output=True)

    def write(self, text: str, *, commit: bool = True) -> None:
        (self.directory / "compose.yaml").write_text(text)
        if commit:
            self.git("add", "compose.yaml")
            self.git("commit", "-qm", "x", "--allow-empty")

    def compose(self, *words: str) -> str:
        return self.host.compose(self.directory, *words)

    def volfix(self, *words: str, status: int = 0) -> str:
        return self.host.volfix(self.directory, *words, statuses=(status,))

    def container(self, service: str = "app") -> str:
        return self.compose("ps", "-aq", service).strip().splitlines()[-1]


@pytest.fixture
def shop(host: Host, engine: Engine, tmp_path: Path) -> Shop:
    return Shop(host, tmp_path / "shop")


def test_a_running_bind_mount_is_carried_and_the_service_runs_on_the_volume(shop: Shop, content: Content) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.compose("up", "-d")
    shop.write(AFTER)
    plan = shop.volfix("carry")
    assert "is running and will be stopped" in plan
    assert shop.host.docker("volume", "ls", "-q") == ""
    shop.volfix("carry", "--write")
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    assert rows_in(shop.directory / "data" / "database.db") == 1000, "the source stays"
    form = "{{range .Mounts}}{{.Name}} {{.Destination}}{{end}} {{.State.Running}}"
    assert shop.host.docker("inspect", "-f", form, shop.container()).split() == ["shop_app-db", "/app/data", "true"]
    assert "warn" not in shop.compose("up", "-d").lower(), "Compose takes the volume for its own"
    assert "earlier run" in shop.volfix("carry", "--write", "--map", "./data=app-db")
    started = shop.host.docker("inspect", "-f", "{{.State.StartedAt}}", shop.container())
    again = shop.volfix("carry", "--write")
    assert "nothing to do" in again
    assert "runs again" not in again
    assert shop.host.docker("inspect", "-f", "{{.State.StartedAt}}", shop.container()) == started
    assert rows_in(content("shop_app-db") / "database.db") == 1000


def test_the_rows_before_and_after_are_printed_and_undo_knows_of_the_carry(shop: Shop) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.compose("up", "-d")
    shop.volfix("--write", status=1)
    said = shop.volfix("carry", "--write", "-p", "shop")
    table = [line.split() for line in said.splitlines() if "/app/data/database.db" in line]
    assert table == [["app", "SQLite", "/app/data/database.db", "items", "1000", "1000"]]
    assert "every row that was there is there" in said
    said = shop.volfix("undo", str(shop.directory))
    assert "shop_app-db may hold newer rows than the places that are mounted again" in said
    command = carry_command(said)
    assert command == "volfix carry --back --write -p shop"
    (shop.directory / "data" / "database.db").unlink()
    shop.volfix(*shlex.split(command)[1:])
    assert rows_in(shop.directory / "data" / "database.db") == 1000
    assert "volfix carry" not in shop.volfix("undo")


def test_what_no_archive_carries_is_named(shop: Shop) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    path = database(shop.directory / "data" / "database.db")
    try:
        os.setxattr(path, "user.owner", b"shop")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    shop.write(AFTER)
    shop.compose("up", "--no-start")
    shop.compose("down", "-v")
    said = shop.volfix("carry")
    assert (
        "NOT carried, as the engine's archive has no place for it: database.db: the extended attribute user.owner"
        in said
    )


def test_the_reference_scenario_saves_the_database_in_the_container_s_own_layer(
    shop: Shop, content: Content, tmp_path: Path
) -> None:
    shop.write(BEFORE.format(url="sqlite:///./database.db"))
    shop.compose("up", "-d")
    shop.host.docker("cp", str(database(tmp_path / "database.db")), f"{shop.container()}:/app/database.db")
    shop.write(AFTER)
    shop.volfix("carry", "--write")
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    shop.compose("up", "-d", "--force-recreate")
    shop.compose("down")
    shop.compose("up", "-d")
    assert rows_in(content("shop_app-db") / "database.db") == 1000


def test_a_service_without_mounts_gets_a_volume_and_keeps_its_rows(
    shop: Shop, content: Content, tmp_path: Path
) -> None:
    shop.write(BEFORE.format(url=INSIDE).partition("    volumes:")[0])
    shop.compose("up", "-d")
    (tmp_path / "data").mkdir()
    database(tmp_path / "data" / "database.db")
    shop.host.docker("cp", str(tmp_path / "data"), f"{shop.container()}:/app/")
    shop.volfix("--unsafe-fixes", "--write")
    shop.volfix("carry", "--write")
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    shop.compose("up", "-d", "--force-recreate")
    shop.compose("exec", "-T", "app", "test", "-s", "/app/data/database.db")


def test_the_command_that_write_prints_carries_what_only_code_names(
    shop: Shop, content: Content, tmp_path: Path
) -> None:
    (shop.directory / "Dockerfile").write_text("FROM box:1\nWORKDIR /app\nCOPY main.py .\n")
    (shop.directory / "requirements.txt").write_text("sqlalchemy\n")
    code = "from sqlalchemy import create_engine\n\nengine = create_engine('sqlite:///database.db')\n"
    (shop.directory / "main.py").write_text(code)
    before = BEFORE.replace("    environment:\n      DATABASE_URL: {url}\n", "    build: .\n")
    shop.write(before.partition("    volumes:")[0])
    shop.git("add", "-A")
    shop.git("commit", "-qm", "code")
    shop.compose("up", "-d", "--no-build")
    for path in (database(tmp_path / "database.db"), tmp_path / "database.db-wal"):
        path.touch()
        shop.host.docker("cp", str(path), f"{shop.container()}:/app/")
    said = shop.volfix("--unsafe-fixes", "--write")
    printed = carry_command(said)
    assert printed == "volfix carry --write --map container:/app/database.db=app-db"
    shop.volfix(*shlex.split(printed)[1:], "--no-up")
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    assert (content("shop_app-db") / "database.db-wal").exists()


def test_the_wal_of_a_stopped_writer_is_carried_too(shop: Shop, content: Content) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    path = shop.directory / "data" / "database.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
    connection.executemany("INSERT INTO items (name) VALUES (?)", [("x",)] * 1000)
    connection.commit()
    kept = shop.directory / "killed"
    shutil.copytree(shop.directory / "data", kept)  # what a killed writer leaves: a -wal that holds the rows
    connection.close()
    shutil.rmtree(shop.directory / "data")
    kept.rename(shop.directory / "data")
    shop.write(AFTER)
    shop.volfix("carry", "--write")
    assert rows_in(content("shop_app-db") / "database.db") == 1000


def test_a_single_file_mount_is_carried_into_the_directory(shop: Shop, content: Content) -> None:
    shop.write(BEFORE.format(url=BESIDE).replace("./data:/app/data", "./prod.db:/app/database.db"))
    database(shop.directory / "prod.db")
    shop.compose("up", "-d")
    shop.write(AFTER)
    shop.volfix("carry", "--write")
    assert rows_in(content("shop_app-db") / "database.db") == 1000


def test_an_anonymous_volume_and_a_renamed_one_are_carried(shop: Shop, content: Content) -> None:
    for before, rows in (("/app/data", 10), ("old:/app/data", 20)):
        text = BEFORE.format(url=INSIDE).replace("./data:/app/data", before)
        shop.write(text + ("volumes:\n  old:\n" if before.startswith("old") else ""))
        shop.compose("up", "-d")
        source = shop.host.docker("inspect", "-f", "{{(index .Mounts 0).Name}}", shop.container()).strip()
        database(content(source) / "database.db", rows)
        shop.write(AFTER)
        shop.volfix("carry", "--write")
        assert rows_in(content("shop_app-db") / "database.db") == rows
        assert rows_in(content(source) / "database.db") == rows
        shop.compose("down")
        shop.host.docker("volume", "rm", "shop_app-db")


def test_without_containers_git_s_history_says_what_was_mounted(shop: Shop, content: Content) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.write("# a later commit\n" + BEFORE.format(url=INSIDE))
    shop.write(AFTER, commit=False)
    assert "git, commit" in shop.volfix("carry")
    shop.volfix("carry", "--write")
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    assert not shop.compose("ps", "-aq").strip(), "a stack that is not up is not started"


def test_people_who_deployed_first_are_told_and_replace_keeps_both(shop: Shop, content: Content) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.write(AFTER)
    shop.compose("up", "-d")
    database(content("shop_app-db") / "database.db", 3)
    assert "If rows are missing: " in shop.volfix("carry", "--write", status=1)
    assert rows_in(content("shop_app-db") / "database.db") == 3
    said = shop.volfix("carry", "--write", "--replace", "--map", "./data=app-db")
    assert "the copy named above keeps them, the services do not have them" in said
    assert "every row that was there is there" not in said, "those of the volume that was replaced are not"
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    backup = next(name for name in shop.host.docker("volume", "ls", "-q").split() if "-before-carry-" in name)
    assert rows_in(content(backup) / "database.db") == 3


def test_another_repository_s_containers_of_the_same_name_are_asked_about(shop: Shop, tmp_path: Path) -> None:
    """Under Drone each project is `src`: what ran in this directory under that name may be somebody else's."""
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.compose("-p", "src", "up", "-d")
    shop.write("name: shop\n" + AFTER, commit=False)
    assert "--from-project src" in shop.volfix("carry", "--write", status=1)
    assert shop.host.docker("volume", "ls", "-q") == ""
    shop.volfix("carry", "--write", "--from-project", "src")


def test_back_fills_the_directory_again_and_refuses_one_with_other_data(shop: Shop, content: Content) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.compose("up", "-d")
    shop.write(AFTER)
    shop.volfix("carry", "--write")
    with sqlite3.connect(content("shop_app-db") / "database.db") as connection:
        connection.execute("DELETE FROM items WHERE id > 7")
    assert "./data is not empty and holds something else" in shop.volfix("carry", "--back", status=1)
    said = shop.volfix("carry", "--back", "--write", status=1)
    assert "not empty" in said
    (aside,) = re.findall(r"what the volume holds: (mv \S+ \S+), then run this again", said)
    subprocess.run(aside.split(), check=True)
    shop.write(BEFORE.format(url=INSIDE))
    assert "copied to" in shop.volfix("carry", "--back", "--write")
    assert "equals it already" in shop.volfix("carry", "--back", "--write")
    assert rows_in(shop.directory / "data" / "database.db") == 7
    assert rows_in(content("shop_app-db") / "database.db") == 7


def test_back_finds_the_volume_where_the_old_files_were_deployed_before_it(shop: Shop, content: Content) -> None:
    filled(shop)
    shop.volfix("carry", "--write")
    shop.compose("up", "-d")
    with sqlite3.connect(content("shop_app-db") / "database.db") as connection:
        connection.execute("INSERT INTO items (name) VALUES ('later')")
    shop.write(BEFORE.format(url=INSIDE))
    shop.compose("up", "-d")
    said = shop.volfix("carry", "--back", "--write", status=1)
    (aside,) = re.findall(r"what the volume holds: (mv \S+ \S+), then run this again", said)
    subprocess.run(aside.split(), check=True)
    assert "copied to" in shop.volfix("carry", "--back", "--write")
    assert rows_in(shop.directory / "data" / "database.db") == rows_in(content("shop_app-db") / "database.db")


def test_back_keeps_a_smaller_database_that_has_rows_of_its_own(shop: Shop, content: Content) -> None:
    filled(shop)
    shop.volfix("carry", "--write", "--no-up")
    with sqlite3.connect(content("shop_app-db") / "database.db") as connection:
        connection.executemany("INSERT INTO items (name) VALUES (?)", [("later" * 99,) for _ in range(500)])
    with sqlite3.connect(shop.directory / "data" / "database.db") as connection:
        connection.execute("DELETE FROM items WHERE id > 7")
    said = shop.volfix("carry", "--back", "--write", "--map", "./data=app-db", status=1)
    assert "./data is not empty and holds something else than shop_app-db" in said
    assert rows_in(shop.directory / "data" / "database.db") == 7


def test_the_script_does_the_same_with_the_docker_command_alone(shop: Shop, content: Content, tmp_path: Path) -> None:
    shop.write(BEFORE.format(url="sqlite:///./database.db"))
    (shop.directory / "data").mkdir()
    (shop.directory / "data" / "it's an upload").write_text("x")
    shop.compose("up", "-d")
    shop.host.docker("cp", str(database(tmp_path / "database.db")), f"{shop.container()}:/app/database.db")
    shop.write(AFTER)
    script = tmp_path / "carry.sh"
    script.write_text(shop.volfix("carry", "--script"))
    if shutil.which("shellcheck"):
        checked = subprocess.run(["shellcheck", "-s", "sh", script], capture_output=True, text=True, check=False)
        assert not checked.stdout
    for said in ("carried and compared", "carried already"):
        done = subprocess.run(["sh", script], env=shop.host.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert said in done.stderr
    there = content("shop_app-db")
    assert rows_in(there / "database.db") == 1000
    assert (there / "it's an upload").read_text() == "x"
    shop.compose("up", "-d")
    assert "nothing to do" in shop.volfix("carry", "--write")


def test_the_script_keeps_what_an_interrupted_run_left(shop: Shop, content: Content, tmp_path: Path) -> None:
    """Somebody started the service on it, and removed it again."""
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.compose("up", "-d")
    shop.write(AFTER)
    script = tmp_path / "carry.sh"
    script.write_text(shop.volfix("carry", "--script"))
    subprocess.run(["sh", script], env=shop.host.environment, check=True, capture_output=True)
    shop.host.docker("volume", "create", "volfix-carry-shop_app-db")
    (content("shop_app-db") / "database.db").unlink()
    database(content("shop_app-db") / "database.db", rows=7)
    done = subprocess.run(["sh", script], env=shop.host.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    kept = next(name for name in shop.host.docker("volume", "ls", "-q").split() if "-before-carry-" in name)
    assert rows_in(content(kept) / "database.db") == 7


def test_the_script_finds_the_containers_of_the_former_name_and_refuses_a_source_without_its_database(
    shop: Shop, content: Content, tmp_path: Path
) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.compose("-p", "src", "up", "-d")
    shop.write("name: web-shop\n" + AFTER)
    script = tmp_path / "carry.sh"
    script.write_text(shop.volfix("carry", "--script", "--from-project", "src"))
    saved = (shop.directory / "data" / "database.db").rename(tmp_path / "database.db")
    (shop.directory / "data" / "notes.txt").touch()
    done = subprocess.run(["sh", script], env=shop.host.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "holds no database.db" in done.stderr
    saved.rename(shop.directory / "data" / "database.db")
    done = subprocess.run(["sh", script], env=shop.host.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert rows_in(content("web-shop_app-db") / "database.db") == 1000
    shop.host.docker("start", shop.host.docker("ps", "-a", "--format", "{{.Names}}").strip())
    done = subprocess.run(["sh", script], env=shop.host.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is written again" in done.stderr


def test_who_goes_back_to_the_directory_after_carrying_is_told(shop: Shop) -> None:
    """Rows that were written to the source after it was carried are missing in the volume: that is no success."""
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    path = database(shop.directory / "data" / "database.db")
    shop.compose("up", "-d")
    shop.write(AFTER)
    shop.volfix("carry", "--write", "--no-up")
    shop.volfix("carry", "--write", "--no-up")
    shop.write(BEFORE.format(url=INSIDE))
    shop.compose("start")
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO items (name) VALUES ('later')")
    shop.write(AFTER)
    assert "not empty and holds something else" in shop.volfix("carry", "--write", status=1)
    shop.compose("down")


def filled(shop: Shop) -> None:
    """A running service with 1000 rows in ./data, and files that put them into a volume."""
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.compose("up", "-d")
    shop.write(AFTER)


def test_the_command_to_type_next_has_everything_that_was_given(shop: Shop) -> None:
    filled(shop)
    words = ("--map", "./data=app-db", "--no-up", "--replace", "-p", "shop", "--from-project", "old shop")
    said = shop.volfix("carry", *words, str(shop.directory))
    then = "volfix carry --write --replace --no-up --from-project 'old shop' -p shop --map ./data=app-db"
    assert said.endswith(f"Nothing is carried yet. Next: {then} {shop.directory}\n")
    assert shop.volfix("carry").endswith("Next: volfix carry --write\n")


def test_a_plan_that_would_be_refused_says_what_to_do_instead(shop: Shop) -> None:
    filled(shop)
    shop.host.docker("volume", "create", "shop_app-db")
    shop.host.docker("run", "--rm", "--network=host", "-v", "shop_app-db:/d", "box:1", "sh", "-c", "echo x >/d/other")
    said = shop.volfix("carry", status=1)
    assert "Next:" not in said
    assert "cannot be carried: shop_app-db holds something else" in said
    assert "volfix carry --write --replace\n" in said


def test_one_volume_that_is_refused_leaves_the_others_and_the_services_as_they_are(shop: Shop) -> None:
    second = ("      - ./data:/app/data\n", "      - ./data:/app/data\n      - ./more:/app/more\n")
    restart = ("    init: true\n", "    init: true\n    restart: on-failure:3\n")
    shop.write(BEFORE.format(url=INSIDE).replace(*second).replace(*restart))
    for name in ("data", "more"):
        (shop.directory / name).mkdir()
        database(shop.directory / name / "database.db")
    shop.compose("up", "-d")
    shop.host.docker("run", "--rm", "--network=host", "-v", "shop_more:/d", "box:1", "sh", "-c", "echo x >/d/other")
    volumes = ("      - app-db:/app/data\n", "      - app-db:/app/data\n      - more:/app/more\n")
    shop.write((AFTER + "  more:\n").replace(*volumes))
    said = shop.volfix("carry", "--write", status=1)
    assert "more: cannot be carried: shop_more holds something else" in said
    assert shop.host.docker("volume", "ls", "-q").split() == ["shop_more"]
    assert shop.compose("ps", "-q", "app").strip(), "it still runs"


def test_a_second_volume_that_fails_says_what_became_of_the_first_and_of_the_services(
    shop: Shop, content: Content
) -> None:
    second = ("      - ./data:/app/data\n", "      - ./data:/app/data\n      - ./more:/app/more\n")
    restart = ("    init: true\n", "    init: true\n    restart: on-failure:3\n")
    shop.write(BEFORE.format(url=INSIDE).replace(*second).replace(*restart))
    for name in ("data", "more"):
        (shop.directory / name).mkdir()
        database(shop.directory / name / "database.db")
    whole = (shop.directory / "more" / "database.db").read_bytes()
    (shop.directory / "more" / "database.db").write_bytes(whole[:4096] + b"\xa5" * 4096 + whole[8192:])
    shop.compose("up", "-d")
    volumes = ("      - app-db:/app/data\n", "      - app-db:/app/data\n      - more:/app/more\n")
    shop.write((AFTER + "  more:\n").replace(*volumes))
    said = shop.volfix("carry", "--write", status=1)
    assert "SQLite says" in said
    assert "shop_app-db is removed again: the data is where it was" in said
    assert "Do not deploy yet. Not carried: app-db, more; the sources are as they were.\n" in said
    assert "Running as before: shop-app-1.\n" in said
    assert said.endswith("Once the cause is repaired: volfix carry --write\n")
    assert shop.host.docker("volume", "ls", "-q") == ""
    form = "{{.State.Running}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}"
    assert shop.host.docker("inspect", "-f", form, shop.container()).strip() == "true on-failure 3"
    (shop.directory / "more" / "database.db").write_bytes(whole)
    assert "started app" in shop.volfix("carry", "--write")
    assert rows_in(content("shop_more") / "database.db") == 1000


def test_replicas_with_rows_of_their_own_are_not_chosen_among(shop: Shop, content: Content) -> None:
    shop.write(BEFORE.format(url=BESIDE))
    shop.compose("up", "-d", "--scale", "app=2")
    made = database(shop.directory / "made.db")
    for number in (1, 2):
        shop.host.docker("cp", str(made), f"shop-app-{number}:/app/other.db")
    shop.write(AFTER)
    said = shop.volfix("carry", "--write", "--map", "container:/app/other.db=app-db", status=1)
    assert "shop-app-1, shop-app-2 each have their own" in said
    assert "(mkdir rows && docker cp -a shop-app-1:/app/other.db rows/)" in said
    assert shop.host.docker("volume", "ls", "-q") == ""
    (shop.directory / "rows").mkdir()
    shop.host.docker("cp", "-a", "shop-app-1:/app/other.db", str(shop.directory / "rows"))
    shop.volfix("carry", "--write", "--no-up", "--map", "./rows=app-db")
    assert rows_in(content("shop_app-db") / "other.db") == 1000


def test_a_service_that_only_the_deployment_can_start_is_left_to_it(shop: Shop, content: Content) -> None:
    (shop.directory / ".env.made").write_text("A=1\n")
    made = ("    init: true\n", "    init: true\n    env_file: .env.made\n")
    shop.write(BEFORE.format(url=INSIDE).replace(*made))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "database.db")
    shop.compose("up", "-d")
    (shop.directory / ".env.made").unlink()
    shop.write(AFTER.replace(*made))
    said = shop.volfix("carry", "--write", status=1)
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    assert "the data is in place and compared, but not started again: app. Compose says:" in said
    assert ".env.made" in said
    assert "Deploy now as always" in said
    assert "docker start" not in said
    assert "Not running: app. Next: deploy as always." in shop.volfix("carry")


def test_what_stays_stopped_is_said_with_what_to_do_next(shop: Shop) -> None:
    filled(shop)
    said = shop.volfix("carry", "--write", "--no-up")
    assert "Stopped, and left so: app. Next: deploy as always" in said
    shop.compose("up", "-d")
    shutil.rmtree(shop.directory / "data")
    said = shop.volfix("carry", "--back", "--write", "--map", "./data=app-db")
    assert "Stopped, and left so: app. Next: put the files back that mount app-db (`volfix undo`, or git), then" in said


@pytest.mark.parametrize("source", ["./nope", "volume:nope"])
def test_a_source_that_a_person_names_has_to_be_there_even_if_the_volume_is_filled(shop: Shop, source: str) -> None:
    filled(shop)
    shop.volfix("carry", "--write")
    said = shop.volfix("carry", "--map", f"{source}=app-db", status=1)
    assert f"--map {source}" in said
    assert "nothing to do" not in said
    assert shop.host.docker("volume", "ls", "-q").split() == ["shop_app-db"]
    assert not (shop.directory / "nope").exists()


@pytest.mark.parametrize("how", ["byte", "missing", "owner", "truncated", "an error in volfix"])
def test_services_are_not_started_on_a_copy_that_differs(
    shop: Shop, content: Content, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    (shop.directory / "data" / "app.txt").write_bytes(b"rows" * 1000)
    (shop.directory / "data" / "empty").touch()
    os.chown(shop.directory / "data" / "app.txt", 999, 999)
    database(shop.directory / "data" / "database.db")
    shop.compose("up", "-d")
    old = shop.container()
    shop.write(AFTER)
    real = Engine.write

    def write(self: Engine, container: str, directory: str, chunks: object) -> None:
        real(self, container, directory, chunks)  # type: ignore[arg-type]
        if how.startswith("an error"):
            raise KeyError("s3cret")
        spoiled(how, content("shop_app-db"))

    monkeypatch.setattr(Engine, "write", write)
    hearing = signal.getsignal(signal.SIGHUP)
    result = CliRunner().invoke(command, ["--write", str(shop.directory)])
    assert result.exit_code == 1
    assert ("not carried: an error in volfix (KeyError" if "error" in how else "the copy differs") in result.output
    assert "s3cret" not in result.output
    assert signal.getsignal(signal.SIGHUP) is hearing, "the process hears signals as before"
    assert shop.container() == old
    form = "{{.State.Running}}{{range .Mounts}} {{.Type}} {{.Source}}{{end}}"
    assert shop.host.docker("inspect", "-f", form, old).split() == ["true", "bind", str(shop.directory / "data")]
    assert shop.host.docker("volume", "ls", "-q") == ""


def test_a_carrier_is_never_left_behind(shop: Shop, engine: Engine) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    shop.write(AFTER, commit=False)
    assert "nothing is carried" in shop.volfix("carry", "--write", status=1)
    assert not engine.containers()


def test_without_an_engine_it_is_said_plainly(tmp_path: Path) -> None:
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none"}
    for name in ("carry", "rows"):
        done = subprocess.run(
            [sys.executable, "-m", "volfix", name, str(tmp_path)],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("url", ["sqlite:///state/x.db", "sqlite3:///state/x.db"])
def test_a_file_behind_three_slashes_is_carried_where_a_mount_decides_what_they_mean(
    shop: Shop, content: Content, url: str
) -> None:
    before = BEFORE.format(url=url).replace("DATABASE_URL", "DSN").replace("./data:/app/data", "./state:/state")
    shop.write(before)
    (shop.directory / "state").mkdir()
    database(shop.directory / "state" / "x.db", 17)
    shop.compose("up", "-d")
    shop.write(AFTER.replace("DATABASE_URL", "DSN").replace("database.db", "x.db"))
    shop.volfix("carry", "--write")
    assert rows_in(content("shop_app-db") / "x.db") == 17
