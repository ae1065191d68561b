"""Given the script of `volfix carry --script` in the repository, as the README says, then no finding changes."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.knowledge.carry_script import prelude
from volfix.project.carry_script import is_carry_script

BODY = """
project=src
former=src
in_memory=''
# The project's containers, an item a line: project, service and image, then what is mounted where.
mine='/app/data=bind:/drone/src/data src|app|box:1
/data=bind:/drone/src/cache src|cache|redis:7'

# app-db: /drone/src/data
image=sha256:7
if begin src_app-db app-db /drone/src/data volume=/drone/src/data; then
  # shellcheck disable=SC2046
  stop $(users volume=/drone/src/data)
  from=$(carrier type=bind,src=/drone/src/data,dst=/volfix/data,readonly)
  tree "$from" /volfix/data
  from=$(container app /app/database.db)
  # shellcheck disable=SC2046
  stop $(docker ps -q --filter "id=$from")
  file "$from" /app/database.db
  printf '\\144\\141' | top
  finish database.db
fi

retire

# Then, with the rewritten files: docker compose -p src up -d --no-build app
"""
COMPOSE = """\
services:
  app:
    image: python:3.12
    working_dir: /app
    environment: {DATABASE_URL: "sqlite:////app/data/database.db"}
    volumes: ["./data:/app/data"]
"""
DRONE = """\
kind: pipeline
type: docker
name: deploy
steps:
  - name: deploy
    image: docker:27-cli
    volumes: [{name: socket, path: /var/run/docker.sock}]
    commands: [sh carry.sh, docker compose -p shop up -d]
volumes: [{name: socket, host: {path: /var/run/docker.sock}}]
"""
SCRIPT = "#!/bin/sh\nsh carry.sh\ndocker compose up -d\n"
MAKEFILE = "deploy:\n\tsh carry.sh\n\tdocker compose up -d\n"


def found(root: Path, script: str, caller: dict[str, str]) -> list[tuple[str, str]]:
    """The findings with what becomes of each, in a repository whose deployment runs the script."""
    root.mkdir()
    for name, text in {"compose.yaml": COMPOSE, "carry.sh": script, **caller}.items():
        (root / name).write_text(text)
    plan = volfix.plan(root)
    return [(finding.code, finding.fix.applicability.value if finding.fix else "none") for finding in plan.findings]


@pytest.mark.parametrize(
    "caller",
    [{}, {".drone.yml": DRONE}, {"deploy.sh": SCRIPT}, {"Makefile": MAKEFILE}],
    ids=["beside", "Drone", "script", "make"],
)
def test_the_script_changes_no_finding(tmp_path: Path, caller: dict[str, str]) -> None:
    with_script = found(tmp_path / "with", prelude() + BODY, caller)
    without = found(tmp_path / "without", "#!/bin/sh\n", caller)
    assert with_script == without
    assert ("VF101", "safe") in with_script


@pytest.mark.parametrize(
    "added",
    ["docker volume rm src_app-db", "docker compose down -v", "rm -rf /drone/src/data", "tree a b >/drone/src/data/x"],
)
def test_what_somebody_adds_to_the_script_is_read(added: str) -> None:
    assert is_carry_script(prelude() + BODY)
    assert not is_carry_script(prelude() + BODY + added + "\n")
    assert not is_carry_script(prelude().replace("set -eu", f"set -eu\n{added}") + BODY)


def test_an_added_deletion_is_a_finding(tmp_path: Path) -> None:
    script = prelude() + BODY + "docker compose down -v\n"
    assert "VF401" in [code for code, _ in found(tmp_path / "shop", script, {"deploy.sh": SCRIPT})]
