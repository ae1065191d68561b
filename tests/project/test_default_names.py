"""Which files Compose reads where no command names any: a base file, and an override beside it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

import volfix

BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDES = (
    *("compose.override.yml", "compose.override.yaml"),
    *("docker-compose.override.yml", "docker-compose.override.yaml"),
)


@pytest.mark.parametrize(("base", "override"), list(product(BASES, OVERRIDES)))
def test_an_override_counts_beside_each_base(base: str, override: str, tmp_path: Path) -> None:
    (tmp_path / base).write_text("services:\n  db:\n    image: postgres:16\n")
    (tmp_path / override).write_text("services:\n  db:\n    volumes: ['./pg:/var/lib/postgresql/data']\n")
    (project,) = volfix.plan(tmp_path).projects
    (finding,) = [each.finding for each in project.findings if each.finding.code == "VF101"]
    assert (finding.service, finding.location.path.name) == ("db", override)
    assert not [each for each in project.findings if each.finding.code == "VF102"], "the data has a mount"


def test_the_first_name_wins(tmp_path: Path) -> None:
    for name in (*BASES, *OVERRIDES):
        (tmp_path / name).write_text(f"services:\n  db:\n    image: postgres:16\n    labels: [{name}]\n")
    first, *_ = volfix.plan(tmp_path).run.stacks[0].context.stack.projects
    assert [file.path.name for file in first.files] == [BASES[0], OVERRIDES[0]]
