"""VF201's examples: the database file lies beside every mount."""

from __future__ import annotations

from volfix.rules.rule import fixed, fixed_unsafe, reported, untouched

STACK = """\
services:
  app:
    build: .
    env_file: .env.prod
    volumes:
      - {source}:/app/data
"""
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
REQUIREMENTS = "fastapi\nsqlalchemy==2.0.36\n"
IMAGE = """\
services:
  relay:
    image: example.org/acme/relay:1
    environment:
      DB_PATH: {path}
    volumes:
      - state:{target}
volumes:
  state:
"""
NAMED = STACK.format(source="app-db") + "volumes:\n  app-db:\n"
NAMED_ALONE = NAMED.replace("    env_file: .env.prod\n", "")
NEW_VOLUME = """\
services:
  app:
    build: .
    environment: [DB_PATH={place}/app.db]
    volumes:
      - app-db:{place}

volumes:
  app-db:
    driver: local
"""
APP = {"compose.yaml": NAMED, "Dockerfile": DOCKERFILE}
WITHOUT_MOUNT = "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/app.db]\n"

EXAMPLES = (
    fixed(
        "a relative path beside the mount",
        {**APP, ".env.prod": "# production\nDATABASE_URL=sqlite:///./database.db  # rows\n"},
        {".env.prod": "# production\nDATABASE_URL=sqlite:///./data/database.db  # rows\n"},
    ),
    fixed(
        "VF101 also turns the mount into a volume; quotes, `export ` and the query stay",
        {
            "compose.yaml": STACK.format(source="./data"),
            "Dockerfile": DOCKERFILE,
            "requirements.txt": REQUIREMENTS,
            ".env.prod": 'export DATABASE_URL="sqlite+aiosqlite:///app.db?timeout=30"\n',
        },
        {
            "compose.yaml": STACK.format(source="app-db") + "\nvolumes:\n  app-db:\n    driver: local\n",
            ".env.prod": 'export DATABASE_URL="sqlite+aiosqlite:///data/app.db?timeout=30"\n',
        },
    ),
    fixed(
        "the literal part of a value with several parts",
        {**APP, ".env.prod": "NAME=shop.db\nDATABASE_URL=sqlite:///./${NAME}\n"},
        {".env.prod": "NAME=shop.db\nDATABASE_URL=sqlite:///./data/${NAME}\n"},
    ),
    fixed(
        "an example file that a deployment copies into place",
        {
            **APP,
            ".env.example": "DATABASE_URL=sqlite:///./database.db\n",
            "deploy.sh": "cp .env.example .env.prod\ndocker compose up -d\n",
        },
        {".env.example": "DATABASE_URL=sqlite:///./data/database.db\n"},
    ),
    fixed_unsafe(
        "an example file that no deployment copies",
        {**APP, ".env.example": "DATABASE_URL=sqlite:///./database.db\n"},
        {".env.example": "DATABASE_URL=sqlite:///./data/database.db\n"},
    ),
    fixed(
        "a default in the Compose file that no env file overrides",
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    working_dir: /srv\n    environment:\n"
            "      DATABASE_URL: ${DATABASE_URL:-sqlite:////srv/app.db}\n    volumes: [rows:/data]\n"
            "volumes: {rows: {}}\n",
            "Dockerfile": DOCKERFILE,
        },
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    working_dir: /srv\n    environment:\n"
            "      DATABASE_URL: ${DATABASE_URL:-sqlite:////data/app.db}\n    volumes: [rows:/data]\n"
            "volumes: {rows: {}}\n"
        },
    ),
    fixed(
        "an ENV of the Dockerfile that Compose does not override",
        {
            "compose.yaml": NAMED_ALONE,
            "Dockerfile": DOCKERFILE + 'ENV DEBUG=0 \\\n    DATABASE_URL="sqlite:///./app.db"  \n',
        },
        {"Dockerfile": DOCKERFILE + 'ENV DEBUG=0 \\\n    DATABASE_URL="sqlite:///./data/app.db"  \n'},
    ),
    fixed_unsafe(
        "an ENV of a stage that two other stages use",
        {
            "compose.yaml": NAMED_ALONE,
            "Dockerfile": "FROM python:3.12-slim AS base\nWORKDIR /app\nENV DB_PATH=/app/app.db\n"
            "FROM base AS test\nFROM base\n",
        },
        {
            "Dockerfile": "FROM python:3.12-slim AS base\nWORKDIR /app\nENV DB_PATH=/app/data/app.db\n"
            "FROM base AS test\nFROM base\n"
        },
    ),
    reported(
        "three slashes, which libraries read differently, and an unknown library",
        {**APP, ".env.prod": "DATABASE_URL=sqlite:///database.db\n"},
    ),
    fixed(
        "a volume that is named for a database",
        {"compose.yaml": IMAGE.format(path="/relay.db", target="/app/var").replace("state", "sqlite-state")},
        {"compose.yaml": IMAGE.format(path="/app/var/relay.db", target="/app/var").replace("state", "sqlite-state")},
    ),
    fixed_unsafe(
        "no mount is named for data: the only volume without another purpose is a guess",
        {"compose.yaml": IMAGE.format(path="/relay.db", target="/var/lib/relay").replace("state:", "relay:", 2)},
        {
            "compose.yaml": IMAGE.format(path="/var/lib/relay/relay.db", target="/var/lib/relay").replace(
                "state:", "relay:", 2
            )
        },
    ),
    fixed_unsafe(
        "two mounts, one of them named for a database",
        {
            "compose.yaml": STACK.format(source="app-db") + "      - more:/app/storage\nvolumes:\n  app-db:\n  more:\n",
            "Dockerfile": DOCKERFILE,
            ".env.prod": "DATABASE_URL=sqlite:///./database.db\n",
        },
        {".env.prod": "DATABASE_URL=sqlite:///./data/database.db\n"},
    ),
    reported(
        "two mounts that could be for the data",
        {
            "compose.yaml": STACK.format(source="app-data")
            + "      - more:/app/storage\nvolumes:\n  app-data:\n  more:\n",
            "Dockerfile": DOCKERFILE,
            ".env.prod": "DATABASE_URL=sqlite:///./database.db\n",
        },
    ),
    fixed_unsafe(
        "no mount at all",
        {"compose.yaml": WITHOUT_MOUNT, "Dockerfile": DOCKERFILE},
        {"compose.yaml": NEW_VOLUME.format(place="/app/data")},
    ),
    fixed_unsafe(
        "no mount, and a directory that holds nothing else",
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/storage/app.db]\n",
            "Dockerfile": DOCKERFILE,
        },
        {"compose.yaml": NEW_VOLUME.format(place="/app/storage")},
    ),
    fixed_unsafe(
        "no mount, and a user who may not own a new volume",
        {"compose.yaml": WITHOUT_MOUNT, "Dockerfile": DOCKERFILE + "USER app\n"},
        {
            "compose.yaml": NEW_VOLUME.format(place="/app/data"),
            "Dockerfile": DOCKERFILE + "RUN mkdir -p /app/data && chown app /app/data\nUSER app\n",
        },
    ),
    reported(
        "no mount, and an image in which volfix cannot create the user's directory",
        {
            "compose.yaml": WITHOUT_MOUNT,
            "Dockerfile": "FROM gcr.io/distroless/static\nWORKDIR /app\nCOPY app app\nUSER 65532\n",
        },
    ),
    reported(
        "no mount, and the image has files in the directory",
        {"compose.yaml": WITHOUT_MOUNT, "Dockerfile": DOCKERFILE, "data/countries.json": "[]\n"},
    ),
    reported(
        "no mount, and another service that mounts the same file",
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    env_file: .env.prod\n  worker:\n    build: .\n"
            "    env_file: .env.prod\n    volumes: ['rows:/app/storage']\nvolumes: {rows: {}}\n",
            "Dockerfile": DOCKERFILE,
            ".env.prod": "DB_PATH=/app/storage/app.db\n",
        },
    ),
    reported(
        "no mount, and several containers at once",
        {"compose.yaml": WITHOUT_MOUNT + "    deploy: {replicas: 2}\n", "Dockerfile": DOCKERFILE},
    ),
    fixed_unsafe(
        "code that tests whether the old file exists",
        {
            **APP,
            ".env.prod": "DB_PATH=/app/app.db\n",
            "seed.py": 'import os\nif not os.path.exists("app.db"):\n    seed()\n',
        },
        {".env.prod": "DB_PATH=/app/data/app.db\n"},
    ),
    reported("no mount, in a stack for tests", {"docker-compose.test.yml": WITHOUT_MOUNT, "Dockerfile": DOCKERFILE}),
    reported(
        "no mount, and an env file that nothing names",
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH]\n",
            "Dockerfile": DOCKERFILE,
            ".env.staging": "DB_PATH=/app/app.db\n",
        },
    ),
    reported(
        "no mounts, and two services that may share the file or not",
        {
            "compose.yaml": "services:\n  app: &app\n    build: .\n    env_file: .env.prod\n"
            "  worker:\n    build: .\n    env_file: .env.prod\n",
            "Dockerfile": DOCKERFILE,
            ".env.prod": "DB_PATH=/app/app.db\n",
        },
    ),
    untouched("inside the mount", {**APP, ".env.prod": "DATABASE_URL=sqlite:///./data/database.db\n"}),
    untouched(
        "a server that is a service, a database in memory, a file that is no database",
        {
            "compose.yaml": NAMED.replace("services:\n", "services:\n  db:\n    image: example.org/acme/sql:1\n"),
            "Dockerfile": DOCKERFILE,
            ".env.prod": "DATABASE_URL=postgres://u:p@db/x\nCACHE_URL=sqlite://\nDB_FILE=/run/secrets/password\n",
        },
    ),
    fixed(
        "a mount at a usual root shows the working directory of an image that is not built here",
        {"compose.yaml": IMAGE.format(path="./relay.db", target="/app/state")},
        {"compose.yaml": IMAGE.format(path="./state/relay.db", target="/app/state")},
    ),
    fixed_unsafe(
        "a mount elsewhere only suggests the working directory",
        {"compose.yaml": IMAGE.format(path="./relay.db", target="/home/relay/state")},
        {"compose.yaml": IMAGE.format(path="./state/relay.db", target="/home/relay/state")},
    ),
    untouched(
        "the mount's target ends with the directories of the value",
        {"compose.yaml": IMAGE.format(path="./var/state/relay.db", target="/srv/relay/var/state")},
    ),
    untouched(
        "a type switch names a server: the value is the name of a schema",
        {
            "compose.yaml": IMAGE.format(path="relay.db", target="/app/state").replace(
                "environment:\n", "environment:\n      DB_TYPE: postgres\n"
            )
        },
    ),
    untouched(
        "a server somewhere else",
        {**APP, ".env.prod": "DATABASE_URL=mysql+pymysql://u:p@sql.example.org:3306/app.db\n"},
    ),
    untouched(
        "`environment:` names a file in the mount, and wins over the env file",
        {
            "compose.yaml": NAMED.replace(
                "    volumes", "    environment:\n      DATABASE_URL: sqlite:////app/data/app.db\n    volumes", 1
            ),
            "Dockerfile": DOCKERFILE,
            ".env.prod": "DATABASE_URL=sqlite:////app/data/./app.db\n",
        },
    ),
    untouched(
        "a file in a directory for temporary files",
        {**APP, ".env.prod": "DATABASE_URL=sqlite:////tmp/cache.db\nDB_PATH=/dev/shm/queue.db\n"},
    ),
    untouched(
        "the project itself is mounted: the file is in the checkout, not in the container's layer",
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    env_file: .env.prod\n    volumes: ['.:/app']\n",
            "Dockerfile": DOCKERFILE,
            ".env.prod": "DATABASE_URL=sqlite:///./database.db\n",
        },
    ),
)
