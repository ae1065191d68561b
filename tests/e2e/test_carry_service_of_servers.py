"""Given real servers with rows, when a change with carry services is deployed, then merging it was enough.

Whatever kills a carry service, or fills the disk: no row is lost, and no server serves half of them.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Host
from repositories import DATABASES, Database

pytestmark = pytest.mark.engine
ROWS = 1000
KILLS = int(os.environ.get("VOLFIX_KILLS", "2"))
"""How often a carry is killed: CI takes a sample of the 30 that a release is tested with."""
FILLER = 30_000_000
"""Bytes beside each database, so that a copy takes long enough to be killed."""
SECONDS = 120
APPLICATION = "python:3.12"
COMPOSE = """\
services:
  app:
    image: python:3.12
    network_mode: host
    stop_grace_period: 5s
    environment:
      DATABASE_URL: sqlite:////app/data/shop.db
    volumes:
      - ./data:/app/data
  postgres:
    image: postgres:15
    network_mode: host
    environment: {POSTGRES_PASSWORD: pgs3cret, POSTGRES_DB: shop}
    volumes:
      - ./pg:/var/lib/postgresql/data
  mariadb:
    image: mariadb:10.11
    network_mode: host
    environment: {MARIADB_ROOT_PASSWORD: mas3cret, MARIADB_DATABASE: shop}
    volumes:
      - ./mysql:/var/lib/mysql
  redis:
    image: redis:7
    network_mode: none
    stop_grace_period: 10s
    volumes:
      - ./redis:/data
