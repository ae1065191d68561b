"""Given running databases, when rows are counted, then each is asked in its own way and nothing secret is shown."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Host
from test_carry_command import AFTER, BEFORE, BESIDE, INSIDE, Shop, database

from volfix.cli.rows_shown import table_of
from volfix.docker.containers import PROJECT, SERVICE, Container, Process
from volfix.docker.deployed import deployed_at
from volfix.docker.engine import Engine, Finished
from volfix.docker.row_counts import Counted, losses, read, text_of
from volfix.docker.rows import END, count, masked
from volfix.knowledge.clients import client_of, clients


@pytest.fixture
def shop(host: Host, engine: Engine, tmp_path: Path) -> Shop:
    return Shop(host, tmp_path / "shop")


@pytest.mark.engine
def test_a_sqlite_database_is_counted_in_the_running_container_wherever_it_lies(shop: Shop, tmp_path: Path) -> None:
    for url, place in (
        (INSIDE, "/app/data/database.db"),
        (BESIDE, "/app/database.db"),
        ("sqlite:///./x.db", "/app/x.db"),
    ):
        shop.write(BEFORE.format(url=url))
        shop.compose("up", "-d", "--force-recreate")
        path = database(tmp_path / f"{Path(place).name}{len(place)}", 17)
        shop.host.docker("cp", str(path), f"{shop.container()}:{place}")
        found = json.loads(shop.volfix("rows", "--output-format", "json"))["databases"]
        assert [(one["database"], one["tables"]) for one in found] == [(place, {"items": 17})]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:///app/data/x.db", "/app/data/x.db"),
        ("sqlite:///data/x.db", "/app/data/x.db"),
        ("sqlite3:///app/data/x.db", "/app/data/x.db"),
    ],
)
def test_three_slashes_that_libraries_read_differently_are_counted_where_a_mount_decides(
    shop: Shop, url: str, place: str
) -> None:
    shop.write(BEFORE.format(url=url).replace("DATABASE_URL", "DSN"))
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "x.db", 17)
    shop.compose("up", "-d")
    found = json.loads(shop.volfix("rows", "--output-format", "json"))["databases"]
    assert [(one["database"], one["tables"]) for one in found] == [(place, {"items": 17})]


@pytest.mark.engine
def test_a_file_whose_place_no_mount_decides_is_named_and_never_passed_over(shop: Shop) -> None:
    shop.write(BEFORE.format(url="sqlite:///var/x.db").replace("DATABASE_URL", "DSN"))
    shop.compose("up", "-d")
    said = shop.volfix("rows", status=2)
    assert "DSN: the file is not known: volfix does not know which library reads it" in said


@pytest.mark.engine
def test_rows_in_the_wal_of_a_running_writer_count(shop: Shop) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    shop.compose("up", "-d")
    connection = sqlite3.connect(shop.directory / "data" / "database.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO items VALUES (?)", [(n,) for n in range(50)])
    connection.commit()
    found = json.loads(shop.volfix("rows", "--output-format", "json"))["databases"]
    connection.close()
    assert found[0]["tables"] == {"items": 50}
    state = shop.host.docker("inspect", "-f", "{{.State.Status}}", shop.container()).strip()
    assert state == "running", "it is paused while its files are copied, no longer"


@pytest.mark.engine
def test_saved_rows_are_compared_after_the_database_moved(shop: Shop, tmp_path: Path) -> None:
    shop.write(BEFORE.format(url=BESIDE))
    shop.compose("up", "-d")
    shop.host.docker("cp", str(database(tmp_path / "database.db")), f"{shop.container()}:/app/database.db")
    shop.volfix("rows", "--save", "../before.json")
    shop.write(AFTER)
    shop.volfix("carry", "--write")
    assert "every row that was there is there" in shop.volfix("rows", "--against", "../before.json")
    with sqlite3.connect(tmp_path / "database.db") as connection:
        connection.execute("DELETE FROM items WHERE id = 5")
    shop.host.docker("cp", str(tmp_path / "database.db"), f"{shop.container()}:/app/data/database.db")
    said = shop.volfix("rows", "--against", "../before.json", status=1)
    assert "missing: app, SQLite /app/database.db, items: 1000 rows before, 999 now" in said
    shop.compose("down")
    assert "no running container" in shop.volfix("rows", status=2)


@pytest.mark.engine
@pytest.mark.parametrize("words", [("stop",), ("down",)])
@pytest.mark.parametrize("inline", [True, False])
def test_what_was_not_counted_is_never_called_missing(
    shop: Shop, tmp_path: Path, words: tuple[str, ...], inline: bool
) -> None:
    text = BEFORE.format(url=BESIDE)
    shop.write(text if inline else text.replace("environment:\n      DATABASE_URL: " + BESIDE, "env_file: made.env"))
    (shop.directory / "made.env").write_text(f"DATABASE_URL={BESIDE}\n")
    shop.compose("up", "-d")
    shop.host.docker("cp", str(database(tmp_path / "database.db")), f"{shop.container()}:/app/database.db")
    shop.volfix("rows", "--save", "../before.json")
    shop.compose(*words)
    said = shop.volfix("rows", "--against", "../before.json", status=2)
    assert "app, SQLite" in said
    assert "the service has no running container" in said
    assert "nothing could be counted: no container of project shop runs on this daemon" in said
    assert "missing" not in said
    assert "not there any more" not in said
    assert "every row" not in said
    (shop.directory / "made.env").unlink()
    assert "nothing could be counted: no container of project" in shop.volfix("rows", status=2)


@pytest.mark.engine
def test_a_database_file_that_is_gone_from_a_running_service_is_missing(shop: Shop, tmp_path: Path) -> None:
    shop.write(BEFORE.format(url=BESIDE))
    shop.compose("up", "-d")
    shop.host.docker("cp", str(database(tmp_path / "database.db")), f"{shop.container()}:/app/database.db")
    shop.volfix("rows", "--save", "../before.json")
    shop.compose("up", "-d", "--force-recreate")
    assert "not there any more" in shop.volfix("rows", "--against", "../before.json", status=1)


@pytest.mark.engine
def test_a_count_that_cannot_be_saved_is_printed_all_the_same(shop: Shop, tmp_path: Path) -> None:
    shop.write(BEFORE.format(url=BESIDE))
    shop.compose("up", "-d")
    shop.host.docker("cp", str(database(tmp_path / "database.db")), f"{shop.container()}:/app/database.db")
    said = shop.volfix("rows", "--save", "/dev/full", status=2)
    assert "1000" in said
    assert "/dev/full: not written: No space left on device" in said


def test_the_directory_to_save_in_is_looked_for_before_anything_is_counted(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "volfix", "rows", str(tmp_path), "--save", str(tmp_path / "nope" / "b.json")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"there is no directory {tmp_path / 'nope'}" in done.stderr


@pytest.mark.engine
def test_what_cannot_be_asked_is_said_for_each_database(shop: Shop) -> None:
    shop.write(
        "services:\n"
        "  db: {image: 'postgres:16', network_mode: host, environment: {POSTGRES_PASSWORD: hunter2secret}}\n"
        "  graph: {image: 'neo4j:5', network_mode: host, init: true}\n"
        "  cache: {image: 'redis:7', network_mode: host, command: [redis-server]}\n"
        "  watch: {image: 'redis:7', network_mode: host, command: [redis-cli, -h, cache, monitor]}\n"
    )
    for name in ("postgres:16", "neo4j:5", "redis:7"):
        shop.host.docker("tag", "box:1", name)
    try:
        shop.compose("up", "-d", "db", "graph")
        said = shop.volfix("rows", status=2)
        assert "db, PostgreSQL: the image has no psql" in said
        assert "graph, Neo4j: volfix does not know how to ask Neo4j" in said
        assert "cache, Redis: the service has no running container" in said
        assert "watch, Redis" not in said
        assert "hunter2secret" not in said
    finally:
        shop.compose("down")
        shop.host.docker("rmi", "postgres:16", "neo4j:5", "redis:7")


def fake(tmp_path: Path, name: str, body: str) -> Path:
    path = tmp_path / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def run_client(tmp_path: Path, family: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    client = client_of(family)
    assert client
    path = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", "-c", client.count], env={**path, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("family", "name", "environment", "variable"),
    [
        ("postgres", "psql", {"POSTGRES_PASSWORD": "s3cret pass"}, "PGPASSWORD"),
        ("mariadb", "mariadb", {"MARIADB_ROOT_PASSWORD": "s3cret pass"}, "MYSQL_PWD"),
        ("mysql", "mysql", {"MYSQL_USER": "shop", "MYSQL_PASSWORD": "s3cret pass"}, "MYSQL_PWD"),
        ("redis", "redis-cli", {"VOLFIX_PASSWORD": "s3cret pass"}, "REDISCLI_AUTH"),
        ("mongodb", "mongosh", {"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD": "s3cret pass"},
         "VOLFIX_PASSWORD"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_file", [False, True])
def test_a_password_goes_to_the_client_in_a_variable_and_never_as_an_argument(
    tmp_path: Path, family: str, name: str, environment: dict[str, str], variable: str, as_file: bool
) -> None:
    log = tmp_path / "log"
    fake(
        tmp_path, name, f'printf "%s|" "$0" "$@" >>{log}; printf "={variable}:${variable}=\\n" >>{log}; cat >/dev/null'
    )
    if as_file and family != "redis":
        (tmp_path / "secret").write_text("s3cret pass")
        environment = {
            key + "_FILE" * key.endswith("PASSWORD"): str(tmp_path / "secret") if key.endswith("PASSWORD") else value
            for key, value in environment.items()
        }
    run_client(tmp_path, family, environment)
    written = log.read_text()
    assert f"={variable}:s3cret pass=" in written
    assert "s3cret" not in written.replace(f"={variable}:s3cret pass=", "")


MONGOSH = """\
#!/usr/bin/env node
// Speaks as mongosh does: --eval is JavaScript with `db` and `print`; a refused login is an exception and status 1.
const rows = {shop: {items: 3, "odd name": 0, "a\\tb\\nc\\\\d": 1}, admin: {users: 1}, local: {log: 9}};
let open = !process.env.PASSWORD_OF_ROOT;
const sibling = (name) => ({
  getSiblingDB: sibling,
  auth: (user, password) => {
    if (user !== "root" || password !== process.env.PASSWORD_OF_ROOT) throw Error("Authentication failed.");
    open = true;
  },
  runCommand: () => {
    if (!open) throw Error("Command listDatabases requires authentication");
    return {databases: Object.keys(rows).map((name) => ({name}))};
  },
  getCollectionInfos: () => [...Object.keys(rows[name]), "system.views"].map((name) => ({name, type: "collection"})),
  getCollection: (table) => ({countDocuments: () => rows[name][table]}),
});
try {
  const script = process.argv[process.argv.indexOf("--eval") + 1];
  new Function("db", "print", script)(sibling("test"), console.log);
} catch (error) {
  console.error(`MongoServerError: ${error.message}`);
  process.exit(1);
}
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="the stand-in for mongosh is written for node")
def test_mongosh_counts_each_collection_after_its_login(tmp_path: Path) -> None:
    fake(tmp_path, "mongosh", "").write_text(MONGOSH)
    login = {"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD": "s3cret"}
    done = run_client(tmp_path, "mongodb", {**login, "PASSWORD_OF_ROOT": "s3cret"})
    assert done.stdout == "shop\titems\t3\nshop\todd name\t0\nshop\ta\\tb\\nc\\\\d\t1\n"
    for environment in ({**login, "PASSWORD_OF_ROOT": "another"}, {"PASSWORD_OF_ROOT": "s3cret"}):
        refused = run_client(tmp_path, "mongodb", environment)
        assert refused.returncode == 1
        assert "uthenticat" in refused.stderr
        assert not refused.stdout


