"""The survival proof: 1,000 rows, deployed three more times: with nothing done, after --write only, with carry, and
after --write --carry-service, where nobody does anything else.

Each cell of the README's table is measured here, on an engine of the tests' own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import Host
from deployments import WAYS, WORKSPACE, Way, neighbour_deploys
from repositories import DATABASES, Database, Repository, Rows
from survival_images import STEP

pytestmark = pytest.mark.engine
ROWS = 1000
DEPLOYMENTS = 3
AT_ONCE = 6
README = Path(__file__).parents[2] / "README.md"
COMMAND = re.compile(r"^ +\d+  (volfix carry .*?)(?:  .*)?$", re.MULTILINE)


STAGES = {
    "before": "nothing done",
    "write": "`--write` only",
    "carry": "`--write` and `carry`",
    "service": "`--write --carry-service`, merged and deployed",
}
"""What is done before the three deployments, and the head of its column."""
HEAD = f"| deployment | database | {' | '.join(STAGES.values())} |\n|{' --- |' * (2 + len(STAGES))}\n"
Task = tuple[Way, Database, str]
Measured = dict[Task, Rows | Exception]


def shown(rows: Rows) -> str:
    """A number of rows; `+` where another repository's are among them, `-` where the application cannot write."""
    return f"{rows.own:,}{'+' if rows.foreign else ''}{'' if rows.writable else '-'}"


def survivors(host: Host, directory: Path, way: Way, database: Database, stage: str) -> Rows:
    """The rows that are there after the deployments."""
    repository = Repository(host, directory / f"{directory.name}-shop", database, way.pipeline)
    if way.between is neighbour_deploys:
        repository.neighbour = Repository(host, directory / f"{directory.name}-blog", database, way.pipeline)
    try:
        way.deploy(repository)
        repository.fill(ROWS)
        if stage != "before":
            options = (*way.fix, "--carry-service") if stage == "service" else way.fix
            said = [fixed(one, options) for one in (repository, repository.neighbour) if one]
            if stage == "carry":
                found = COMMAND.search(said[0])
                assert found, said[0]
                way.carry(repository, found[1])
        for _ in range(DEPLOYMENTS):
            way.between(repository)
            way.deploy(repository)
            own, foreign = repository.counts()  # which waits for it: a server that is killed while it begins is no test
        if repository.neighbour:
            foreign += repository.neighbour.counts()[1]
        return Rows(own, foreign, repository.is_writable())
    finally:
        for one in filter(None, (repository, repository.neighbour)):
            one.remove()
        if way.pipeline:
            docker = ("run", "--rm", "--network=host", "-v", f"{WORKSPACE}:{WORKSPACE}", STEP)
            host.docker(*docker, "rm", "-rf", f"{WORKSPACE}/{database.source}")


def fixed(repository: Repository, options: tuple[str, ...]) -> str:
    """Have volfix write its fixes; what it says."""
    said = repository.volfix(repository.origin, "--write", *options, statuses=(0, 1))
    repository.commit("Keep the data in a volume")
    return said


def lanes() -> list[list[Task]]:
    """What can be measured at the same time: deployments that share a project's name on the host come one by one."""
    tasks = [(way, database, stage) for way in WAYS for stage in STAGES for database in DATABASES]
    shared = [[task for task in tasks if task[0].pipeline and task[1] is database] for database in DATABASES]
    return shared + [[task] for task in tasks if not task[0].pipeline]


@pytest.fixture(scope="session")
def measured(servers: Host, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Every cell of the table."""
    directory = tmp_path_factory.mktemp("survival")
    found: Measured = {}

    def measure(lane: Sequence[Task]) -> None:
        for way, database, stage in lane:
            place = directory / f"{WAYS.index(way) + 1}-{database.service}-{stage}"
            try:
                found[way, database, stage] = survivors(servers, place, way, database, stage)
            except Exception as error:  # noqa: BLE001 - raised by the test of this cell
                found[way, database, stage] = error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(measure, lanes()))
    return found


def result(measured: Measured, task: Task) -> Rows:
    rows = measured[task]
    if isinstance(rows, Exception):
        raise rows
    return rows


@pytest.mark.parametrize("database", DATABASES, ids=lambda database: database.name)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.title)
def test_every_row_survives(measured: Measured, way: Way, database: Database) -> None:
    assert result(measured, (way, database, "carry")) == Rows(ROWS, 0, writable=True)


def test_the_readme_shows_what_was_measured(measured: Measured) -> None:
    lines = []
    for way in WAYS:
        for number, database in enumerate(DATABASES):
            cells = [shown(result(measured, (way, database, stage))) for stage in STAGES]
            lines.append(f"| {' | '.join([way.title if number == 0 else '', database.name, *cells])} |\n")
    table = HEAD + "".join(lines)
    assert table in README.read_text(encoding="utf-8"), f"the README's table is to be:\n{table}"
