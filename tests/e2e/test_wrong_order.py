"""Given who deployed first and carried after, when the command that carry prints is typed, then every row is there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Host
from repositories import MARIADB, POSTGRESQL, REDIS, Database, Repository

pytestmark = pytest.mark.engine
BESIDE = """\
  beside:
    image: {image}
    network_mode: service:{service}
    entrypoint: [sleep, "3600"]
"""


@pytest.fixture(params=[POSTGRESQL, MARIADB, REDIS], ids=lambda database: database.name)
def repository(servers: Host, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Repository]:
    database: Database = replace(request.param, network="none")
    made = Repository(servers, tmp_path / "shop", database)
    file = made.origin / "compose.yaml"
    file.write_text(file.read_text() + BESIDE.format(image=database.image, service=database.service))
    made.commit("A service beside the database")
    yield made
    made.remove()


def test_one_command_repairs_the_wrong_order_on_running_servers(repository: Repository, tmp_path: Path) -> None:
    """Of the rows that came into the volume meanwhile, which carry puts aside, Redis has none in a file."""
    place = repository.clone(tmp_path / "work" / "shop")
    repository.host.compose(place, "up", "-d")
    repository.fill(1000)
    repository.volfix(place, "--write", statuses=(0, 1))  # Redis may have no file yet
    repository.host.compose(place, "up", "-d")
    repository.fill(7)
    assert repository.counts() == (7, 0)
    said = repository.volfix(place, "carry", "--write", statuses=(1,))
    printed = said[said.index("volfix carry --write --replace") :].splitlines()[0]
    said = repository.host.command(place, *shlex.split(printed))
    assert repository.counts() == (1000, 0)
    assert "before-carry-" in said
    running = repository.host.docker("ps", "--format", "{{.Names}}").split()
    assert {f"shop-{repository.database.service}-1", "shop-beside-1"} <= set(running)