def test_a_refused_login_is_a_failure_that_says_so(tmp_path: Path) -> None:
    fake(tmp_path, "redis-cli", 'echo "NOAUTH Authentication required."')
    done = run_client(tmp_path, "redis", {})
    assert done.returncode
    assert "NOAUTH" in done.stderr


def test_every_client_says_where_its_facts_come_from_and_which_files_it_has() -> None:
    assert all(client.source and client.files and "set -eu" in client.count for client in clients())


def test_a_message_shows_no_value_of_the_environment() -> None:
    process = Process({"A": "pa55word", "LANG": "C", "LONG": "pa55word-and-more"}, ())
    assert masked("auth pa55word-and-more failed, pa55word", process) == "auth *** failed, ***"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("cannot reach postgres://app:hunter2@db/shop", "cannot reach postgres://app:***@db/shop"),
        ("FATAL: password=hunter2 is wrong", "FATAL: password=*** is wrong"),
        ("token: hunter2", "token: ***"),
        ("Access denied for 'root'@'db' (using password: YES)", "Access denied for 'root'@'db' (using password: YES)"),
    ],
)
def test_what_looks_like_a_credential_in_an_answer_is_neither_shown_nor_saved(
    said: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = counted(tmp_path, monkeypatch, said, status=2)
    assert [one.problem for one in read(text_of("shop", found, []))] == [shown]


def test_only_what_is_missing_is_a_loss() -> None:
    before = [Counted("db", "PostgreSQL", "shop", {"a": 5, "b": 5, "c": 5}), Counted("x", "Redis", "", problem="login")]
    now = [Counted("db", "PostgreSQL", "shop", {"a": 6, "b": 4}), Counted("db", "PostgreSQL", "other", {"c": 5})]
    assert [(loss.table, loss.after) for loss in losses(before, now)] == [("b", 4), ("c", None)]
    assert losses(before, before) == []
    assert losses(before, []) != []
    assert losses(before, [Counted("db", "PostgreSQL", "", problem="the service has no running container")]) == []


def test_saved_rows_are_read_back() -> None:
    found = [Counted("db", "MySQL", "shop", {"tab\tle": 1}), Counted("app", "SQLite", "/x", problem="gone")]
    assert read(text_of("shop", found, [])) == found


def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, status: int = 0) -> list[Counted]:
    """What is counted where the client of a running server answers this."""
    (tmp_path / "compose.yaml").write_text("services:\n  cache:\n    image: redis:7\n")
    container = Container("1", "cache-1", "2", "running", {PROJECT: tmp_path.name, SERVICE: "cache"}, ())
    monkeypatch.setattr(Engine, "containers", lambda _: (container,))
    monkeypatch.setattr(Engine, "process", lambda *_: Process({}, ()))
    monkeypatch.setattr(Engine, "run", lambda *_: Finished(status, output, ""))
    return count(Engine(None), deployed_at(tmp_path))


