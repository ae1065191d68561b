"""Given an engine with rows in its memory, when its data is carried, then it has time to save, and is not killed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Host
from test_carry import bind, job, labels, run
from test_carry_command import Shop

from volfix.docker import stop_containers
from volfix.docker.carry_jobs import CarryProblem
from volfix.docker.engine import Engine
from volfix.knowledge.clients import client_of

pytestmark = pytest.mark.engine
SAVES = "trap '{first}echo rows >/data/dump.rdb; exit 0' TERM; echo begun; while :; do sleep 0.1; done"
SLOWLY = SAVES.format(first="sleep 3; ")
"""Longer than the second that the container has before `docker stop` kills it."""
WHEN_IT_CAN = SAVES.format(first="while test ! -e /data/room; do sleep 0.1; done; ")
COMPOSE = """\
services:
  cache:
    image: redis:7
    network_mode: host
    stop_grace_period: 1s
    entrypoint: [sh, -c, "{program}"]
    volumes:
      - {source}:/data
{more}"""
VOLUMES = "volumes:\n  cache-data:\n    driver: local\n"


def started(host: Host, data: Path, program: str, service: str = "cache") -> str:
    words = ("--network=host", "--stop-timeout=1", "--restart=always", "-v", f"{data}:/data")
    return host.begun(*words, *labels(service), "box:1", "sh", "-c", program)


def carried(engine: Engine, data: Path) -> None:
    redis = client_of("redis")
    assert redis
    run(engine, job(bind(data), services=("cache",), clients=(redis,), in_memory=("cache",)))


def test_who_saves_slowly_is_waited_for(
    engine: Engine, host: Host, tmp_path: Path, content: Callable[[str], Path]
) -> None:
    made = started(host, tmp_path, SLOWLY)
    carried(engine, tmp_path)
    assert (content("shop_app-db") / "dump.rdb").read_text() == "rows\n"
    form = "{{.State.ExitCode}} {{.State.Running}} {{.HostConfig.RestartPolicy.Name}}"
    assert host.docker("inspect", "-f", form, made).split() == ["0", "false", "no"]


def test_who_cannot_save_runs_on_and_nothing_is_carried(
    engine: Engine, host: Host, tmp_path: Path, content: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis does not end before its rows are in a file."""
    monkeypatch.setattr(stop_containers, "PATIENCE", 1)
    made = started(host, tmp_path, WHEN_IT_CAN)
    with pytest.raises(CarryProblem, match=r"runs on after 1 seconds\. It is not killed"):
        carried(engine, tmp_path)
    assert engine.is_running(made)
    assert engine.volume("shop_app-db") is None
    (tmp_path / "room").touch()
    carried(engine, tmp_path)
    assert (content("shop_app-db") / "dump.rdb").read_text() == "rows\n"


def test_who_has_ended_meanwhile_is_no_failure(engine: Engine, host: Host, tmp_path: Path) -> None:
    made = started(host, tmp_path, WHEN_IT_CAN)
    host.docker("update", "--restart=no", made)
    host.docker("kill", made)
    engine.ask_to_stop(made)
    assert not engine.is_running(made)


def test_a_paused_engine_saves_too(engine: Engine, host: Host, tmp_path: Path, content: Callable[[str], Path]) -> None:
    host.docker("pause", started(host, tmp_path, SLOWLY))
    carried(engine, tmp_path)
    assert (content("shop_app-db") / "dump.rdb").read_text() == "rows\n"


def test_who_has_nothing_in_memory_is_stopped_as_ever(engine: Engine, host: Host, tmp_path: Path) -> None:
    (tmp_path / "dump.rdb").touch()
    made = started(host, tmp_path, "trap '' TERM; echo begun; while :; do sleep 0.1; done", service="backup")
    carried(engine, tmp_path)
    assert host.docker("inspect", "-f", "{{.State.ExitCode}}", made).strip() == "137"


@pytest.fixture
def shop(host: Host, engine: Engine, tmp_path: Path) -> Shop:
    host.docker("tag", "box:1", "redis:7")
    return Shop(host, tmp_path / "shop")


def test_the_script_waits_as_well(shop: Shop, content: Callable[[str], Path], tmp_path: Path) -> None:
    shop.write(COMPOSE.format(program=SLOWLY, source="./redis", more=""))
    shop.compose("up", "-d")
    shop.write(COMPOSE.format(program=SLOWLY, source="cache-data", more=VOLUMES))
    script = tmp_path / "carry.sh"
    script.write_text(shop.volfix("carry", "--script"))
    subprocess.run(["sh", script], env=shop.host.environment, check=True, capture_output=True)
    assert (content("shop_cache-data") / "dump.rdb").read_text() == "rows\n"


def test_what_an_engine_saves_at_its_end_goes_back_too(shop: Shop, content: Callable[[str], Path]) -> None:
    """The directory equals the volume as long as the engine runs."""
    shop.write(COMPOSE.format(program=SLOWLY, source="./redis", more=""))
    (shop.directory / "redis").mkdir()
    (shop.directory / "redis" / "dump.rdb").write_text("before\n")
    shop.write(COMPOSE.format(program=SLOWLY, source="cache-data", more=VOLUMES))
    shop.volfix("carry", "--write")
    shop.compose("up", "-d")
    assert (content("shop_cache-data") / "dump.rdb").read_text() == "before\n"
    said = shop.volfix("carry", "--back", "--write", status=1)
    assert "./redis is not empty and holds something else than shop_cache-data" in said
    assert (content("shop_cache-data") / "dump.rdb").read_text() == "rows\n"
