"""Given containers that are paused while their files are read, when anything ends that, then none stays paused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Host
from test_carry_command import BEFORE, INSIDE, Shop, database

from volfix.docker.containers import PROJECT, SERVICE, Container
from volfix.docker.deployed import deployed_at
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.pauses import paused
from volfix.docker.rows import count, not_running


class Recording(Engine):
    """An engine that knows which of its containers are paused."""

    def __init__(self, fails: str = "") -> None:
        super().__init__(None)
        self.paused: list[str] = []
        self.fails = fails

    def pause(self, container: str) -> None:
        if container == self.fails:
            raise EngineProblem(f"{container} cannot be paused")
        self.paused.append(container)

    def unpause(self, container: str) -> None:
        if container not in self.paused:
            raise EngineProblem(f"{container} is not paused")
        self.paused.remove(container)


def container(name: str, state: str = "running", project: str = "shop") -> Container:
    return Container(name, name, "1", state, {PROJECT: project, SERVICE: "cache"}, ())


@pytest.mark.parametrize("error", [KeyboardInterrupt, EngineProblem, ValueError])
def test_whatever_ends_the_reading_lets_them_go_on(error: type[BaseException]) -> None:
    engine = Recording()
    with pytest.raises(error), paused(engine, [container("a"), container("b")]):
        assert engine.paused == ["a", "b"]
        raise error
    assert engine.paused == []


def test_one_that_cannot_be_paused_leaves_none_of_the_others_paused() -> None:
    engine = Recording("b")
    with pytest.raises(EngineProblem), paused(engine, [container("a"), container("b")]):
        pytest.fail("b runs on")
    assert engine.paused == []


def test_a_paused_container_is_recognised_and_docker_unpause_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  cache:\n    image: redis:7\n")
    one = container("cache-1", "paused", tmp_path.name)
    monkeypatch.setattr(Engine, "containers", lambda _: (one,))
    monkeypatch.setattr(Engine, "processes", lambda *_: {one.id: None})
    monkeypatch.setattr("volfix.docker.project_containers.mismatch", lambda *_: None)
    engine, deployed = Engine(None), deployed_at(tmp_path)
    (found,) = count(engine, deployed)
    advice = "cache-1 is paused: docker unpause cache-1, and run this again"
    assert found.problem == advice
    assert not_running(engine, deployed) == advice


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
@pytest.mark.engine
def test_rows_that_are_ended_by_a_signal_leave_nothing_paused(
    host: Host, engine: Engine, tmp_path: Path, number: signal.Signals
) -> None:
    shop = Shop(host, tmp_path / "shop")
    shop.write(BEFORE.format(url=INSIDE))
    (shop.directory / "data").mkdir()
    path = database(shop.directory / "data" / "database.db")
    os.truncate(path, 2**30)  # it takes a second or more to be read
    shop.compose("up", "-d")
    name = shop.container()
    words = [sys.executable, "-m", "volfix", "rows"]
    counting = subprocess.Popen(words, cwd=shop.directory, env=host.environment, stdout=subprocess.PIPE)
    state = ""
    while state != "paused":
        assert counting.poll() is None, "it was counted before it could be ended"
        time.sleep(0.005)
        state = host.api.inspect_container(name)["State"]["Status"]
    counting.send_signal(number)
    counting.communicate()
    end = time.monotonic() + 60
    while host.api.inspect_container(name)["State"]["Status"] != "running":
        assert time.monotonic() < end, "it stays paused"
        time.sleep(0.1)
