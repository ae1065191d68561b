"""Given a repository with a secret anywhere, no output has it; the lines that a fix changes are shown all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import volfix
from campaign.planted_outputs import bulk_outputs, outputs
from campaign.planted_secrets import KINDS, plant
from volfix.cli.main import volfix as command_line
from volfix.fixes.diff import unified

GROUPS = sorted({kind.partition(",")[0] for kind in KINDS})


@pytest.mark.parametrize("group", GROUPS)
def test_no_output_has_the_secret(group: str, tmp_path: Path) -> None:
    kinds = [kind for kind in KINDS if kind.partition(",")[0] == group]
    found = []
    for number, kind in enumerate(kinds):
        planted = plant(tmp_path / str(number), kind, number % 5)
        found += [
            f"{kind}: {name}"
            for name, text in outputs(planted.repository, tmp_path, [("explain",)])
            if planted.secret in text
        ]
    assert not found


def test_no_bulk_run_has_a_secret(tmp_path: Path) -> None:
    """The summary, the report, the state, and the message of each commit."""
    planted = [
        plant(tmp_path / "planted" / str(number), kind, number % 5) for number, kind in enumerate(list(KINDS)[::6])
    ]
    said = list(bulk_outputs([each.repository for each in planted], tmp_path))
    assert sum(name == "commit message" and "volfix" in text for name, text in said) > len(planted) // 2
    assert {name for name, _ in said} >= {"bulk", "state", "state, result", "report estate.html", "report estate.json"}
    assert not [f"{each.kind}: {name}" for name, text in said for each in planted if each.secret in text]


def test_show_secrets_shows_them(tmp_path: Path) -> None:
    planted = plant(tmp_path, "environment, mapping", 0)
    words = ["--dry-run", "--diff", "--show-secrets", str(planted.repository)]
    assert planted.secret in CliRunner().invoke(command_line, words).output


def test_a_planted_secret_stands_beside_a_change_or_brings_an_error_about(tmp_path: Path) -> None:
    """Else the kinds would prove nothing."""
    changed, kinds = 0, list(KINDS)[::3]
    for number, kind in enumerate(kinds):
        plan = volfix.plan(plant(tmp_path / str(number), kind, 0).repository, unsafe_fixes=True, trusted=True)
        projects = plan.result.projects
        changed += bool(plan.result.errors or any(project.changes for project in projects))
    assert changed > len(kinds) * 9 // 10


FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.mark.parametrize("name", ["fastapi-sqlite-drone", "postgres-stack", "overrides-and-anchors", "variants"])
def test_the_lines_that_a_fix_changes_are_shown_as_they_are(name: str) -> None:
    plan = volfix.plan(FIXTURES / name / "repository", unsafe_fixes=True, trusted=True)
    for project in plan.result.projects:
        for change in project.changes:
            shown, true = (unified(change, project.root, masked=masked) for masked in (True, False))
            assert [line for line in shown.split("\n") if line[:1] in "+-"] == [
                line for line in true.split("\n") if line[:1] in "+-"
            ]
