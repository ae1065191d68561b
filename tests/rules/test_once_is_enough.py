"""Given fixes that change what the next run finds, then the first run makes each change at once or refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
BUILT = {"Dockerfile": DOCKERFILE, "requirements.txt": "sqlalchemy==2.0.36\n"}
DECLARED = "\nvolumes:\n  {}:\n    driver: local\n"
LITERAL = "from sqlalchemy import create_engine\nengine = create_engine('sqlite:////app/app.db')\n"
TWO = """\
services:
  app:
    build: .
    environment:
      DATABASE_URL: {}
      JOBS_DATABASE_URL: {}
    volumes: ["{}"]
"""
APART = """\
services:
  web:
    build: .
    environment: {{DATABASE_URL: "sqlite:////{}/app.db"}}
    volumes: ["rows:/data"]
  worker:
    build: .
    volumes: ["{}"]
volumes:
  rows:
"""
BELOW = APART.replace("worker:\n    build: .\n", "worker:\n    build: sub\n").replace('    volumes: ["{}"]\n', "{}", 1)
ALONE = """\
services:
  worker:
    build: .
"""

STUFF = """\
services:
  app:
    build: .
    volumes: ["./stuff:/app/stuff"]
"""
ENVIRONMENT = STUFF + "    environment: {DATABASE_URL: 'sqlite:////app/jobs.db'}\n"
GIVEN = "name: shop\n" + ENVIRONMENT.replace("{DATABASE_URL", "{CACHE_URL: '${CACHE_URL}', DATABASE_URL")
BESIDE_DATA = ENVIRONMENT.replace('"]', '", "rows:/data"]') + "\nvolumes:\n  rows:\n"
CODE = LITERAL.replace("/app/app.db", "/app/stuff/app.db")
CODE_OF_TWO = CODE + "jobs = create_engine('sqlite:////app/jobs.db')\n"
FLOW = """\
kind: pipeline
type: exec
name: deploy
steps:
  - name: deploy
    environment: {CACHE_URL: 'sqlite:////app/stuff/app.db'}
    commands: [docker compose up -d]
"""
NO_MOUNT = """\
services:
  app:
    build: .
    environment: {DATABASE_URL: "sqlite:////app/data/app.db"}
"""
OTHER = """\
name: second
services:
  other:
    image: example.org/acme/other:1
    environment: {{DATABASE_URL: "sqlite:////srv/rows/other.db"}}
    volumes: ["{}:/srv/rows"]
"""
WEB = """\
  web:
    build: .
    volumes: ["./stuff:/app/stuff"]
    environment: {DATABASE_URL: "sqlite:////app/jobs.db"}
"""
GUESS = """\
services:
  app:
    image: example.org/acme/app:1
    volumes: ["rows:/app/data"]
  worker:
    build: .
    volumes: ["{}:/app/var"]
    environment: {{CACHE_URL: "sqlite:////{}/app.db"}}
volumes:
  rows:
"""
OVERRIDE = """\
services:
  app:
    environment: {CACHE_URL: "sqlite:////app/stuff/app.db"}
    volumes: ["rows:/app/data"]
volumes:
  rows:
"""


def stuffed(compose: str) -> str:
    """The Compose file after the fix: the directory is a volume, and the other database is in it."""
    volume = compose.replace("./stuff:", "app-db:").replace("/app/jobs.db", "/app/stuff/jobs.db")
    return volume + DECLARED.format("app-db")


BESIDE_FILE = """\
services:
  app:
    build: .
    volumes: ["{}", "rows:/app/data"]
    environment: {{DATABASE_URL: "sqlite:////app/{}app.db", DB_PATH: /app/{}x.db}}
  other:
    build: .
    volumes: ["jobs:/app/stuff"]
