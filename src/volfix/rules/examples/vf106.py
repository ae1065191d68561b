"""VF106's examples: a mount that is meant for the database and does not hold its data directory."""

from __future__ import annotations

from volfix.rules.rule import fixed_unsafe, reported, untouched

COMPOSE = "services:\n  db:\n    image: {image}\n    volumes:\n      - {mount}\n"
NAMED = COMPOSE + "volumes:\n  rows:\n"

EXAMPLES = (
    fixed_unsafe(
        "a mount above the data directory, where the image's own VOLUME hides it",
        {"compose.yaml": NAMED.format(image="postgres:17", mount="rows:/var/lib/postgresql")},
        {
            "compose.yaml": NAMED.format(image="postgres:17", mount="db-data:/var/lib/postgresql/data")
            + "  db-data:\n    driver: local\n"
        },
    ),
    fixed_unsafe(
        "a mount above the data directory of an engine that would use files it finds there",
        {"compose.yaml": NAMED.format(image="mongo:7", mount="rows:/data")},
        {"compose.yaml": NAMED.format(image="mongo:7", mount="db-data:/data/db") + "  db-data:\n    driver: local\n"},
    ),
    reported(
        "another file of the project mounts the volume where the data is",
        {
            "compose.yaml": NAMED.format(image="postgres:16", mount="rows:/var/lib/postgresql"),
            "docker-compose.prod.yml": NAMED.format(image="postgres:16", mount="rows:/var/lib/postgresql/data"),
        },
    ),
    fixed_unsafe(
        "a bind mount beside the data directory",
        {"compose.yaml": COMPOSE.format(image="mongo:7", mount="./rows:/var/data")},
        {
            "compose.yaml": COMPOSE.format(image="mongo:7", mount="db-data:/data/db")
            + "\nvolumes:\n  db-data:\n    driver: local\n"
        },
    ),
    reported(
        "a volume that another service mounts too",
        {
            "compose.yaml": NAMED.format(image="postgres:16", mount="rows:/data").replace(
                "volumes:\n  rows", "  app:\n    image: example.org/app:1\n    volumes: [rows:/x]\nvolumes:\n  rows"
            )
        },
    ),
    reported(
        "a mount that replaces one of an earlier file",
        {
            "compose.yaml": NAMED.format(image="postgres:16", mount="rows:/data"),
            "compose.override.yaml": "services:\n  db:\n    volumes: ['./rows:/data']\n",
        },
    ),
    reported(
        "a mount that a later file replaces",
        {
            "compose.yaml": NAMED.format(image="postgres:16", mount="rows:/data"),
            "compose.prod.yaml": "services:\n  db:\n    volumes: ['/srv/rows:/data']\n",
        },
    ),
    reported(
        "two mounts that could be for the data",
        {"compose.yaml": NAMED.format(image="postgres:16", mount="rows:/data\n      - ./old:/var/data")},
    ),
    fixed_unsafe(
        "a mount below the data directory",
        {"compose.yaml": NAMED.format(image="mariadb:11", mount="rows:/var/lib/mysql/data")},
        {
            "compose.yaml": NAMED.format(image="mariadb:11", mount="db-data:/var/lib/mysql")
            + "  db-data:\n    driver: local\n"
        },
    ),
    fixed_unsafe(
        "a mount below an application's data directory",
        {"compose.yaml": NAMED.format(image="grafana/grafana:11.3.0", mount="rows:/var/lib/grafana/data")},
        {
            "compose.yaml": NAMED.format(image="grafana/grafana:11.3.0", mount="db-data:/var/lib/grafana")
            + "  db-data:\n    driver: local\n"
        },
    ),
    reported(
        "the directory of an older version",
        {"compose.yaml": NAMED.format(image="postgres:18", mount="rows:/var/lib/postgresql/data")},
    ),
    reported(
        "a tag without a version",
        {"compose.yaml": NAMED.format(image="postgres:latest", mount="rows:/var/lib/postgresql/data")},
    ),
    untouched(
        "a variable puts the data into the mount",
        {
            "compose.yaml": NAMED.format(image="postgres:17", mount="rows:/rows").replace(
                "    volumes:\n", "    environment: [PGDATA=/rows/pg]\n    volumes:\n"
            )
        },
    ),
    untouched(
        "a second mount for backups, beside the one that holds the data",
        {"compose.yaml": NAMED.format(image="mysql:8.4", mount="rows:/var/lib/mysql\n      - ./backup:/backup")},
    ),
    untouched(
        "init scripts and configuration alone",
        {"compose.yaml": COMPOSE.format(image="mysql:8.4", mount="./init:/docker-entrypoint-initdb.d")},
    ),
    untouched(
        "PostgreSQL 18 keeps its data below the mount",
        {"compose.yaml": NAMED.format(image="postgres:18", mount="rows:/var/lib/postgresql")},
    ),
    untouched(
        "another directory, which a flag names",
        {
            "compose.yaml": NAMED.format(image="mongo:7", mount="rows:/srv/rows").replace(
                "    volumes:\n", "    command: [mongod, --dbpath, /srv/rows]\n    volumes:\n"
            )
        },
    ),
    untouched(
        "a dump job that does not start the server",
        {
            "compose.yaml": COMPOSE.format(image="mysql:8.4", mount="./dumps:/data").replace(
                "    volumes:\n", "    command: mysqldump --host=db --all-databases\n    volumes:\n"
            )
        },
    ),
)
