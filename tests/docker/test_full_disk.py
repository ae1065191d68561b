"""Given a disk that becomes full while data is carried, when there is space again, then the next run completes."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Host, own_engine

pytestmark = pytest.mark.engine
MEGABYTE = 1_000_000
DISK, DATA, PART = 500 * MEGABYTE, 200 * MEGABYTE, 10 * MEGABYTE
COMPOSE = """\
name: shop
services:
  app:
    image: box:1
    network_mode: host
    volumes: ["app-db:/app/data"]
volumes:
  app-db:
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Host, Path]]:
    """An engine whose data lies on a small disk of its own, and that disk; the path of a socket may not be long."""
    assert tmp_path.is_dir(), "which does not lie there"
    disk = Path(tempfile.mkdtemp(prefix="volfix-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(disk)], check=True)
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    try:
        with own_engine() as host:
            yield host, disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
        disk.rmdir()


def free(disk: Path) -> int:
    state = os.statvfs(disk)
    return state.f_bavail * state.f_frsize


def leave(disk: Path, size: int) -> None:
    """Fill the disk but for this many bytes."""
    with (disk / "ballast").open("ab") as file:
        there = file.tell()
        wanted = there + free(disk) - size
        if wanted < there:
            file.truncate(wanted)
        else:
            os.posix_fallocate(file.fileno(), there, wanted - there)


class Shop:
    """A project with a directory that became a volume."""

    def __init__(self, host: Host, directory: Path) -> None:
        self.host, self.directory = host, directory
        self.volume = host.directory / "data/volumes/shop_app-db/_data"
        self.words = ["volfix", "carry", "--write", "--map", "./data=app-db", str(directory)]
        (directory / "data").mkdir(parents=True)
        (directory / "compose.yaml").write_text(COMPOSE)
        for number in range(DATA // PART):
            (directory / "data" / f"{number:02}").write_bytes(bytes([number]) * PART)

    def carry(self, status: int = 0) -> str:
        return self.host.command(self.directory, *self.words, statuses=(status,))

    def carrying(self) -> subprocess.Popen[str]:
        """A carry that has copied some files."""
        process = subprocess.Popen(
            self.words, env=self.host.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        while not (self.volume / "03").exists():
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.001)
        return process

    @property
    def is_carried(self) -> bool:
        there, sent = (
            {path.name: path.read_bytes() for path in directory.iterdir()}
            for directory in (self.volume, self.directory / "data")
        )
        return there == sent


def test_a_copy_that_filled_the_disk_leaves_nothing_and_is_made_anew(small: tuple[Host, Path], tmp_path: Path) -> None:
    host, disk = small
    shop = Shop(host, tmp_path / "shop")
    process = shop.carrying()
    while process.poll() is None:
        with suppress(OSError):  # the copy was quicker
            leave(disk, 0)
    said = process.communicate()[0]
    assert process.returncode == 1, said
    assert "no space left on device" in said.lower()
    assert "Not carried: app-db; the sources are as they were." in said
    assert not shop.volume.exists()
    leave(disk, DATA - PART)
    assert "too little free space" in shop.carry(1)
    leave(disk, DATA + PART)
    assert "carried to shop_app-db and compared: 200.0 MB in 20 files" in shop.carry()
    assert shop.is_carried


def test_what_a_killed_run_left_on_a_disk_without_space_counts_as_free(
    small: tuple[Host, Path], tmp_path: Path
) -> None:
    host, disk = small
    shop = Shop(host, tmp_path / "shop")
    process = shop.carrying()
    process.kill()
    process.communicate()
    half = sum(path.stat().st_size for path in shop.volume.iterdir())
    assert half < DATA
    leave(disk, DATA - half - PART)
    assert "too little free space" in shop.carry(1)
    leave(disk, DATA - half // 2)
    assert "that an interrupted run left and this one removes" in shop.carry()
    assert shop.is_carried
