"""Given the metadata of the installed package, a rule's code is a link where `[project.urls]` has an address."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import volfix
from volfix.report import rule_links, sarif, text
from volfix.report.view import View

COMPOSE = "services:\n  db:\n    image: mysql:8.4\n    volumes: ['./sql:/var/lib/mysql']\n"
Installed = Callable[..., None]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """Let the installed package's metadata have these lines."""

    def install(*lines: str) -> None:
        folder = tmp_path / "site" / "volfix-1.0.dist-info"
        folder.mkdir(parents=True)
        head = ("Metadata-Version: 2.1", "Name: volfix", "Version: 1.0")
        (folder / "METADATA").write_text("".join(f"{line}\n" for line in (*head, *lines)))
        monkeypatch.syspath_prepend(folder.parent)
        rule_links._address.cache_clear()

    yield install
    rule_links._address.cache_clear()


def outputs(tmp_path: Path) -> tuple[str, list[dict[str, object]]]:
    """The text in colour, and the rules of the SARIF log."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    result = volfix.plan(tmp_path / "compose.yaml").result
    rules = json.loads(sarif.render(result))["runs"][0]["tool"]["driver"]["rules"]
    return text.render(result, View(tmp_path, color=True)), rules


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        (["Project-URL: Documentation, https://volfix.example/docs"], "https://volfix.example/docs"),
        (["Project-URL: Home-Page, https://volfix.example/"], "https://volfix.example/"),
        (
            ["Project-URL: Source, https://a.example", "Project-URL: Docs, https://b.example/#top"],
            "https://b.example/",
        ),
    ],
)
def test_a_code_is_a_link_where_an_address_is_known(
    lines: list[str], address: str, tmp_path: Path, installed: Installed
) -> None:
    installed(*lines)
    shown, rules = outputs(tmp_path)
    assert f"\x1b]8;;{address}#vf101\x1b\\VF101\x1b]8;;\x1b\\" in shown
    assert {rule["id"]: rule["helpUri"] for rule in rules}["VF101"] == f"{address}#vf101"


@pytest.mark.parametrize("lines", [[], ["Project-URL: Funding, https://a.example"], ["Project-URL: Docs, file:///x"]])
def test_without_one_there_is_no_link(lines: list[str], tmp_path: Path, installed: Installed) -> None:
    installed(*lines)
    shown, rules = outputs(tmp_path)
    assert "\x1b]8;" not in shown
    assert not any("helpUri" in rule for rule in rules)


def test_a_package_that_is_not_installed_has_none(
    tmp_path: Path, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed()
    monkeypatch.setattr(sys, "path", [])
    assert rule_links.rule_link("VF101") is None


def test_the_metadata_is_not_read_without_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise AssertionError("nothing is to be linked")

    monkeypatch.setattr(rule_links, "_address", refuse)
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    assert "error[VF101]" in text.render(volfix.plan(tmp_path).result, View(tmp_path))
