"""Which rules run, and which of several judgements about one place counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import volfix
from volfix.rules.context import Context
from volfix.rules.findings import Applicability, Finding
from volfix.rules.registry import REGISTRY

ROOT, OTHER = "services: {db: {user: root}}\n", "services: {db: {user: '1000:1000'}}\n"


@pytest.mark.parametrize(
    ("base", "overlay", "applicability"),
    [
        ("", OTHER, "unsafe"),
        ("    user: '1000:1000'\n", ROOT, "unsafe"),
        ("", ROOT, "safe"),
        ("    user: '1000:1000'\n", OTHER, "unsafe"),
    ],
)
def test_the_most_cautious_combination_decides(base: str, overlay: str, applicability: str, tmp_path: Path) -> None:
    bind = f"services:\n  db:\n    image: postgres:16\n{base}    volumes: ['./data:/var/lib/postgresql/data']\n"
    for name, text in {"compose.yaml": bind, "compose.prod.yaml": overlay}.items():
        (tmp_path / name).write_text(text)
    assert [each.applicability.value for each in volfix.plan(tmp_path, select=["VF101"]).findings] == [applicability]


@pytest.mark.parametrize(
    ("select", "ignore", "codes"),
    [
        ([], [], {"VF101", "VF401"}),
        (["VF1"], [], {"VF101"}),
        (["VF1", "VF4"], ["VF10"], {"VF401"}),
        ([], ["VF4", "VF101"], set()),
    ],
)
def test_the_rules_that_run(select: list[str], ignore: list[str], codes: set[str], tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "compose.yaml").write_text(
        "services: {db: {image: 'postgres:16', volumes: ['./data:/var/lib/postgresql/data']}}\n"
    )
    (tmp_path / "deploy.sh").write_text("docker system prune -f --volumes\n")
    plan = volfix.plan(tmp_path, select=select, ignore=ignore)
    assert {finding.code for finding in plan.findings} == codes


@pytest.mark.parametrize(
    ("judgements", "counts"),
    [
        (["safe", "unsafe"], "unsafe"),
        (["unsafe", "safe"], "unsafe"),
        (["safe", "none", "unsafe"], "none"),
        (["none", "safe"], "none"),
        (["safe", "safe"], "safe"),
    ],
)
def test_of_several_judgements_of_one_place_the_most_cautious_counts(
    judgements: list[str], counts: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(context: Context) -> Iterator[Finding]:
        for finding in rule.check(context):
            for each in map(Applicability, judgements):
                assert finding.fix is not None
                yield replace(finding, fix=replace(finding.fix, applicability=each) if each.value != "none" else None)

    rule = REGISTRY["VF101"]
    monkeypatch.setattr("volfix.rules.vf101.RULE", replace(rule, check=check))
    bind = "services:\n  db:\n    image: postgres:16\n    volumes: ['./data:/var/lib/postgresql/data']\n"
    (tmp_path / "compose.yaml").write_text(bind)
    assert [each.applicability.value for each in volfix.plan(tmp_path, select=["VF101"]).findings] == [counts]