volumes:
  rows:
  jobs:
{}"""
RELATIVE = "from sqlalchemy import create_engine\nengine = create_engine('sqlite:///./{}x.db')\n"
SHARED = """\
services:
  web:
    build: .
    volumes: ["{0}:/app/data"]
    environment: {{DATABASE_URL: "sqlite:////app/{1}app.db"}}
  worker:
    build: .
    volumes: ["{0}:/app/stuff", "rows:/app/data"]
    environment: {{DB_PATH: /app/{2}jobs.db}}
volumes:
  rows:
{3}"""
NEEDED = """\
services:
  app: &app
    build: .
    volumes: ["rows:/app/data"]
    environment: {{DATABASE_URL: "sqlite:////app/{}app.db"}}
  more: *app
  web:
    build: .
    volumes: ["jobs:/app/data"]
volumes:
  rows:
  jobs:
"""
MISNAMED = """\
services:
  web:
    build: .
    volumes: ["{0}:/app/data"]
    environment: {{DATABASE_URL: "sqlite:////app/data/app.db"}}
  worker:
    build: .
    volumes: ["{0}:/app/data"]
    environment: {{DB_PATH: /app/{1}jobs.db}}
{2}"""
UNDECLARED = """\
services:
  app:
    build: .
    volumes: ["jobs:/app/data"]
    environment: {{DB_PATH: /{}/app.db}}
"""
SHARES_NAMES = """\
services:
  db:
    build: .
    volumes: ['{}:/app/data', '{}:/app/stuff']
    environment: {{DATABASE_URL: 'sqlite:////app/stuff/app.db', JOBS_DATABASE_URL: 'sqlite:////app/jobs.db'}}
"""
REPLACED = """\
services:
  app:
    volumes: ['{}:/app/data']
    environment: {{DATABASE_URL: 'sqlite:////app/data/app.db'}}
