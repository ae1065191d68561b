"""VF105's examples: a database with nothing, or only an anonymous volume, mounted at its data directory."""

from __future__ import annotations

from volfix.rules.rule import fixed_unsafe, reported, untouched

ENGINE = "services:\n  db:\n    image: {image}\n    environment:\n      POSTGRES_PASSWORD: x\n"

EXAMPLES = (
    fixed_unsafe(
        "nothing mounted",
        {"compose.yaml": ENGINE.format(image="postgres:16")},
        {
            "compose.yaml": ENGINE.format(image="postgres:16")
            + "    volumes:\n      - db-data:/var/lib/postgresql/data\n\nvolumes:\n  db-data:\n    driver: local\n"
        },
    ),
    fixed_unsafe(
        "an anonymous volume",
        {"compose.yaml": ENGINE.format(image="mongo:7") + "    volumes:\n      - /data/db\n"},
        {
            "compose.yaml": ENGINE.format(image="mongo:7")
            + "    volumes:\n      - /data/db\n      - db-data:/data/db\n"
            "\nvolumes:\n  db-data:\n    driver: local\n"
        },
    ),
    reported(
        "the data directory depends on the version, which the tag does not say",
        {"compose.yaml": ENGINE.format(image="postgres:latest")},
    ),
    untouched("a stack for tests", {"docker-compose.test.yml": ENGINE.format(image="postgres:16")}),
    untouched(
        "a tmpfs, which VF107 reports",
        {"compose.yaml": ENGINE.format(image="postgres:16") + "    tmpfs: [/var/lib/postgresql/data]\n"},
    ),
    untouched("an engine that keeps nothing", {"compose.yaml": "services:\n  cache:\n    image: memcached:1.6\n"}),
    fixed_unsafe(
        "a mount of the directory above; Docker mounts the image's own VOLUME below it",
        {"compose.yaml": ENGINE.format(image="mariadb:11") + "    volumes:\n      - sql:/var/lib\nvolumes:\n  sql:\n"},
        {
            "compose.yaml": ENGINE.format(image="mariadb:11")
            + "    volumes:\n      - sql:/var/lib\n      - db-data:/var/lib/mysql\nvolumes:\n  sql:\n"
            "  db-data:\n    driver: local\n"
        },
    ),
    untouched(
        "a mount of the directory above, where the image declares no volume",
        {
            "compose.yaml": ENGINE.format(image="timescale/timescaledb-ha:pg16")
            + "    volumes: [rows:/home/postgres/pgdata]\nvolumes: {rows: }\n"
        },
    ),
    untouched(
        "a cache whose command turns persistence off",
        {"compose.yaml": "services:\n  cache:\n    image: redis:7\n    command: redis-server --save ''\n"},
    ),
    untouched(
        "a client that uses the server's image",
        {"compose.yaml": "services:\n  seed:\n    image: postgres:16\n    command: psql -h db -f /seed.sql\n"},
    ),
    untouched(
        "a backup whose image is built on the server's image",
        {
            "compose.yaml": "services:\n  backup:\n    build: .\n",
            "Dockerfile": 'FROM postgres:16\nCOPY backup.sh /\nENTRYPOINT ["/backup.sh"]\n',
            "backup.sh": "#!/bin/sh\nwhile sleep 86400; do pg_dump -h db shop >/dumps/shop.sql; done\n",
        },
    ),
    fixed_unsafe(
        "a server behind a shell",
        {
            "compose.yaml": "services:\n  db:\n    image: mongo:7\n"
            "    entrypoint: [bash, -c, exec docker-entrypoint.sh mongod --replSet rs0]\n"
        },
        {
            "compose.yaml": "services:\n  db:\n    image: mongo:7\n"
            "    entrypoint: [bash, -c, exec docker-entrypoint.sh mongod --replSet rs0]\n"
            "    volumes:\n      - db-data:/data/db\n\nvolumes:\n  db-data:\n    driver: local\n"
        },
    ),
    untouched(
        "a service in a profile for tests",
        {"compose.yaml": ENGINE.format(image="postgres:16") + "    profiles: [test]\n"},
    ),
    untouched(
        "mounts from a container that volfix does not see (volumes_from)",
        {"compose.yaml": ENGINE.format(image="postgres:16") + "    volumes_from: ['container:rows']\n"},
    ),
)
