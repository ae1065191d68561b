"""Given fixes that cannot all be made, then those that stand alone are, and the others say why not."""

from __future__ import annotations

from pathlib import Path

import volfix

COMPOSE = """\
services:
  db:
    image: postgres:17
    volumes:
      - ./rows:/data
    environment:
      - DB_PATH=jdbc:sqlite:/app/x.db
"""


def test_of_two_fixes_of_one_mount_neither_is_made_and_each_names_the_other(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    plan = volfix.plan(tmp_path, unsafe_fixes=True)
    reasons = {finding.code: finding.reason for finding in plan.findings if finding.fix is None}
    assert reasons["VF101"] == "VF106 changes this line differently: choose one with --select"
    assert reasons["VF106"] == "VF101 changes this line differently: choose one with --select"
    assert not [project.failure for project in plan.result.projects if project.failure]


def test_one_of_them_alone_is_made(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    volfix.plan(tmp_path, select=("VF106",), unsafe_fixes=True).write()
    assert "      - db-data:/var/lib/postgresql/data\n" in (tmp_path / "compose.yaml").read_text()
