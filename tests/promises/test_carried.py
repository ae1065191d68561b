"""What holds with carry services: they are all that is added, they go without a trace, a second run adds nothing."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_promises import CASES as ALL
from test_promises import COMPOSE, accepted, laid

import volfix
from campaign.random_projects import laid as drawn
from volfix.rules.rule import Example

WITH_ONE = ("VF113", "VF112: a carry service")
CASES = [case for case in ALL if not str(case.id).startswith(WITH_ONE)]


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def written(before: Path, directory: Path, *, carry_service: bool = False) -> Path:
    """A copy of the repository with the fixes written."""
    shutil.copytree(before, directory)
    result = volfix.plan(directory, unsafe_fixes=True, carry_service=carry_service).write()
    assert [project.failure for project in result.projects if project.failure] == []
    return directory


def is_given_back(before: Path, tmp_path: Path) -> None:
    alone = written(before, tmp_path / "alone" / before.name)
    carried = written(before, tmp_path / "carried" / before.name, carry_service=True)
    once = contents(carried)
    volfix.plan(carried, unsafe_fixes=True, carry_service=True).write()
    assert contents(carried) == once, "a second run changes nothing"
    volfix.plan(carried, select=["VF113"]).write()
    assert contents(carried) == contents(alone)


@pytest.mark.parametrize("case", CASES)
def test_vf113_gives_back_what_write_alone_would_have_made(case: Path | Example, tmp_path: Path) -> None:
    is_given_back(laid(case, tmp_path / "before"), tmp_path)


@pytest.mark.parametrize("seed", range(25))
def test_vf113_gives_back_random_projects(seed: int, tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    drawn(random.Random(seed), before)
    is_given_back(before, tmp_path)


@pytest.mark.skipif(COMPOSE is None, reason="needs docker-compose on PATH or in the virtual environment")
@pytest.mark.parametrize("case", CASES)
def test_compose_sees_the_carry_services_and_nothing_else_that_is_new(case: Path | Example, tmp_path: Path) -> None:
    before = laid(case, tmp_path / "before")
    plan = volfix.plan(before, unsafe_fixes=True, carry_service=True)
    fixes = [finding.fix for finding in plan.findings if finding.fix]
    names = {each.carrier for fix in fixes for each in fix.carried if each.carrier}
    if not names:
        return
    alone = written(before, tmp_path / "alone" / before.name)
    carried = written(before, tmp_path / "carried" / before.name, carry_service=True)
    for path in {change.before.path.relative_to(before) for project in plan.projects for change in project.changes}:
        if path.suffix not in (".yml", ".yaml") or (wanted := accepted(alone / path)) is None:
            continue
        found = accepted(carried / path)
        assert found is not None
        assert without(found, names) == settled(wanted, carried, alone)


def without(model: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """The model without the carry services, their marks, and what waits for them."""
    services = {}
    for name, service in model["services"].items():
        waits = {other: how for other, how in (service.get("depends_on") or {}).items() if other not in names}
        if name not in names:
            services[name] = {**{key: value for key, value in service.items() if key != "depends_on"}, "waits": waits}
    volumes = {key: value for key, value in model["volumes"].items() if not key.endswith("-moved")}
    return {**model, "services": services, "volumes": volumes}


def settled(model: dict[str, Any], here: Path, there: Path) -> dict[str, Any]:
    """The same of a model that has none, with the paths of the other copy."""
    moved: dict[str, Any] = json.loads(json.dumps(model).replace(str(there), str(here)))
    return without(moved, set())
