"""What a person reads: what can be lost, each finding with its places, and the way to a deployment without loss."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_factory import COMPOSE, ROOT, change, finding, fixed_mount, hostile, location_at, move, project, run

import volfix
from volfix.fixes.changes import ReportedFinding
from volfix.fixes.results import RunResult
from volfix.report.text import diff_text, problem_lines, question, render
from volfix.report.view import View
from volfix.rules.findings import Applicability, Carriage, Place, Severity
from volfix.syntax.source import FileProblem

FIXTURES = Path(__file__).parents[2] / "fixtures"
ESCAPES = re.compile("\x1b\\[[0-9;]*m")


def shown(result: RunResult, *, wrote: bool = False, command: str = "volfix", **view: Any) -> str:
    options = {name: view.pop(name) for name in ("quiet", "diffs", "statistics") if name in view}
    return render(result, View(view.pop("base", ROOT), **view), wrote=wrote, command=command, **options)


def planned(directory: Path, files: dict[str, str], *, unsafe_fixes: bool = False) -> RunResult:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return volfix.plan(directory, unsafe_fixes=unsafe_fixes).result


POSTGRES = """\
name: shop
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2
    volumes:
      - ./pg:/var/lib/postgresql/data
"""


def test_the_danger_comes_first_then_the_places_the_fix_and_the_way(tmp_path: Path) -> None:
    (where,) = (tmp_path / "compose.yaml",)
    text = shown(planned(tmp_path, {"compose.yaml": POSTGRES}), base=where.parent)
    order = [
        "shop: ",
        "error[VF101] ",
        "  --> compose.yaml:8:9",
        "  8 |       - ./pg:/var/lib/postgresql/data",
        "^^^^",
        "= fix (safe): ",
        "  8 -       - ./pg:/var/lib/postgresql/data",
        "  8 +       - db-data:/var/lib/postgresql/data",
        "1 finding in 1 project: 1 can be fixed. Nothing is written.",
        "  1  volfix --write",
        "  2  commit",
        "  3  volfix carry --write  on the host that runs the containers, BEFORE deploying",
        "  4  deploy",
        "NOT CARRIED by --write: ./pg -> shop_db-data (the volume starts EMPTY)",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert text.splitlines()[-1].startswith("NOT CARRIED")


def test_a_place_is_its_line_with_its_number_and_a_mark() -> None:
    label = "the database"
    text = shown(run(project([(finding(label=label), True)])))
    assert "  7 |       - ./data:/app/data\n    |         ^^^^^^^^^^^^^^^^ the database\n" in text


def test_second_places_of_the_same_file_stand_in_the_order_of_lines_and_others_behind() -> None:
    image = Place(location_at(3, 5), "keeps its rows in /app/data")
    other = Place(location_at(1, 1, ROOT / "deploy.sh", "rm -rf data\n"), "deletes ./data")
    lines = shown(run(project([(finding(places=(other, image)), True)]))).splitlines()
    start = lines.index("  --> compose.yaml:7:9")
    assert lines[start + 1 : start + 8] == [
        "  3 |     image: acme/app:1",
        "    |     ----------------- keeps its rows in /app/data",
        "  7 |       - ./data:/app/data",
        "    |         ^^^^^^^^^^^^^^^^",
        "  ::: deploy.sh:1:1",
        "  1 | rm -rf data",
        "    | ----------- deletes ./data",
    ]


@pytest.mark.parametrize(
    ("text", "line", "then"),
    [
        ("a: b\n\tcd: e\n", 2, "  2 |     cd: e"),
        ("a: b\r\ncd: e\r\n", 2, "  2 | cd: e"),
        ("x: \x1b[2J\u202ey\n", 1, "  1 | x: \\x1b[2J\\u202ey"),
        ("x: 你好 y\n", 1, "  1 | x: 你好 y"),
    ],
)
def test_a_source_line_is_shown_as_a_terminal_can_show_it(text: str, line: int, then: str) -> None:
    found = run(project([(finding(line=line, column=1, text=text), True)]))
    lines = shown(found, show_secrets=True).splitlines()
    assert then in lines


def test_a_mark_stands_below_wide_characters() -> None:
    text = shown(run(project([(finding(line=1, column=4, text="你好 yes\n"), True)])), show_secrets=True)
    assert "  1 | 你好 yes\n    |      ^^^\n" in text


@pytest.mark.parametrize("line", range(1, 9))
def test_a_line_of_which_a_value_is_hidden_shows_the_rest(line: int, tmp_path: Path) -> None:
    text = shown(run(project([(finding(line=line, column=1, text=POSTGRES), False)])))
    assert "hunter2" not in text
    assert ("      POSTGRES_PASSWORD: ***" in text) == (line == 6)


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_secrets_that_go_over_lines_stay_hidden_at_every_place_in_them(line: int) -> None:
    text = 'services:\n  app: {environment: {KEY: "hun\n    ter2 and\n    more"}}\n'
    said = shown(run(project([(finding(line=line, column=3, text=text), False)])))
    assert not re.search(r"hun|ter2|more\"", said)


def test_a_planted_secret_comes_through_in_no_form(tmp_path: Path) -> None:
    files = {
        "compose.yaml": POSTGRES
        + "  app:\n    image: acme/app:1\n    env_file: .env\n    volumes: [./data:/app/data]\n",
        ".env": "API_KEY=hunter2\nDATABASE_URL=sqlite:////app/shop.db?key=hunter2\n",
        "deploy.sh": "curl -H 'Authorization: Bearer hunter2hunter2' x\n"
        "rm -rf ./pg # postgres://u:hunter2@h/x\ndocker compose up -d\n",
    }
    result = planned(tmp_path, files, unsafe_fixes=True)
    for options in ({}, {"verbose": 1}, {"quiet": True}, {"diffs": True}, {"statistics": True}, {"width": 60}):
        assert "hunter2" not in shown(result, base=tmp_path, **options)
    assert "hunter2" not in diff_text(result, View(tmp_path))
    assert "VF402" in shown(result, base=tmp_path)
    assert "POSTGRES_PASSWORD: hunter2" in shown(result, base=tmp_path, diffs=True, show_secrets=True, context=5)


def test_errors_come_before_warnings_and_what_deletes_comes_first() -> None:
    told = [
        (finding("path", code="VF201"), False),
        (finding("warned", code="VF402", severity=Severity.WARNING), False),
        (finding("mount", code="VF101"), False),
        (finding("wiped", code="VF401"), False),
    ]
    text = shown(run(project(told)))
    order = [text.index(f" {name}\n") for name in ("wiped", "mount", "path", "warned")]
    assert order == sorted(order)


def test_a_project_begins_with_what_it_can_lose_and_how_often() -> None:
    error, warning = finding(loses="PostgreSQL"), finding(loses="Redis", severity=Severity.WARNING)
    assert shown(run(project([(warning, False), (error, False), (error, False)]))).startswith(
        "shop: the next deployment can lose PostgreSQL (2 errors, 1 warning)\n"
    )
    assert shown(run(project([(warning, False)]))).startswith("shop: a later deployment may lose Redis (1 warning)\n")
    assert shown(run(project([(finding(), False)]))).startswith("shop: the database is kept in ./data (1 error)\n")


def test_the_same_finding_is_said_once_with_its_places() -> None:
    second = finding(line=3, column=5, evidence=("another reason",))
    text = shown(run(project([(finding(), False), (second, False)])))
    assert text.count("error[VF101]") == 1
    assert "  3 |     image: acme/app:1" in text
    assert "  7 |       - ./data:/app/data" in text
    assert "another reason" in text
    assert "2 findings in 1 project" in text


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("name", ["fastapi-sqlite-drone", "postgres-stack", "overrides-and-anchors"])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(name: str, width: int, tmp_path: Path) -> None:
    root = Path(shutil.copytree(FIXTURES / name / "repository", tmp_path / "shop"))
    result = volfix.plan(root, unsafe_fixes=True).result
    wide, narrow = (shown(result, base=root, width=columns) for columns in (None, width))
    words = set(wide.split())
    for line in narrow.splitlines():
        longest = max(map(len, line.split()), default=0)
        assert len(line) <= max(width, longest + 30), line
        if not re.match(r"\s*(\d+ [|+-]|\|)", line):
            assert {word for word in line.split() if word not in words and "..." not in word} == set(), line


def test_a_source_line_that_is_too_long_is_cut_around_its_mark() -> None:
    long = f"{'a ' * 60}here{' b' * 60}\n"
    lines = shown(
        run(project([(finding(line=1, column=121, text=long), False)])), width=60, show_secrets=True
    ).splitlines()
    line, mark = lines[lines.index("  --> compose.yaml:1:121") + 1 :][:2]
    assert len(line) <= 60
    assert line[mark.index("^") :].startswith("here")


def test_without_v_the_first_two_lines_of_evidence_are_shown_and_not_one_alone_left_out() -> None:
    assert "= why: third" in shown(run(project([(finding(evidence=("first", "second", "third")), False)])))
    result = run(project([(finding(evidence=("first", "second", "third", "fourth")), False)]))
    assert "= why: second" in shown(result)
    assert "third" not in shown(result)
    assert "= why: 2 lines more with -v" in shown(result)
    assert "= why: fourth" in shown(result, verbose=1)


def test_evidence_that_a_place_says_is_not_said_again_but_with_v() -> None:
    image = Place(location_at(3, 5), "keeps its rows in /app/data")
    result = run(
        project([(finding(places=(image,), evidence=("acme/app keeps its rows in /app/data", "more")), False)])
    )
    assert "= why: acme/app" not in shown(result)
    assert "= why: more" in shown(result)
    assert "= why: acme/app" in shown(result, verbose=1)


@pytest.mark.parametrize(
    ("applicability", "fixed", "reason", "then"),
    [
        (Applicability.SAFE, True, None, ["= fix (safe): "]),
        (Applicability.SAFE, False, None, ["= fix (safe, not written): "]),
        (
            Applicability.UNSAFE,
            False,
            "it lies outside",
            ["= fix (needs --unsafe-fixes): ", "= decide: it lies outside"],
        ),
        (Applicability.UNSAFE, True, "it lies outside", ["= fix (unsafe, made with --unsafe-fixes): ", "= decide: it"]),
        (Applicability.NONE, False, "two mounts", ["= no fix: two mounts"]),
        (Applicability.NONE, False, None, ["= no fix: volfix knows none"]),
    ],
)
def test_every_finding_says_what_its_fix_is(
    applicability: Applicability, fixed: bool, reason: str | None, then: list[str]
) -> None:
    text = shown(run(project([(finding(applicability=applicability, reason=reason), fixed)])))
    assert all(f"    {part}" in text for part in then)


def test_the_whole_diff_is_shown_where_it_is_asked_for() -> None:
    assert "--- a/compose.yaml" not in shown(run(fixed_mount()))
    whole = """\
