"""The report on an estate as files: what is counted, what stands in JSON and CSV, and that each file is whole."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2", reason="jinja2 is not installed: pip install -e '.[test]'")

from estate_factory import (
    FORMULAS,
    HOSTILE,
    MOVE,
    estate,
    finding,
    hostile,
    hostile_hazard,
    mixed,
    of_fixture,
    project,
    record,
    refused,
    uncarried,
    unsafe,
)

import volfix
from volfix.bulk.records import Hazard, HazardKind, RepositoryRecord, Status
from volfix.report.estate import write_report
from volfix.report.estate.assessment import Outcome, assess
from volfix.report.estate.commands import commands
from volfix.report.json_report import render

SHARED = Hazard(
    HazardKind.PROJECT_NAME, "src", "the runner", ("/srv/checkouts/a", "/srv/checkouts/b"), "two deploy as src"
)


def written(directory: Path, records: list[RepositoryRecord], hazards: tuple[Hazard, ...] = ()) -> dict[str, Any]:
    write_report(directory, records, hazards)
    read: dict[str, Any] = json.loads((directory / "estate.json").read_text(encoding="utf-8"))
    return read


def rows(directory: Path) -> list[dict[str, str]]:
    with (directory / "estate.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(of: RepositoryRecord) -> list[str]:
    return [command.line for command in commands(of, assess(of))]


def test_a_database_has_the_outcome_of_its_worst_finding() -> None:
    both = record("shop", Status.FINDINGS, project(finding("VF101"), refused("VF110", service="app"), unsafe()))
    assert assess(both).databases == (Outcome.REFUSED, Outcome.UNSAFE)
    assert assess(both).at_risk == 2


def test_a_fix_counts_as_made_once_it_is_committed() -> None:
    for status, outcome in [
        (Status.FINDINGS, Outcome.FIXABLE),
        (Status.WRITTEN, Outcome.FIXED),
        (Status.PUSHED, Outcome.FIXED),
        (Status.FAILED, Outcome.FIXABLE),
    ]:
        assert assess(record("shop", status, project(finding()))).databases == (outcome,)


def test_a_safe_fix_that_is_not_made_counts_as_refused() -> None:
    assert assess(record("shop", Status.FAILED, project(finding(fixed=False)))).databases == (Outcome.REFUSED,)


def test_a_database_is_counted_once_however_many_services_mount_it() -> None:
    three = [finding(service=name, data="/srv/shop/data") for name in ("web", "worker", "cron")]
    other = finding(service="db", data="/srv/shop/pg")
    shop = record("shop", Status.FINDINGS, project(*three, other))
    assert assess(shop).databases == (Outcome.FIXABLE, Outcome.FIXABLE)
    assert len(assess(shop).findings) == 4


def test_services_of_one_name_in_two_directories_are_two_databases() -> None:
    directories = [project(finding(), files=[f"{name}/compose.yaml"]) for name in ("shop", "blog")]
    assert len(assess(record("mono", Status.FINDINGS, *directories)).databases) == 2


def test_services_that_share_a_line_through_an_anchor_are_one_database(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "x-data: &data\n  volumes:\n    - ./pg:/var/lib/postgresql/data\n"
        "services:\n  one:\n    image: postgres:16\n    <<: *data\n  two:\n    image: postgres:16\n    <<: *data\n"
    )
    data = json.loads(render(volfix.plan([tmp_path]).result))
    shop = RepositoryRecord(str(tmp_path), "shop", Status.FINDINGS, result=data)
    assert {finding["service"] for finding in data["projects"][0]["findings"]} == {"one", "two"}
    assert len(assess(shop).databases) == 1


def test_a_fix_on_the_branch_whose_data_nothing_carries_is_the_worst_of_all() -> None:
    shop = record("shop", Status.WRITTEN, uncarried(finding(data="/srv/shop/data"), refused()))
    assert assess(shop).databases == (Outcome.UNCARRIED, Outcome.REFUSED)
    assert (assess(shop).at_risk, assess(shop).not_carried) == (2, 1)


def test_what_was_carried_by_hand_is_fixed() -> None:
    shop = record("shop", Status.WRITTEN, uncarried(finding(data="/srv/shop/data")))
    known = assess(shop, lambda root, move: "from ./data" if move["volume_name"] == "shop_app-db" else None)
    assert (known.databases, known.not_carried) == ((Outcome.FIXED,), 0)


def test_a_project_that_another_name_leaves_without_its_volumes_is_not_carried() -> None:
    renamed = uncarried(finding("VF303", service=None, target=None))
    assert assess(record("shop", Status.WRITTEN, renamed)).databases == (Outcome.UNCARRIED,)


def test_severities_are_those_of_what_is_left() -> None:
    note = refused("VF205", severity="info")
    found = project(finding(), unsafe(severity="warning"), note)
    assert assess(record("shop", Status.FINDINGS, found)).severities == {"error": 1, "warning": 1, "info": 1}
    assert assess(record("shop", Status.WRITTEN, found)).severities == {"warning": 1, "info": 1}


def test_variants_of_one_project_are_one_database_and_a_step_or_a_note_is_none() -> None:
    step = unsafe(code="VF303", service=None, step="deploy")
    note = refused(code="VF205", severity="info", service="cache")
    variants = record(
        "shop", Status.FINDINGS, project(finding()), project(finding(), files=["prod.yaml"]), project(step, note)
    )
    assert assess(variants).databases == (Outcome.FIXABLE,)
    assert len(assess(variants).findings) == 3


def test_the_json_is_the_records_the_hazards_and_their_sum(tmp_path: Path) -> None:
    records = mixed()
    data = written(tmp_path, records, (SHARED,))
    assert list(data) == ["version", "repositories", "hazards", "summary"]
    assert data["version"] == 1
    assert [item["name"] for item in data["repositories"]] == [item.name for item in records]
    assert data["repositories"][4]["result"] == records[4].result
    assert data["repositories"][4]["status"] == "written"
    assert data["hazards"][0]["repositories"] == list(SHARED.repositories)
    summary = data["summary"]
    assert summary["repositories"]["all"] == 8
    assert summary["repositories"]["by_status"] == {
        "clean": 1, "findings": 3, "written": 1, "pushed": 1, "skipped": 1, "failed": 1
    }  # fmt: skip
    assert summary["repositories"]["with_databases_at_risk"] == 5
    assert summary["databases"] == {"at_risk": 8, "fixed": 1, "not_carried": 1, "repositories_not_carried": 1}
    assert summary["severities"] == {"error": 8, "warning": 0, "info": 0}
    assert {name: counts["databases"] for name, counts in summary["outcomes"].items()} == {
        "fixed": 1, "fixable": 4, "unsafe": 2, "refused": 1, "uncarried": 1
    }  # fmt: skip
    assert summary["causes"][0] == {
        "code": "VF101", "name": "database-on-bind-mount", "findings": 7, "repositories": 6,
        "fixed": 1, "fixable": 4, "unsafe": 1, "refused": 0, "uncarried": 1,
    }  # fmt: skip
    assert summary["left_out"] == [
        {"status": "failed", "reason": "git fetch failed", "repositories": 1},
        {"status": "skipped", "reason": "uncommitted changes", "repositories": 1},
    ]
    assert summary["hazards"] == {"shared project name": 1}


def test_the_csv_has_a_line_for_each_finding_and_one_for_a_repository_without(tmp_path: Path) -> None:
    write_report(tmp_path, mixed(), ())
    found = rows(tmp_path)
    assert [row["repository"] for row in found] == [
        "clean",
        "fixable",
        *["unsafe"] * 2,
        *["refused"] * 3,
        "written",
        "pushed",
        "skipped",
        "failed",
    ]
    assert found[0]["code"] == ""
    assert found[1] == {
        "repository": "fixable",
        "source": "/srv/checkouts/fixable",
        "status": "findings",
        "why": "",
        "branch": "",
        "commit": "",
        "head": "8307395f0c7b4c1c9f0e4d1f6d2b3a4958671e2d",
        "project": "shop",
        "code": "VF101",
        "severity": "error",
        "file": "compose.yaml",
        "line": "7",
        "column": "9",
        "service": "app",
        "target": "/app/data",
        "step": "",
        "message": "the database is inside the checkout",
        "evidence": r"acme/app keeps its rows in /app/data\non the host the volume will be called shop_app-db",
        "applicability": "safe",
        "reason": "",
        "outcome": "fixable",
    }
    assert found[-1]["why"] == "git fetch failed: could not resolve host"


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path, formula: str) -> None:
    bad = finding(service=formula, message=formula, evidence=[formula], target=formula)
    write_report(tmp_path, [record(formula, Status.FINDINGS, project(bad, name=formula), source=formula)], ())
    (row,) = rows(tmp_path)
    for column in ("repository", "source", "project", "service", "target", "message", "evidence"):
        assert row[column].startswith("'")


def test_hostile_text_takes_one_line_of_csv_and_no_terminal_obeys_a_file(tmp_path: Path) -> None:
    data = written(tmp_path, [hostile()], (hostile_hazard(),))
    assert data["repositories"][0]["name"] == HOSTILE
    assert len((tmp_path / "estate.csv").read_text(encoding="utf-8").split("\n")) == 3
    for name in ("estate.csv", "estate.json", "estate.html"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert not {"\x1b", "\u202e", "\u2066", "\u200b", "\u2028", "\x00"} & set(text), name


def test_a_password_in_a_reason_or_a_link_is_not_shown(tmp_path: Path) -> None:
    url = "https://robot:hunter2@git.example.org/acme/shop.git"
    write_report(tmp_path, [record("shop", Status.FAILED, reason=f"cannot fetch {url}", links=(url,))], ())
    for name in ("estate.csv", "estate.html", "estate.json"):
        assert "hunter2" not in (tmp_path / name).read_text(encoding="utf-8"), name


def test_real_results_are_taken_as_they_are(tmp_path: Path) -> None:
    names = ("fastapi-sqlite-drone", "overrides-and-anchors", "postgres-stack")
    data = written(tmp_path, [of_fixture(name) for name in names])
    assert data["summary"]["repositories"]["with_databases_at_risk"] == 3
    assert data["summary"]["outcomes"]["fixable"]["findings"] == 8
    assert len(rows(tmp_path)) == 11


def test_an_estate_without_repositories_is_a_report_too(tmp_path: Path) -> None:
    data = written(tmp_path / "new" / "place", [])
    assert data["repositories"] == []
    assert "No database at risk" in (tmp_path / "new" / "place" / "estate.html").read_text(encoding="utf-8")


def test_a_report_that_fails_leaves_the_one_before_and_nothing_else(tmp_path: Path) -> None:
    write_report(tmp_path, mixed(), ())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"estate.html", "estate.json", "estate.csv"}

    def broken() -> Iterator[RepositoryRecord]:
        yield record()
        raise RuntimeError("the state file is gone")

    with pytest.raises(RuntimeError, match="state file"):
        write_report(tmp_path, broken(), ())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_memory_does_not_grow_with_the_number_of_repositories(tmp_path: Path) -> None:
    def peak(size: int) -> int:
        tracemalloc.start()
        write_report(tmp_path, estate(size, diff_lines=40), ())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # modules and templates are loaded
    assert peak(300) < 1.2 * peak(60)


def test_a_finding_brings_the_commands_that_fix_it_and_carry_its_data() -> None:
    assert lines(record("a shop", Status.FINDINGS, uncarried(finding()))) == [
        "volfix rows --save a_shop-rows.json '/srv/checkouts/a shop'",
        "volfix bulk --write '/srv/checkouts/a shop'",
        "volfix --write '/srv/checkouts/a shop'",
        "volfix carry --write '/srv/checkouts/a shop'",
        "volfix rows --against a_shop-rows.json '/srv/checkouts/a shop'",
    ]


def test_a_remote_repository_is_carried_from_a_checkout_on_the_host() -> None:
    shop = record("shop", Status.FINDINGS, uncarried(finding()), source="git@git.example.org:acme/shop.git")
    assert lines(shop) == [
        "volfix rows --save shop-rows.json",
        "volfix bulk --write git@git.example.org:acme/shop.git",
        "volfix carry --write",
        "volfix rows --against shop-rows.json",
    ]


def test_what_the_deployment_carries_is_counted_before_and_after() -> None:
    assert lines(record("shop", Status.FINDINGS, project(finding()))) == [
        "volfix rows --save shop-rows.json /srv/checkouts/shop",
        "volfix bulk --write /srv/checkouts/shop",
        "volfix --write --carry-service /srv/checkouts/shop",
        "volfix rows --against shop-rows.json /srv/checkouts/shop",
    ]


def test_a_project_that_gets_another_name_is_carried_from_the_one_that_it_had() -> None:
    shared = finding("VF303", service=None)
    named = lines(record("shop", Status.FINDINGS, uncarried(finding(), shared, name="src")))
    assert named[0] == "volfix rows --save shop-rows.json -p src /srv/checkouts/shop"
    assert named[3] == "volfix carry --write --from-project src /srv/checkouts/shop"


def test_a_file_that_code_names_is_told_to_carry_in_its_own_project() -> None:
    code = {**MOVE, "source": "container:/app/the rows.db", "needs_map": True}
    shop = uncarried(finding(), files=["shop/compose.yaml"], moves=[MOVE | {"needs_map": True}, code])
    named = lines(record("shop", Status.FINDINGS, shop, uncarried(finding(), files=["blog/compose.yaml"])))
    assert named[3:5] == [
        "volfix carry --write --map ./data=app-db --map 'container:/app/the rows.db=app-db' /srv/checkouts/shop/shop",
        "volfix carry --write /srv/checkouts/shop/blog",
    ]


def test_a_decision_is_looked_at_first_and_a_branch_is_pushed() -> None:
    assert lines(record("shop", Status.FINDINGS, project(unsafe()))) == ["volfix --unsafe-fixes /srv/checkouts/shop"]
    committed = record("shop", Status.WRITTEN, project(finding()), branch="volfix/persistent-databases")
    assert lines(committed)[1] == "git -C /srv/checkouts/shop push origin volfix/persistent-databases"
    assert lines(record("shop", Status.CLEAN, project())) == []


def test_records_are_read_once(tmp_path: Path) -> None:
    once = iter([replace(item, name="once") for item in mixed()])
    write_report(tmp_path, once, ())
    assert next(once, None) is None
    assert {row["repository"] for row in rows(tmp_path)} == {"once"}
