"""Given a carry that is killed at any instant, when it is run again, then everything is there; the source always is."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Host

from volfix.docker.archive import Manifest
from volfix.docker.engine import Engine
from volfix.docker.helper_containers import Carriers, manifest_of

pytestmark = pytest.mark.engine
FILES = int(os.environ.get("VOLFIX_KILL_FILES", "800"))
TIMES = int(os.environ.get("VOLFIX_KILL_TIMES", "3"))
COMPOSE = """\
services:
  app:
    image: box:1
    init: true
    network_mode: host
    volumes:
      - app-db:/app/data
volumes:
  app-db:
    driver: local
"""
BEFORE = COMPOSE.replace("app-db:/app/data", "./data:/app/data").partition("volumes:\n  app-db")[0]


def tree(engine: Engine, kind: str, source: str) -> Manifest:
    with Carriers(engine, "box:1", "test") as carriers:
        return manifest_of(engine, carriers.mounting(kind, source), "/volfix/data")


def test_killed_at_random_instants_the_second_run_completes(engine: Engine, host: Host, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    for number in range(FILES):
        path = tmp_path / "data" / str(number % 50) / f"{number}.row"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d\n" % number * (1 + number % 997))
    before = tree(engine, "bind", str(tmp_path / "data"))
    words = [sys.executable, "-m", "volfix", "carry", str(tmp_path), "-p", "shop", "--write", "--map", "./data=app-db"]
    started = time.monotonic()
    subprocess.run(words, env=host.environment, check=True, capture_output=True)
    whole = time.monotonic() - started
    host.docker("volume", "rm", "shop_app-db")
    chance = random.Random(7)
    number = in_part = 0
    while number < TIMES or not (in_part or number > 10 * TIMES):  # on a busy machine few instants are the copy's
        process = subprocess.Popen(words, env=host.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.1, 1.0) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        in_part += "volfix-carry-shop_app-db" in host.docker("volume", "ls", "-q")
        if number % 2 == 0:  # what an operator tidies away is not what tells that the volume is half
            host.docker("container", "prune", "-f")
        assert tree(engine, "bind", str(tmp_path / "data")) == before
        done = subprocess.run(words, env=host.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert tree(engine, "volume", "shop_app-db") == before
        assert not host.docker("ps", "-aq")
        assert "volfix-carry" not in host.docker("volume", "ls", "-q")
        host.docker("volume", "rm", "shop_app-db")
        number += 1
    assert in_part, "no run was killed while it copied"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_it_ends_at_once_and_the_services_run_as_before(
    host: Host, tmp_path: Path, ending: signal.Signals
) -> None:
    (tmp_path / "compose.yaml").write_text(BEFORE)
    (tmp_path / "data").mkdir()
    for number in range(60):
        (tmp_path / "data" / f"{number}.row").write_bytes(bytes([number]) * 5_000_000)
    host.compose(tmp_path, "-p", "shop", "up", "-d")
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    words = [sys.executable, "-m", "volfix", "carry", str(tmp_path), "-p", "shop", "--write"]
    process = subprocess.Popen(
        words,
        env=host.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - the background ignores it
    )
    volume = host.directory / "data" / "volumes" / "shop_app-db" / "_data"
    while not list(volume.glob("*.row")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.005)
    process.send_signal(ending)
    asked = time.monotonic()
    said = process.communicate()[0]
    assert time.monotonic() - asked < 50, "the engine holds what is not closed for a minute"
    assert process.returncode == 130, said
    assert "Not carried: app-db; the sources are as they were.\nRunning as before: shop-app-1." in said
    assert host.docker("ps", "-q", "--filter", "name=shop-app-1").strip(), "the service runs"
    assert host.docker("volume", "ls", "-q") == ""
    assert f"To go on: volfix carry --write -p shop {tmp_path}\n" in said
    done = subprocess.run(words, env=host.environment, capture_output=True, text=True, check=False)
    assert "started app" in done.stdout, done.stdout + done.stderr
