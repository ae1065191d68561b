"""The survival proof: 1,000 rows, deployed again and again: before volfix, after --write alone, and with carry.

Takes minutes and a Debian tree with the engines: VOLFIX_SURVIVAL=1 makes one with debootstrap, a path names one.
The table is printed at the end (pytest -s).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Host
from survival_images import debian, make_images

from volfix.docker.engine import Engine

ROWS = 1000
DEPLOYMENTS = 3
SECONDS = 40
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not os.environ.get("VOLFIX_SURVIVAL"), reason="takes minutes: set VOLFIX_SURVIVAL"),
]


@dataclass(frozen=True)
class Database:
    """An engine as a project uses it; `ask` is a shell command that takes a statement, `made` fills a table."""

    service: str
    image: str
    settings: str
    source: str
    target: str
    ask: str
    fill: str
    count: str


SERIES = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
DATABASES = {
    "SQLite": Database(
        *("app", "shop-app:1", "{DATABASE_URL: 'sqlite:///./database.db'}", "./data", "/app/data"),
        'sqlite3 "${DATABASE_URL#sqlite:///}"',
        f"{SERIES} INSERT INTO items (name) SELECT i FROM n",
        "SELECT count(*) FROM items",
    ),
    "PostgreSQL": Database(
        *("db", "postgres:15", "{POSTGRES_PASSWORD: pgs3cret, POSTGRES_DB: shop}", "./db", "/var/lib/postgresql/data"),
        "psql -XAtq -U postgres -d shop -v ON_ERROR_STOP=1",
        "CREATE TABLE items AS SELECT generate_series(1, 1000) AS id",
        "SELECT count(*) FROM items",
    ),
    "MariaDB": Database(
        *("db", "mariadb:10.11", "{MARIADB_ROOT_PASSWORD: mas3cret, MARIADB_DATABASE: shop}", "./db", "/var/lib/mysql"),
        'MYSQL_PWD="$MARIADB_ROOT_PASSWORD" mariadb -N -B -u root shop',
        "CREATE TABLE items AS SELECT seq FROM seq_1_to_1000",
        "SELECT count(*) FROM items",
    ),
    "Redis": Database(
        *("db", "redis:7", "{}", "./db", "/data", "redis-cli"),
        "EVAL 'for i = 1, 1000 do redis.call(\"SET\", i, i) end' 0",
        "DBSIZE",
    ),
}


class Repository:
    """A repository, and where it is checked out for a deployment."""

    def __init__(self, host: Host, directory: Path, database: Database) -> None:
        self.host, self.database, self.directory = host, database, directory
        self.origin = directory / "origin"
        self.origin.mkdir(parents=True)
        (self.origin / "compose.yaml").write_text(
            f"services:\n  {database.service}:\n    image: {database.image}\n    network_mode: none\n"
            f"    environment: {database.settings}\n    volumes:\n      - {database.source}:{database.target}\n"
        )
        for words in (("init", "-q"), ("config", "user.email", "a@b"), ("config", "user.name", "a"), ("add", "."),
                      ("commit", "-qm", "x")):  # fmt: skip
            self._git(self.origin, *words)
        self.checkouts = 0

    def _git(self, directory: Path, *words: str) -> None:
        subprocess.run(["git", "-C", str(directory), *words], check=True, capture_output=True)

    def checkout(self, name: str) -> Path:
        place = self.directory / name / "drone" / "src"
        if not (place / ".git").exists():
            shutil.rmtree(place / ".git", ignore_errors=True)
            subprocess.run(["git", "clone", "-q", str(self.origin), str(place / "new")], check=True)
            for path in (place / "new").iterdir():
                path.rename(place / path.name)
            (place / "new").rmdir()
        self._git(place, "pull", "-q")
        return place

    def fix(self) -> None:
        self.volfix(self.origin, "--write")
        self._git(self.origin, "commit", "-qam", "volfix")

    def volfix(self, directory: Path, *words: str) -> str:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            [sys.executable, "-m", "volfix", *words],
            cwd=directory, env={**self.host.environment, "PATH": path}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, statement: str) -> str:
        """What the running database answers; nothing where it has no such table."""
        label = f"label=com.docker.compose.service={self.database.service}"
        end = time.monotonic() + SECONDS
        while True:
            container = self.host.docker("ps", "-q", "--filter", label).split()
            done = subprocess.run(
                ["docker", "exec", "-i", *container[:1], "sh", "-c", self.database.ask],
                env=self.host.environment, input=statement + "\n", capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode == 0 or "exist" in done.stderr or "no such table" in done.stderr:
                return done.stdout.strip() if done.returncode == 0 else ""
            if time.monotonic() > end:
                raise AssertionError(f"the database does not answer: {done.stderr}")
            time.sleep(0.3)


def socket(repository: Repository, up: Callable[[Path], None]) -> None:
    """Drone's docker runner with the host's socket: the files are new, ./data is one path of the host."""
    place = repository.directory / "workspace" / "drone" / "src"
    for name in (".git", "compose.yaml"):
        path = place / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    up(repository.checkout("workspace"))


def runner(repository: Repository, up: Callable[[Path], None]) -> None:
    """The exec runner: a new directory for each build, deleted after it."""
    repository.checkouts += 1
    name = f"drone-{repository.checkouts}"
    up(repository.checkout(name))


def cleaned(repository: Repository, up: Callable[[Path], None]) -> None:
    place = repository.checkout("checkout")
    up(place)


DEPLOY = {
    "docker runner, host socket": (socket, ("up", "-d", "--force-recreate")),
    "exec runner": (runner, ("up", "-d", "--force-recreate")),
    "git clean -ffdx": (cleaned, ("up", "-d", "--force-recreate")),
    "down and up": (cleaned, ("up", "-d")),
    "up --force-recreate": (cleaned, ("up", "-d", "--force-recreate")),
}
TABLE: dict[tuple[str, str], list[str]] = {}


@pytest.fixture(scope="session")
def images(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    given = os.environ["VOLFIX_SURVIVAL"]
    tree = Path(given) if given != "1" else debian(tmp_path_factory.mktemp("debian"))
    make_images(host, tree, tmp_path_factory.mktemp("images"))
    yield
    print("\n| deployment | engine | before | --write | --write and carry |\n| --- | --- | --- | --- | --- |")
    for (deployment, engine), cells in TABLE.items():
        print(f"| {deployment} | {engine} | {' | '.join(cells)} |")


def survivors(host: Host, directory: Path, database: Database, deployment: str, phase: str) -> int:
    """The rows that are there after the deployments."""
    repository = Repository(host, directory, database)
    way, words = DEPLOY[deployment]
    carry = False

    def up(place: Path) -> None:
        if carry:
            repository.volfix(place, "carry", "--write", "--no-up")
        if deployment == "down and up":
            host.compose(place, "down")
        host.compose(place, *words)

    way(repository, up)
    repository.ask(database.count)
    repository.ask(database.fill)
    assert repository.ask(database.count) == str(ROWS)
    if phase != "before":
        repository.fix()
    for _ in range(DEPLOYMENTS):
        carry = phase == "carry"
        if carry:  # as a person does, or the step before: while the data is still there
            way(repository, up)
        for place in directory.glob("drone-*"):
            shutil.rmtree(place)
        if deployment == "git clean -ffdx":
            subprocess.run(["git", "clean", "-ffdxq"], cwd=directory / "checkout" / "drone" / "src", check=True)
        if not carry:
            way(repository, up)
    return int(repository.ask(database.count) or 0)


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize("deployment", DEPLOY)
def test_every_row_survives(
    host: Host, images: None, engine: Engine, tmp_path: Path, deployment: str, name: str
) -> None:
    cells = []
    for phase in ("before", "write", "carry"):
        cells.append(survivors(host, tmp_path / phase, DATABASES[name], deployment, phase))
        for container in host.docker("ps", "-aq").split():
            host.docker("rm", "-fv", container)
        for volume in host.docker("volume", "ls", "-q").split():
            host.docker("volume", "rm", volume)
    TABLE[deployment, name] = [str(cell) for cell in cells]
    assert cells[2] == ROWS