"""
AT_ONCE: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "two directories with databases, of a service whose name is db: what is in no mount stays": (
        {
            "compose.yaml": SHARES_NAMES.format("./rows", "./db"),
            ".env.prod": "CACHE_URL=sqlite:////app/data/cache.db\n",
        },
        {
            "compose.yaml": SHARES_NAMES.format("db-data", "db-data-stuff")
            + DECLARED.format("db-data").rstrip("\n")
            + "\n  db-data-stuff:\n    driver: local\n",
            ".env.prod": "CACHE_URL=sqlite:////app/data/cache.db\n",
        },
    ),
    "a directory that an override replaces holds nothing of what the other holds": (
        {"compose.yaml": STUFF.replace("app/stuff", "app/data"), "compose.prod.yaml": REPLACED.format("./rows")},
        {
            "compose.yaml": STUFF.replace("app/stuff", "app/data"),
            "compose.prod.yaml": REPLACED.format("app-db") + DECLARED.format("app-db"),
        },
    ),
    "a directory whose name says nothing holds another database of the service, and becomes its volume": (
        {"compose.yaml": TWO.format("sqlite:////app/stuff/app.db", "sqlite:////app/jobs.db", "./stuff:/app/stuff")},
        {
            "compose.yaml": TWO.format(
                "sqlite:////app/stuff/app.db", "sqlite:////app/stuff/jobs.db", "app-db:/app/stuff"
            )
            + DECLARED.format("app-db")
        },
    ),
    "a directory whose name says nothing, for a database of the code, which names another": (
        {"compose.yaml": STUFF, "db.py": CODE_OF_TWO},
        {"compose.yaml": stuffed(STUFF), "db.py": CODE_OF_TWO.replace("/app/jobs.db", "/app/stuff/jobs.db")},
    ),
    "such a directory for a database of the code, and an env file that nothing names": (
        {"compose.yaml": STUFF, "db.py": CODE, ".env.prod": "CACHE_URL=sqlite:////app/jobs.db\n"},
        {"compose.yaml": stuffed(STUFF), "db.py": CODE, ".env.prod": "CACHE_URL=sqlite:////app/stuff/jobs.db\n"},
    ),
    "such a directory for a database of an env file that nothing names": (
        {"compose.yaml": ENVIRONMENT, ".env.prod": "CACHE_URL=sqlite:////app/stuff/app.db\n"},
        {"compose.yaml": stuffed(ENVIRONMENT), ".env.prod": "CACHE_URL=sqlite:////app/stuff/app.db\n"},
    ),
    "such a directory for a database that the deployment names": (
        {"compose.yaml": GIVEN, ".drone.yml": FLOW},
        {"compose.yaml": stuffed(GIVEN), ".drone.yml": FLOW},
    ),
    "such a directory for a database that only an override names": (
        {"compose.yaml": STUFF, "compose.prod.yaml": OVERRIDE, ".env.stage": "DATABASE_URL=sqlite:////app/jobs.db\n"},
        {
            "compose.yaml": stuffed(STUFF),
            "compose.prod.yaml": OVERRIDE,
            ".env.stage": "DATABASE_URL=sqlite:////app/stuff/jobs.db\n",
        },
    ),
    "such a directory of another service's database": (
        {"compose.yaml": STUFF + "    environment: {CACHE_URL: 'sqlite:////app/stuff/cache.db'}\n" + WEB},
        {"compose.yaml": stuffed(STUFF + "    environment: {CACHE_URL: 'sqlite:////app/stuff/cache.db'}\n" + WEB)},
    ),
    "a mount whose variable also names a database of another project, whose directory becomes a volume": (
        {
            "compose.yaml": NO_MOUNT,
            "docker-compose.second.yml": OTHER.format("${DATABASE_PATH:-./data}"),
            ".env.example": "DATABASE_PATH=/app/data/app.db\n",
        },
        {
            "compose.yaml": NO_MOUNT + "    volumes:\n      - app-db:/app/data\n" + DECLARED.format("app-db"),
            "docker-compose.second.yml": OTHER.format("other-db") + DECLARED.format("other-db"),
            ".env.example": "DATABASE_PATH=/app/data/app.db\n",
        },
    ),
    "such a directory beside a volume that is named for data": (
        {"compose.yaml": BESIDE_DATA, ".env.prod": "CACHE_URL=sqlite:////app/stuff/app.db\n"},
        {
            "compose.yaml": BESIDE_DATA.replace("./stuff:", "app-db:").replace("/app/jobs.db", "/app/stuff/jobs.db")
            + "  app-db:\n    driver: local\n",
            ".env.prod": "CACHE_URL=sqlite:////app/stuff/app.db\n",
        },
    ),
    "a directory that is only a guess for the service's own database, and an env file that nothing names": (
        {"compose.yaml": GUESS.format("./var", "app"), ".env.prod": "DB_PATH=/srv/jobs.db\n"},
        {
            "compose.yaml": GUESS.format("worker-db", "app/var") + "  worker-db:\n    driver: local\n",
            ".env.prod": "DB_PATH=/app/var/jobs.db\n",
        },
    ),
    "a mounted file that the code names, and another service that only follows its environment": (
        {"compose.yaml": APART.format("app", "./app.db:/app/app.db"), "db.py": LITERAL},
        {
            "compose.yaml": APART.format("data", "worker-db:/app/data") + "  worker-db:\n    driver: local\n",
            "db.py": LITERAL.replace("/app/app.db", "/app/data/app.db"),
        },
    ),
    "a volume of its own for the code's database, and another service that only follows its environment": (
        {"compose.yaml": BELOW.format("app", ""), "sub/Dockerfile": DOCKERFILE, "sub/db.py": LITERAL},
        {
            "compose.yaml": BELOW.format("data", "    volumes:\n      - worker-db:/app/data\n")
            + "  worker-db:\n    driver: local\n",
            "sub/Dockerfile": DOCKERFILE,
            "sub/db.py": LITERAL.replace("/app/app.db", "/app/data/app.db"),
        },
    ),
    "an env file that nothing names, for the service that gets a volume because of its code": (
        {"compose.yaml": ALONE, "db.py": LITERAL, ".env.prod": "DATABASE_URL=sqlite:////app/app.db\n"},
        {
            "compose.yaml": ALONE + "    volumes:\n      - worker-db:/app/data\n" + DECLARED.format("worker-db"),
            "db.py": LITERAL.replace("/app/app.db", "/app/data/app.db"),
            ".env.prod": "DATABASE_URL=sqlite:////app/data/app.db\n",
        },
    ),
    "a mounted file, beside a literal in code that the environment's value replaces": (
        {"compose.yaml": BESIDE_FILE.format("./app.db:/app/app.db", "", "", ""), "db.py": RELATIVE.format("")},
        {
            "compose.yaml": BESIDE_FILE.format("app-db:/app/db", "db/", "data/", "  app-db:\n    driver: local\n"),
            "db.py": RELATIVE.format("stuff/"),
        },
    ),
    "a literal that one service needs, and two others would move into one file, which their environment does already": (
        {"compose.yaml": NEEDED.format(""), "db.py": LITERAL},
        {"compose.yaml": NEEDED.format("data/"), "db.py": LITERAL.replace("/app/app.db", "/app/data/app.db")},
    ),
    "a directory that two services mount, and into which the database of one of them moves": (
        {"compose.yaml": SHARED.format("./data", "", "", "")},
        {"compose.yaml": SHARED.format("web-db", "data/", "stuff/", "  web-db:\n    driver: local\n")},
    ),
    "a directory with a database and a name for something else, which is lost with the fix": (
        {"compose.yaml": TWO.format("sqlite:////app/data/app.db", "sqlite:////app/jobs.db", "./uploads:/app/data")},
        {
            "compose.yaml": TWO.format("sqlite:////app/data/app.db", "sqlite:////app/data/jobs.db", "app-db:/app/data")
            + DECLARED.format("app-db")
        },
    ),
    "such a directory that another service mounts for data": (
        {"compose.yaml": MISNAMED.format("./uploads", "", "")},
        {"compose.yaml": MISNAMED.format("web-db", "data/", DECLARED.format("web-db"))},
    ),
    "a file that is complete alone once its volume is declared, beside a base file that has another database": (
        {
            "compose.yaml": NO_MOUNT + '    volumes: ["rows:/app/data"]\nvolumes:\n  rows:\n',
            "docker-compose.second.yml": UNDECLARED.format("srv"),
        },
        {
            "compose.yaml": NO_MOUNT + '    volumes: ["rows:/app/data"]\nvolumes:\n  rows:\n',
            "docker-compose.second.yml": UNDECLARED.format("app/data") + DECLARED.format("jobs"),
        },
    ),
}
MOUNTED = """\
services:
  app:
    build: .
    volumes: ["rows:/app/data", "${DB_PATH:-./store.db}:/srv/store"]
