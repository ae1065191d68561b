"""Repositories with one secret each, planted where repositories have them: what volfix prints of them must not have it.

A kind is a file of a base repository with `SECRET` in it, near a place that volfix edits or complains of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

SHAPES = ("letters and digits", "a word", "marks between", "capitals", "a short one")


@dataclass(frozen=True, slots=True)
class Planted:
    """A secret: its kind, the repository it stands in, and how it is written there."""

    kind: str
    repository: Path
    secret: str


def secret(kind: str, shape: int) -> str:
    """A secret that nothing else is called like, always the same for its kind and shape."""
    seed = sha256(f"{kind} {shape}".encode()).hexdigest()
    letters = "".join(chr(ord("a") + int(digit, 16)) for digit in seed)
    return (
        f"Zk{seed[:12]}",
        f"quagga{letters[:8]}",
        f"{letters[:4]}_{seed[:4]}+{letters[4:8]}",
        f"QX{letters[:10].upper()}",
        f"{seed[:2]}xq{letters[:4]}",
    )[shape]


COMPOSE = """\
services:
  db:
    image: postgres:16
{above}
    volumes:
      - ./pg:/var/lib/postgresql/data
{below}
"""
CODE = {
    "compose.yaml": "services:\n  app:\n    build: .\n    volumes:\n      - app-db:/app/data\nvolumes:\n  app-db:\n",
    "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
    "requirements.txt": "fastapi\nsqlalchemy==2.0.36\n",
    "package.json": "{}\n",
}
ENGINE = "from sqlalchemy import create_engine\n{above}\nengine = create_engine('sqlite:///./app.db')\n{below}\n"
ALEMBIC = "engine_from_config(config.get_section('alembic'))\n"
GO = CODE | {
    "Dockerfile": "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /shop .\nFROM alpine:3.20\n"
    "WORKDIR /app\nCOPY --from=build /shop ./shop\n",
    "go.mod": "module shop\n",
}
VOLUME = {
    "compose.yaml": "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./rows:/var/lib/postgresql/data\n"
}
DRONE = """\
kind: pipeline
type: exec
name: default
steps:
- name: deploy
  image: docker:24
{above}
  commands:
{commands}
  - docker compose down -v
  - docker compose up -d
{below}
"""
ENV = {
    "compose.yaml": CODE["compose.yaml"].replace("build: .", "build: .\n    env_file: .env.prod"),
    "Dockerfile": CODE["Dockerfile"],
}


def _compose(above: str = "", below: str = "") -> dict[str, str]:
    indented = ["".join(f"    {line}\n" for line in text.splitlines()).rstrip("\n") for text in (above, below)]
    return {"compose.yaml": COMPOSE.format(above=indented[0], below=indented[1])}


def _engine(above: str = "", below: str = "") -> dict[str, str]:
    return CODE | {"db.py": ENGINE.format(above=above, below=below)}


def _env(text: str) -> dict[str, str]:
    return ENV | {".env.prod": text}


def _script(line: str, name: str = "deploy.sh") -> dict[str, str]:
    return VOLUME | {name: f"#!/bin/sh\n{line}\ndocker compose down -v\ndocker compose up -d\n"}


def _make(line: str) -> dict[str, str]:
    return VOLUME | {"Makefile": f"{line}\n\ndeploy:\n\tdocker compose down -v\n\tdocker compose up -d\n"}


def _drone(above: str = "", commands: str = "  - cd /srv/app", below: str = "") -> dict[str, str]:
    return VOLUME | {".drone.yml": DRONE.format(above=above, commands=commands, below=below)}


def _go(line: str) -> dict[str, str]:
    text = f'package main\n\n{line}\n\nfunc main() {{\n\tdb, err := sql.Open("sqlite3", "var/shop.db")\n}}\n'
    return GO | {"main.go": text}


def _js(line: str, name: str = "server.js") -> dict[str, str]:
    text = f"const Database = require('better-sqlite3');\n{line}\nconst db = new Database('shop.db');\n"
    return CODE | {name: text}


def _github(env: str = "", steps: str = "") -> dict[str, str]:
    return VOLUME | {
        ".github/workflows/deploy.yml": f"on: push\njobs:\n  up:\n    runs-on: self-hosted\n{env}    steps:\n{steps}"
        "      - run: docker compose down -v\n      - run: docker compose up -d\n"
    }


def _gitlab(text: str) -> dict[str, str]:
    return VOLUME | {".gitlab-ci.yml": text}


def _jenkins(text: str) -> dict[str, str]:
    return VOLUME | {
        "Jenkinsfile": "pipeline {\n  agent any\n  stages { stage('up') { steps {\n"
        f"    {text}\n    sh 'docker compose down -v'\n    sh 'docker compose up -d'\n  }} }} }}\n}}\n"
    }


def _docker(line: str) -> dict[str, str]:
    return CODE | {
        "Dockerfile": f'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n{line}\nENV DATABASE_URL="sqlite:///./app.db"\n'
    }


KINDS: dict[str, dict[str, str]] = {
    "environment, mapping": _compose("environment:\n  MODE: SECRET"),
    "environment, list": _compose("environment:\n  - MODE=SECRET"),
    "environment, quoted": _compose('environment:\n  MODE: "SECRET"'),
    "environment, block": _compose("environment:\n  MODE: |\n    SECRET"),
    "environment, flow": _compose("environment: {MODE: SECRET, B: c}"),
    "environment, default": _compose("environment:\n  MODE: ${MODE:-SECRET}"),
    "environment, complaint of a variable": _compose("environment:\n  MODE: ${MODE:?SECRET}"),
    "environment, JSON": _compose('environment:\n  MODE: \'{"a": "SECRET"}\''),
    "environment, anchor": {
        "compose.yaml": "x-env: &env\n  MODE: SECRET\n" + _compose("environment: *env")["compose.yaml"]
    },
    "environment, merge key": _compose("environment:\n  <<: &base {MODE: SECRET}\n  B: c"),
    "environment, comment": _compose("environment:\n  # OLD: SECRET\n  A: b"),
    "environment, comment behind": _compose("environment:\n  A: b # was SECRET: forget it\n  B: c"),
    "environment, number sign": _compose("environment:\n  A: b#SECRET"),
    "environment, URL of another database": _compose("environment:\n  URL: postgres://shop:SECRET@pg/shop"),
    "environment, without a name": _compose("environment:\n  - MODE SECRET"),
    "comment, name and value": _compose("# the login: SECRET"),
    "comment, assignment": _compose("# MODE=SECRET"),
    "comment, URL": _compose("# https://me:SECRET@host/"),
    "comment, password": _compose("# the password is SECRET"),
    "build, arguments": _compose("build:\n  context: .\n  args:\n    MODE: SECRET"),
    "build, list of arguments": _compose("build:\n  context: .\n  args: [MODE=SECRET]"),
    "build, context with a token": _compose("build: https://SECRET@github.com/a/b.git"),
    "build, secret in a query": _compose("build: https://github.com/a/b.git?key=SECRET"),
    "command, flag": _compose("command: server --requirepass SECRET"),
    "command, unknown flag": _compose("command: server --door SECRET"),
    "command, list": _compose("command: [server, --requirepass, SECRET]"),
    "command, glued flag": _compose("command: mysqladmin -pSECRET ping"),
    "command, assignment": _compose("command: sh -c 'X=SECRET exec server'"),
    "command, export": _compose("entrypoint: sh -c 'export X=SECRET; exec server'"),
    "command, URL": _compose("command: server amqp://u:SECRET@mq/"),
    "health check, flag": _compose("healthcheck:\n  test: redis-cli -a SECRET ping"),
    "health check, list": _compose("healthcheck:\n  test: [CMD, redis-cli, -a, SECRET, ping]"),
    "health check, query": _compose("healthcheck:\n  test: curl http://localhost/?key=SECRET"),
    "label, mapping": _compose("labels:\n  door: SECRET"),
    "label, list": _compose("labels:\n  - door=SECRET"),
    "label, basic authorization": _compose("labels:\n  - traefik.http.middlewares.a.basicauth.users=me:SECRET"),
    "logging options": _compose("logging:\n  driver: gelf\n  options:\n    door: SECRET"),
    "driver options": _compose("", "volumes_: {}").copy()
    | {
        "compose.yaml": COMPOSE.format(
            above="",
            below="      - nas:/nas\nvolumes:\n  nas:\n    driver_opts:\n"
            "      type: cifs\n      o: username=me,password=SECRET\n      device: //nas/share",
        )
    },
    "mount, source with credentials beside it": {
        "compose.yaml": COMPOSE.format(above="", below="      - //me:SECRET@nas/share:/nas")
    },
    "mount, source with a query": {"compose.yaml": COMPOSE.format(above="", below="      - ./nas?key=SECRET:/nas")},
    "mount, source that is edited": {
        "compose.yaml": COMPOSE.format(above="", below="")
        .replace("./pg", "./me:SECRET@nas/pg")
        .replace(
            "- ./me:SECRET@nas/pg:/var/lib/postgresql/data",
            "- {type: bind, source: './me:SECRET@nas/pg', target: /var/lib/postgresql/data}",
        )
    },
    "mount, name and value in a path": {
        "compose.yaml": COMPOSE.format(above="", below="").replace("./pg", "./password=SECRET/pg")
    },
    "inline configuration": {"compose.yaml": _compose()["compose.yaml"] + "configs:\n  a:\n    content: user=SECRET\n"},
    "extension": {"compose.yaml": "x-door: SECRET\n" + _compose()["compose.yaml"]},
    "SQLite URL, query": {
        "compose.yaml": CODE["compose.yaml"].replace(
            "build: .", "build: .\n    environment:\n      DATABASE_URL: sqlite:///./app.db?door=SECRET"
        ),
        "Dockerfile": CODE["Dockerfile"],
    },
    "SQLite URL, password": {
        "compose.yaml": CODE["compose.yaml"].replace(
            "build: .", "build: .\n    environment:\n      DATABASE_URL: sqlite+pysqlcipher://:SECRET@/./app.db"
        ),
        "Dockerfile": CODE["Dockerfile"],
    },
    "SQLite URL, parameter": {
        "compose.yaml": CODE["compose.yaml"].replace(
            "build: .", "build: .\n    environment:\n      DATABASE_URL: jdbc:sqlite:./app.db;door=SECRET"
        ),
        "Dockerfile": CODE["Dockerfile"],
    },
    "two URLs that disagree": {
        "compose.yaml": CODE["compose.yaml"].replace(
            "build: .",
            "build: .\n    env_file: .env.prod\n    environment:\n      DATABASE_URL: mysql://u:SECRET@h/a",
        ),
        ".env.prod": "DATABASE_URL=sqlite:////app/data/app.db\n",
    },
    "not YAML, open quote": {"compose.yaml": _compose('environment:\n  MODE: "SECRET')["compose.yaml"]},
    "not YAML, colon": {"compose.yaml": _compose("environment:\n  MODE: a: SECRET")["compose.yaml"]},
    "not YAML, two keys": {"compose.yaml": _compose("environment:\n  A: SECRET\n  A: SECRET")["compose.yaml"]},
    "not YAML, alias": _compose("environment:\n  MODE: *SECRET"),
    "not YAML, anchor": _compose("environment:\n  MODE: &SECRET a\n  B: &SECRET"),
    "not YAML, tag": _compose("environment:\n  MODE: !SECRET! a"),
    "not YAML, tag of its own": _compose("volumes: !SECRET a"),
    "not YAML, mark": _compose("environment:\n  MODE: @SECRET"),
    "not YAML, escape": _compose('environment:\n  MODE: "\\SECRET"'),
    "not YAML, directive": {"compose.yaml": "%SECRET 1\n---\n" + _compose()["compose.yaml"]},
    "not YAML, tabs": _compose("environment:\n\tMODE: SECRET"),
    "not YAML, block": _compose("environment:\n  MODE: |SECRET\n    a"),
    "not Compose, services": {"compose.yaml": "services: SECRET\n"},
    "not Compose, environment": _compose("environment: SECRET"),
    "not Compose, environment of lists": _compose("environment:\n  - [SECRET]"),
    "not Compose, ports": _compose("ports: SECRET"),
    "not Compose, open variable": _compose("environment:\n  MODE: ${SECRET"),
    "not Compose, odd variable": _compose("environment:\n  MODE: ${SECRET!}"),
    "not Compose, open variable in a mount": {
        "compose.yaml": COMPOSE.format(above="", below="      - ${SECRET!}:/nas")
    },
    "not Compose, volumes": {"compose.yaml": _compose()["compose.yaml"] + "volumes: SECRET\n"},
    "not TOML": VOLUME | {".volfix.toml": 'select = "SECRET"\n'},
    "not TOML, open quote": VOLUME | {".volfix.toml": 'select = ["SECRET\n'},
    "not TOML, word": VOLUME | {".volfix.toml": "select = ['VF101', SECRET]\n"},
    "env file": _env("MODE=SECRET\nDATABASE_URL=sqlite:///./database.db\n"),
    "env file, export": _env("export MODE=SECRET\nDATABASE_URL=sqlite:///./database.db\n"),
    "env file, quoted lines": _env('MODE="a\nSECRET\nb"\nDATABASE_URL=sqlite:///./database.db\n'),
    "env file, comment": _env("# MODE=SECRET\nDATABASE_URL=sqlite:///./database.db\n"),
    "env file, comment with a colon": _env("# login: SECRET\nDATABASE_URL=sqlite:///./database.db\n"),
    "env file, comment behind": _env("DATABASE_URL=sqlite:///./database.db # or SECRET\n"),
    "env file, no assignment": _env("SECRET\nDATABASE_URL=sqlite:///./database.db\n"),
    "env file, open quote": _env('DATABASE_URL=sqlite:///./database.db\nMODE="SECRET\n'),
    "Python, environment": _engine('import os\nos.environ["X"] = "SECRET"'),
    "Python, several lines": _engine("X = (\n    'a'\n    'SECRET'\n)"),
    "Python, triple quotes": _engine('X = """\nSECRET\n"""'),
    "Python, call": _engine(below="connect(host='a', door='SECRET')"),
    "Python, dictionary": _engine(below="X = {'door': 'SECRET'}"),
    "Python, f-string": _engine(below="X = f'{1}SECRET'"),
    "Python, comment": _engine("# door: SECRET"),
    "Python, bytes": _engine("X = b'SECRET'"),
    "Python, comparison": _engine(below="if door == 'SECRET':\n    pass"),
    "Python, not Python": _engine(below="X = ('SECRET'"),
    "alembic.ini": CODE
    | {
        "migrations/env.py": ALEMBIC,
        "alembic.ini": "[alembic]\nscript_location = migrations\ndoor = SECRET\nsqlalchemy.url = sqlite:///./app.db\n",
    },
    "alembic.ini, comment": CODE
    | {
        "migrations/env.py": ALEMBIC,
        "alembic.ini": "[alembic]\nscript_location = migrations\n# door = SECRET\nsqlalchemy.url = sqlite:///./app.db\n",
    },
    "Go": _go('const door = "SECRET"'),
    "Go, raw string": _go("const door = `\nSECRET\n`"),
    "Go, comment": _go("// door: SECRET"),
    "Go, DSN": _go('const door = "me:SECRET@tcp(db:3306)/a"'),
    "JavaScript": _js("const door = 'SECRET';"),
    "JavaScript, template": _js("const door = `a\nSECRET`;"),
    "JavaScript, object": _js("login({ user: 'me', door: 'SECRET' });"),
    "JavaScript, comment": _js("/* door: SECRET */"),
    "JavaScript, regular expression": _js("const door = /SECRET/;"),
    "script, echo": _script("echo SECRET | docker login -u me --password-stdin"),
    "script, printf": _script("printf 'X=SECRET' > .env"),
    "script, assignment": _script("X=SECRET docker compose pull"),
    "script, option": _script("docker run --rm -e X=SECRET busybox"),
    "script, login": _script("docker login -u me -p SECRET"),
    "script, here-document": _script("cat > .env <<END\nX=a\nSECRET\n# SECRET\nEND"),
    "script, here-string": _script("docker login --password-stdin <<< SECRET"),
    "script, curl": _script("curl -u me:SECRET https://host/"),
    "script, header": _script("curl -H 'X-Door: SECRET' https://host/"),
    "script, query": _script("curl https://host/hook?key=SECRET"),
    "script, path of a hook": _script("curl https://host/services/SECRET"),
    "script, clone": _script("git clone https://me:SECRET@host/a.git"),
    "script, remote": _script("git remote set-url origin https://SECRET@host/a.git"),
    "script, sshpass": _script("sshpass -p SECRET ssh host"),
    "script, comment": _script("# door: SECRET"),
    "script, export": _script('export X="SECRET"'),
    "script, the same line": VOLUME
    | {"deploy.sh": "#!/bin/sh\nX=SECRET docker compose down -v && X=SECRET docker compose up -d\n"},
    "script, in one line with the login": VOLUME
    | {
        "deploy.sh": "#!/bin/sh\necho SECRET | docker login --password-stdin && docker compose down -v\n"
        "docker compose up -d\n"
    },
    "script, wiped rows": VOLUME
    | {
        "deploy.sh": "#!/bin/sh\ndocker compose up -d\n"
        "docker compose exec db psql postgres://u:SECRET@db/a -c 'drop schema a'\n"
    },
    "script, wiped files": VOLUME | {"deploy.sh": "#!/bin/sh\nX=SECRET rm -rf ./rows\ndocker compose up -d\n"},
    "Makefile, export": _make("export PASS := SECRET"),
    "Makefile, define": _make("define PASS\nSECRET\nendef"),
    "Makefile, recipe": _make("login:\n\techo SECRET | docker login -u me --password-stdin"),
    "Makefile, conditional": _make("DOOR ?= SECRET"),
    "Drone, environment": _drone("  environment:\n    MODE: SECRET"),
    "Drone, settings": _drone("  settings:\n    door: SECRET"),
    "Drone, echo": _drone(commands="  - echo SECRET | docker login -u me --password-stdin"),
    "Drone, printf": _drone(commands="  - printf 'X=SECRET' > .env"),
    "Drone, assignment": _drone(commands="  - X=SECRET docker compose pull"),
    "Drone, option": _drone(commands="  - docker run -e X=SECRET busybox"),
    "Drone, comment": _drone(commands="  # door: SECRET\n  - cd /srv/app"),
    "Drone, name with a query": _drone(below="- name: hook\n  image: curl\n  commands: [curl host?key=SECRET]"),
    "Drone, project": _drone(commands="  - export COMPOSE_PROJECT_NAME=a DOOR=SECRET"),
    "GitHub Actions, env": _github("    env:\n      MODE: SECRET\n"),
    "GitHub Actions, run": _github(steps="      - run: echo SECRET | docker login -u me --password-stdin\n"),
    "GitHub Actions, with": _github(steps="      - uses: a/b@v1\n        with: {door: SECRET}\n"),
    "GitLab CI, variables": _gitlab(
        "variables:\n  DOOR: SECRET\nup:\n  script:\n    - docker compose down -v\n    - docker compose up -d\n"
    ),
    "GitLab CI, script": _gitlab(
        "up:\n  script:\n    - docker login -u me -p SECRET\n    - docker compose down -v\n    - docker compose up -d\n"
    ),
    "Jenkins, environment": _jenkins("withEnv(['DOOR=SECRET']) { sh 'docker compose pull' }"),
    "Jenkins, assignment": _jenkins("env.DOOR = 'SECRET'"),
    "Dockerfile, ENV": _docker("ENV DOOR=SECRET"),
    "Dockerfile, old ENV": _docker("ENV DOOR SECRET"),
    "Dockerfile, ARG": _docker("ARG DOOR=SECRET"),
    "Dockerfile, RUN": _docker("RUN DOOR=SECRET pip install ."),
    "Dockerfile, RUN with a URL": _docker("RUN pip install git+https://SECRET@host/a.git"),
    "Dockerfile, comment": _docker("# door: SECRET"),
    "Dockerfile, LABEL": _docker("LABEL door=SECRET"),
}
"""The kinds, each with its files: more than eighty."""


def plant(directory: Path, kind: str, shape: int) -> Planted:
    """Make the repository of a kind in `directory`, which is to be new, with a secret of the shape."""
    planted = secret(kind, shape)
    for name, text in KINDS[kind].items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("SECRET", planted), encoding="utf-8")
    return Planted(kind, directory, planted)


def plant_all(directory: Path, shapes: range = range(len(SHAPES))) -> Iterator[Planted]:
    """Every kind in every shape, each in a repository of its own below `directory`."""
    for number, kind in enumerate(KINDS):
        for shape in shapes:
            yield plant(directory / f"{number}-{shape}", kind, shape)


def plant_sample(directory: Path) -> Iterator[Planted]:
    """Every kind once, the shapes in turn."""
    for number, kind in enumerate(KINDS):
        yield plant(directory / str(number), kind, number % len(SHAPES))
