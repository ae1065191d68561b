"""What several repositories share on one host: seen across the estate, and not written until it is settled."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bulk_factory import BRANCH, TASK, WRITE, source
from repository_factory import git, repository

from volfix.bulk.hazards import hazards
from volfix.bulk.records import HazardKind, Status
from volfix.bulk.run import fingerprint, run
from volfix.bulk.state import State
from volfix.bulk.worker import Job, JobOutcome, Task, work

COMPOSE = b"services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./pg:/var/lib/postgresql/data\n"
PIPELINE = b"""\
kind: pipeline
type: docker
name: deploy
steps:
  - name: deploy
    image: docker:27-cli
    volumes:
      - name: socket
        path: /var/run/docker.sock
    commands:
      - docker compose up -d
volumes:
  - name: socket
    host:
      path: /var/run/docker.sock
"""
DEPLOYED = {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE}


class InThisProcess:
    """Workers without processes."""

    def stream(self, task: Task, jobs: Iterable[tuple[int, Job]]) -> Iterator[tuple[int, JobOutcome]]:
        for key, job in jobs:
            yield key, work(task, job)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    with State(tmp_path / "state.sqlite") as opened:
        yield opened


def ran(state: State, task: Task, *clones: Path) -> dict[str, tuple[Status, str]]:
    state.begin(map(source, clones), fingerprint(task))
    run(state, task, InThisProcess(), addresses={})
    return {record.name: (record.status, record.reason or "") for record in state.records()}


def clone(tmp_path: Path, name: str, files: dict[str, bytes], origin: str = "https://git.example.org/team/") -> Path:
    return repository(tmp_path / "clones" / name, files, origin=f"{origin}{name}.git")


def shared(state: State) -> set[tuple[HazardKind, str, str]]:
    return {(hazard.kind, hazard.key, hazard.host) for hazard in hazards(state)}


def test_two_that_would_share_a_volume_are_both_left_with_the_reason(state: State, tmp_path: Path) -> None:
    shop, blog = clone(tmp_path, "shop", DEPLOYED), clone(tmp_path, "blog", DEPLOYED)
    alone = clone(tmp_path, "alone", {"compose.yaml": COMPOSE})
    found = ran(state, WRITE, shop, blog, alone)
    assert found["alone"] == (Status.WRITTEN, "")
    for name, other in (("shop", blog), ("blog", shop)):
        status, reason = found[name]
        assert status is Status.SKIPPED
        assert f"the volume src_db-data on the Drone runners of git.example.org, as {other} does" in reason
    assert git(shop, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_with_their_names_fixed_in_the_same_run_both_are_written(state: State, tmp_path: Path) -> None:
    clones = [clone(tmp_path, "shop", DEPLOYED), clone(tmp_path, "blog", DEPLOYED)]
    found = ran(state, replace(WRITE, unsafe_fixes=True), *clones)
    assert {status for status, _ in found.values()} == {Status.WRITTEN}
    assert "name: shop" in git(clones[0], "cat-file", "blob", f"{BRANCH}:compose.yaml")


def test_the_hazards_say_what_is_shared_and_where(state: State, tmp_path: Path) -> None:
    ran(state, TASK, clone(tmp_path, "shop", DEPLOYED), clone(tmp_path, "blog", DEPLOYED))
    where = "the Drone runners of git.example.org"
    assert shared(state) == {
        (HazardKind.PROJECT_NAME, "src", where),
        (HazardKind.HOST_DIRECTORY, "/drone/src/pg", where),
    }
    project = next(hazard for hazard in hazards(state) if hazard.kind is HazardKind.PROJECT_NAME)
    assert project.sentence.startswith(f"2 repositories deploy as the Compose project `src` on {where}: ")
    assert [Path(text).name for text in project.repositories] == ["blog", "shop"]


def test_volumes_of_one_name_that_are_there_already(state: State, tmp_path: Path) -> None:
    files = {**DEPLOYED, "compose.yaml": COMPOSE.replace(b"./pg:", b"rows:") + b"volumes:\n  rows:\n"}
    ran(state, TASK, clone(tmp_path, "shop", files), clone(tmp_path, "blog", files))
    assert (HazardKind.VOLUME, "src_rows", "the Drone runners of git.example.org") in shared(state)


def test_a_directory_outside_of_both_checkouts(state: State, tmp_path: Path) -> None:
    files = {"compose.yaml": COMPOSE.replace(b"./pg:", b"/srv/pg:")}
    ran(state, TASK, clone(tmp_path, "shop", files), clone(tmp_path, "blog", files))
    assert shared(state) == {(HazardKind.HOST_DIRECTORY, "/srv/pg", "")}


def test_a_directory_beside_both_checkouts(state: State, tmp_path: Path) -> None:
    files = {**DEPLOYED, "compose.yaml": COMPOSE.replace(b"./pg:", b"../pg:")}
    ran(state, TASK, clone(tmp_path, "shop", files), clone(tmp_path, "blog", files))
    where = "the Drone runners of git.example.org"
    assert (HazardKind.HOST_DIRECTORY, "/drone/pg", where) in shared(state)
    assert not any("volfix-bulk" in str(record.result) for record in state.records())


def test_a_directory_called_deploy_names_the_project_of_each(state: State, tmp_path: Path) -> None:
    files = {"deploy/compose.yaml": COMPOSE}
    found = ran(state, WRITE, clone(tmp_path, "shop", files), clone(tmp_path, "blog", files))
    assert shared(state) == {(HazardKind.PROJECT_NAME, "deploy", "")}
    assert {status for status, _ in found.values()} == {Status.WRITTEN}, "nothing says that it is one host"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({".drone.yml": PIPELINE + b"node:\n  region: eu\n"}, id="other runners"),
        pytest.param({".drone.yml": PIPELINE.replace(b"compose up", b"compose -p blog up")}, id="-p"),
        pytest.param({"compose.yaml": b"name: blog\n" + COMPOSE}, id="name"),
        pytest.param({".drone.yml": PIPELINE.replace(b"up -d", b"up -d && docker compose down")}, id="a test"),
    ],
)
def test_no_evidence_that_two_share_a_volume(other: dict[str, bytes], state: State, tmp_path: Path) -> None:
    found = ran(state, WRITE, clone(tmp_path, "shop", DEPLOYED), clone(tmp_path, "blog", {**DEPLOYED, **other}))
    assert {status for status, _ in found.values()} == {Status.WRITTEN}


def test_servers_of_two_forges_are_two_hosts(state: State, tmp_path: Path) -> None:
    other = clone(tmp_path, "blog", DEPLOYED, origin="https://git.other.org/team/")
    found = ran(state, WRITE, clone(tmp_path, "shop", DEPLOYED), other)
    assert {status for status, _ in found.values()} == {Status.WRITTEN}


def test_two_clones_of_one_repository_share_nothing(state: State, tmp_path: Path) -> None:
    one = repository(tmp_path / "a" / "shop", DEPLOYED, origin="https://git.example.org/team/shop.git")
    two = repository(tmp_path / "b" / "shop", DEPLOYED, origin="git@git.example.org:team/shop.git")
    ran(state, WRITE, one, two)
    assert shared(state) == set()
    assert {record.status for record in state.records()} == {Status.WRITTEN}


@pytest.mark.parametrize("cloned_from", ["{path}", "file://{path}", "{path}/../shop.git"])
def test_a_clone_and_its_origin_as_a_url_share_nothing(cloned_from: str, state: State, tmp_path: Path) -> None:
    files = {**DEPLOYED, "compose.yaml": COMPOSE.replace(b"./pg:", b"/srv/pg:")}
    server = repository(tmp_path / "server" / "shop.git", files, bare=True)
    mine = repository(tmp_path / "mine", files, origin=cloned_from.format(path=server))
    task = replace(TASK, cache=str(tmp_path / "cache"))
    state.begin(map(source, (str(mine), f"file://{server}")), fingerprint(task))
    run(state, task, InThisProcess(), addresses={})
    assert {record.status for record in state.records()} == {Status.FINDINGS}
    assert shared(state) == set()
