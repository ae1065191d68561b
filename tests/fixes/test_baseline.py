"""An old estate fails only on what is new: known findings are left out, and those that are gone are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from volfix.cli.main import volfix

TWO = """services:
  db:
    image: postgres:16
    volumes:
      - ./pg:/var/lib/postgresql/data
  queue:
    image: redis:7
    volumes:
      - ./queue:/data
"""
SCRIPT = "docker compose down -v\ndocker compose up -d\n"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "compose.yaml").write_text(TWO)
    (tmp_path / "deploy.sh").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(volfix, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def codes(*arguments: str) -> list[str]:
    data = json.loads(run("--baseline", "known.json", "--output-format", "json", *arguments).stdout)
    return [item["code"] for project in data["projects"] for item in project["findings"]]


def known(*arguments: str) -> None:
    result = run("--baseline", "known.json", "--write-baseline", *arguments)
    assert result.exit_code == 0
    assert "from now on --baseline known.json reports what is new" in result.stdout


def test_what_is_known_is_left_out_and_not_fixed(stack: Path) -> None:
    known()
    result = run("--baseline", "known.json")
    assert result.exit_code == 0
    assert result.stderr == "known.json: leaves out 3 known findings\n"
    assert codes() == []
    assert run("--baseline", "known.json", "--write").exit_code == 0
    assert (stack / "compose.yaml").read_text() == TWO


def test_lines_that_move_are_known_and_another_text_is_new(stack: Path) -> None:
    known()
    (stack / "compose.yaml").write_text("# a stack\n\n" + TWO)
    assert codes() == []
    (stack / "compose.yaml").write_text(TWO.replace("./queue:", "./rows:"))
    assert len(codes()) == 1


def test_a_second_one_like_a_known_one_is_new(stack: Path) -> None:
    known()
    (stack / "deploy.sh").write_text(SCRIPT + SCRIPT)
    assert codes() == ["VF401"]


def test_what_a_write_leaves_is_still_known(stack: Path) -> None:
    (stack / "compose.yaml").write_text(
        TWO.replace("./queue:/data", "queue:/data") + "volumes: {queue: {driver: local}}\n"
    )
    (stack / "deploy.sh").write_text("docker compose up -d\n")
    known("--select", "VF1")
    (stack / "compose.yaml").write_text(TWO)
    assert run("--baseline", "known.json", "--write").exit_code in (0, 1)
    assert "./pg:" in (stack / "compose.yaml").read_text()
    assert "./queue:" not in (stack / "compose.yaml").read_text()
    assert codes() == []


@pytest.mark.parametrize(
    ("arguments", "said"), [((), True), (("--select", "VF2"), False), (("other",), False), (("compose.yaml",), True)]
)
def test_what_is_gone_is_named_where_it_was_looked_for(arguments: tuple[str, ...], said: bool, stack: Path) -> None:
    known()
    (stack / "other").mkdir()
    (stack / "compose.yaml").write_text(TWO.replace("./pg:", "pg:") + "volumes: {pg: {driver: local}}\n")
    notes = run("--baseline", "known.json", *arguments).stderr
    assert (
        "known.json: stale: VF101 in compose.yaml on db, /var/lib/postgresql/data is found no longer" in notes
    ) == said


def test_the_file_has_a_finding_a_line_and_no_secret(stack: Path) -> None:
    (stack / "compose.yaml").write_text(
        TWO + "  app:\n    image: acme/app\n    environment:\n      DATABASE_URL: 'sqlite://u:hunter2@h/:memory:'\n"
    )
    known()
    text = (stack / "known.json").read_text()
    assert "hunter2" not in text
    assert len(text.splitlines()) == len(json.loads(text)["findings"]) + 2
    before = text
    known()
    assert (stack / "known.json").read_text() == before


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"version": 9, "findings": []}', '{"version": 1, "findings": [{}]}']
)
def test_no_baseline_is_an_error(text: str | None, stack: Path) -> None:
    if text is not None:
        (stack / "known.json").write_text(text)
    result = run("--baseline", "known.json")
    assert result.exit_code == 2
    assert "known.json" in result.stderr
    assert ("--write-baseline" in result.stderr) == (text is None)


@pytest.mark.parametrize("flags", [("--write-baseline",), ("--write-baseline", "--baseline", "x", "--write")])
def test_a_baseline_is_written_by_itself(flags: tuple[str, ...], stack: Path) -> None:
    assert run(*flags).exit_code == 2
    assert not (stack / "x").exists()
