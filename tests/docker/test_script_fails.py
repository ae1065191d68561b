"""Given a script that cannot come to its end, then what it stopped runs again, as it did, and nothing half is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Host
from test_carry_command import Shop, database, rows_in

from volfix.docker.engine import Engine

pytestmark = pytest.mark.engine
Content = Callable[[str], Path]
SHELLS = [shell for shell in (("sh",), ("dash",), ("busybox", "sh")) if shutil.which(shell[0])]
SERVICE = """\
  {name}:
    image: {image}
    init: true
    restart: {restart}
    network_mode: host
    stop_grace_period: 1s
    command: [sh, -c, "{program}"]
    environment: {environment}
    volumes:
      - {source}:{target}
"""
IDLE = "exec sleep 3600"
SAVES = "trap 'sleep 3; echo rows >/data/dump.rdb; exit 0' TERM; while :; do sleep 0.1; done"
HEARS = "import os, signal, sys; signal.signal(2, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
"""A shell cannot trap a signal that was ignored when it began, as is Ctrl-C in the background."""
NEVER = "trap '' TERM; while :; do sleep 0.1; done"
VOLUMES = "volumes:\n  app-db:\n  worker-db:\n  cache-db:\n"


def stack(program: str = SAVES, *, after: bool) -> str:
    services = (
        ("app", "box:1", "unless-stopped", IDLE, "/app/data"),
        ("worker", "box:1", "on-failure:3", IDLE, "/app/data"),
        ("cache", "redis:7", "always", program, "/data"),
    )
    text = "services:\n"
    for name, image, restart, command, target in services:
        source = f"{name}-db" if after else f"./{name}"
        environment = "{}" if name == "cache" else "{DATABASE_URL: 'sqlite:////app/data/database.db'}"
        text += SERVICE.format(
            environment=environment,
            name=name,
            image=image,
            restart=restart,
            program=command,
            source=source,
            target=target,
        )
    return text + (VOLUMES if after else "")


class Made:
    """A stack of three services with data, and the script that carries it."""

    def __init__(self, shop: Shop, tmp_path: Path, program: str) -> None:
        self.shop, self.script = shop, tmp_path / "carry.sh"
        shop.write(stack(program, after=False))
        for name in ("app", "worker"):
            (shop.directory / name).mkdir()
            database(shop.directory / name / "database.db")
        (shop.directory / "cache").mkdir()
        (shop.directory / "cache" / "dump.rdb").write_text("before\n")
        shop.compose("up", "-d")
        shop.write(stack(program, after=True))
        self.script.write_text(shop.volfix("carry", "--script"))

    def run(self, shell: tuple[str, ...] = ("sh",)) -> subprocess.CompletedProcess[str]:
        words = [*shell, str(self.script)]
        return subprocess.run(words, env=self.shop.host.environment, capture_output=True, text=True, check=False)

    def start(self) -> subprocess.Popen[str]:
        words, environment = ["sh", str(self.script)], self.shop.host.environment
        return subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def as_before(self) -> None:
        """Every service runs in the container that it had, with its restart policy; no volume is left."""
        policy = "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}"
        form = f"{{{{.Name}}}} {{{{.State.Running}}}} {policy}"
        docker = self.shop.host.docker
        found = {docker("inspect", "-f", form, name).strip() for name in docker("ps", "-aq").split()}
        assert found == {
            "/shop-app-1 true unless-stopped 0",
            "/shop-worker-1 true on-failure 3",
            "/shop-cache-1 true always 0",
        }
        assert docker("volume", "ls", "-q") == ""


@pytest.fixture
def made(host: Host, engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Made:
    del engine
    host.docker("tag", "box:1", "redis:7")
    return Made(Shop(host, tmp_path / "shop"), tmp_path, getattr(request, "param", SAVES))


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_the_second_volume_fails_and_all_services_run_again(
    made: Made, content: Content, shell: tuple[str, ...]
) -> None:
    place = made.shop.directory / "worker" / "database.db"
    saved = place.rename(made.shop.directory / "saved")
    (place.parent / "notes.txt").touch()
    done = made.run(shell)
    assert done.returncode == 1
    assert "shop_app-db is removed again: the data is where it was" in done.stderr
    assert "shop-worker-1 runs again" in done.stderr
    made.as_before()
    saved.rename(place)
    done = made.run(shell)
    assert done.returncode == 0, done.stderr
    for name in ("app", "worker"):
        assert rows_in(content(f"shop_{name}-db") / "database.db") == 1000
    assert (content("shop_cache-db") / "dump.rdb").read_text() == "rows\n", "the server had time to save"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_who_ends_the_script_finds_all_services_running(
    made: Made, shell: tuple[str, ...], number: signal.Signals
) -> None:
    words = [sys.executable, "-c", HEARS, *shell, str(made.script)]
    process = subprocess.Popen(words, env=made.shop.host.environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    for line in process.stderr:
        if "stopping shop-cache-1" in line:
            break
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 128 + number
    made.as_before()


def test_two_scripts_at_once_carry_once(made: Made, content: Content) -> None:
    both = [made.start(), made.start()]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted("shop_app-db: carried already" in text for text in said) == [False, True]
    waiting = "another carry of shop is at work: waiting for its end"
    assert [waiting in text for text in said] == ["carried already" in text for text in said]
    assert rows_in(content("shop_app-db") / "database.db") == 1000
    assert "volfix-carry" not in made.shop.host.docker("ps", "-a")


def test_the_lock_of_a_script_that_is_killed_goes_with_it(made: Made, content: Content) -> None:
    process = made.start()
    assert process.stderr
    for line in process.stderr:
        if "stopping shop-cache-1" in line:
            break
    assert "is at work on shop: wait for its end" in made.shop.volfix("carry", "--write", "--no-rows", status=1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    done = made.run()
    assert done.returncode == 0, done.stderr
    for name in ("app", "worker"):
        assert rows_in(content(f"shop_{name}-db") / "database.db") == 1000


def test_a_container_of_another_one_on_the_data_stops_nothing(made: Made) -> None:
    place = f"{made.shop.directory}/worker:/backup"
    made.shop.host.docker("run", "-d", "--name", "byhand", "--network=host", "-v", place, "box:1")
    done = made.run()
    assert done.returncode == 1
    assert "byhand uses the data" in done.stderr
    made.shop.host.docker("rm", "-f", "byhand")
    made.as_before()


@pytest.mark.parametrize("made", [NEVER], indirect=True)
def test_a_server_that_cannot_save_is_not_killed(made: Made) -> None:
    made.script.write_text(made.script.read_text().replace("patience=60", "patience=1"))
    done = made.run()
    assert done.returncode == 1
    assert "it runs on, and is not killed" in done.stderr
    made.as_before()


def test_shellcheck_has_nothing_to_say(made: Made) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    for shell in ("sh", "dash"):
        done = subprocess.run(["shellcheck", "-s", shell, made.script], capture_output=True, text=True, check=False)
        assert not done.stdout
