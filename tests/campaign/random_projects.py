"""Projects put together at random: overrides, variants, includes, two in a directory, profiles, pipelines."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from .table import Outcome
from .two_runs import TwoRuns

DOCKERFILES = (
    "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
    "FROM python:3.12-slim AS build\nWORKDIR /app\nCOPY . .\nFROM build\nRUN mkdir -p /app/data && chown 1000 data\n",
    "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN python manage.py migrate || touch app.db\n",
    "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nUSER node\n",
)
MOUNTS = (
    "./data:/app/data",
    "rows:/app/data",
    "'./dä ta:/app/data'",
    "${DATA:-./data}:/app/data",
    "./data:/app//data/:z",
    "{type: bind, source: ./data, target: /app/data}",
    "/srv/rows:/data",
)
VALUES = (
    "sqlite:///./app.db",
    "sqlite:////app/app.db?timeout=9",
    "'sqlite:///a b.db'",
    '"sqlite:////srv/rows/app.db"',
    "sqlite:///data/app.db # rows",
    "file:./dev.db",
    "postgres://user:password@db/rows",
    "/app/storage/app.db",
    "${URL:-sqlite:////app/app.db}",
)
CODE = (
    "",
    "from sqlalchemy import create_engine\nengine = create_engine('sqlite:///./app.db')\n",
    "import os\nif not os.path.exists('app.db'):\n    pass\n",
)
COMMANDS = (
    "docker compose up -d --build",
    "docker-compose down -v && docker-compose up -d",
    "docker compose -p shop down --volumes; docker compose -p shop up -d",
    "cp .env.prod .env",
    "docker volume prune -f",
    "git clean -ffdx",
    "tar -czf /backup/rows.tar.gz data",
    "sh deploy.sh",
    "make deploy",
    "docker compose run --rm app python manage.py migrate",
)
SOCKET = "volumes:\n  - name: docker-socket\n    host: {path: /var/run/docker.sock}\n"


def service(chance: random.Random, name: str) -> list[str]:
    return list(_service(chance, name))


def _service(chance: random.Random, name: str) -> Iterator[str]:
    yield f"  {name}:"
    if name == "db":
        yield f"    image: postgres:{chance.choice(('16', '17', '18'))}"
        if chance.random() < 0.6:
            yield f"    volumes: ['./pg:/var/lib/postgresql{chance.choice(('', '/data'))}']"
        return
    yield chance.choice(("    build: .", "    build: {context: ., dockerfile: Dockerfile}"))
    if chance.random() < 0.7:
        yield "    volumes:"
        yield f"      - {chance.choice(MOUNTS)}"
    how = chance.choice(("mapping", "list", "file", "both"))
    if how in ("mapping", "both"):
        yield "    environment:"
        yield f"      DATABASE_URL: {chance.choice(VALUES)}"
    if how == "list":
        yield "    environment:"
        yield f"      - DB_PATH={chance.choice(('/app/app.db', 'app.db', '/app/storage/app.db'))}"
    if how in ("file", "both"):
        yield "    env_file: .env.prod"
    if chance.random() < 0.2:
        yield "    deploy: {replicas: 2}"
    if chance.random() < 0.2:
        yield f"    profiles: [{chance.choice(('tools', 'prod, tools'))}]"


def laid(chance: random.Random, directory: Path) -> None:
    names = ("app", "worker", "db")[: chance.randint(1, 3)]
    lines = ["services:", *(line for name in names for line in service(chance, name)), "volumes:", "  rows:"]
    newline = chance.choice(("\n", "\r\n"))
    text = newline.join(lines) + newline * (chance.random() < 0.8)
    (directory / "compose.yaml").write_bytes(text.encode())
    (directory / ".env.prod").write_text(f"# production\nDATABASE_URL={chance.choice(VALUES)}\nSECRET=x\n")
    (directory / "Dockerfile").write_text(chance.choice(DOCKERFILES))
    (directory / "requirements.txt").write_text("sqlalchemy==2.0.36\n")
    (directory / "db.py").write_text(chance.choice(CODE))
    others(chance, directory, names)
    if chance.random() < 0.5:
        (directory / ".drone.yml").write_text("".join(pipeline(chance)))
        (directory / "deploy.sh").write_text("#!/bin/sh\nset -e\n" + chance.choice(COMMANDS[:6]) + "\n")
        (directory / "Makefile").write_text("deploy:\n\t" + chance.choice(COMMANDS[:6]) + "\n")


def others(chance: random.Random, directory: Path, names: tuple[str, ...]) -> None:
    """The Compose files beside the first: overrides and variants of it, projects of their own, included ones."""

    def file(name: str, *sections: str) -> None:
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text("\n".join([*sections, "volumes:", "  rows:", ""]))

    if chance.random() < 0.3:
        name = chance.choice(("compose.override.yaml", "compose.prod.yaml"))
        file(name, "services:", *service(chance, chance.choice(names)))
    if chance.random() < 0.2:
        own = chance.choice(("worker", "other"))
        file("docker-compose.second.yml", "name: second", "services:", *service(chance, own), *service(chance, "db"))
    if chance.random() < 0.2:
        where = chance.choice(("parts/compose.yaml", "parts.yaml"))
        file(where, "services:", *service(chance, "included"))
        text = (directory / "compose.yaml").read_bytes()
        (directory / "compose.yaml").write_bytes(f"include: [{where}]\n".encode() + text)
    if chance.random() < 0.2:
        extended = ["  extending:", f"    extends: {{file: compose.yaml, service: {names[0]}}}"]
        file("compose.extending.yaml", "services:", *extended)


def pipeline(chance: random.Random) -> Iterator[str]:
    yield f"kind: pipeline\ntype: {chance.choice(('docker', 'exec'))}\nname: deploy\n"
    has_socket = chance.random() < 0.5
    yield SOCKET if has_socket else ""
    yield "steps:\n  - name: deploy\n    image: docker:27\n"
    if has_socket and chance.random() < 0.8:
        yield "    volumes:\n      - {name: docker-socket, path: /var/run/docker.sock}\n"
    yield "    commands:\n"
    yield from (f"      - {command}\n" for command in chance.sample(COMMANDS, 3))


def once_is_enough(seed: int, directory: Path) -> Outcome:
    """The project of the seed is planned and written without a failure, and a second run changes nothing."""
    failures: list[str] = []
    for unsafe in (False, True):
        place = directory / ("unsafe" if unsafe else "safe")
        place.mkdir()
        laid(random.Random(seed), place)
        runs = TwoRuns(place, unsafe, trusted=bool(seed % 2))
        once, said = runs.first()
        failures += [*said, *runs.second(once)]
    return Outcome(2, tuple(failures))
