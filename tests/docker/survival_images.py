"""Images that behave as the official ones do, out of a Debian tree.

They declare a VOLUME, initialise only an empty directory and run as their own user.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from conftest import Host

PACKAGES = "postgresql,mariadb-server,redis-server,sqlite3"
LEFT_OUT = (
    "./var/cache/apt/archives/*",
    "./usr/share/doc/*",
    "./var/lib/mysql/*",
    "./var/lib/postgresql/*/*",
    "./proc/*",
)
POSTGRES = r"""#!/bin/sh
set -e
data=/var/lib/postgresql/data
bin=$(echo /usr/lib/postgresql/*/bin)
mkdir -p "$data" /var/run/postgresql
chown postgres "$data" /var/run/postgresql
chmod 700 "$data"
as() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
if [ ! -s "$data/PG_VERSION" ]; then
  as "$bin/initdb" -D "$data" -U "${POSTGRES_USER:-postgres}" --auth=trust --no-sync >/dev/null
  echo "CREATE DATABASE $POSTGRES_DB" | as "$bin/postgres" --single -D "$data" postgres >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups "$bin/postgres" -D "$data" \
  -c unix_socket_directories=/var/run/postgresql -c listen_addresses= -c dynamic_shared_memory_type=mmap
"""
MARIADB = r"""#!/bin/sh
set -e
data=/var/lib/mysql
mkdir -p "$data" /run/mysqld
chown mysql "$data" /run/mysqld
first=
if [ ! -d "$data/mysql" ]; then
  mariadb-install-db --user=mysql --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
  printf "ALTER USER root@localhost IDENTIFIED BY '%s';\nCREATE DATABASE %s;\n" \
    "$MARIADB_ROOT_PASSWORD" "$MARIADB_DATABASE" >/tmp/init.sql
  first=--init-file=/tmp/init.sql
fi
exec mariadbd --no-defaults --user=mysql --datadir="$data" --skip-networking --socket=/run/mysqld/mysqld.sock $first
"""
REDIS = r"""#!/bin/sh
set -e
chown -R redis /data
cd /data
exec setpriv --reuid=redis --regid=redis --clear-groups "$@"
"""
APP = r"""#!/bin/sh
set -e
file=${DATABASE_URL#sqlite:///}
sqlite3 "$file" 'CREATE TABLE IF NOT EXISTS items (id INTEGER PRIMARY KEY, name TEXT)'
trap 'exit 0' TERM
while :; do sleep 1 & wait $!; done
"""
IMAGES = {
    "postgres:15": (POSTGRES, "VOLUME /var/lib/postgresql/data\nSTOPSIGNAL SIGINT\n"),
    "mariadb:10.11": (MARIADB, "VOLUME /var/lib/mysql\n"),
    "redis:7": (REDIS, 'VOLUME /data\nCMD ["redis-server"]\n'),
    "shop-app:1": (APP, "WORKDIR /app\n"),
}


def debian(directory: Path) -> Path:
    """A Debian tree with the engines, made by debootstrap in `directory`."""
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(directory)]
    subprocess.run(command, check=True, capture_output=True)
    return directory


def make_images(host: Host, tree: Path, directory: Path) -> None:
    """Put the images of IMAGES into the engine, without a registry."""
    left_out = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    packed = subprocess.Popen(["tar", "-C", str(tree), *left_out, "-cf", "-", "."], stdout=subprocess.PIPE)
    subprocess.run(["docker", "import", "-", "debian:own"], stdin=packed.stdout, env=host.environment, check=True)
    for number, (image, (entry, more)) in enumerate(IMAGES.items()):
        context = directory / str(number)
        context.mkdir(parents=True)
        (context / "entry").write_text(entry)
        (context / "entry").chmod(0o755)
        (context / "Dockerfile").write_text(f'FROM debian:own\nCOPY entry /entry\n{more}ENTRYPOINT ["/entry"]\n')
        host.docker("build", "-q", "-t", image, str(context))
