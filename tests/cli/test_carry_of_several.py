"""Given several projects, when they are carried, then each is named, and what is left is a list of projects again."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from volfix.cli import carry
from volfix.cli.carry_places import places
from volfix.docker.carry_jobs import CarryProblem
from volfix.docker.engine import Engine

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes: {rows: }\n"


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b", "a/deploy", "c"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "compose.yaml").write_text(COMPOSE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_directory_stands_for_the_projects_below_it(estate: Path) -> None:
    assert places([estate]) == [Path("a/deploy"), Path("b"), Path("c")]
    assert places([Path("b")]) == [Path("b")]
    assert places([Path("a")]) == [Path("a")], "the only project below it"
    assert places([Path("b"), estate / "b", Path("c/compose.yaml")]) == [Path("b"), Path("c/compose.yaml")]


def test_a_list_names_projects_a_line(estate: Path) -> None:
    (estate / "list").write_text("# 1 project carried, 2 not\n# not carried: it runs\nb\n\n  c  \n")
    assert places([Path("list")]) == [Path("b"), Path("c")]


def carried(monkeypatch: pytest.MonkeyPatch, *words: str, ends_at: str = "") -> tuple[int, str]:
    """The exit status and the output where `b` cannot be carried, and where a person ends it at one project."""

    def run(_: Engine, path: Path, __: object) -> bool:
        if str(path) == ends_at:
            raise KeyboardInterrupt
        if path.name == "b":
            raise CarryProblem("rows: 7 GB do not fit\nDo not deploy yet.")
        return path.name != "refused"

    monkeypatch.setattr(Engine, "connect", lambda: Engine(None))
    monkeypatch.setattr(carry, "_run", run)
    done = CliRunner().invoke(carry.command, words)
    return done.exit_code, done.output


@pytest.mark.usefixtures("estate")
def test_one_that_cannot_be_carried_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = carried(monkeypatch, "--write", ".")
    assert status == 1
    assert said.splitlines()[-3:] == ["# 2 projects carried, 1 not", "# not carried: rows: 7 GB do not fit", "b"]


def test_the_summary_is_a_source_again(estate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = carried(monkeypatch, "--write", ".", ends_at="b")
    assert status == 1
    summary = said[said.index("# 1 project carried, 2 not") :]
    (estate / "left.txt").write_text(summary.partition("\nAborted")[0])
    assert places([Path("left.txt")]) == [Path("b"), Path("c")]


@pytest.mark.usefixtures("estate")
@pytest.mark.parametrize("words", [("-p", "shop"), ("--script",), ("--map", "./x=rows"), ("--from-project", "old")])
def test_what_is_about_one_project_is_refused_for_several(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    status, said = carried(monkeypatch, *words, ".")
    assert status == 2
    assert "is for one project, and these are 3: name one" in said


@pytest.mark.usefixtures("estate")
@pytest.mark.parametrize("path", ["nowhere", "list"])
def test_what_is_not_there_is_said(estate: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    (estate / "list").write_text("nowhere\n")
    status, said = carried(monkeypatch, path)
    assert status == 2
    assert "nowhere: there is no such file or directory" in said
