"""Projects whose values collide: several variables, files and deployments name the same few database files."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

PATHS = (
    *("/app/app.db", "/app/x.db", "/app/y/app.db", "/app/data/app.db", "/app/stuff/app.db"),
    *("/srv/app.db", "/data/app.db"),
)
VARIABLES = ("DATABASE_URL", "DB_PATH", "JOBS_DATABASE_URL", "CACHE_URL", "DATABASE_PATH")
MOUNTS = (
    *("./db:/app/data", "./db:/app/stuff", "./uploads:/app/data", "./cache:/app/stuff", "./data:/app/db"),
    *("./data:/app/data", "./data:/data", "./data:/app/stuff", "./data/sub:/app/data", "../data:/app/data"),
    *("./var:/app/var", "./stuff:/app/stuff", "./stuff:/srv/stuff", "./state:/var/lib/app", "/srv/rows:/app/data"),
    *("rows:/app/data", "rows:/data", "rows:/srv", "jobs:/app/data", "shared:/app/stuff", "db-data:/data"),
    *("web-db:/app/stuff", "app-db:/app/data", "app-db:/app/db", "./app.db:/app/app.db"),
    *("${DATABASE_PATH:-./data}:/app/data", "${DIR:-./data}:/app/data", "${DB_PATH:-./app.db}:/app/app.db"),
)
VOLUMES = ("rows", "jobs", "app-db", "shared", "web-db", "db-data")
NAMED = (".env", ".env.example", ".env.prod", ".env.dist", "config/app.env", "sub/.env")
"""The env files that services may name; some are missing."""
ENV_FILES = (*NAMED, "sub/.env.example", ".env.local", "prod.env")
BUILDS = (*("build: .",) * 3, "build: ./sub", "build: {context: ., dockerfile: Dockerfile}", "image: example.org/app:1")
ENGINE = "from sqlalchemy import create_engine\n"
CODE = (
    "",
    f"{ENGINE}engine = create_engine('sqlite:////app/app.db')\n",
    f"{ENGINE}engine = create_engine('sqlite:///./x.db')\n",
    f"import os\n{ENGINE}engine = create_engine(os.environ.get('DATABASE_URL', 'sqlite:////app/app.db'))\n",
    "import os, sqlite3\nrows = sqlite3.connect(os.getenv('DB_PATH') or '/app/x.db')\n",
    f"{ENGINE}a = create_engine('sqlite:////app/app.db')\nb = create_engine('sqlite:////app/y/app.db')\n",
    "from dotenv import load_dotenv\nload_dotenv()\n",
)
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\n{}COPY . .\n{}"
DOCKERFILES = (
    *(DOCKERFILE.format("", ""),) * 3,
    DOCKERFILE.format("ENV DATABASE_URL=sqlite:////app/app.db\n", ""),
    DOCKERFILE.format("", "USER nobody\n"),
    DOCKERFILE.format("", "RUN mkdir -p /app/data\n"),
)
PROGRAMS = ("python run.py --db /app/app.db", "python run.py ${DB_PATH:-/app/app.db}", "sh start.sh")
SOCKET = "volumes:\n  - name: s\n    host: {path: /var/run/docker.sock}\n"


def laid(chance: random.Random, directory: Path) -> None:
    """Writes a project: one to four services, env files, code, and what deploys it."""

    def put(name: str, text: str) -> None:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)

    names = ("app", "worker", "web", "db")[: chance.randint(1, 4)]
    anchors = list(_anchors(chance))
    shared = [name for name in ("vars", "base") if f"x-{name}: &{name}" in anchors]
    body = [line for name in names for line in _service(chance, name, shared)]
    if chance.random() < 0.15:
        body += ["  extra:", f"    extends: {{service: {names[0]}}}"]
    put("compose.yaml", _compose([*anchors, "services:", *body]))
    if chance.random() < 0.3:
        name = chance.choice(("compose.override.yaml", "compose.prod.yaml"))
        put(name, _compose(["services:", *_service(chance, chance.choice(names), is_override=True)]))
    if chance.random() < 0.25:
        own = _service(chance, chance.choice(("other", names[0])))
        put("compose.second.yaml", _compose(["name: second", "services:", *own]))
    named = "".join(path.read_text() for path in directory.glob("*.yaml"))
    for name in ENV_FILES:
        if chance.random() < (0.9 if f"env_file: {name}\n" in named else 0.38):
            put(name, _env_file(chance))
    for place in ("", "sub/"):
        put(f"{place}Dockerfile", chance.choice(DOCKERFILES))
        put(f"{place}requirements.txt", chance.choice(("sqlalchemy==2.0.36\n", "sqlalchemy\npython-dotenv\n")))
        put(f"{place}db.py", chance.choice(CODE))
    for name, text in _deployments(chance):
        put(name, text)


def _compose(lines: Sequence[str]) -> str:
    return "\n".join([*lines, "volumes:", *(f"  {name}:" for name in VOLUMES), ""])


def _anchors(chance: random.Random) -> Iterator[str]:
    """What services take by an alias or a merge key: their variables, or a whole base."""
    if chance.random() < 0.4:
        yield "x-vars: &vars"
        yield from (f'  {name}: "{_expression(chance, name)}"' for name in chance.sample(VARIABLES, 2))
    if chance.random() < 0.35:
        yield "x-base: &base"
        if chance.random() < 0.6:
            yield f"  volumes: ['{chance.choice(MOUNTS)}']"
        name = chance.choice(VARIABLES)
        yield f'  environment: {{{name}: "{_expression(chance, name)}"}}' if chance.random() < 0.7 else "  init: true"


def _service(
    chance: random.Random, name: str, shared: Sequence[str] = (), *, is_override: bool = False
) -> Iterator[str]:
    yield f"  {name}:"
    yield "    init: true"
    if "base" in shared and chance.random() < 0.35:
        yield "    <<: *base"
    if not is_override:
        yield f"    {chance.choice(BUILDS)}"
    if chance.random() < 0.7:
        mounts = {mount.rpartition(":")[2]: mount for mount in chance.sample(MOUNTS, chance.choice((1, 1, 1, 2)))}
        yield "    volumes:"
        yield from (f"      - '{mount}'" for mount in mounts.values())
    yield from _environment(chance, shared)
    if chance.random() < 0.35:
        yield f"    env_file: {chance.choice(NAMED)}"
    if chance.random() < 0.08:
        yield f"    command: {chance.choice(PROGRAMS)}"
    if chance.random() < 0.06:
        yield f"    working_dir: {chance.choice(('/app', '/srv'))}"
    if chance.random() < 0.05:
        yield "    user: '1000'"


def _environment(chance: random.Random, shared: Sequence[str]) -> Iterator[str]:
    how = chance.choices(("mapping", "list", "names", "alias", "none"), (45, 15, 6, 12, 22))[0]
    names = chance.sample(VARIABLES, chance.choice((1, 1, 2, 2, 3)))
    if how == "alias" and "vars" in shared:
        yield "    environment: *vars"
        return
    if how in ("mapping", "list", "names"):
        yield "    environment:"
    if how == "mapping" and "vars" in shared and chance.random() < 0.4:
        yield "      <<: *vars"
    for name in names:
        if how == "mapping":
            yield f'      {name}: "{_expression(chance, name)}"'
        elif how == "list":
            yield f'      - "{name}={_expression(chance, name)}"'
        elif how == "names":
            yield f"      - {name}"


def _value(chance: random.Random, name: str) -> str:
    """A value for the variable: a path, or a URL."""
    path = chance.choice(PATHS)
    inside = path.removeprefix("/app/") if path.startswith("/app/") else None
    if name.endswith("PATH"):
        return inside if inside and chance.random() < 0.2 else path
    if inside and chance.random() < 0.3:
        return f"sqlite:///{chance.choice(('', './'))}{inside}"
    return f"{chance.choice(('sqlite', 'sqlite', 'sqlite', 'sqlite+aiosqlite'))}:///{path}"


def _expression(chance: random.Random, name: str) -> str:
    """A value of a Compose file: literal, a default, another variable, or put together."""
    value, scheme = _value(chance, name), "" if name.endswith("PATH") else "sqlite:///"
    return chance.choices(
        (
            value,
            f"${{{name}:-{value}}}",
            f"${{{chance.choice((*VARIABLES, 'URL'))}:-{value}}}",
            f"${{{name}}}",
            f"${{{chance.choice(VARIABLES)}-{value}}}",
            f"{scheme}${{DIR:-/app}}/{chance.choice(('app.db', 'x.db'))}",
            f"{scheme}/app/${{NAME:-app}}.db",
        ),
        (45, 20, 10, 7, 6, 6, 6),
    )[0]


def _env_file(chance: random.Random) -> str:
    lines = [f"{name}={_value(chance, name)}\n" for name in chance.sample(VARIABLES, chance.randint(1, 3))]
    return "".join([*lines, "DIR=/app\n" * (chance.random() < 0.1), "NAME=app\n" * (chance.random() < 0.1)])


def _deployments(chance: random.Random) -> Iterator[tuple[str, str]]:
    """A Drone pipeline, a script and a workflow: each may be there."""
    if chance.random() < 0.35:
        has_socket = chance.random() < 0.7
        socket = "    volumes: [{name: s, path: /var/run/docker.sock}]\n" if has_socket else ""
        commands = "".join(f"      - {json.dumps(command)}\n" for command in _commands(chance))
        steps = f"steps:\n  - name: deploy\n    image: docker:27\n{_variable(chance)}{socket}    commands:\n{commands}"
        yield ".drone.yml", f"kind: pipeline\ntype: docker\nname: deploy\n{SOCKET if has_socket else ''}{steps}"
    if chance.random() < 0.35:
        commands = "\n".join(each for each in _commands(chance) if each != "sh deploy.sh")
        yield "deploy.sh", f"#!/bin/sh\nset -e\n{commands}\n"
    if chance.random() < 0.15:
        runs = "".join(f"      - run: {json.dumps(command)}\n" for command in _commands(chance))
        steps = f"{_variable(chance)}    steps:\n      - uses: actions/checkout@v4\n{runs}"
        yield ".github/workflows/deploy.yml", f"on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n{steps}"


def _variable(chance: random.Random) -> str:
    name = chance.choice(VARIABLES)
    return f"    environment: {{{name}: '{_value(chance, name)}'}}\n" if chance.random() < 0.4 else ""


def _commands(chance: random.Random) -> Iterator[str]:
    for _ in range(chance.randint(1, 3)):
        name = chance.choice(VARIABLES)
        given = f"{name}={_value(chance, name)}"
        yield chance.choice(
            (
                *(f'echo "{given}" > .env', f'echo "{given}" >> .env', f"printf '{given}\\n' > .env.prod"),
                *(f"sed -i 's|^{name}=.*|{given}|' .env", f"export {given}", f"{given} docker compose up -d"),
                *("cp .env.prod .env", "cp .env.example .env", "cp -n .env.example .env", "cat .env.prod >> .env"),
                *("set -a && . ./.env.prod && set +a", "sh deploy.sh", "docker compose up -d --build"),
                *("docker compose --env-file .env.prod up -d", "docker compose down -v && docker compose up -d"),
                *("docker compose -f compose.yaml -f compose.prod.yaml up -d", "docker compose up -d"),
                "docker compose -f compose.second.yaml up -d",
            )
        )
    yield "docker compose up -d"
