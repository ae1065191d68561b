"""A request that carries its own rows needs nobody; a request whose rows nothing carries says so everywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bulk_factory import BRANCH, COMPOSE, WRITE, done
from repository_factory import checked_out, git

from volfix.bulk.records import Status

CARRIED = replace(WRITE, carry_service=True, only_carried=True)
BY_COMPOSE_1 = {"compose.yaml": COMPOSE, "deploy.sh": b"git pull\ndocker-compose up -d\n"}

ON_THE_HOST = b"""\
kind: pipeline
type: docker
name: deploy
steps:
  - name: deploy
    image: docker:27-cli
    volumes: [{name: socket, path: /var/run/docker.sock}]
    commands: [docker compose up -d]
volumes:
  - name: socket
    host: {path: /var/run/docker.sock}
"""


def message(clone: Path) -> str:
    return git(clone, "log", "-1", "--format=%B", BRANCH)


def test_the_change_carries_its_rows(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE})
    outcome = done(clone, CARRIED)
    assert (outcome.status, outcome.reason) == (Status.WRITTEN, None)
    assert "  carry-db-data:  # moves ./pg into db-data once" in git(clone, "show", f"{BRANCH}:compose.yaml")
    said = message(clone)
    assert said.startswith("Keep the databases")
    assert "- ./pg of db into the volume shop_db-data (carry-db-data)" in said
    assert "before it, type `volfix carry --back --write`" in said
    assert "that prints the `mv` to type first. Deploy only after that copy." in said


def test_the_change_carries_its_rows_from_where_the_pipeline_keeps_them(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE, ".drone.yml": ON_THE_HOST})
    outcome = done(clone, CARRIED)
    assert (outcome.status, outcome.reason) == (Status.WRITTEN, None)
    assert "- /drone/src/pg of db into the volume src_db-data (carry-db-data)" in message(clone)


def test_the_message_names_what_the_tools_of_the_image_do_not_keep(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE.replace(b"postgres:16", b"postgres:16-alpine")})
    assert done(clone, CARRIED).status is Status.WRITTEN
    assert (
        "(carry-db-data; the tools of postgres:16-alpine do not keep ACLs, extended attributes, sparse files or "
        "fractions of a second; volfix does not see from here whether the files have any)"
    ) in message(clone)


def test_a_file_that_code_names_is_told_to_carry(tmp_path: Path) -> None:
    files = {
        "shop/compose.yaml": b"services:\n  app:\n    build: .\n    volumes:\n      - ./data:/app/data\n",
        "shop/Dockerfile": b"FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD python db.py\n",
        "shop/db.py": b"import sqlite3\nsqlite3.connect('/app/shop.db')\n",
    }
    clone = checked_out(tmp_path / "shop", files)
    outcome = done(clone, replace(CARRIED, unsafe_fixes=True))
    assert outcome.status is Status.WRITTEN
    assert "(`volfix carry --map ./data=app-db --map container:/app/shop.db=app-db shop`)" in message(clone)


def test_what_nothing_carries_needs_unsafe_fixes(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", BY_COMPOSE_1)
    outcome = done(clone, CARRIED)
    assert outcome.status is Status.FINDINGS
    assert outcome.commit is None


def test_what_nothing_carries_is_marked_in_title_message_and_report(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", BY_COMPOSE_1)
    outcome = done(clone, replace(CARRIED, unsafe_fixes=True))
    assert outcome.status is Status.WRITTEN
    assert outcome.reason == "DO NOT MERGE before `volfix carry`: nothing else fills shop_db-data"
    said = message(clone)
    assert said.startswith("DO NOT MERGE before `volfix carry`: Keep the databases")
    assert "Carry the data on the host before this is deployed (`volfix carry`):" in said
    assert "`docker-compose up -d` (deploy.sh:2) may be Compose 1" in said


@pytest.mark.parametrize("unsafe", [False, True])
def test_without_carry_services_every_such_request_is_marked(unsafe: bool, tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE})
    outcome = done(clone, replace(CARRIED, carry_service=False, unsafe_fixes=unsafe))
    assert outcome.status is (Status.WRITTEN if unsafe else Status.FINDINGS)
    assert unsafe == str(outcome.reason).startswith("DO NOT MERGE")