volumes:
  rows:
"""
SOURCE = """\
services:
  app:
    build: .
    environment: {DATABASE_URL: "sqlite:////app/data/app.db"}
    volumes: ["${DATABASE_PATH:-./data.db}:/app/data"]
"""
SOURCED = "#!/bin/sh\nset -a\n. ./.env.prod\ndocker compose up -d\n"
TRAP = """\
services:
  app:
    build: .
    volumes: ["app-db:/app/db", "{}:/app/stuff"]
    environment: {{DATABASE_URL: "sqlite:////app/app.db", CACHE_URL: "sqlite://{}/stuff/cache.db"}}
  worker:
    build: .
    volumes: ["app-db:/app/db"]
    environment: {{DB_PATH: /app/app.db}}
volumes:
  app-db:
{}"""
HOLDER = """\
services:
  worker:
    build: .
    volumes: ["{}:/data"]
    environment: {{DATABASE_URL: "sqlite:////data/jobs.db"}}
  app:
    build: .
    volumes: ["app-db:/app/db"]
    environment: {{CACHE_URL: "sqlite:////app/x.db"}}
volumes:
  app-db:
{}"""
HELD = """\
services:
  app:
    volumes: ["{}:/data"]
    environment: {{DB_PATH: /data/app.db}}
"""
CALLED = """\
services:
  db:
    build: .
    volumes: ["{0}:/data"]
    environment: {{DATABASE_URL: "sqlite:////data/jobs.db"}}
  app:
    build: .
    volumes: ["{0}:/data", "rows:/app/data"]
    environment: {{CACHE_URL: "sqlite:////app/x.db"}}