--- a/compose.yaml
+++ b/compose.yaml
@@ -4,4 +4,4 @@
     environment:
       PLACE: ***
     volumes:
-      - ./data:/app/data
+      - app-db:/app/data
"""
    assert f"\n{whole}\n" in shown(run(fixed_mount()), diffs=True)
    assert diff_text(run(fixed_mount()), View(ROOT)) == whole


def test_after_a_write_the_way_goes_on_and_what_is_not_carried_comes_last() -> None:
    text = shown(run(fixed_mount(written=True)), wrote=True)
    assert text.startswith("shop: the next `up` starts an EMPTY database until its data is carried (1 finding fixed)\n")
    assert "fixed[VF101] the database is kept in ./data\n  --> compose.yaml:7:9\n" in text
    assert "1 finding in 1 project: 1 fixed.\n1 file written; `volfix undo` puts it back.\n" in text
    tail = text[text.index("  1  commit") :]
    assert "  2  volfix carry --write  on the host that runs the containers, BEFORE deploying\n  3  deploy\n" in tail
    assert tail.endswith("\nNOT CARRIED: ./data -> shop_app-db (the volume starts EMPTY)\n")
    assert "--script in the place of --write" in tail
    assert "`volfix undo`, then the same with --carry-service" in tail
    assert not re.search(r"\bdocker (?!compose up)|by hand", tail), "there is one procedure"


def test_after_a_new_name_the_old_containers_are_stopped_and_kept_and_others_are_left_alone() -> None:
    text = shown(run(replace(fixed_mount(written=True), name="src", renamed="web-shop")), wrote=True)
    assert text.index("volfix carry --write --from-project src") < text.index("carry stops and renames the old")
    assert not re.search(r"docker compose.*(down|rm|stop)", text)


def test_what_the_deployment_carries_itself_asks_nothing_before_it() -> None:
    written = fixed_mount(written=True)
    (move,) = written.moves
    text = shown(run(replace(written, carriages=(Carriage(move, "carry-app-db"),))), wrote=True)
    assert "  2  deploy  carry-app-db copies the data first\n" in text
    assert "before a revert, type `volfix carry --back --write`" in text
    assert "carried when deployed: ./data -> shop_app-db (by carry-app-db)\n" in text
    both = tuple(Carriage(move, name) for name in ("carry-app-db", "carry-app-db-2"))
    text = shown(run(replace(written, carriages=both)), wrote=True)
    assert "  2  deploy  carry-app-db, carry-app-db-2 copy the data first\n" in text
    assert "NOT CARRIED" not in text
    assert "volfix carry --write" not in text
    poor = Carriage(move, "carry-app-db", unkept="the tools of box:alpine keep no ACLs")
    text = shown(run(replace(written, carriages=(poor,))), wrote=True)
    assert "(by carry-app-db; the tools of box:alpine keep no ACLs)\n" in text


def test_what_no_service_carries_says_why() -> None:
    written = fixed_mount(written=True)
    (move,) = written.moves
    text = shown(
        run(replace(written, carriages=(Carriage(move, None, "several containers of app may run"),))), wrote=True
    )
    assert "no service carries it: several containers of app may run" in text
    assert "BEFORE deploying" in text
    assert "--carry-service" not in text


def test_carrying_comes_before_more_fixes_and_is_said_last_again() -> None:
    more = finding(code="VF303", applicability=Applicability.UNSAFE)
    written = fixed_mount(written=True)
    text = shown(run(replace(written, findings=(*written.findings, ReportedFinding(more, False)))), wrote=True)
    assert text.index("BEFORE deploying") < text.index("`volfix --unsafe-fixes` shows") < text.index("NOT CARRIED: ")


@pytest.mark.parametrize(
    ("changed", "then"),
    [
        ({}, "volfix carry --write"),
        ({"renamed": "web-shop", "name": "src"}, "volfix carry --write --from-project src"),
        ({"files": (ROOT / "the stack" / "compose.yaml",)}, "volfix carry --write 'the stack'"),
    ],
)
def test_the_carry_command_of_the_project_is_named(changed: dict[str, Any], then: str) -> None:
    assert f"  2  {then}  on the host" in shown(run(replace(fixed_mount(written=True), **changed)), wrote=True)
    assert f"  3  {then}  on the host" in shown(run(replace(fixed_mount(), **changed)))


def test_a_variant_beside_the_base_file_is_named_by_its_file() -> None:
    variant = replace(fixed_mount(written=True), files=(ROOT / "compose.prod.yaml",))
    assert "  volfix carry --write compose.prod.yaml  on" in shown(run(project(), variant), wrote=True)


def test_data_that_two_services_or_two_variants_move_is_copied_once() -> None:
    once = project(
        [(finding(), True)], moves=(move(), move("./data/", service="backup")), changes=(change(),), written=True
    )
    variant = project(
        [(finding(), True)], moves=(move(service="web"),), files=(ROOT / "compose.prod.yaml",), written=True
    )
    text = shown(run(once, variant), wrote=True)
    assert text.count("volfix carry --write") == 1
    assert "carry --write compose.prod.yaml" not in text


def test_nothing_moves_nothing_is_said_about_carrying() -> None:
    text = shown(run(project([(finding(), True)], changes=(change(),), written=True)), wrote=True)
    assert "carr" not in text.lower()
    assert "docker" not in text


@pytest.mark.parametrize(
    ("source", "then"),
    [
        ("./data", "./data -> shop_app-db (the volume starts EMPTY)"),
        ("volume:old", "the volume old -> shop_app-db (the volume starts EMPTY)"),
        ("anonymous:/d", "the anonymous volume at /d of app -> shop_app-db (the volume starts EMPTY)"),
        (
            "container:/app/a.db",
            "/app/a.db in the container of app -> shop_app-db (the volume starts EMPTY, and the file",
        ),
    ],
)
def test_each_source_is_called_what_it_is(source: str, then: str) -> None:
    result = run(project([(finding(), True)], moves=(move(source),), changes=(change(),)))
    assert f"NOT CARRIED by --write: {then}" in shown(result)


@pytest.mark.parametrize("quiet", [False, True])
def test_what_an_earlier_write_has_left_is_said_last(quiet: bool) -> None:
    left = replace(finding(code="VF112", applicability=Applicability.NONE), left=move())
    text = shown(run(project([(left, False)])), quiet=quiet)
    assert text.splitlines()[-1] == "NOT CARRIED: ./data -> shop_app-db (it is still in its old place)"


def test_paths_start_from_where_the_person_is() -> None:
    result = run(fixed_mount())
    assert "--> shop/compose.yaml:7:9" in shown(result, base=Path("/srv"))
    assert "--> /srv/shop/compose.yaml:7:9" in shown(result, base=Path("/home/me"))


def test_a_final_line_end_is_no_changed_line(tmp_path: Path) -> None:
    text = shown(planned(tmp_path, {"compose.yaml": POSTGRES.removesuffix("\n") + "\n    restart: always"}))
    fix = [line for line in text.splitlines() if re.match(r" *\d+ [-+]", line)]
    assert [line.strip() for line in fix] == [
        "8 -       - ./pg:/var/lib/postgresql/data",
        "8 +       - db-data:/var/lib/postgresql/data",
        "10 +",
        "11 + volumes:",
        "12 +   db-data:",
        "13 +     driver: local",
    ]


def test_an_unsafe_fix_that_nobody_asked_for_is_to_be_decided_also_where_the_write_fails() -> None:
    unsafe = finding(code="VF305", applicability=Applicability.UNSAFE)
    failed = project([(finding(), True), (unsafe, False)], changes=(change(),), failure="it changed")
    text = shown(run(failed), wrote=True)
    assert "2 findings in 1 project: 1 to decide (--unsafe-fixes), 1 not written; 1 project not written." in text


def test_notes_are_folded_into_a_line_unless_asked_for() -> None:
    info = finding("may be a database", severity=Severity.INFO, applicability=Applicability.NONE)
    result = run(project([(info, False), (replace(info, reason="other"), False)]))
    assert "may be" not in shown(result)
    assert shown(result) == "Nothing to do: no findings in 1 project; 2 notes (-v shows them).\n"
    assert shown(result, verbose=1).count("may be a database") == 2
    assert shown(result, verbose=1).startswith("shop: nothing to fix (2 notes)\n")
    beside = run(project([(finding(), True), (info, False)]))
    assert "1 finding in 1 project: 1 can be fixed; 1 note (-v shows it). Nothing is written." in shown(beside)


def test_q_is_a_line_a_finding_and_always_what_is_not_carried() -> None:
    assert shown(run(fixed_mount()), quiet=True) == (
        "compose.yaml:7:9: error[VF101] the database is kept in ./data\n"
        "NOT CARRIED by --write: ./data -> shop_app-db (the volume starts EMPTY)\n"
    )
    written = run(fixed_mount(written=True))
    assert shown(written, quiet=True, wrote=True) == "NOT CARRIED: ./data -> shop_app-db (the volume starts EMPTY)\n"
    failed = run(replace(fixed_mount(), failure="it changed"))
    assert "shop: NOT WRITTEN: it changed\n" in shown(failed, quiet=True, wrote=True)


def test_statistics_are_the_counts_by_rule() -> None:
    other = finding(code="VF201")
    result = run(project([(finding(), True), (finding(line=3), False), (other, False)]))
    assert shown(result, statistics=True) == (
        "    2  VF101  database-on-bind-mount  (1 can be fixed)\n    1  VF201  database-outside-volume\n\n"
    )


@pytest.mark.parametrize(("number", "has_table"), [(29, False), (30, True), (31, True)])
def test_many_projects_begin_with_a_table(number: int, has_table: bool) -> None:
    projects = [
        project([(finding(), False)] * (1 + index % 2), name=f"p{index:02}", root=Path(f"/srv/p{index:02}"))
        for index in range(number)
    ]
    lines = shown(run(*projects), base=Path("/srv")).splitlines()
    assert (lines[0] == "errors  warnings  project") == has_table
    if has_table:
        assert lines[1] == "     2         0  p01  p01/compose.yaml"
        assert (
            lines[number] == f"     1         0  p{(number - 1) // 2 * 2:02}  p{(number - 1) // 2 * 2:02}/compose.yaml"
        )


def test_the_summary_counts_what_can_be_done_and_what_cannot() -> None:
    unsafe, none = finding(applicability=Applicability.UNSAFE), finding(applicability=Applicability.NONE)
    result = run(
        project([(finding(), True), (finding(), True), (unsafe, False), (none, False)]),
        project([(none, False)], root=Path("/srv/blog")),
        project(),
        errors=(FileProblem(COMPOSE, "x"),),
    )
    assert (
        "\n5 findings in 2 projects: 2 can be fixed, 1 to decide (--unsafe-fixes), 2 without a fix; "
        "1 file could not be read. Nothing is written.\n"
    ) in shown(result)


def test_the_next_command_is_the_one_that_was_typed() -> None:
    unsafe = run(project([(finding(applicability=Applicability.UNSAFE), False)]))
    assert "`volfix --unsafe-fixes` shows the fixes that need your decision." in shown(unsafe)
    assert "  1  volfix --trusted ./x --write\n" in shown(run(fixed_mount()), command="volfix --trusted ./x")
    none = run(project([(finding(applicability=Applicability.NONE), False)]))
    assert "`volfix" not in shown(none)
    assert "  1  " not in shown(none)


@pytest.mark.parametrize(
    ("result", "then"),
    [
        (run(), "\n"),
        (run(project()), "Nothing to do: no findings in 1 project.\n"),
        (run(project(), project()), "Nothing to do: no findings in 2 projects.\n"),
        (
            run(project(), errors=(FileProblem(COMPOSE, "x"),)),
            "1 file could not be read: not everything was checked.\n",
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
    assert "NOT WRITTEN:\n  it changed\n  since then\n" in text
    assert "1 finding in 1 project: 1 not written; 1 project not written." in text
    assert "NOT CARRIED" not in text
    assert "fixed" not in text
    assert "= fix (safe, not written): " in text


def test_secrets_of_messages_are_masked_unless_asked_for() -> None:
    assert "hunter2" not in shown(hostile(), verbose=1)
    assert "PLACE: hunter2" in shown(run(fixed_mount()), show_secrets=True, diffs=True)


def test_no_message_can_speak_to_the_terminal_or_forge_a_line() -> None:
    for width in (None, 60):
        text = shown(hostile(), verbose=1, width=width)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert not any(line.startswith("::error::") for line in text.splitlines())


def test_without_colour_there_are_no_escapes_and_with_colour_nothing_else_changes() -> None:
    for result, wrote in ((run(fixed_mount()), False), (run(fixed_mount(written=True)), True)):
        plain, colored = shown(result, wrote=wrote, diffs=True), shown(result, wrote=wrote, diffs=True, color=True)
        assert "\x1b" not in plain
        assert "\x1b[1m" in colored
        assert ESCAPES.sub("", colored) == plain
    assert "\x1b[32m+      - app-db:/app/data\x1b[0m" in shown(run(fixed_mount()), color=True, diffs=True)
    assert "\x1b[31m\x1b[1mNOT CARRIED" in shown(run(fixed_mount()), color=True)


def test_the_report_is_ascii_where_the_files_are() -> None:
    assert shown(run(fixed_mount(written=True)), wrote=True, verbose=1).isascii()
    assert shown(run(fixed_mount()), verbose=1, width=60).isascii()


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
    text = question(finding(applicability=Applicability.UNSAFE, reason="it lies outside"), View(ROOT))
    assert "error[VF101] the database is kept in ./data" in text
    assert "    = decide: it lies outside\n" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_of_words_is_too_long_and_no_command_is_broken(width: int, tmp_path: Path) -> None:
    compose = "services:\n  a-service-with-a-long-name:\n    image: postgres:16\n    volumes:\n      - {}\n"
    short = compose.format("./a-directory-with-a-name:/var/lib/postgresql/data")
    script = "git clean -fdx\ndocker compose up -d\n"
    text = render(planned(tmp_path, {"compose.yaml": short, "deploy.sh": script}), View(tmp_path, width=width))
    for line in text.splitlines():
        is_source = re.match(r" *\d+ [|+-] ", line) is not None
        assert len(line) <= width or is_source or " " not in line.strip()
        assert is_source or line.count("`") % 2 == 0


def test_the_mark_is_below_the_source_in_either_form(tmp_path: Path) -> None:
    short = "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
    long = short.replace("['./pg:/var/lib/postgresql/data']", "").replace("volumes: ", "volumes:") + (
        "      - type: bind\n        source: ./rows\n        target: /var/lib/postgresql/data\n"
    )
    text = render(planned(tmp_path, {"a/compose.yaml": short, "b/compose.yaml": long}), View(tmp_path))
    assert "  4 |     volumes: ['./pg:/var/lib/postgresql/data']\n    |                ^^^^ kept here\n" in text
    assert "  --> b/compose.yaml:5:9\n" in text
    assert "  6 |         source: ./rows\n    |                 ^^^^^^ kept here\n" in text
