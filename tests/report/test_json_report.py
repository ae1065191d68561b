"""The JSON that other programs read: its keys, its paths, and nothing that it must not say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from report_factory import COMPOSE, ROOT, change, finding, fixed_mount, hostile, move, project, run

from volfix.fixes.results import RunResult
from volfix.report.json_report import render
from volfix.rules.findings import Applicability, Severity
from volfix.syntax.source import FileProblem


def read(result: RunResult, **options: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(result, **options))
    return loaded


def test_the_object_is_as_designed() -> None:
    data = read(run(fixed_mount()))
    (shown,) = data["projects"]
    diff = shown.pop("diff")
    assert diff.startswith("--- a/compose.yaml\n+++ b/compose.yaml\n@@ ")
    assert "-      - ./data:/app/data\n+      - app-db:/app/data\n" in diff
    assert shown == {
        "root": "/srv/shop",
        "name": "shop",
        "files": ["compose.yaml"],
        "written": False,
        "findings": [
            {
                "code": "VF101",
                "severity": "error",
                "file": "compose.yaml",
                "line": 7,
                "column": 9,
                "service": "app",
                "target": "/app/data",
                "step": None,
                "data": None,
                "message": "the database is kept in ./data",
                "danger": "",
                "places": [],
                "evidence": ["acme/app keeps its rows in /app/data"],
                "applicability": "safe",
                "reason": None,
                "fixable": True,
                "fixed": False,
            }
        ],
        "changes": [],
        "moves": [
            {
                "service": "app",
                "source": "./data",
                "volume": "app-db",
                "volume_name": "shop_app-db",
                "target": "/app/data",
                "needs_map": False,
            }
        ],
    }
    assert list(data) == ["version", "projects", "errors", "summary"]
    assert data["version"] == 2
    assert data["errors"] == []
    assert data["summary"] == {
        "projects": 1,
        "findings": 1,
        "notes": 0,
        "fixable": 1,
        "fixed": 0,
        "files_written": 0,
    }


def test_written_files_are_counted_once_each() -> None:
    other = project(changes=(change(),), written=True)
    assert read(run(fixed_mount(written=True), other))["summary"]["files_written"] == 1


def test_paths_of_findings_are_relative_to_their_project_and_those_of_errors_are_whole() -> None:
    inner = finding(path=ROOT / "ops" / "db.yaml")
    data = read(
        run(
            project([(inner, False)], files=(ROOT / "ops" / "db.yaml",)),
            errors=(FileProblem(ROOT / "x.yaml", "not valid YAML", 3, 7), FileProblem(ROOT / "y.yaml", "gone")),
        )
    )
    assert data["projects"][0]["files"] == ["ops/db.yaml"]
    assert data["projects"][0]["findings"][0]["file"] == "ops/db.yaml"
    assert data["errors"] == [
        {"file": "/srv/shop/x.yaml", "line": 3, "column": 7, "message": "not valid YAML"},
        {"file": "/srv/shop/y.yaml", "line": None, "column": None, "message": "gone"},
    ]


def test_what_could_not_be_written_is_an_error_and_not_fixed() -> None:
    failed = project([(finding(), True)], changes=(change(),), failure="the file changed since it was read")
    data = read(run(failed))
    assert data["errors"] == [
        {"file": str(COMPOSE), "line": None, "column": None, "message": "the file changed since it was read"}
    ]
    assert data["projects"][0]["findings"][0]["fixed"] is False
    assert data["summary"]["fixed"] == 0


def test_refusals_say_why() -> None:
    refused = finding(applicability=Applicability.NONE, severity=Severity.WARNING, reason="two mounts could be meant")
    (shown,) = read(run(project([(refused, False)])))["projects"][0]["findings"]
    assert (shown["applicability"], shown["reason"]) == ("none", "two mounts could be meant")


def test_secrets_stay_inside_unless_asked_for() -> None:
    told = finding("URL=postgres://u:hunter2@h/x", evidence=("runs redis-server --requirepass hunter2",))
    secret = move("postgres://u:hunter2@h")
    result = run(
        project([(told, True)], changes=(change(),), moves=(secret,)), errors=(FileProblem(COMPOSE, "a://b:hunter2@c"),)
    )
    assert "hunter2" not in render(result)
    assert render(result, show_secrets=True).count("hunter2") == 5


def test_the_context_of_the_diff_can_be_chosen() -> None:
    assert "services" not in read(run(fixed_mount()), context=0)["projects"][0]["diff"]


def test_any_message_survives_and_no_terminal_obeys_the_text() -> None:
    text = render(hostile())
    shown = json.loads(text)["projects"][0]["findings"][0]["message"]
    assert shown == 'a]]>b::c\n::error::%25<d>&"e"\x1b[2J\u202e, postgres://u:***@h/x'
    assert not set("\x1b\u202e\x9b") & set(text)


def test_names_that_are_no_unicode_can_be_written_and_read_back() -> None:
    name = b"\xff\xe9.yaml".decode("utf-8", "surrogateescape")
    text = render(run(project([(finding(path=ROOT / name), False)], files=(ROOT / name,))))
    text.encode("utf-8")
    assert json.loads(text)["projects"][0]["files"] == [name]


def test_letters_of_every_language_stay_as_they_are() -> None:
    text = render(run(project([(finding("данные 数据"), False)], root=Path("/srv/größe"), name="größe")))
    assert "данные 数据" in text
    assert "/srv/größe" in text


def test_nothing_is_an_object_too() -> None:
    assert read(run())["summary"] == {
        "projects": 0,
        "findings": 0,
        "notes": 0,
        "fixable": 0,
        "fixed": 0,
        "files_written": 0,
    }
