"""Given what deploys a stack under which names: VF303 and VF308 know those that scripts, targets and plays give."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Finding

ROWS = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"
DRONE = "kind: pipeline\ntype: exec\nname: deploy\nsteps:\n  - name: deploy\n    commands: [docker compose up -d]\n"
UP = "docker compose -p shop -f {0}/compose.yaml up -d\n"


def findings(root: Path, code: str, **files: str) -> list[Finding]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    found = (item.finding for project in volfix.plan(root).projects for item in project.findings)
    return [finding for finding in found if finding.code == code]


def two(**files: str) -> dict[str, str]:
    return {"a/compose.yaml": ROWS, "b/compose.yaml": ROWS, **files}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"deploy.sh": UP.format("a") + UP.format("b")}, id="a script"),
        pytest.param(
            {
                "deploy.sh": "export COMPOSE_PROJECT_NAME=shop\n(cd a && {0})\n(cd b && {0})\n".replace(
                    "{0}", "docker compose up -d"
                )
            },
            id="a variable for both",
        ),
        pytest.param({"Makefile": f"deploy:\n\t{UP.format('a')}\t{UP.format('b')}"}, id="a target"),
        pytest.param(
            {"ops/a.sh": UP.format("a"), "deploy.sh": f"ops/a.sh\n{UP.format('b')}"}, id="a script that it calls"
        ),
    ],
)
def test_two_databases_in_one_volume_are_a_finding_at_each_command(files: dict[str, str], tmp_path: Path) -> None:
    found = findings(tmp_path, "VF303", **two(**files))
    assert [finding.message for finding in found] == [
        "two databases share the volume shop_rows: two stacks run as `shop`"
    ] * 2
    assert ["b/compose.yaml" in found[0].evidence[0], "a/compose.yaml" in found[1].evidence[0]] == [True, True]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"deploy.sh": UP.format("a") + UP.format("b").replace("-p shop", "-p other")}, id="two names"),
        pytest.param({"a.sh": UP.format("a"), "b.sh": UP.format("b")}, id="two scripts, perhaps of two hosts"),
        pytest.param({"deploy.sh": UP.format("a") + f"ssh b '{UP.format('b').strip()}'\n"}, id="another machine"),
        pytest.param(
            {
                "deploy.sh": UP.format("a") + UP.format("b"),
                "b/compose.yaml": ROWS.replace("  rows:\n", "  rows: {name: b}\n"),
            },
            id="a volume with a name of its own",
        ),
        pytest.param(
            {
                "deploy.sh": UP.format("a") + UP.format("b"),
                "b/compose.yaml": ROWS.replace("postgres:16", "alpine").replace("/var/lib/postgresql/data", "/backup"),
            },
            id="a service beside the database that is none",
        ),
    ],
)
def test_what_shares_no_database_is_no_finding(files: dict[str, str], tmp_path: Path) -> None:
    assert findings(tmp_path, "VF303", **two(**files)) == []


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({}, "web-shop"),
        ({"deploy.sh": "docker compose -p live up -d\n"}, "live"),
        ({"Makefile": "deploy:\n\tdocker compose -p live up -d\n"}, "live"),
        ({"deploy.sh": "docker compose -p live up -d\n", "stage.sh": "docker compose -p stage up -d\n"}, "web-shop"),
    ],
)
def test_a_shared_name_is_replaced_by_the_one_that_the_stack_has_elsewhere(
    files: dict[str, str], name: str, tmp_path: Path
) -> None:
    root = tmp_path / "web-shop"
    (finding,) = findings(root, "VF303", **{"compose.yaml": ROWS, ".drone.yml": DRONE, **files})
    assert finding.fix is not None
    assert [getattr(change, "name", None) for change in finding.fix.changes] == [name]


def test_a_name_that_changes_says_which_fixed_one_the_stack_has_elsewhere(tmp_path: Path) -> None:
    files = {"compose.yaml": ROWS, "deploy.sh": "docker compose -p shop-$(date +%s) up -d\n"}
    (finding,) = findings(tmp_path / "a", "VF308", **files)
    assert not any("other commands" in line for line in finding.evidence)
    (finding,) = findings(tmp_path / "b", "VF308", **files, Makefile="deploy:\n\tdocker compose -p live up -d\n")
    assert "other commands deploy it as live, each with its own volumes" in finding.evidence
