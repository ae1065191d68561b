"""Repositories that deploy a database with Docker Compose, and the ways in which a host deploys them."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

from conftest import Host

SECONDS = 120
SHARED = "src"
"""The project's name under Drone, whose workspaces all end in `src`."""
REFUSED = ("readonly", "read-only", "unable to open database", "could not open file", "could not extend", "MISCONF")
PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
ANYTHING, TWO_NUMBERS = re.compile(r".*", re.DOTALL), re.compile(r"\d+\s+\d+\s*")
COMPOSE = Template("""\
services:
  $service:
    image: $image
    network_mode: $network
    stop_grace_period: 5s
    environment: $environment
    volumes:
      - ./$source:$target
""")


@dataclass(frozen=True)
class Database:
    """An engine as a project uses it. `ask` is a shell command that reads statements; each repository has its rows."""

    name: str
    service: str
    image: str
    environment: str
    source: str
    target: str
    ask: str
    fill: str
    count: str
    network: str = "host"

    @property
    def asking(self) -> str:
        """A shell command that has the server take `$STATEMENTS`, and waits some moments for one that just starts.

        Each `docker exec` takes the processor for longer than most statements.
        """
        return f"for _ in 1 2 3 4 5; do printf '%s\\n' \"$STATEMENTS\" | {self.ask} && exit; sleep 0.2; done; exit 1"


SCHEMA = "CREATE TABLE IF NOT EXISTS items (number INTEGER, owner VARCHAR(60));"
COUNT = (
    f"{SCHEMA} SELECT count(*) FROM items WHERE owner = '$owner'; SELECT count(*) FROM items WHERE owner <> '$owner';"
)
SQLITE = Database(
    *("SQLite", "app", "shop-app:1", "{DATABASE_URL: 'sqlite:///./database.db'}", "data", "/app/data"),
    ask='sqlite3 -cmd ".timeout 60000" "${DATABASE_URL#sqlite:///}"',
    fill=f"{SCHEMA} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows)"
    " INSERT INTO items SELECT i, '$owner' FROM n;",
    count=COUNT,
)
POSTGRESQL = Database(
    *("PostgreSQL", "postgres", "postgres:15", "{POSTGRES_PASSWORD: pgs3cret, POSTGRES_DB: shop}"),
    *("pg", "/var/lib/postgresql/data"),
    ask="psql -XAtq -U postgres -d shop -v ON_ERROR_STOP=1",
    fill=f"{SCHEMA} INSERT INTO items SELECT i, '$owner' FROM generate_series(1, $rows) AS i;",
    count=COUNT,
)
MARIADB = Database(
    *("MariaDB", "mariadb", "mariadb:10.11", "{MARIADB_ROOT_PASSWORD: mas3cret, MARIADB_DATABASE: shop}"),
    *("mysql", "/var/lib/mysql"),
    ask='MYSQL_PWD="$MARIADB_ROOT_PASSWORD" mariadb -N -B -u root shop',
    fill=f"{SCHEMA} INSERT INTO items SELECT seq, '$owner' FROM seq_1_to_$rows;",
    count=COUNT,
)
REDIS = Database(  # it listens on a port, of which the machine has one
    *("Redis", "redis", "redis:7", "{}", "redis", "/data"),
    ask="xargs redis-cli -e",  # with the commands on its input, it ends with 0 where no server listens
    fill="EVAL \"for i = 1, $rows do redis.call('SET', '$owner:' .. i, i) end\" 0",
    count="EVAL \"local own = #redis.call('KEYS', '$owner:*') return {own, redis.call('DBSIZE') - own}\" 0",
    network="none",
)
DATABASES = (SQLITE, POSTGRESQL, MARIADB, REDIS)


@dataclass(frozen=True)
class Rows:
    """What a database holds: a repository's own rows, those of another, and whether it takes another row."""

    own: int
    foreign: int
    writable: bool