"""
WRITER = "while :; do sqlite3 /app/data/shop.db \"INSERT INTO items VALUES (0, 'shop')\" || exit; done"


class Shop:
    """A project with four databases that lie in its directory."""

    def __init__(self, host: Host, directory: Path) -> None:
        self.host, self.directory = host, directory
        (directory / "data").mkdir(parents=True)
        os.chown(directory / "data", 1000, 1000)
        self.git("init", "-q")
        self.commit(COMPOSE)
        self.up()
        for database in DATABASES:
            self.ask(database, database.fill.replace("$owner", "shop").replace("$rows", str(ROWS)))

    def git(self, *words: str) -> None:
        command = ["git", "-C", str(self.directory), "-c", "user.email=a@b", "-c", "user.name=a", *words]
        subprocess.run(command, check=True, capture_output=True)

    def commit(self, text: str | None = None) -> None:
        if text is not None:
            (self.directory / "compose.yaml").write_text(text)
        self.git("add", "compose.yaml")
        self.git("commit", "-qm", "x")

    def merge(self) -> None:
        """What `volfix --write --carry-service` makes of the files."""
        self.host.command(self.directory, "volfix", "--write", "--carry-service", statuses=(0, 1))
        self.commit()

    def up(self, *words: str) -> str:
        return self.host.compose(self.directory, "up", "-d", *words)

    def container(self, service: str) -> str:
        return f"{self.directory.name}-{service}-1"

    def volume(self, database: Database) -> str:
        """The volume of a database, by the key that volfix has given it."""
        name = "app-db" if database.service == "app" else f"{database.service}-data"
        return f"{self.directory.name}_{name}"

    def content(self, database: Database) -> Path:
        return Path(self.host.docker("volume", "inspect", "-f", "{{.Mountpoint}}", self.volume(database)).strip())

    def ask(self, database: Database, statements: str, seconds: float = SECONDS) -> str:
        """What the server answers as soon as it does; nothing where it does not in this time."""
        words = ["docker", "exec", "-e", f"STATEMENTS={statements}", self.container(database.service)]
        words += ["sh", "-c", database.asking]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            done = subprocess.run(words, env=self.host.environment, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return done.stdout
            time.sleep(0.2)
        return ""

    def rows(self, database: Database, seconds: float = SECONDS) -> int | None:
        """How many rows the server tells of; None where it answers nothing."""
        said = self.ask(database, database.count.replace("$owner", "shop"), seconds).split()
        return int(said[0]) if len(said) == 2 and said[0].isdigit() else None


@pytest.fixture
def shop(servers: Host, tmp_path: Path) -> Iterator[Shop]:
    servers.docker("tag", "shop-app:1", APPLICATION)
    shop = Shop(servers, tmp_path / "shop")
    yield shop
    servers.compose(shop.directory, "down", "-v", "-t", "1", "--remove-orphans")
    servers.docker("rmi", APPLICATION)


def test_merging_is_enough_beside_a_writer_and_for_one_service_alone(shop: Shop) -> None:
    """The writer appends without pause until its container is stopped, and its last row is in the volume."""
    shop.host.docker("exec", "-d", shop.container("app"), "sh", "-c", WRITER)
    shop.merge()
    shop.up("postgres")
    assert shop.rows(DATABASES[1]) == ROWS
    shop.up()
    with sqlite3.connect(shop.directory / "data/shop.db") as connection:
        (written,) = connection.execute("SELECT count(*) FROM items").fetchone()
    assert written > ROWS
    for words in ((), ("--force-recreate",)):
        shop.up(*words)
        for database in DATABASES:
            assert shop.rows(database) == (written if database.service == "app" else ROWS), database.name


def test_a_carry_that_is_killed_serves_no_wrong_rows_and_is_begun_again(shop: Shop) -> None:
    for database in DATABASES:
        (shop.directory / database.source / "filler").write_bytes(os.urandom(FILLER))
    shop.host.compose(shop.directory, "stop")
    shop.merge()
    chance = random.Random(20)
    begun = 0
    for number in range(KILLS):
        shop.host.compose(shop.directory, "down", "-v", "-t", "1")
        words = ["docker-compose", "up", "-d"]
        deployment = subprocess.Popen(
            words, cwd=shop.directory, env=shop.host.environment, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while not (carriers := running(shop)) and deployment.poll() is None:
            time.sleep(0.05)
        if number % 2:
            time.sleep(chance.uniform(0, 3))
        else:  # as soon as a copy has begun, however fast the machine is
            copies = [shop.content(database) / "filler" for database in DATABASES]
            while not any(copy.is_symlink() for copy in copies) and deployment.poll() is None:
                time.sleep(0.005)
        shop.host.docker("kill", "-s", "KILL", *(running(shop) or carriers), check=False)
        deployment.wait(SECONDS)
        touched = [database for database in DATABASES if (shop.content(database) / "filler").is_symlink()]
        begun += len(touched)
        for database in touched:  # a person starts the server all the same
            shop.host.docker("start", shop.container(database.service), check=False)
        for database in touched:
            assert shop.rows(database, 1.5) in (None, ROWS), f"kill {number}: {database.name}"
        if len(touched) == len(DATABASES):  # the carry services begin again then, and the servers do not wait for them
            shop.host.command(shop.directory, "docker-compose", "restart", "-t", "5", statuses=(0, 1))
        for database in touched:
            assert shop.rows(database, 1.5) in (None, ROWS), f"kill {number}: {database.name}, restarted"
        shop.up()
        rows = {database.name: shop.rows(database) for database in DATABASES}
        logs = shop.host.compose(shop.directory, "logs", "--tail", "30")
        assert rows == {database.name: ROWS for database in DATABASES}, f"kill {number}\n{logs}"
    assert begun


def test_servers_that_somebody_starts_before_any_carry_cost_no_row_and_what_is_said_puts_all_right(shop: Shop) -> None:
    """The carry services never ran: the servers begin new databases, and Redis writes nothing before it stops."""
    shop.merge()
    shop.host.compose(shop.directory, "create")
    for database in DATABASES:
        shop.host.docker("start", shop.container(database.service))
        assert shop.rows(database) == 0, database.name
    for database in reversed(DATABASES):  # Redis first: it writes its nothing down when carry stops it
        name = shop.volume(database).removeprefix(f"{shop.directory.name}_")
        if database.service == "redis":  # as the README says of those that have written nothing
            words = ["carry", "--write", "--map", f"./{database.source}={name}", "--replace"]
        else:
            with pytest.raises(AssertionError, match="didn't complete successfully: exit 1"):
                shop.up(database.service)
            said = shop.host.compose(shop.directory, "logs", "--no-log-prefix", f"carry-{name}").splitlines()[-1]
            assert said.startswith(f"volfix: {name} holds other data than ./{database.source}. ")
            words = said.rpartition(": volfix ")[2].split()
        done = shop.host.command(shop.directory, "volfix", *words, statuses=(0, 1))  # the others are still to come
        assert f"{name}: carried to" in done, done
    shop.up()
    for database in DATABASES:
        assert shop.rows(database) == ROWS, database.name


def running(shop: Shop) -> list[str]:
    """The carry services that run."""
    return shop.host.docker("ps", "--format", "{{.Names}}", "--filter", "name=-carry-").split()


def test_a_full_disk_stops_the_deployment_and_the_next_one_completes(shop: Shop) -> None:
    """The disk of the cache's volume is a small one of its own at first."""
    redis = DATABASES[3]
    (shop.directory / "redis/filler").write_bytes(os.urandom(FILLER))
    shop.merge()
    shop.host.compose(shop.directory, "create", "redis")
    (daemon,) = (shop.host.directory / "pid").read_text().split()
    mount = ["nsenter", "-t", daemon, "-m", "mount", "-t", "tmpfs", "-o", "size=8m", "none", str(shop.content(redis))]
    subprocess.run(mount, check=True)
    with pytest.raises(AssertionError, match="didn't complete successfully: exit 1"):
        shop.up("redis")
    said = shop.host.compose(shop.directory, "logs", "--no-log-prefix", "carry-redis-data")
    assert "No space left on device" in said
    assert (
        "volfix: ./redis cannot be copied into redis-data: mend what is said above, or a full disk. Then deploy again"
        in said
    )
    shop.host.docker("start", shop.container("redis"), check=False)
    assert shop.rows(redis, 1.5) is None
    shop.host.docker("stop", shop.container("redis"))
    subprocess.run(["nsenter", "-t", daemon, "-m", "umount", str(shop.content(redis))], check=True)
    shop.up()
    assert shop.rows(redis) == ROWS


def test_a_build_that_fails_and_two_deployments_at_once_lose_nothing(shop: Shop) -> None:
    shop.merge()
    text = (shop.directory / "compose.yaml").read_text()
    (shop.directory / "broken").mkdir()
    (shop.directory / "broken/Dockerfile").write_text("FROM debian:own\nRUN false\n")
    shop.commit(text.replace("services:\n", "services:\n  broken:\n    build: ./broken\n    network_mode: none\n", 1))
    with pytest.raises(AssertionError):
        shop.up("--build")
    for database in DATABASES:
        assert shop.rows(database) == ROWS, database.name
    shop.commit(text)
    words = ["docker-compose", "up", "-d"]
    both = [
        subprocess.Popen(words, cwd=shop.directory, env=shop.host.environment, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    for one in both:  # of two that make the same containers, Compose lets one fail, or both
        one.wait(SECONDS)
    shop.up()
    for database in DATABASES:
        assert shop.rows(database) == ROWS, database.name
