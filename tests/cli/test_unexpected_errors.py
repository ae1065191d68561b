"""An error in volfix that no file accounts for is one line on standard error, which tells no value, and status 2."""

from __future__ import annotations

import sys
from contextvars import Context
from pathlib import Path

import pytest

from volfix.cli.fix import FORMATS
from volfix.cli.main import main

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
LOOK = "look at what the command did before you run it again"


def failed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What volfix prints on standard error where it ends with an error of its own."""
    with pytest.raises(SystemExit) as ended:
        Context().run(main, words)
    assert ended.value.code == 2
    *diff, line = capsys.readouterr().err.splitlines()
    assert not diff or "--write" in words
    assert line.startswith("Error: an error in volfix (")
    assert "s3cret" not in line
    return line


def broken(*_: object, **__: object) -> str:
    raise KeyError("s3cret")


def project(root: Path) -> Path:
    (root / "compose.yaml").write_text(COMPOSE)
    return root


@pytest.mark.parametrize(
    "words", [("--output-format", "sarif", "-q"), ("explain", "--rules"), ("explain", "VF403")], ids=" ".join
)
def test_a_rule_that_cannot_be_imported(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "volfix.rules.vf403", None)
    line = failed(capsys, *words, *([] if "explain" in words else [str(project(tmp_path))]))
    assert "(ModuleNotFoundError in rules/registry.py, line " in line


@pytest.mark.parametrize("form", FORMATS)
def test_a_result_that_cannot_be_rendered(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(f"volfix.report.{'json_report' if form == 'json' else form}.render", broken)
    line = failed(capsys, "-q", "--output-format", form, str(project(tmp_path)))
    assert line.endswith("please report it; no file is written")


def test_a_result_that_cannot_be_rendered_after_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("volfix.report.json_report.render", broken)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    line = failed(capsys, "-q", "--write", "--output-format", "json", str(project(tmp_path)))
    assert line.endswith("please report it; files written: 1; `volfix undo` puts back what they were")


def test_a_write_after_which_the_rest_cannot_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("volfix.fixes.after_write.plan_again", broken)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    line = failed(capsys, "-q", "--write", str(project(tmp_path)))
    assert line.endswith("please report it; files may be written; `volfix undo` puts back what they were")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("volfix.rules.checklist.checklist", ("explain",)),
        ("volfix.api.root_of", ("config",)),
        ("volfix.fixes.write.undo.undo", ("undo",)),
    ],
    ids=["explain", "config", "undo"],
)
def test_any_other_command(
    place: str,
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(place, broken)
    assert failed(capsys, *words, str(project(tmp_path))).endswith(f"please report it; {LOOK}")
