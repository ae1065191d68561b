"""Given real database servers with passwords, when rows are counted, then each is counted, or the reason is said."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Host

pytestmark = pytest.mark.engine
SECONDS = 120
SECRETS = ("pgs3cret", "mas3cret", "res3cret")
COMPOSE = """\
services:
  db:
    image: postgres:15
    network_mode: host
    environment: {POSTGRES_PASSWORD: pgs3cret, POSTGRES_DB: shop}
  orders:
    image: mariadb:10.11
    network_mode: host
    environment: {MARIADB_ROOT_PASSWORD: mas3cret, MARIADB_DATABASE: shop}
  cache:
    image: redis:7
    network_mode: none
    command: [redis-server, --requirepass, res3cret]
  app:
    image: shop-app:1
    network_mode: host
    environment: {DATABASE_URL: "sqlite:////app/data/shop.db"}
  graph:
    image: neo4j:5
    network_mode: host
    entrypoint: [sh, -c, "neo4j console || sleep 600"]  # the tests have no such server
    init: true
"""


class Stack:
    """The project, running."""

    def __init__(self, host: Host, directory: Path) -> None:
        self.host, self.directory = host, directory
        (directory / "compose.yaml").write_text(COMPOSE)
        host.docker("tag", "debian:own", "neo4j:5")
        host.compose(directory, "up", "-d")

    def ask(self, service: str, client: str, statement: str) -> None:
        """Have a server do something, as soon as it takes it."""
        words = ["docker-compose", "exec", "-T", service, "sh", "-c", client]
        end = time.monotonic() + SECONDS
        while True:
            done = subprocess.run(
                words, cwd=self.directory, env=self.host.environment, input=statement, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            if done.returncode == 0:
                return
            assert time.monotonic() < end, done.stderr
            time.sleep(0.2)

    def rows(self, *words: str, status: int = 0) -> str:
        said = self.host.command(self.directory, "volfix", "rows", *words, statuses=(status,))
        assert not [secret for secret in SECRETS if secret in said]
        return said


PSQL = "psql -q -U postgres -d shop -v ON_ERROR_STOP=1"
MARIADB = 'MYSQL_PWD="$MARIADB_ROOT_PASSWORD" mariadb -u root shop'
REDIS = "REDISCLI_AUTH=res3cret xargs redis-cli -e"


def test_the_rows_of_every_server_are_counted_and_compared(servers: Host, tmp_path: Path) -> None:
    stack = Stack(servers, tmp_path)
    try:
        stack.ask("db", PSQL, 'CREATE TABLE "odd ""name" AS SELECT generate_series(1, 7) AS n;')
        stack.ask("orders", MARIADB, "CREATE TABLE `odd name` AS SELECT seq FROM seq_1_to_8;")
        stack.ask("cache", REDIS, "MSET a 1 b 2 c 3")
        stack.ask("app", "sqlite3 /app/data/shop.db", "INSERT INTO items VALUES (1, 'x');")
        stack.rows("--save", "before.json", status=2)
        found = json.loads((tmp_path / "before.json").read_text())["databases"]
        assert {(one["service"], one["engine"], one["database"]): one["tables"] for one in found if one["tables"]} == {
            ("db", "PostgreSQL", "shop"): {'public.odd "name': 7},
            ("orders", "MySQL", "shop"): {"odd name": 8},
            ("cache", "Redis", "db0"): {"keys": 3},
            ("app", "SQLite", "/app/data/shop.db"): {"items": 1},
        }
        assert "graph, Neo4j: volfix does not know how to ask Neo4j" in stack.rows(status=2)
        stack.ask("db", PSQL, 'DELETE FROM "odd ""name" WHERE n = 3;')
        stack.ask("cache", REDIS, "FLUSHALL")
        said = stack.rows("--against", "before.json", status=1)
        assert 'missing: db, PostgreSQL shop, public.odd "name: 7 rows before, 6 now' in said
        assert "missing: cache, Redis db0, keys: 3 rows before, it is not there any more" in said
        assert "orders" not in said.partition("missing:")[2]
        stack.ask("orders", MARIADB, "ALTER USER root@localhost IDENTIFIED BY 'another';")
        assert "orders, MySQL: ERROR 1045 (28000): Access denied for user 'root'@'localhost'" in stack.rows(status=2)
        stack.host.compose(tmp_path, "stop", "db")
        assert "db, PostgreSQL: the service has no running container" in stack.rows(status=2)
    finally:
        stack.host.compose(tmp_path, "down", "-v", "-t", "1")
        servers.docker("rmi", "neo4j:5")


def test_no_command_line_shows_a_password_while_rows_are_counted(servers: Host, tmp_path: Path) -> None:
    stack = Stack(servers, tmp_path)
    try:
        stack.ask("cache", REDIS, "SET a 1")
        watch = "while :; do cat /proc/[0-9]*/cmdline 2>/dev/null; done | tr '\\0' ' ' >/tmp/seen"
        servers.compose(tmp_path, "exec", "-d", "cache", "sh", "-c", watch)
        for _ in range(3):
            stack.rows(status=2)
        seen = servers.compose(tmp_path, "exec", "-T", "cache", "cat", "/tmp/seen")
        assert "redis-cli" in seen
        assert "INFO keyspace" in seen
        assert "res3cret" not in seen.replace("redis-server --requirepass res3cret", "")
    finally:
        servers.compose(tmp_path, "down", "-v", "-t", "1")
        servers.docker("rmi", "neo4j:5")