volumes:
  rows:
{1}"""
GUESSED = """\
services:
  worker:
    build: .
    volumes: ["./var:/app/var"]
    environment: {DATABASE_URL: "sqlite:////app/app.db"}
"""
EVIDENT = """\
services:
  worker:
    volumes: ["rows:/app/data"]
    environment: {{DATABASE_URL: "sqlite:////app/{}x.db", CACHE_URL: "sqlite:////data/app.db", DB_PATH: /app/y/app.db}}
volumes:
  rows:
"""
OWNED = """\
services:
  app:
    build: .
    volumes: ["rows:/app/data"]
    environment: {DATABASE_URL: "sqlite:////app/data/app.db"}
volumes:
  rows:
"""
USER = "services:\n  app:\n    user: '1000'\n"
ONLY: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a file that another service may name in each of several mounts, of which a fix makes a volume": (
        {"compose.yaml": TRAP.format("./stuff", "/", "")},
        {"compose.yaml": TRAP.format("app-db-2", "", "  app-db-2:\n    driver: local\n")},
    ),
    "a value for which another combination of Compose files has several mounts, one named for another service": (
        {"compose.yaml": HOLDER.format("./data", ""), "compose.prod.yaml": HELD.format("./data")},
        {
            "compose.yaml": HOLDER.format("worker-db", "  worker-db:\n    driver: local\n"),
            "compose.prod.yaml": HELD.format("worker-db") + DECLARED.format("worker-db"),
        },
    ),
    "a value for which there are several mounts, one named for another service, which is called like a database": (
        {"compose.yaml": CALLED.format("./data", "")},
        {"compose.yaml": CALLED.format("db-data", "  db-data:\n    driver: local\n")},
    ),
    "a guess, where another combination of Compose files has a mount for data": (
        {"compose.yaml": GUESSED, "compose.prod.yaml": EVIDENT.format("")},
        {"compose.yaml": GUESSED, "compose.prod.yaml": EVIDENT.format("data/")},
    ),
}
"""What else would change in the second run stays, for the reason that holds before the fixes and after them."""
NEVER: dict[str, tuple[dict[str, str], str]] = {
    "a variable that is a mount's source, in a file that the deployment reads": (
        {"compose.yaml": MOUNTED, ".env.prod": "DB_PATH=/var/live/store.db\n", "deploy.sh": SOURCED},
        "${DB_PATH:-./store.db} is mounted too: change both together, by hand",
    ),
    "a new volume that would tell the working directory, beside a relative path": (
        {
            "compose.yaml": "services:\n  app:\n    image: example.org/acme/app:1\n    environment:\n"
            "      DATABASE_URL: sqlite:////app/data/app.db\n      JOBS_DATABASE_URL: sqlite:///./jobs.db\n"
        },
        "JOBS_DATABASE_URL of app names a file in a directory that volfix does not know: set `working_dir:`",
    ),
    "a variable that is the source of the service's mount, in `.env`": (
        {"compose.yaml": SOURCE, ".env": "DATABASE_PATH=./data.db\n"},
        "DATABASE_PATH also names the database /app/data.db of app, which no mount holds: change both together, by hand",
    ),
    "the same in an example": (
        {"compose.yaml": SOURCE, ".env.example": "DATABASE_PATH=./data.db\n"},
        "DATABASE_PATH also names the database /app/data.db of app, which no mount holds: change both together, by hand",
    ),
    "an owner for a directory, where another combination of Compose files has another user": (
        {"compose.yaml": OWNED, "compose.prod.yaml": USER, "Dockerfile": DOCKERFILE + "USER nobody\n"},
        "with compose.yaml and compose.prod.yaml, app runs as 1000, and the directory has one owner: give each the "
        "same `user:`",
    ),
    "the same, where the directory belongs to the user of the image already": (
        {
            "compose.yaml": OWNED,
            "compose.prod.yaml": USER,
            "Dockerfile": DOCKERFILE + "RUN mkdir -p /app/data && chown nobody /app/data\nUSER nobody\n",
        },
        "with compose.yaml, app runs as nobody, and the directory has one owner: give each the same `user:`",
    ),
    "a mounted file beside a database in no mount": (
        {"compose.yaml": TWO.format("sqlite:////app/app.db", "sqlite:////app/jobs.db", "./app.db:/app/app.db")},
        "JOBS_DATABASE_URL of app names /app/jobs.db, which no mount holds: mount one volume at a directory for both "
        "files, by hand",
    ),
    "a mounted file that only an unnamed env file names, and code that names another file": (
        {
            "compose.yaml": ALONE + "    volumes: ['./app.db:/app/app.db']\n",
            ".env.prod": "DATABASE_URL=sqlite:////app/app.db\n",
            "db.py": LITERAL.replace("/app/app.db", "/app/jobs.db"),
        },
        "create_engine of worker names /app/jobs.db, which no mount holds: mount one volume at a directory for both "
        "files, by hand",
    ),
    "a mounted file that the environment names, and code that another service needs": (
        {
            "compose.yaml": APART.format("app", "more:/app/data").replace("rows:/data", "./app.db:/app/app.db")
            + "  more:\n",
            "db.py": LITERAL,
        },
        "worker uses the same value, but does not mount the file",
    ),
    "a mounted file beside a database in an env file that nothing names": (
        {
            "compose.yaml": TWO.format("sqlite:////app/app.db", "sqlite:////app/app.db", "./app.db:/app/app.db"),
            ".env.prod": "CACHE_URL=sqlite:////app/jobs.db\n",
        },
        "CACHE_URL of app names /app/jobs.db, which no mount holds: mount one volume at a directory for both files, "
        "by hand",
    ),
}

DEFAULT = """\
services:
  app:
    build: .
    environment: {{DATABASE_URL: "${{DATABASE_URL:-sqlite:////app/{}app.db}}"}}
    volumes: ["rows:/app/data"]
{}volumes:
  rows:
  jobs:
