"""Images that behave as the official ones do, out of Debian's packages, without a registry.

They declare a VOLUME, initialise only an empty directory and refuse others (with what the servers' own tools made for
the image, which is quicker than to make it each time) and run as their own user.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from conftest import Host

SERVERS = ("postgresql", "mariadb-server", "redis-server", "sqlite3")
TOOLS = ("coreutils", "dash", "diffutils", "findutils", "grep", "sed", "util-linux")
LEFT_OUT = re.compile(
    r"(perl|lib.*-perl|libperl|libllvm|libz3|libdb5|libgdbm|libmpfr|libc-l10n|galera|rsync|locales|gawk|openssl|iproute2"
    r"|procps|psmisc|lsof|socat|debconf|dpkg|ucf|ssl-cert|adduser|passwd|usrmerge|postgresql-(client-)?common)"
)
"""What the packages depend on and the servers do not need."""
NOT_COPIED = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/lib/postgresql/*/lib/bitcode")
USERS = {"root": 0, "postgres": 999, "mysql": 998, "redis": 997, "app": 1000}
POSTGRES = r"""#!/bin/sh
set -e
data=/var/lib/postgresql/data
bin=$(echo /usr/lib/postgresql/*/bin)
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$data" /var/run/postgresql
  chown postgres:postgres "$data" /var/run/postgresql
  chmod 700 "$data"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$data/PG_VERSION" ]; then
  [ -z "$(ls -A "$data")" ] || { echo "initdb: error: directory $data exists but is not empty" >&2; exit 1; }
  cp -a /new/. "$data"
fi
exec "$bin/postgres" -D "$data" -c unix_socket_directories=/var/run/postgresql -c listen_addresses= \
  -c dynamic_shared_memory_type=mmap -c max_connections=10 -c shared_buffers=8MB
"""
MARIADB = r"""#!/bin/sh
set -e
data=/var/lib/mysql
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$data" /run/mysqld
  chown mysql:mysql "$data" /run/mysqld
  exec setpriv --reuid=mysql --regid=mysql --clear-groups "$0" "$@"
fi
first=
if [ ! -d "$data/mysql" ]; then
  mkdir "$data/mysql" # mariadb-install-db makes this first, and ends where it cannot
  cp -a /new/. "$data"
  printf "ALTER USER root@localhost IDENTIFIED BY '%s';\nCREATE DATABASE %s;\n" \
    "$MARIADB_ROOT_PASSWORD" "$MARIADB_DATABASE" >/tmp/init.sql
  first=--init-file=/tmp/init.sql
fi
exec mariadbd --no-defaults --datadir="$data" --skip-networking --socket=/run/mysqld/mysqld.sock \
  --innodb-buffer-pool-size=8M --innodb-log-file-size=4M --performance-schema=OFF $first
"""
REDIS = r"""#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis {} +
  exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi
exec "$@"
"""
APPLICATION = r"""#!/bin/sh
trap 'exit 0' TERM
sqlite3 -cmd '.timeout 60000' "${DATABASE_URL#sqlite:///}" \
  'CREATE TABLE IF NOT EXISTS items (number INTEGER, owner TEXT)'
while :; do sleep 60 & wait $!; done
"""
NEW_POSTGRES = r"""RUN ln -s /usr/lib/postgresql/*/bin/psql /usr/bin/psql \
 && install -d -o postgres -g postgres -m 700 /new
USER postgres
RUN /usr/lib/postgresql/*/bin/initdb -D /new -U postgres --auth=trust --no-sync --no-instructions --wal-segsize=1 \
 && echo 'CREATE DATABASE shop' | /usr/lib/postgresql/*/bin/postgres --single -F -D /new postgres
USER root
"""
NEW_MARIADB = r"""RUN install -d -o mysql -g mysql /new \
 && mariadb-install-db --no-defaults --user=mysql --datadir=/new \
 --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve --innodb-log-file-size=4M
"""
OWN_DIRECTORY = "RUN mkdir -p /app/data && chown -R app:app /app\nWORKDIR /app\nUSER app\n"


@dataclass(frozen=True)
class Image:
    """An image by its entry point and the rest of its Dockerfile."""

    name: str
    entry: str
    more: str


IMAGES = (
    Image("postgres:15", POSTGRES, NEW_POSTGRES + "VOLUME /var/lib/postgresql/data\nSTOPSIGNAL SIGINT\n"),
    Image("mariadb:10.11", MARIADB, NEW_MARIADB + "VOLUME /var/lib/mysql\n"),
    Image("redis:7", REDIS, 'VOLUME /data\nWORKDIR /data\nCMD ["redis-server"]\n'),
    Image("shop-app:1", APPLICATION, OWN_DIRECTORY),
)
STEP = "docker:27-cli"


def debian(directory: Path) -> Path:
    """A tree with the servers, unpacked from Debian's packages; nothing of this machine's own system is changed."""
    packages, tree, nothing = directory / "packages", directory / "tree", directory / "status"
    for path in (packages / "partial", tree):
        path.mkdir(parents=True)
    nothing.touch()
    options = [f"-oDir::State::status={nothing}", f"-oDir::Cache::archives={packages}", "-oDebug::NoLocking=1"]
    options += ["-oAPT::Sandbox::User=root", "-qq"]
    wanted = ["apt-get", *options, "--print-uris", "--no-install-recommends", "-y", "install", *SERVERS, *TOOLS]
    listed = subprocess.run(wanted, check=True, capture_output=True, text=True).stdout
    names = [line.split()[1].partition("_")[0] for line in listed.splitlines()]
    names = [name for name in names if not LEFT_OUT.match(name)]
    subprocess.run(["apt-get", *options, "download", *names], check=True, capture_output=True, cwd=packages)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda package: _unpack(package, tree), packages.glob("*.deb")))
    (tree / "etc").mkdir(exist_ok=True)
    lines = [f"{name}:x:{number}:{number}::/:/bin/sh\n" for name, number in USERS.items()]
    (tree / "etc" / "passwd").write_text("".join(lines))
    (tree / "etc" / "group").write_text("".join(f"{name}:x:{number}:\n" for name, number in USERS.items()))
    (tree / "tmp").mkdir()
    (tree / "tmp").chmod(0o1777)
    return tree


def _unpack(package: Path, tree: Path) -> None:
    excluded = [f"--exclude={pattern}" for pattern in NOT_COPIED]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as packed:
        command = ["tar", "-C", str(tree), "--keep-directory-symlink", *excluded, "-xf", "-"]
        subprocess.run(command, stdin=packed.stdout, check=True, capture_output=True)
    assert packed.returncode == 0, package


def make_images(host: Host, tree: Path, directory: Path) -> None:
    """Put the images into the engine, and that of the pipeline's step: the docker command with Compose."""
    with subprocess.Popen(["tar", "-C", tree, "-cf", "-", "."], stdout=subprocess.PIPE) as packed:
        imported = ["docker", "import", "-", "debian:own"]
        subprocess.run(imported, stdin=packed.stdout, env=host.environment, check=True, capture_output=True)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda image: _build(host, image, directory / image.name.replace(":", "-")), IMAGES))
    context = directory / "step"
    context.mkdir(parents=True)
    shutil.copy(str(shutil.which("docker")), context / "docker")
    shutil.copy(Path(sys.executable).with_name("docker-compose"), context / "docker-compose")
    plugin = "/usr/libexec/docker/cli-plugins/docker-compose"
    lines = ("FROM debian:own", "COPY docker /usr/bin/docker", f"COPY docker-compose {plugin}")
    (context / "Dockerfile").write_text("\n".join(lines))
    host.docker("build", "-q", "-t", STEP, str(context))


def _build(host: Host, image: Image, context: Path) -> None:
    context.mkdir(parents=True)
    (context / "entry").write_text(image.entry)
    (context / "entry").chmod(0o755)
    (context / "Dockerfile").write_text(f'FROM debian:own\nCOPY entry /entry\n{image.more}ENTRYPOINT ["/entry"]\n')
    host.docker("build", "-q", "--network=none", "-t", image.name, str(context))
