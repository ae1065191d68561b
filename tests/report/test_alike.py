"""Given a line that several services share, or two servers on one directory, the text says it once, with all names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import volfix
from volfix.report import json_report, text
from volfix.report.alike import listed, together
from volfix.report.view import View
from volfix.rules.registry import REGISTRY

ANCHOR = """\
services:
  {0}: &app
    image: python:3.12
    working_dir: /app
    environment: {{DATABASE_URL: 'sqlite:////app/data/shop.db'}}
    volumes: ['./data:/app/data']
{1}"""
SERVERS = "services:\n  one:\n    image: mysql:8.4\n    volumes: ['/srv/sql:/var/lib/mysql']\n{}"
SECOND = "  two:\n    image: mysql:8.4\n    volumes: ['/srv/sql:/var/lib/mysql']\n"


def shown(directory: Path, files: dict[str, str]) -> str:
    """The text of the run at 80 columns, after a look at what JSON counts."""
    for name, content in files.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(content)
    result = volfix.plan(directory).result
    told = text.render(result, View(directory, width=80))
    number = json.loads(json_report.render(result))["summary"]["findings"]
    assert f"\n{number} finding{'s' if number > 1 else ''} in " in told
    return told


def anchored(*services: str) -> dict[str, str]:
    return {"compose.yaml": ANCHOR.format(services[0], "".join(f"  {name}: *app\n" for name in services[1:]))}


@pytest.mark.parametrize(
    ("services", "subject", "share"),
    [
        (("web", "worker"), "the database of web and worker", "web and worker share this line: 2 findings"),
        (("web", "worker", "cron"), "the database of web, worker and cron", "cron share this line: 3 findings"),
        (("a" * 60, "b" * 60), "the database of 2 services", "share this line: 2 findings"),
    ],
)
def test_a_line_of_several_services_is_one_finding(
    services: tuple[str, ...], subject: str, share: str, tmp_path: Path
) -> None:
    told = shown(tmp_path, anchored(*services))
    assert told.count("error[VF101]") == 1
    assert f"error[VF101] {subject} is inside the checkout\n" in told
    assert share in " ".join(told.split())
    assert told.count(" -     volumes: ['./data:/app/data']") == 1
    assert f"({len(services)} errors)" in " ".join(told.split())


def test_the_first_line_names_them_together(tmp_path: Path) -> None:
    first = shown(tmp_path, anchored("web", "worker")).partition("\n\n")[0]
    assert " ".join(first.split()).endswith("can lose the database of web and worker (2 errors)")


def test_two_services_with_a_line_each_are_two_findings(tmp_path: Path) -> None:
    both = ANCHOR.format(
        "web", ANCHOR.format("worker", "").partition("services:\n")[2].replace("&app", "").replace("data", "rows")
    )
    assert shown(tmp_path, {"compose.yaml": both}).count("error[VF101]") == 2


def test_two_servers_on_one_directory_are_one_finding_with_both_places(tmp_path: Path) -> None:
    told = shown(tmp_path, {"compose.yaml": SERVERS.format(SECOND)})
    assert told.count("error[VF110] two servers use one data directory") == 1
    assert "= danger: one and two run database servers on one data directory: they would" in told
    assert told.count("mysql keeps its data here") == 2


def test_servers_of_two_projects_are_told_once_and_pointed_to(tmp_path: Path) -> None:
    told = shown(tmp_path, {"a/compose.yaml": SERVERS.format(""), "b/compose.yaml": SERVERS.format("")})
    assert told.count("error[VF110]") == 2
    assert told.count("one of a and one of b run database servers on one data") == 1
    assert "error[VF110] two servers use one data directory\n  --> b/compose.yaml:4:15\n    = see: the same" in told


@pytest.mark.parametrize(
    ("things", "said"),
    [
        (["PostgreSQL"], "PostgreSQL"),
        (["the database of web", "MySQL", "the database of worker"], "the database of web and worker and MySQL"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_what_can_be_lost_is_listed(things: list[str], said: str) -> None:
    assert listed(together(things)) == said


NAME = re.compile(r"^(  )([a-z][\w-]*)(:(?: .*|)$)", re.MULTILINE)


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_a_headline_fits_with_names_of_sixty_characters(code: str, tmp_path: Path) -> None:
    """Every example of the rule, with each service and volume called by a name of sixty characters."""
    for number, example in enumerate(REGISTRY[code].examples):
        compose = "\n".join(content for name, content in example.files.items() if name.endswith((".yml", ".yaml")))
        names = {found[2] for found in NAME.finditer(compose)} - {"image", "build", "steps", "script", "stage"}
        for name, content in example.files.items():
            for short in sorted(names, key=len, reverse=True):
                content = re.sub(rf"(?<![\w./-]){short}(?=\s*:(?!/)|:/)", f"{short}-{'long-' * 12}"[:60], content)
            path = tmp_path / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    found = volfix.plan(tmp_path, select=["VF"]).findings
    assert [finding.message for finding in found if len(finding.message) > 72] == []