"""
WORKER = """\
  worker:
    build: .
    environment: {DB_PATH: /app/storage/app.db}
    volumes: ["jobs:/app/data"]
"""
SECOND = """\
name: second
services:
  other:
    build: .
    env_file: {}
    volumes: ["jobs:/app/data"]
volumes:
  jobs:
"""
UNUSED = "DATABASE_URL=sqlite:////app/x.db\n"
ANOTHER = "CACHE_URL=sqlite:////app/y/x.db\n"
PLACE_KEPT: dict[str, tuple[str, dict[str, str]]] = {
    "an env file of another project, whose volume another service mounts": (
        WORKER,
        {"docker-compose.second.yml": SECOND.format(".env.prod"), ".env.prod": UNUSED.replace("x.db", "app.db")},
    ),
    "the same with an example": (
        WORKER,
        {"docker-compose.second.yml": SECOND.format(".env.example"), ".env.example": UNUSED.replace("x.db", "app.db")},
    ),
    "another value of the same env file": ("", {".env.prod": UNUSED + ANOTHER}),
    "another value of the same example": ("", {".env.example": UNUSED + ANOTHER}),
    "a value of another env file": ("", {".env.prod": UNUSED, ".env.stage": ANOTHER}),
    "a value of another example": ("", {".env.dist": UNUSED, ".env.example": ANOTHER}),
}
"""Files in which `app` needs no value of an env file any more after the fix of its default, and another value would
take the place of that value; before them a service beside `app`."""


def plan(root: Path, files: dict[str, str], *, unsafe: bool = True) -> volfix.Plan:
    for name, text in {**BUILT, **files}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return volfix.plan(root, unsafe_fixes=unsafe)


@pytest.mark.parametrize(("before", "after"), (AT_ONCE | ONLY).values(), ids=AT_ONCE | ONLY)
def test_what_follows_from_a_fix_is_done_at_once(before: dict[str, str], after: dict[str, str], tmp_path: Path) -> None:
    result = plan(tmp_path, before).write()
    assert not [project.failure for project in result.projects if project.failure]
    assert {name: (tmp_path / name).read_text() for name in before} == after
    assert not plan(tmp_path, after).edits


@pytest.mark.parametrize(("files", "reason"), NEVER.values(), ids=NEVER)
def test_or_it_is_refused(files: dict[str, str], reason: str, tmp_path: Path) -> None:
    found = plan(tmp_path, files)
    assert reason in [finding.reason for finding in found.findings]
    assert not found.edits


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize(("service", "files"), PLACE_KEPT.values(), ids=PLACE_KEPT)
def test_a_value_keeps_its_place_when_no_service_needs_the_value_any_more(
    service: str, files: dict[str, str], unsafe: bool, tmp_path: Path
) -> None:
    before = {"compose.yaml": DEFAULT.format("", service), **files}
    plan(tmp_path, before, unsafe=unsafe).write()
    after = {name: (tmp_path / name).read_text() for name in before}
    assert after == {**before, "compose.yaml": DEFAULT.format("data/", service)}
    assert not plan(tmp_path, after, unsafe=unsafe).edits


DOUBTFUL = """\
services:
  web:
    build: .
    volumes: ["{0}:/app/data"]
    environment: {{CACHE_URL: "sqlite:////app/cache.db", DATABASE_URL: "sqlite:////app/{1}app.db"}}
    labels: {{cache: /app/cache.db}}
  worker:
    build: .
    volumes: ["{0}:/app/stuff"]
    environment: {{DB_PATH: /app/{2}jobs.db}}
{3}"""


@pytest.mark.parametrize("source", ["./data", "./stuff"], ids=["named for data", "named for nothing"])
def test_a_directory_is_for_what_is_sure_to_be_in_it_beside_a_database_with_a_doubt(
    source: str, tmp_path: Path
) -> None:
    before = {"compose.yaml": DOUBTFUL.format(source, "", "", "")}
    plan(tmp_path, before, unsafe=False).write()
    after = {"compose.yaml": (tmp_path / "compose.yaml").read_text()}
    assert after == {"compose.yaml": DOUBTFUL.format("web-db", "data/", "stuff/", DECLARED.format("web-db"))}
    assert not plan(tmp_path, after, unsafe=False).edits


MOUNTED_TOO = """\
services:
  app:
    build: .
    volumes: ["${{DATABASE_PATH:-./data}}:/app/data"]
    environment: {{DATABASE_PATH: "/app/{}${{NAME:-app}}.db", DB_PATH: /app/data/jobs.db}}
"""


@pytest.mark.parametrize("name", [".env.example", ".env.prod"])
def test_a_mount_stays_while_its_variable_names_a_database_that_no_service_needs_any_more(
    name: str, tmp_path: Path
) -> None:
    before = {"compose.yaml": MOUNTED_TOO.format(""), name: "DATABASE_PATH=/srv/app.db\n"}
    plan(tmp_path, before).write()
    after = {each: (tmp_path / each).read_text() for each in before}
    assert after == {**before, "compose.yaml": MOUNTED_TOO.format("data/")}
    assert not plan(tmp_path, after).edits
