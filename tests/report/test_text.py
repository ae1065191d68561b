"""What a person reads: the diff, beneath it why, then what must be carried and what to type."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_factory import COMPOSE, ROOT, change, finding, fixed_mount, hostile, move, project, run

from volfix.fixes.results import ReportedFinding, RunResult
from volfix.report.text import problem_lines, question, render
from volfix.rules.findings import Applicability, Carriage, Severity
from volfix.syntax.source import FileProblem


def shown(result: RunResult, **options: bool | int | str) -> str:
    return render(result, base=ROOT, **options)  # type: ignore[arg-type]


def test_a_project_is_a_diff_with_its_findings_beneath_and_what_must_be_carried() -> None:
    assert (
        shown(run(fixed_mount()))
        == """\
compose.yaml: project shop

--- a/compose.yaml
+++ b/compose.yaml
@@ -4,4 +4,4 @@
     environment:
       PLACE: ***
     volumes:
-      - ./data:/app/data
+      - app-db:/app/data

compose.yaml:7:9 VF101 error the database is kept in ./data
    acme/app keeps its rows in /app/data
    fix: safe

What must be carried
  the data in ./data is not moved by this change: the volume app-db (shop_app-db on the host) starts without it

1 finding in 1 project: 1 can be fixed.
Nothing is written yet. Next: volfix --write
"""
    )


def test_after_a_write_the_commands_that_carry_come_last() -> None:
    text = shown(run(fixed_mount(written=True)), wrote=True)
    assert "    fixed\n" in text
    assert "1 finding in 1 project: 1 fixed.\n1 file written; `volfix undo` puts it back.\n" in text
    tail = text[text.index("The next `docker compose up`") :]
    assert tail.startswith("The next `docker compose up` starts 1 database without the data it has now.\n")
    assert tail.endswith("Then deploy the change as always. `volfix carry` still knows later what to carry.\n")
    assert "--script in the place of --write" in tail
    assert "`volfix undo`, then the same with --carry-service" in tail
    assert not re.search(r"\bdocker (?!compose up)|by hand", tail), "there is one procedure"


def test_after_a_new_name_the_old_containers_are_stopped_and_kept_and_others_are_left_alone() -> None:
    text = shown(run(replace(fixed_mount(written=True), name="src", renamed="web-shop")), wrote=True)
    carried, kept = text.index("volfix carry --write --from-project src"), text.index("carry stops and renames the old")
    assert carried < kept < text.index("Then deploy the change as always")
    assert not re.search(r"docker compose.*(down|rm|stop)", text)


def test_what_the_deployment_carries_itself_asks_nothing_before_it() -> None:
    written = fixed_mount(written=True)
    (move,) = written.moves
    text = shown(run(replace(written, carriages=(Carriage(move, "carry-app-db"),))), wrote=True)
    assert "is copied into the volume app-db" in text
    assert "The next deployment carries the data itself, before the databases start:\n  carry-app-db\n" in text
    assert "before a revert, type `volfix carry --back --write`" in text
    assert "Carry it first" not in text


def test_what_no_service_carries_says_why() -> None:
    written = fixed_mount(written=True)
    (move,) = written.moves
    text = shown(
        run(replace(written, carriages=(Carriage(move, None, "several containers of app may run"),))), wrote=True
    )
    assert "no service carries it: several containers of app may run" in text
    assert "Carry it first" in text
    assert "--carry-service" not in text


def test_carrying_comes_before_more_fixes() -> None:
    more = finding(code="VF303", applicability=Applicability.UNSAFE)
    written = fixed_mount(written=True)
    text = shown(run(replace(written, findings=(*written.findings, ReportedFinding(more, False)))), wrote=True)
    assert text.index("Carry it first") < text.index("Next: volfix --unsafe-fixes shows")


@pytest.mark.parametrize(
    ("changed", "then"),
    [
        ({}, "volfix carry --write"),
        ({"renamed": "web-shop", "name": "src"}, "volfix carry --write --from-project src"),
        ({"files": (ROOT / "the stack" / "compose.yaml",)}, "volfix carry --write 'the stack'"),
    ],
)
def test_after_a_write_the_carry_command_of_the_project_is_named(changed: dict[str, Any], then: str) -> None:
    assert f"\n  {then}\n" in shown(run(replace(fixed_mount(written=True), **changed)), wrote=True)


def test_a_variant_beside_the_base_file_is_named_by_its_file() -> None:
    base = project()
    variant = replace(fixed_mount(written=True), files=(ROOT / "compose.prod.yaml",))
    assert "\n  volfix carry --write compose.prod.yaml\n" in shown(run(base, variant), wrote=True)


def test_a_dry_run_prints_no_commands() -> None:
    assert "volfix carry" not in shown(run(fixed_mount()))


def test_databases_are_counted_by_volume() -> None:
    moves = (move(), move("container:/app/a.db"), move("./pg", "db-data", "db"))
    text = shown(run(project([(finding(), True)], moves=moves, changes=(change(),), written=True)), wrote=True)
    assert "starts 2 databases without the data they have now" in text


def test_data_that_two_services_or_two_variants_move_is_copied_once() -> None:
    once = project(
        [(finding(), True)], moves=(move(), move("./data/", service="backup")), changes=(change(),), written=True
    )
    variant = project(
        [(finding(), True)], moves=(move(service="web"),), files=(ROOT / "compose.prod.yaml",), written=True
    )
    tail = shown(run(once, variant), wrote=True).partition("The next `docker compose up`")[2]
    assert tail.startswith(" starts 1 database without")
    assert tail.count("volfix carry --write") == 1
    assert "compose.prod.yaml" not in tail


def test_nothing_moves_nothing_is_said_about_carrying() -> None:
    text = shown(run(project([(finding(), True)], changes=(change(),), written=True)), wrote=True)
    assert "carr" not in text.lower()
    assert "docker" not in text


@pytest.mark.parametrize(
    ("source", "then"),
    [
        ("./data", "the data in ./data is not moved by this change: the volume app-db"),
        ("volume:old", "the data in the volume old is not moved by this change: the volume app-db"),
        (
            "anonymous:/d",
            "the data in the anonymous volume at /d of app is not moved by this change: the volume app-db",
        ),
        (
            "container:/app/a.db",
            "the data in /app/a.db, inside the container of app, is not moved by this change: it is not in",
        ),
    ],
)
def test_each_source_is_called_what_it_is(source: str, then: str) -> None:
    assert f"  {then}" in shown(run(project([(finding(), True)], moves=(move(source),), changes=(change(),))))


@pytest.mark.parametrize(
    ("applicability", "fixed", "reason", "then"),
    [
        (Applicability.SAFE, True, None, "fix: safe"),
        (Applicability.SAFE, False, None, "fix: safe, not made"),
        (Applicability.UNSAFE, False, "it lies outside", "fix: needs --unsafe-fixes: it lies outside"),
        (Applicability.UNSAFE, True, "it lies outside", "fix: unsafe, made because of --unsafe-fixes: it lies outside"),
        (Applicability.NONE, False, "two mounts", "fix: none: two mounts"),
        (Applicability.NONE, False, None, "fix: none"),
    ],
)
def test_every_finding_says_what_its_fix_is(
    applicability: Applicability, fixed: bool, reason: str | None, then: str
) -> None:
    lines = shown(run(project([(finding(applicability=applicability, reason=reason), fixed)]))).splitlines()
    assert f"    {then}" in lines


def test_findings_stand_beneath_the_diff_of_their_file_and_others_behind() -> None:
    other = ROOT / "b.yaml"
    first, second, third = finding("one"), finding("two", path=other), finding("three", path=ROOT / "c.yaml")
    text = shown(run(project([(third, False), (second, True), (first, True)], changes=(change(), change(path=other)))))
    order = [text.index(part) for part in ("--- a/compose", " one", "--- a/b.yaml", " two", " three")]
    assert order == sorted(order)


def test_paths_start_from_where_the_person_is() -> None:
    result = run(fixed_mount())
    assert "shop/compose.yaml:7:9 VF101" in render(result, base=Path("/srv"))
    assert "/srv/shop/compose.yaml:7:9 VF101" in render(result, base=Path("/home/me"))


def test_notes_are_folded_into_a_line_unless_asked_for() -> None:
    info = finding("may be a database", severity=Severity.INFO, applicability=Applicability.NONE)
    result = run(project([(info, False), (info, False)]))
    assert "may be" not in shown(result)
    assert "2 notes of severity info; -v shows them" in shown(result)
    assert shown(result, verbose=1).count("may be a database") == 2


def test_the_summary_counts_what_can_be_done_and_what_cannot() -> None:
    unsafe, none = finding(applicability=Applicability.UNSAFE), finding(applicability=Applicability.NONE)
    result = run(
        project([(finding(), True), (finding(), True), (unsafe, False), (none, False)]),
        project([(none, False)], root=Path("/srv/blog")),
        project(),
        errors=(FileProblem(COMPOSE, "x"),),
    )
    lines = shown(result).splitlines()
    assert lines[-2] == (
        "5 findings in 2 projects: 2 can be fixed, 1 more with --unsafe-fixes, 2 without a fix; "
        "1 file could not be read."
    )
    assert lines[-1] == "Nothing is written yet. Next: volfix --write"


def test_the_next_command_is_the_one_that_was_typed() -> None:
    unsafe = run(project([(finding(applicability=Applicability.UNSAFE), False)]))
    assert "Next: volfix --unsafe-fixes shows what it would change." in shown(unsafe)
    assert "Next: volfix --trusted ./x --write" in shown(run(fixed_mount()), command="volfix --trusted ./x")
    none = run(project([(finding(applicability=Applicability.NONE), False)]))
    assert "Next" not in shown(none)


@pytest.mark.parametrize(
    ("result", "then"),
    [
        (run(), "\n"),
        (run(project()), "Nothing to do: no findings in 1 project.\n"),
        (run(project(), project()), "Nothing to do: no findings in 2 projects.\n"),
        (
            run(project(), errors=(FileProblem(COMPOSE, "x"),)),
            "1 file could not be read; no findings in the rest (1 project).\n",
        ),
    ],
)
def test_nothing_to_do_is_one_line(result: RunResult, then: str) -> None:
    assert shown(result) == then


def test_a_failure_says_that_nothing_is_written_and_why() -> None:
    failed = project(
        [(finding(moves=(move(),)), True)], moves=(move(),), changes=(change(),), failure="it changed\nsince then"
    )
    text = shown(run(failed), wrote=True)
    assert "Nothing is written here:\n  it changed\n  since then\n" in text
    assert "1 finding in 1 project: 1 not made; 1 project not written." in text
    assert "carr" not in text.lower()
    assert "fixed" not in text
    assert "fix: safe, not made" in text


def test_secrets_are_masked_unless_asked_for() -> None:
    assert "hunter2" not in shown(hostile(), verbose=1)
    assert "PLACE: hunter2" in shown(run(fixed_mount()), show_secrets=True)


def test_no_message_can_speak_to_the_terminal_or_forge_a_line() -> None:
    text = shown(hostile(), verbose=1)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not any(line.startswith("::error::") for line in text.splitlines())
    assert "a]]>b::c\\n::error::" in text


def test_without_colour_there_are_no_escapes_and_with_colour_nothing_else_changes() -> None:
    plain, colored = shown(run(fixed_mount())), shown(run(fixed_mount()), color=True)
    assert "\x1b" not in plain
    assert "\x1b[32m+      - app-db:/app/data\x1b[0m" in colored
    assert "\x1b[31m-      - ./data:/app/data\x1b[0m" in colored
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == plain


def test_the_report_is_ascii_where_the_files_are() -> None:
    assert shown(run(fixed_mount(written=True)), wrote=True, verbose=1).isascii()


def test_standard_error_gets_problems_with_their_place_and_notes() -> None:
    result = run(
        errors=(
            FileProblem(COMPOSE, "not valid YAML", 3, 7),
            FileProblem(Path("/x\x1b"), "gone a://u:hunter2@h\nforged"),
        ),
        notes=("a.yml: a template",),
    )
    assert list(problem_lines(result, base=ROOT)) == [
        "compose.yaml:3:7: not valid YAML",
        "/x\\x1b: gone a://u:***@h\\nforged",
        "a.yml: a template",
    ]
    assert len(list(problem_lines(result, notes=False, base=ROOT))) == 2


def test_a_question_shows_the_finding_and_its_doubt() -> None:
    text = question(finding(applicability=Applicability.UNSAFE, reason="it lies outside"))
    assert "VF101 error the database is kept in ./data" in text
    assert "    unsafe: it lies outside\n" in text
    assert text.endswith("Make this fix?")
