"""SARIF, GitHub, GitLab and JUnit: each in its own form, whole whatever a message holds, and without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
from report_factory import COMPOSE, ROOT, STACK, finding, fixed_mount, hostile, project, run

from volfix.edits.yaml_edits import SetScalar
from volfix.fixes.results import RunResult
from volfix.report import github, gitlab, json_report, junit, rdjson, sarif, text
from volfix.report.encoding import dumps, encodable
from volfix.rules.findings import Applicability, Finding, Fix, Severity
from volfix.rules.registry import REGISTRY
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Mapping, Scalar, Sequence, parse

FORMATS = [github, gitlab, json_report, junit, rdjson, sarif, text]


def three() -> RunResult:
    """An error, a warning without a service in another file, and an info."""
    return run(
        project(
            [
                (finding(reason="the source lies outside", applicability=Applicability.UNSAFE), False),
                (
                    finding(
                        "`docker compose down -v` deletes the volumes",
                        code="VF401",
                        severity=Severity.WARNING,
                        applicability=Applicability.NONE,
                        path=ROOT / "ops" / "a b,c.yml",
                        line=3,
                        service=None,
                        target=None,
                        step="deploy",
                    ),
                    False,
                ),
                (
                    finding("may be a database", severity=Severity.INFO, applicability=Applicability.NONE, target="/x"),
                    False,
                ),
            ]
        ),
        errors=(FileProblem(ROOT / "bad.yaml", "not valid YAML", 4, 2),),
    )


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.__name__)
def test_no_format_tells_a_password(form: ModuleType) -> None:
    shown = form.render(hostile())
    assert "hunter2" not in shown
    assert "***" in shown
    assert "hunter2" in form.render(hostile(), show_secrets=True)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.__name__)
def test_no_format_holds_what_a_terminal_obeys(form: ModuleType) -> None:
    assert not set("\x1b\u202e\x9b\r\u2028") & set(form.render(hostile()))


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.__name__)
def test_every_format_can_say_nothing(form: ModuleType) -> None:
    assert isinstance(form.render(run()), str)
    assert isinstance(form.render(run(project())), str)


@pytest.mark.parametrize("form", [github, gitlab, junit, rdjson, sarif], ids=lambda form: form.__name__)
def test_what_has_been_written_away_is_no_longer_reported(form: ModuleType) -> None:
    assert "the database is kept" in form.render(run(fixed_mount()))
    assert "the database is kept" not in form.render(run(fixed_mount(written=True)))


@pytest.mark.parametrize("form", [github, gitlab, junit, rdjson, sarif], ids=lambda form: form.__name__)
def test_paths_start_where_all_projects_lie_or_where_one_asks(form: ModuleType) -> None:
    elsewhere = finding("far away", path=Path("/srv/blog/compose.yaml"))
    both = run(fixed_mount(), project([(elsewhere, False)], root=Path("/srv/blog"), name="blog"))
    assert "shop/compose.yaml" in form.render(both)
    assert "blog/compose.yaml" in form.render(both)
    assert "srv/shop/compose.yaml" in form.render(both, base=Path("/"))


# SARIF


def log(result: RunResult, **options: Any) -> dict[str, Any]:
    whole = json.loads(sarif.render(result, **options))
    assert whole["version"] == "2.1.0"
    assert whole["$schema"].endswith("sarif-2.1.0.json")
    (only,) = whole["runs"]
    loaded: dict[str, Any] = only
    return loaded


def test_sarif_lists_every_rule_with_its_texts() -> None:
    driver = log(run())["tool"]["driver"]
    assert driver["name"] == "volfix"
    assert [rule["id"] for rule in driver["rules"]] == sorted(REGISTRY)
    for rule in driver["rules"]:
        known = REGISTRY[rule["id"]]
        assert rule["name"] == known.name
        assert rule["shortDescription"]["text"] == known.summary
        assert known.fix in rule["help"]["text"]
        assert rule["defaultConfiguration"]["enabled"] is known.default
        assert "helpUri" not in rule


def test_sarif_results_have_level_place_and_fingerprint() -> None:
    shown = log(three())
    assert [item["level"] for item in shown["results"]] == ["error", "warning", "note"]
    first, second, _ = shown["results"]
    assert shown["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "VF101"
    assert first["message"]["text"].endswith("unsafe fix: the source lies outside")
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "compose.yaml", "uriBaseId": "SRCROOT"},
                "region": {"startLine": 7, "startColumn": 9, "endLine": 7, "endColumn": 25},
            }
        }
    ]
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "ops/a%20b%2Cc.yml"
    assert shown["originalUriBaseIds"] == {"SRCROOT": {"uri": "file:///srv/shop/"}}
    assert shown["columnKind"] == "unicodeCodePoints"
    assert all(re.fullmatch("[0-9a-f]{32}", item["partialFingerprints"]["volfix/v1"]) for item in shown["results"])


def test_sarif_says_what_could_not_be_read() -> None:
    (invocation,) = log(three())["invocations"]
    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"]["text"] == "not valid YAML"
    assert note["locations"][0]["physicalLocation"]["region"] == {"startLine": 4, "startColumn": 2}
    assert log(run())["invocations"][0]["executionSuccessful"] is True


def with_fix(stack: str, value: str) -> RunResult:
    """A finding whose fix writes another mount into the stack."""
    source = Source.of(COMPOSE, stack.encode())
    node: Any = parse(source)[0].root
    for key in ("services", "app", "volumes"):
        assert isinstance(node, Mapping)
        node = node.get(key)
    assert isinstance(node, Sequence)
    mount = node.items[0]
    assert isinstance(mount, Scalar)
    item = replace(finding(), fix=Fix((SetScalar(source, mount, value),), (), Applicability.SAFE))
    return run(project([(item, True)]))


def test_sarif_carries_the_fix_as_replacements() -> None:
    (result,) = log(with_fix(STACK, "app-db:/app/data"))["results"]
    (fix,) = result["fixes"]
    (artifact,) = fix["artifactChanges"]
    assert artifact["artifactLocation"] == {"uri": "compose.yaml", "uriBaseId": "SRCROOT"}
    lines = STACK.split("\n")
    for replacement in artifact["replacements"]:
        region = replacement["deletedRegion"]
        assert region["startLine"] == region["endLine"] == 7
        line = lines[6]
        lines[6] = (
            line[: region["startColumn"] - 1] + replacement["insertedContent"]["text"] + line[region["endColumn"] - 1 :]
        )
    assert lines[6] == "      - app-db:/app/data"


def test_sarif_leaves_out_a_fix_that_would_tell_a_password() -> None:
    secret = with_fix(STACK, "a://u:hunter2@h")
    assert "fixes" not in log(secret)["results"][0]
    assert "fixes" in log(secret, show_secrets=True)["results"][0]


# Fingerprints


def prints(result: RunResult) -> list[str]:
    return [item["fingerprint"] for item in json.loads(gitlab.render(result))]


def alone(**what: Any) -> list[str]:
    return prints(run(project([(finding(**what), False)])))


def test_fingerprints_do_not_know_lines_texts_or_where_the_repository_lies() -> None:
    assert alone(line=7) == alone(line=70, column=3, message="said differently", evidence=())
    moved = project([(finding(path=Path("/tmp/x/compose.yaml")), False)], root=Path("/tmp/x"))
    assert prints(run(moved)) == alone()


@pytest.mark.parametrize("what", [{"code": "VF102"}, {"service": "b"}, {"target": "/b"}, {"path": ROOT / "b.yaml"}])
def test_fingerprints_tell_findings_apart(what: dict[str, Any]) -> None:
    assert alone(**what) != alone()


def test_findings_that_only_their_place_tells_apart_have_two_fingerprints() -> None:
    twice = run(project([(finding(line=3), False), (finding(line=9), False)]))
    shifted = run(project([(finding(line=13), False), (finding(line=19), False)]))
    assert len(set(prints(twice))) == 2
    assert prints(twice) == prints(shifted)


def test_sarif_and_gitlab_use_the_same_fingerprints() -> None:
    results = log(three())["results"]
    assert [item["partialFingerprints"]["volfix/v1"] for item in results] == prints(three())[:3]


# GitHub


def test_github_commands_are_one_line_each_with_everything_escaped() -> None:
    lines = github.render(three()).splitlines()
    assert lines[0] == (
        "::error file=compose.yaml,line=7,col=9,endLine=7,endColumn=25,title=volfix VF101::the database is kept "
        "in ./data"
        "%0Aacme/app keeps its rows in /app/data%0Aunsafe fix: the source lies outside"
    )
    assert lines[1].startswith(
        "::warning file=ops/a b%2Cc.yml,line=3,col=9,endLine=3,endColumn=22,title=volfix VF401::`docker"
    )
    assert lines[2].startswith("::notice file=compose.yaml")
    assert lines[3] == "::error file=bad.yaml,line=4,col=2,title=volfix unreadable::not valid YAML"
    assert len(lines) == 4


def test_no_message_can_give_github_a_second_command() -> None:
    lines = github.render(hostile()).split("\n")
    assert all(line.startswith("::error file=") for line in lines[:-1])
    assert lines[-1] == ""
    assert "%0A::error::%2525<d>" in lines[0]


# GitLab


def test_gitlab_issues_have_the_fields_that_it_reads() -> None:
    issues = json.loads(gitlab.render(three()))
    assert [issue["severity"] for issue in issues] == ["critical", "major", "info", "critical"]
    assert issues[0]["check_name"] == "VF101"
    assert issues[0]["location"] == {"path": "compose.yaml", "lines": {"begin": 7}}
    assert issues[1]["location"]["path"] == "ops/a b,c.yml"
    assert issues[3]["check_name"] == "unreadable"
    assert all("\n" not in issue["description"] for issue in json.loads(gitlab.render(hostile())))
    assert len({issue["fingerprint"] for issue in issues}) == 4


# rdjson


def diagnostics(result: RunResult, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(rdjson.render(result, **options))["diagnostics"]
    return found


def test_rdjson_has_severity_code_and_range() -> None:
    first, second, third, error = diagnostics(three())
    assert first["code"] == {"value": "VF101"}
    assert first["location"] == {
        "path": "compose.yaml",
        "range": {"start": {"line": 7, "column": 9}, "end": {"line": 7, "column": 25}},
    }
    assert [each["severity"] for each in (first, second, third, error)] == ["ERROR", "WARNING", "INFO", "ERROR"]
    assert error["location"] == {"path": "bad.yaml", "range": {"start": {"line": 4, "column": 2}}}


def test_rdjson_counts_columns_in_bytes() -> None:
    stack = STACK.replace("./data", "./größe😀")
    (shown,) = diagnostics(run(project([(finding(text=stack), False)])))
    line = stack.splitlines()[6].encode()
    place = shown["location"]["range"]
    assert line[place["start"]["column"] - 1 : place["end"]["column"] - 1].decode() == "./größe😀:/app/data"


def test_rdjson_suggests_a_safe_fix_of_one_edit_alone() -> None:
    (shown,) = diagnostics(with_fix(STACK, "app-db:/app/data"))
    (suggestion,) = shown["suggestions"]
    start, end = suggestion["range"]["start"]["column"], suggestion["range"]["end"]["column"]
    line = STACK.splitlines()[6]
    assert line[: start - 1] + suggestion["text"] + line[end - 1 :] == "      - app-db:/app/data"
    assert "suggestions" not in diagnostics(with_fix(STACK, "a://u:hunter2@h"))[0]


# JUnit


def suites(result: RunResult) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(junit.render(result)))


def test_junit_has_a_case_for_each_finding() -> None:
    project_suite, errors = suites(three())
    assert (project_suite.get("tests"), project_suite.get("failures"), project_suite.get("errors")) == ("3", "2", "0")
    first, second, third = project_suite
    assert first.get("name") == "VF101 app /app/data line 7"
    assert first.get("classname") == "compose.yaml"
    failure = first.find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("error", "the database is kept in ./data")
    assert (failure.text or "").startswith("compose.yaml:7:9: the database is kept")
    assert second.get("name") == "VF401 deploy line 3"
    assert third.find("failure") is None
    assert errors.get("errors") == "1"


def test_junit_passes_what_has_been_written_away() -> None:
    (suite,) = suites(run(fixed_mount(written=True)))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")


def test_junit_is_xml_whatever_it_has_to_say() -> None:
    control = "".join(map(chr, range(0x20))) + "\x7f\x85\ufffe\uffff\udcff]]></failure>"
    suite, _ = suites(
        run(project([(finding(control, target=control), False)]), errors=(FileProblem(COMPOSE, control),))
    )
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert (failure.get("message") or "").endswith("]]></failure>")
    project_suite, _ = suites(hostile())
    assert project_suite.get("errors") == "1"


# What every stream takes


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", None])
def test_json_stays_the_same_json_in_a_narrow_encoding(encoding: str | None) -> None:
    data = {"größe": "数据 \U0001f600 \\u00e9 é"}
    narrow = encodable(dumps(data), encoding)
    narrow.encode(encoding or "ascii")
    assert json.loads(narrow) == data


def test_text_that_fits_is_left_alone() -> None:
    assert encodable("größe 数据", "utf-8") == "größe 数据"


@pytest.mark.parametrize("form", [junit, github], ids=lambda form: form.__name__)
def test_other_formats_survive_a_narrow_encoding(form: ModuleType) -> None:
    shown: str = form.render(run(project([(finding("данные"), False)], name="größe")))
    render: Callable[[str], bytes] = lambda item: encodable(item, "ascii").encode("ascii")  # noqa: E731
    assert render(shown)


def test_a_finding_outside_the_base_keeps_its_whole_path() -> None:
    far: Finding = finding(path=Path("/opt/x.yaml"))
    (result,) = log(run(project([(far, False)])))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///opt/x.yaml"}
