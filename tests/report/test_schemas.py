"""What volfix prints, and what it reads, against the schemas that describe them."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft4Validator, Draft202012Validator

import volfix
from volfix.cli.main import volfix as command
from volfix.configuration.keys import KEYS
from volfix.report import sarif
from volfix.report.json_report import render
from volfix.rules.findings import Severity
from volfix.rules.registry import REGISTRY
from volfix.rules.severities import highest_severity

FIXTURES = Path(__file__).parents[2] / "fixtures"
REPOSITORIES = [
    *sorted(FIXTURES.glob("*/repository")),
    *(path for path in sorted(FIXTURES.glob("hostile/*")) if path.is_dir()),
]
SARIF = os.environ.get("VOLFIX_SARIF_SCHEMA")
"""Where sarif-schema-2.1.0.json of oasis-tcs/sarif-spec lies: its terms leave no copy here."""


def schema(which: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(CliRunner().invoke(command, ["schema", which]).stdout)
    Draft202012Validator.check_schema(loaded)
    return loaded


@pytest.mark.parametrize("options", [{}, {"unsafe_fixes": True, "carry_service": True}], ids=["safe", "unsafe"])
@pytest.mark.parametrize("path", REPOSITORIES, ids=lambda path: path.parent.name + "/" + path.name)
def test_every_output_has_the_form_that_the_schema_says(path: Path, options: dict[str, Any], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(path, tmp_path / "repository", symlinks=True))
    plan = volfix.plan(copy, **options)
    validator = Draft202012Validator(schema("output"))
    validator.validate(json.loads(render(plan.result)))
    validator.validate(json.loads(render(plan.write())))


@pytest.mark.parametrize("flags", [(), ("--unsafe-fixes",), ("--write",)], ids=["look", "unsafe", "write"])
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/repository")), ids=lambda path: path.parent.name)
def test_json_counts_as_the_text_does(path: Path, flags: tuple[str, ...], tmp_path: Path) -> None:
    """Findings, and how many of them can be fixed or are, in the words of the text's last lines."""
    texts, summaries = [], []
    for name in ("text", "json"):
        copy = Path(shutil.copytree(path, tmp_path / name, symlinks=True))
        done = CliRunner().invoke(command, ["--output-format", name, *flags, str(copy)])
        if name == "json":
            summaries.append(json.loads(done.stdout)["summary"])
        else:
            texts.append(done.stdout)
    summary, text = summaries[0], texts[0]
    if not summary["findings"]:
        assert "no findings" in text
        return
    line = re.findall(r"^\d+ findings? in .*", text, re.MULTILINE)[-1]
    assert line.startswith(f"{summary['findings']} finding")
    for key, words in (("fixable", "can be fixed"), ("fixed", "fixed")):
        found = re.search(rf"(?:^|[ ,:])(\d+) {words}", line)
        assert int(found[1] if found else 0) == summary[key], line


def test_the_schema_takes_nothing_else() -> None:
    validator = Draft202012Validator(schema("output"))
    good = json.loads(render(volfix.plan(FIXTURES / "fastapi-sqlite-drone/repository").result))
    assert validator.is_valid(good)
    finding = good["projects"][0]["findings"][0]
    for key, value in (("fixed", True), ("line", 0), ("code", "X1"), ("severity", "fatal"), ("more", 1)):
        kept = dict(finding)
        finding[key] = value
        finding["fixable"] = True
        assert not validator.is_valid(good), key
        finding.clear()
        finding.update(kept)


def test_the_schema_of_the_configuration_takes_what_volfix_takes() -> None:
    validator = Draft202012Validator(schema("config"))
    assert set(schema("config")["properties"]) == set(KEYS)
    entry = {"name": "A", "images": ["a/b"], "source": "x", "owner": [1, 1], "settings": [{"env": "X"}], "needs": "all"}
    good = {
        "select": ["VF1", "VF201"],
        "per-file-ignores": {"*.yml": ["VF"]},
        "min-severity": "error",
        "volumes": {"./a": "b"},
        "engines": [entry],
        "write": True,
    }
    assert validator.is_valid(good)
    wrong: list[dict[str, Any]] = [
        {"selct": []},
        {"select": "VF1"},
        {"ignore": ["VF999"]},
        {"min-severity": "fatal"},
        {"volumes": {"./a": "a b"}},
        {"engines": [{**entry, "owner": [1]}]},
        {"engines": [{**entry, "colour": "x"}]},
        {"engines": [{"name": "A"}]},
    ]
    for bad in wrong:
        assert not validator.is_valid(bad), bad


def test_a_directory_called_schema_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema/compose.yaml").write_text("services: {web: {image: nginx}}\n")
    monkeypatch.chdir(tmp_path)
    assert "no findings in 1 project" in CliRunner().invoke(command, ["./schema"]).stdout
    assert CliRunner().invoke(command, ["schema"]).stdout.startswith("{")


@pytest.mark.skipif(SARIF is None, reason="VOLFIX_SARIF_SCHEMA names the official schema")
@pytest.mark.parametrize("path", REPOSITORIES, ids=lambda path: path.parent.name + "/" + path.name)
def test_sarif_is_valid_by_the_official_schema(path: Path) -> None:
    assert SARIF is not None
    official = json.loads(Path(SARIF).read_text(encoding="utf-8"))
    validator = Draft4Validator(official) if "draft-04" in official["$schema"] else Draft202012Validator(official)
    validator.validate(json.loads(sarif.render(volfix.plan(path, unsafe_fixes=True).result)))


def test_no_example_of_a_rule_is_worse_than_its_level(tmp_path: Path) -> None:
    order = list(Severity)
    for code, rule in REGISTRY.items():
        found: set[Severity] = set()
        for number, example in enumerate(each for each in rule.examples if not each.before):
            for name, text in example.files.items():
                path = tmp_path / code / str(number) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
        if (tmp_path / code).is_dir():
            found = {
                each.severity for each in volfix.plan(tmp_path / code, select=[code]).findings if each.code == code
            }
        if found:
            assert min(found, key=order.index) is highest_severity(code), code
