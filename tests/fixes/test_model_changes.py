"""Given a plan, what Compose will see: each difference between the resolved projects, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import volfix
from volfix.fixes.changes import ModelChange
from volfix.report import json_report, text

BIND = """\
name: shop
services:
  app:
    image: python:3.12
    working_dir: /app
    environment:
      TOKEN: hunter2
      DATABASE_URL: sqlite:////app/shop.db?key=hunter2
    volumes: [./data:/app/data]
"""


def changes(directory: Path, files: dict[str, str], **options: bool) -> list[tuple[str, str | None, str | None]]:
    for name, content in files.items():
        (directory / name).write_text(content)
    plan = volfix.plan(directory, unsafe_fixes=options.get("unsafe", False), carry_service=options.get("carry", False))
    (project,) = plan.projects
    return [(each.place, each.before, each.after) for each in project.model_changes]


def test_a_mount_and_its_volume(tmp_path: Path) -> None:
    postgres = "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
    assert changes(tmp_path, {"compose.yaml": postgres}) == [
        ("services.db.volumes[/var/lib/postgresql/data]", "bind ./pg", "volume db-data (local)"),
        ("volumes.db-data", None, "local"),
    ]


def test_a_value_without_what_is_secret_in_it(tmp_path: Path) -> None:
    found = changes(tmp_path, {"compose.yaml": BIND}, unsafe=True)
    (value,) = (each for each in found if "environment" in each[0])
    assert value[0] == "services.app.environment.DATABASE_URL"
    assert (value[1] or "").startswith("sqlite:////app/shop.db?")
    assert "hunter2" not in repr(found)
    assert "TOKEN" not in repr(found)


def test_a_carry_service_and_what_waits_for_it(tmp_path: Path) -> None:
    postgres = "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
    found = {
        place: (before, after) for place, before, after in changes(tmp_path, {"compose.yaml": postgres}, carry=True)
    }
    assert found["services.carry-db-data.image"] == (None, "postgres:16")
    assert found["services.db.depends_on.carry-db-data"] == (None, "service_completed_successfully")


def test_nothing_changes_nothing_is_told(tmp_path: Path) -> None:
    named = "services:\n  db:\n    image: postgres:16\n    volumes: ['pg:/var/lib/postgresql/data']\nvolumes: {pg: }\n"
    assert changes(tmp_path, {"compose.yaml": named}) == []


def test_text_and_json_tell_the_same(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BIND.replace("/app/shop.db", "/app/data/shop.db"))
    plan = volfix.plan(tmp_path)
    assert "What Compose will see" not in text.render(plan.result)
    told = text.render(plan.result, changes=True)
    assert "  services.app.volumes[/app/data]: bind ./data -> volume app-db (local)\n" in told
    assert "  volumes.app-db added: local\n" in told
    found = json.loads(json_report.render(plan.result))["projects"][0]["changes"]
    assert ModelChange(**found[0]) == plan.projects[0].model_changes[0]
    assert "hunter2" not in told + json.dumps(found)


@pytest.mark.parametrize("key", ["a.b", "x y"])
def test_a_place_with_other_characters_is_in_brackets(key: str, tmp_path: Path) -> None:
    postgres = f"services:\n  '{key}':\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
    assert changes(tmp_path, {"compose.yaml": postgres})[0][0].startswith(f"services[{key}].volumes[")
