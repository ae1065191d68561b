"""Given the volumes of a deploying step, when the stack does not use them or Drone does not take them, then it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Finding, Severity

VOLUME = (
    "services:\n  db:\n    image: postgres:16\n    volumes: ['{source}:/var/lib/postgresql/data']\nvolumes:\n  rows:\n"
)
STEP = (
    "kind: pipeline\ntype: docker\nname: deploy\nsteps:\n  - name: deploy\n    image: docker:27-cli\n    volumes:\n"
    "{mounts}    commands:\n      - docker compose -p shop up -d\n{declared}"
)
SOCKET = "      - name: socket\n        path: /var/run/docker.sock\n"
MOUNTS = SOCKET + "      - name: app-db\n        path: {path}\n"
DECLARED = (
    "volumes:\n  - name: socket\n    host:\n      path: /var/run/docker.sock\n"
    "  - name: app-db\n    host:\n      path: {host}\n"
)


def findings(directory: Path, code: str, compose: str, pipeline: str) -> list[Finding]:
    (directory / "compose.yaml").write_text(compose)
    (directory / ".drone.yml").write_text(pipeline)
    return [each for each in volfix.plan(directory).findings if each.code == code]


def kept(directory: Path, source: str, host: str, path: str) -> list[Finding]:
    pipeline = STEP.format(mounts=MOUNTS.format(path=path), declared=DECLARED.format(host=host))
    return findings(directory, "VF302", VOLUME.format(source=source), pipeline)


WHERE = {
    "the rows are in a volume": ("rows", "/drone/src/backend/data", "shop_rows"),
    "the rows are in the host's workspace": ("./pg", "/drone/src/data", "/drone/src/pg"),
    "the rows are in another directory of the host": ("/srv/pg", "/drone/src/data", "/srv/pg"),
    "the same place in the step is another one on the host": ("./pg", "/drone/src/pg", "/drone/src/pg"),
}


@pytest.mark.parametrize(("source", "path", "rows"), WHERE.values(), ids=WHERE)
def test_a_volume_of_the_pipeline_that_holds_nothing_of_the_stack(
    source: str, path: str, rows: str, tmp_path: Path
) -> None:
    (finding,) = kept(tmp_path, source, "/var/lib/drone/app-db", path)
    assert finding.severity is Severity.INFO
    assert finding.danger == f"a backup of /var/lib/drone/app-db holds none of the stack's data: the rows are in {rows}"


USED = {
    "the stack mounts the directory": ("/var/lib/drone/app-db", "/var/lib/drone/app-db", "/drone/src/data"),
    "the stack mounts a directory in it": ("/var/lib/drone/app-db/pg", "/var/lib/drone/app-db", "/drone/src/data"),
    "it is where the host's daemon looks": ("./pg", "/drone/src/pg", "/drone/src/pg"),
    "a cache": ("rows", "/var/lib/drone/cache", "/drone/src/.cache"),
    "outside of the workspace": ("rows", "/var/lib/drone/keys", "/keys"),
}


@pytest.mark.parametrize(("source", "host", "path"), USED.values(), ids=USED)
def test_a_volume_that_is_used_or_no_data(source: str, host: str, path: str, tmp_path: Path) -> None:
    assert not kept(tmp_path, source, host, path)


STRINGS = {
    "the socket": "      - /var/run/docker.sock:/var/run/docker.sock\n",
    "in quotes": "      - '/var/run/docker.sock:/var/run/docker.sock:ro'\n",
    "a declared name": "      - socket:/var/run/docker.sock\n",
    "a directory beside the socket": SOCKET + "      - /srv/keys:/keys\n",
}


@pytest.mark.parametrize("mounts", STRINGS.values(), ids=STRINGS)
def test_a_string_among_a_steps_volumes_is_drones_mistake(mounts: str, tmp_path: Path) -> None:
    declared = "volumes:\n  - name: socket\n    host:\n      path: /var/run/docker.sock\n"
    (finding,) = findings(
        tmp_path, "VF305", VOLUME.format(source="rows"), STEP.format(mounts=mounts, declared=declared)
    )
    assert "is a string;" in finding.danger
    assert finding.fix is None
    assert not [each for each in volfix.plan(tmp_path).findings if each.code == "VF301"]