class Repository:
    """A repository with a Compose file, its clones, and its running database."""

    def __init__(self, host: Host, directory: Path, database: Database, pipeline: str = "") -> None:
        self.host, self.directory, self.database, self.name = host, directory, database, directory.name
        self.projects = (self.name, SHARED) if pipeline else (self.name,)
        self.neighbour: Repository | None = None
        self.origin = directory / "origin" / self.name
        self.origin.mkdir(parents=True)
        (self.origin / "compose.yaml").write_text(COMPOSE.substitute(asdict(database)))
        if pipeline:
            (self.origin / ".drone.yml").write_text(pipeline)
        self._git("init", "-q")
        self.commit("Deploy the shop")

    def commit(self, message: str) -> None:
        self._git("add", "-A")
        self._git("-c", "user.email=a@b", "-c", "user.name=a", "commit", "-qm", message)

    def _git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.origin), *words], check=True, capture_output=True)

    def clone(self, place: Path) -> Path:
        """The newest commit in this directory, cloned or pulled."""
        words = ["-C", str(place), "pull", "-q"] if (place / ".git").exists() else ["clone", "-q", self.origin, place]
        subprocess.run(["git", *words], check=True, capture_output=True)
        return place

    def volfix(self, directory: Path, *words: str, statuses: tuple[int, ...] = (0,)) -> str:
        """What volfix prints in a clone."""
        return self.host.command(directory, "volfix", *words, statuses=statuses)

    def fill(self, rows: int) -> None:
        said = self._ask(self.database.fill, rows)
        assert said is not None, f"{self.name}: the first rows cannot be written"
        own, _ = self.counts()
        assert own >= rows, f"{self.name}: of {rows} rows that the database took, {own} are there"

    def counts(self) -> tuple[int, int]:
        """The repository's own rows and those of others that its database holds."""
        said = self._ask(self.database.count, answer=TWO_NUMBERS)
        own, foreign = map(int, said.split()) if said is not None else (0, 0)
        return own, foreign

    def is_writable(self) -> bool:
        """Whether the database takes one more row."""
        return self._ask(self.database.fill, 1) is not None

    def _ask(self, statements: str, rows: int = 0, answer: re.Pattern[str] = ANYTHING) -> str | None:
        """What the running database answers; None where it does not take the statements.

        They are in a variable, and an answer of another form is asked for again: `docker exec` may lose what goes
        through it, input and output, where the machine has much else to do.
        """
        given = Template(statements).substitute(owner=self.name, rows=rows)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            container = self.containers(status="running")
            words = ["docker", "exec", "-e", f"STATEMENTS={given}", *container, "sh", "-c", self.database.asking]
            done = subprocess.run(words, env=self.host.environment, capture_output=True, text=True, check=False)
            if done.returncode == 0 and answer.fullmatch(done.stdout):
                return done.stdout
            if any(word in done.stderr for word in REFUSED):
                return None
            time.sleep(0.2)
        raise TimeoutError(f"{self.name}: the database does not answer: {done.stderr}")

    def containers(self, **filters: str) -> list[str]:
        """The container that this repository deployed last, alone in a list."""
        service = f"{SERVICE}={self.database.service}"
        found = self.host.api.containers(all=True, filters={"label": service, **filters})
        by_project = {container["Labels"][PROJECT]: container["Id"] for container in reversed(found)}
        return [by_project[name] for name in self.projects if name in by_project][:1]

    def remove(self) -> None:
        """Take away what it has on the host, and what it shares there with others."""
        api, own = self.host.api, (self.database.service, f"carry-{self.database.service}-")
        for project in self.projects:
            for container in api.containers(all=True, filters={"label": f"{PROJECT}={project}"}):
                if container["Labels"][SERVICE].startswith(own):
                    api.remove_container(container["Id"], v=True, force=True)
            for volume in api.volumes({"name": f"^{project}_{self.database.service}-"})["Volumes"] or ():
                api.remove_volume(volume["Name"])
