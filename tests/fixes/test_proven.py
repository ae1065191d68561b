"""Given a fix that the proof rejects, then it is dropped with its reason and what needs it, and the others are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

import volfix
from volfix.cli.main import volfix as command
from volfix.edits.yaml_edits import SetScalar
from volfix.fixes.proof import proof
from volfix.fixes.proof.proof import ProofFailed
from volfix.fixes.proof.rejections import PROOFS
from volfix.fixes.results import RunResult
from volfix.rules.findings import CarrierChange, Change, MountChange, ValueChange, VolumeChange
from volfix.syntax.source import CannotEdit

ENGINES = {
    "db": ("postgres:16", "/var/lib/postgresql/data"),
    "sql": ("mysql:8.4", "/var/lib/mysql"),
    "maria": ("mariadb:11", "/var/lib/mysql"),
    "docs": ("mongo:7", "/data/db"),
    "cache": ("redis:7", "/data"),
}
SERVERS = "services:\n" + "".join(
    f"  {name}:\n    image: {image}\n    volumes:\n      - ./{name}-rows:{target}\n"
    for name, (image, target) in ENGINES.items()
)
APP = """\
services:
  app:
    image: example.org/app:1
    working_dir: /app
    environment:
      DATABASE_URL: sqlite:///./database.db
    volumes:
      - ./data:/app/data
  db:
    image: postgres:16
    volumes:
      - ./rows:/var/lib/postgresql/data
