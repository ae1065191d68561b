"""What VF103 and VF111 say, with a real engine: the data is lost or cannot be written before the fix, and not after."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from conftest import APPLETS, BUSYBOX, Host

import volfix

SQLITE = shutil.which("sqlite3")
SERVE = r"""#!/bin/sh
file=${DATABASE_URL#sqlite:///}
sqlite3 -cmd '.timeout 60000' "$file" \
  'PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, what TEXT)'
(echo "INSERT INTO orders (what) VALUES ('paid');"; sleep 3600) | sqlite3 -cmd '.timeout 60000' "$file"
"""
"""An application that keeps its connection open, as they do: what it wrote last is in the -wal file.

It waits for a lock: the test that counts its rows locks the file for a moment, too.
"""
PASSWD = "root:x:0:0:root:/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"
COMPOSE = """\
services:
  app:
    image: {image}
    {more}
    network_mode: host
    environment:
      DATABASE_URL: sqlite:///{path}
    volumes:
      - {mount}
"""
SECONDS = 120

pytestmark = pytest.mark.skipif(SQLITE is None, reason="sqlite3 is not installed")


@pytest.fixture(scope="module")
def orders(host: Host, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image with busybox, sqlite3 and a program that writes orders as long as it runs."""
    assert SQLITE is not None
    archive = tmp_path_factory.mktemp("image") / "orders.tar"
    with tarfile.open(archive, "w", dereference=True) as tar:
        tar.add(BUSYBOX, "bin/busybox")
        tar.add(SQLITE, "bin/sqlite3")
        listed = subprocess.run(["ldd", SQLITE], capture_output=True, text=True, check=True).stdout
        for library in re.findall(r"(/\S+)", listed):
            tar.add(library, library.lstrip("/"))
        for name in APPLETS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for name, text, mode in (("etc/passwd", PASSWD, 0o644), ("serve", SERVE, 0o755)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), mode
            tar.addfile(entry, io.BytesIO(text.encode()))
    host.docker("import", "-c", 'CMD ["/serve"]', str(archive), "orders:1")
    return "orders:1"


def rows(host: Host, directory: Path, path: str, wanted: int) -> int:
    """How many orders the running application sees, once it has written its own."""
    container = host.compose(directory, "ps", "-q", "app").split()[-1]
    words = ("-cmd", ".timeout 60000", path, "SELECT count(*) FROM orders")
    found, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end and found < wanted:
        answer = host.docker("exec", container, "sqlite3", *words, check=False)
        found = int(answer.strip() or 0)
        time.sleep(0.1)
    return found


def recreated(host: Host, directory: Path) -> None:
    """The next deployment: the container goes as it does when it is killed, and a new one takes its place."""
    host.compose(directory, "up", "-d", "--no-build", "--force-recreate", "--timeout", "0")


def project(directory: Path, name: str, files: dict[str, str]) -> Path:
    place = directory / name
    place.mkdir()
    for file, text in files.items():
        (place / file).write_text(text)
    return place


@pytest.mark.usefixtures("engine")
def test_vf103_the_last_transactions_die_with_the_container_and_survive_in_a_volume(
    host: Host, orders: str, tmp_path: Path
) -> None:
    compose = COMPOSE.format(image=orders, more="init: true", path="/app/orders.db", mount="./orders.db:/app/orders.db")
    shop = project(tmp_path, "shop", {"compose.yaml": compose, "orders.db": ""})
    host.compose(shop, "up", "-d")
    assert rows(host, shop, "/app/orders.db", wanted=1) == 1
    recreated(host, shop)
    time.sleep(1)
    assert rows(host, shop, "/app/orders.db", wanted=1) == 1, "the first order was in the -wal file, which is gone"
    host.compose(shop, "down", "--timeout", "0")

    plan = volfix.plan(shop)
    assert [finding.code for finding in plan.findings] == ["VF103"]
    plan.write()
    host.compose(shop, "up", "-d")
    assert rows(host, shop, "/app/data/orders.db", wanted=1) == 1
    recreated(host, shop)
    assert rows(host, shop, "/app/data/orders.db", wanted=2) == 2
    host.compose(shop, "down", "--volumes", "--timeout", "0")


@pytest.mark.usefixtures("engine")
def test_vf111_a_volume_of_roots_cannot_be_written_and_with_the_line_it_can(
    host: Host, orders: str, tmp_path: Path
) -> None:
    compose = COMPOSE.format(image="orders-app:1", more="build: .", path="/srv/rows/orders.db", mount="rows:/srv/rows")
    shop = project(
        tmp_path,
        "store",
        {"compose.yaml": compose + "volumes:\n  rows:\n", "Dockerfile": f'FROM {orders}\nUSER app\nCMD ["/serve"]\n'},
    )

    def built() -> None:
        host.docker("build", "--network", "none", "-q", "-t", "orders-app:1", str(shop))

    built()
    host.compose(shop, "up", "-d", "--no-build")
    said, end = "", time.monotonic() + SECONDS
    while "unable to open database file" not in said and time.monotonic() < end:
        said = host.compose(shop, "logs", "app")
        time.sleep(0.1)
    assert "unable to open database file" in said

    plan = volfix.plan(shop, unsafe_fixes=True)
    assert [finding.code for finding in plan.findings] == ["VF111"]
    plan.write()
    built()
    recreated(host, shop)
    assert rows(host, shop, "/srv/rows/orders.db", wanted=1) == 1
    recreated(host, shop)
    assert rows(host, shop, "/srv/rows/orders.db", wanted=2) == 2
    host.compose(shop, "down", "--volumes", "--timeout", "0")