@pytest.mark.parametrize("output", ["", "db0\tkeys\t7\n", "db0\tkeys\t7\ndb1\tk"])
def test_an_answer_without_its_end_is_no_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    (found,) = counted(tmp_path, monkeypatch, output)
    assert found == Counted("cache", "Redis", "", problem="the client's answer is cut short")
    assert found.is_unknown


def test_no_name_of_a_table_hides_its_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["shop\\tone\ta\\tb\t1", "shop\\tone\ta\\nb\t2", "shop\\tone\ta\\\\nb\t3", "shop\\tone\ta\rb\x0bc\t4"]
    (found,) = counted(tmp_path, monkeypatch, "\n".join([*lines, END, ""]))
    assert found == Counted("cache", "Redis", "shop\tone", {"a\tb": 1, "a\nb": 2, "a\\nb": 3, "a\rb\x0bc": 4})
    assert "a\\tb" in "".join(table_of(("rows",), [(found, table, ("1",)) for table in found.tables]))
    assert len(list(table_of(("rows",), [(found, table, ("1",)) for table in found.tables]))) == 5


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2, "databases": []}', '{"version": 1, "databases": [{}]}']
)
def test_other_files_are_not_taken_for_saved_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows.json").write_text(text)
    words = [sys.executable, "-m", "volfix", "rows", str(tmp_path), "--against", str(tmp_path / "rows.json")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not rows that volfix saved" in done.stderr