"""
Rejects = Callable[[Sequence[Change]], bool]


@pytest.fixture
def rejecting(monkeypatch: pytest.MonkeyPatch) -> Callable[[Rejects], list[int]]:
    """Make the proof reject what a predicate of the declared changes picks; the list counts the proofs."""
    honest = proof.prove

    def make(rejects: Rejects) -> list[int]:
        calls: list[int] = []

        def prove(stack: object, operations: object, changes: Sequence[Change], *rest: object) -> object:
            calls.append(len(changes))
            if rejects(changes):
                raise ProofFailed("the tree differs at root['services']")
            return honest(stack, operations, changes, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(proof, "prove", prove)
        return calls

    return make


def mounts(*names: str) -> Rejects:
    return lambda changes: any(isinstance(change, MountChange) and change.service in names for change in changes)


def unmade(result: RunResult) -> dict[str | None, str | None]:
    """The reason of each finding without a fix, by service."""
    found = [item.finding for project in result.projects for item in project.findings]
    return {finding.service: finding.reason for finding in found if finding.fix is None}


@pytest.mark.parametrize("name", ENGINES)
def test_one_rejected_fix_is_dropped_and_the_others_are_made(
    name: str, tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(SERVERS)
    rejecting(mounts(name))
    result = volfix.plan(tmp_path).write()
    text = (tmp_path / "compose.yaml").read_text()
    assert f"- ./{name}-rows:" in text
    assert text.count("-rows:") == 1
    assert text.count("driver: local") == len(ENGINES) - 1
    assert unmade(result) == {name: "the tree differs at root['services']"}
    assert result.status == 2
    assert not any(project.failure for project in result.projects)


@pytest.mark.parametrize("names", [("db", "cache"), ("sql", "maria", "docs"), ("db", "sql", "maria", "docs")])
def test_several_rejected_fixes_are_each_found(
    names: tuple[str, ...], tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(SERVERS)
    rejecting(mounts(*names))
    plan = volfix.plan(tmp_path)
    assert set(unmade(plan.result)) == set(names)
    again = volfix.plan(tmp_path)
    assert again.diff == plan.diff
    plan.write()
    assert (tmp_path / "compose.yaml").read_text().count("-rows:") == len(names)


def test_two_fixes_that_only_together_are_rejected_leave_the_first(
    tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(SERVERS)
    rejecting(lambda changes: mounts("db")(changes) and mounts("docs")(changes))
    assert set(unmade(volfix.plan(tmp_path).result)) == {"docs"}


def test_what_needs_the_volume_of_a_rejected_fix_goes_with_it(
    tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(APP)
    rejecting(mounts("app"))
    plan = volfix.plan(tmp_path)
    reasons = {finding.code: finding.reason or "" for finding in plan.findings if finding.fix is None}
    assert reasons["VF101"] == "the tree differs at root['services']"
    assert "app-db" in reasons["VF201"]
    assert "is not made" in reasons["VF201"]
    plan.write()
    text = (tmp_path / "compose.yaml").read_text()
    assert "./data:/app/data" in text
    assert "sqlite:///./database.db" in text
    assert "db-data:/var/lib/postgresql/data" in text


def test_the_volume_stays_where_only_what_needs_it_is_rejected(
    tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(APP)
    rejecting(lambda changes: any(isinstance(change, ValueChange) for change in changes))
    plan = volfix.plan(tmp_path)
    assert [finding.code for finding in plan.findings if finding.fix is None] == ["VF201"]
    assert "app-db:/app/data" in plan.diff


def test_fixes_that_cannot_be_rendered_together_are_told_apart_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "compose.yaml").write_text(SERVERS)
    from volfix.fixes import render

    honest = render.rendered

    def rendered(operations: Sequence[object]) -> object:
        named = {item.value.partition(":")[0] for item in operations if isinstance(item, SetScalar)}
        if {"maria-db", "docs-db"} <= named:
            raise CannotEdit("two new entries meet in one place")
        return honest(operations)  # type: ignore[arg-type]

    monkeypatch.setattr(render, "rendered", rendered)
    plan = volfix.plan(tmp_path)
    assert unmade(plan.result) == {"docs": "two new entries meet in one place"}
    assert plan.diff.count("+      - ") == len(ENGINES) - 1


def test_another_stack_is_not_concerned(tmp_path: Path, rejecting: Callable[[Rejects], list[int]]) -> None:
    for name, engine in (("one", "db"), ("two", "sql")):
        (tmp_path / name).mkdir()
        image, target = ENGINES[engine]
        (tmp_path / name / "compose.yaml").write_text(
            f"services:\n  {engine}:\n    image: {image}\n    volumes: ['./rows:{target}']\n"
        )
    rejecting(mounts("db"))
    result = volfix.plan(tmp_path).write()
    assert [(project.written, bool(project.failure)) for project in result.projects] == [(False, True), (True, False)]
    assert result.status == 2


def test_the_proofs_are_few_and_bounded(tmp_path: Path, rejecting: Callable[[Rejects], list[int]]) -> None:
    count = 60
    (tmp_path / "compose.yaml").write_text(
        "services:\n" + "".join(f"  s{n}:\n    image: redis:7\n    volumes: ['./d{n}:/data']\n" for n in range(count))
    )
    one = rejecting(mounts("s41"))
    result = volfix.plan(tmp_path).result
    assert set(unmade(result)) == {"s41"}
    assert len(one) <= 2 + count.bit_length()
    every = rejecting(lambda changes: any(isinstance(change, VolumeChange) for change in changes))
    result = volfix.plan(tmp_path).result
    assert len(unmade(result)) == count
    assert len(every) <= PROOFS + 1
    assert result.status == 2


def carriers(plan: volfix.Plan) -> dict[str, str | None]:
    """By the volume of each move, why no service carries it; None where one does."""
    fixes = [finding.fix for finding in plan.findings if finding.fix]
    return {each.move.volume: each.reason for fix in fixes for each in fix.carried}


def carries(*names: str) -> Rejects:
    return lambda changes: any(isinstance(change, CarrierChange) and change.name in names for change in changes)


def test_the_carry_services_of_all_databases_are_proven_together(
    tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(SERVERS)
    proofs = rejecting(carries())
    assert set(carriers(volfix.plan(tmp_path, carry_service=True)).values()) == {None}
    assert len(proofs) == 2  # the services alone, and the whole change


@pytest.mark.parametrize("names", [("docs-db",), ("db-data", "cache-db"), ("maria-db", "docs-db", "db-data")])
def test_the_carry_services_that_the_proof_rejects_are_left_out_and_the_others_stay(
    names: tuple[str, ...], tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(SERVERS)
    rejecting(carries(*(f"carry-{name}" for name in names)))
    plan = volfix.plan(tmp_path, carry_service=True)
    why = carriers(plan)
    assert {volume for volume, reason in why.items() if reason} == {*names}
    assert set(why.values()) == {None, "the tree differs at root['services']"}
    for volume in why:
        assert (f"+  carry-{volume}:" in plan.diff) == (volume not in names)


def test_a_service_whose_waits_have_no_place_leaves_the_others_their_carry_services(
    tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(
        SERVERS + "    depends_on: &waits [sql]\n  other:\n    image: nginx\n    depends_on: *waits\n"
    )
    proofs = rejecting(carries())
    why = carriers(volfix.plan(tmp_path, carry_service=True))
    assert [volume for volume, reason in why.items() if reason] == ["cache-db"]
    assert "depends_on has the anchor &waits" in str(why["cache-db"])
    assert len(proofs) == 2


def test_the_proofs_of_rejected_carry_services_are_bounded(
    tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n" + "".join(f"  s{n}:\n    image: redis:7\n    volumes: ['./d{n}:/data']\n" for n in range(40))
    )
    proofs = rejecting(lambda changes: any(isinstance(change, CarrierChange) for change in changes))
    assert set(carriers(volfix.plan(tmp_path, carry_service=True)).values()) == {"the tree differs at root['services']"}
    assert len(proofs) <= PROOFS + (40).bit_length()


def test_json_and_the_summary_name_what_is_not_proven(
    tmp_path: Path, rejecting: Callable[[Rejects], list[int]]
) -> None:
    (tmp_path / "compose.yaml").write_text(SERVERS)
    rejecting(mounts("sql"))
    done = CliRunner().invoke(command, ["--output-format", "json", str(tmp_path)])
    assert done.exit_code == 2
    errors = json.loads(done.stdout)["errors"]
    assert [(error["line"], error["message"]) for error in errors] == [
        (9, "no fix of VF101: the tree differs at root['services']")
    ]
    assert "1 without a fix; 1 fix not proven." in CliRunner().invoke(command, [str(tmp_path)]).stdout
