"""Given real servers with rows in memory or in use, when they are carried or replaced, then every row is somewhere."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Host

pytestmark = pytest.mark.engine
SECONDS = 120
COMPOSE = """\
services:
  cache:
    image: redis:7
    network_mode: none
    restart: always
    stop_grace_period: 0s
    volumes:
      - {cache}:/data
  db:
    image: postgres:15
    network_mode: host
    environment: {{POSTGRES_PASSWORD: pgs3cret, POSTGRES_DB: shop}}
    volumes:
      - {db}:/var/lib/postgresql/data
{volumes}"""
BEFORE = COMPOSE.format(cache="./redis", db="./pg", volumes="")
AFTER = COMPOSE.format(cache="cache-data", db="db-data", volumes="volumes:\n  cache-data:\n  db-data:\n")
PSQL, REDIS = "psql -XAtq -U postgres -d shop -v ON_ERROR_STOP=1", "xargs redis-cli -e"
FILL = "EVAL \"for i = 1, 1000 do redis.call('SET', 'key:' .. i, i) end\" 0"


class Stack:
    """A project in git, with a cache and a database."""

    def __init__(self, host: Host, directory: Path) -> None:
        self.host, self.directory = host, directory
        directory.mkdir()
        self.git("init", "-q")
        self.write(BEFORE)
        host.compose(directory, "up", "-d")
        self.ask("cache", REDIS, FILL)
        self.ask("db", PSQL, "CREATE TABLE orders AS SELECT generate_series(1, 1000) AS n")
        self.write(AFTER)

    def git(self, *words: str) -> None:
        command = ["git", "-C", str(self.directory), "-c", "user.email=a@b", "-c", "user.name=a", *words]
        subprocess.run(command, check=True, capture_output=True)

    def write(self, text: str) -> None:
        (self.directory / "compose.yaml").write_text(text)
        self.git("add", "compose.yaml")
        self.git("commit", "-qm", "x")

    def ask(self, service: str, client: str, statement: str) -> str:
        """What a server answers, as soon as it does."""
        words = ["docker-compose", "exec", "-T", "-e", f"STATEMENT={statement}", service, "sh", "-c"]
        words.append(f"printf '%s\\n' \"$STATEMENT\" | {client}")
        end = time.monotonic() + SECONDS
        while True:
            done = subprocess.run(
                words, cwd=self.directory, env=self.host.environment, capture_output=True, text=True, check=False
            )
            if done.returncode == 0:
                return done.stdout.strip()
            assert time.monotonic() < end, done.stderr
            time.sleep(0.2)

    def volfix(self, *words: str, statuses: tuple[int, ...] = (0,)) -> str:
        return self.host.command(self.directory, "volfix", *words, statuses=statuses)

    def script(self, file: Path) -> subprocess.CompletedProcess[str]:
        file.write_text(self.volfix("carry", "--script"))
        return subprocess.run(["sh", file], env=self.host.environment, capture_output=True, text=True, check=False)


@pytest.fixture
def stack(servers: Host, tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(servers, tmp_path / "shop")
    yield stack
    servers.compose(stack.directory, "down", "-v", "-t", "1")
    for volume in servers.docker("volume", "ls", "-q", "--filter", "name=shop_").split():
        servers.docker("volume", "rm", volume)


def test_the_script_lets_a_server_save_and_starts_it_again_where_another_volume_fails(
    stack: Stack, tmp_path: Path
) -> None:
    """`docker stop` would kill the cache at once, as its service wants it, and its 1,000 keys were gone."""
    place = f"{stack.directory}/pg:/backup"
    stack.host.docker("run", "-d", "--name", "byhand", "--network=host", "-v", place, "debian:own", "sleep", "600")
    try:
        done = stack.script(tmp_path / "carry.sh")
    finally:
        stack.host.docker("rm", "-f", "byhand")
    assert done.returncode == 1, done.stderr
    assert "byhand uses the data" in done.stderr
    assert "shop-cache-1 runs again" in done.stderr
    assert stack.host.docker("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", "shop-cache-1").strip() == "always"
    assert stack.ask("cache", REDIS, "DBSIZE") == "1000"
    done = stack.script(tmp_path / "carry.sh")
    assert done.returncode == 0, done.stderr
    stack.host.compose(stack.directory, "up", "-d")
    assert stack.ask("cache", REDIS, "DBSIZE") == "1000"
    assert stack.ask("db", PSQL, "SELECT count(*) FROM orders") == "1000"


def test_rows_of_a_running_server_are_counted_before_they_are_put_aside(stack: Stack) -> None:
    stack.volfix("carry", "--write")
    stack.ask("db", PSQL, "INSERT INTO orders SELECT generate_series(1, 500)")
    stack.ask("cache", REDIS, "SET one more")
    said = stack.volfix("carry", "--write", "--replace", "--map", "./pg=db-data", statuses=(1,))
    assert "missing: db, PostgreSQL shop, public.orders: 1500 rows before, 1000 now\n" in said
    assert "it holds PostgreSQL shop: public.orders has 1,500 rows\n" in said
    assert "of PostgreSQL, whose rows cannot be counted in its files" in said
    assert stack.ask("db", PSQL, "SELECT count(*) FROM orders") == "1000"
    assert stack.ask("cache", REDIS, "DBSIZE") == "1001", "nobody named its volume"
    (kept,) = stack.host.docker("volume", "ls", "-q", "--filter", "name=before-carry").split()
    assert kept.startswith("shop_db-data-before-carry-")
    assert f"db-data: {kept} keeps PostgreSQL shop: public.orders has 1,500 rows\n" in said
