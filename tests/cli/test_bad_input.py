"""Input that volfix cannot use: a clear message with the place, the right status, nothing written, the rest done."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import Calls

from volfix.cli.main import volfix

HOSTILE = Path(__file__).parents[2] / "fixtures" / "hostile"
GOOD = "services:\n  db:\n    image: mysql:8.4\n    volumes: ['./sql:/var/lib/mysql']\n"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(volfix, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def report(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(run("--output-format", "json", str(path)).stdout)
    return loaded


def beside_a_good_project(tmp_path: Path, name: str) -> Path:
    shutil.copytree(HOSTILE / name, tmp_path / name)
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "compose.yaml").write_text(GOOD)
    return next(path for path in (tmp_path / name).iterdir() if path.is_file())


@pytest.mark.parametrize(
    ("name", "line", "column", "words"),
    [
        ("broken", 4, None, "not valid YAML"),
        ("recursive-alias", 4, 18, "alias *db is inside its own anchor"),
        ("binary", 1, 5, "binary data"),
        ("utf-16", 1, 1, "UTF-16"),
        ("duplicate-key", 4, 5, 'the key "image" is twice in this mapping'),
    ],
)
def test_a_file_that_cannot_be_read(name: str, line: int, column: int | None, words: str, tmp_path: Path) -> None:
    bad = beside_a_good_project(tmp_path, name)
    before = bad.read_bytes()
    result = run("--write", str(tmp_path))
    assert result.exit_code == 2
    assert words in result.stderr
    assert str(bad) in result.stderr or bad.name in result.stderr
    assert bad.read_bytes() == before
    assert "db-data:/var/lib/mysql" in (tmp_path / "good" / "compose.yaml").read_text()
    (error,) = report(tmp_path)["errors"]
    assert Path(error["file"]) == bad
    assert error["line"] == line
    assert column is None or error["column"] == column


@pytest.mark.parametrize(("name", "words"), [("template", "a template"), ("not-compose", "not a Compose file")])
def test_a_file_that_is_something_else_is_a_note(name: str, words: str, tmp_path: Path) -> None:
    other = beside_a_good_project(tmp_path, name)
    before = other.read_bytes()
    result = run("--write", str(tmp_path))
    assert result.exit_code == 0
    assert words in result.stderr
    assert other.read_bytes() == before


def test_an_alias_bomb_costs_nothing(tmp_path: Path) -> None:
    bomb = beside_a_good_project(tmp_path, "alias-bomb")
    with Calls() as calls:
        result = run(str(bomb))
    assert result.exit_code in (0, 1)
    assert calls.number < 1_500_000


def test_version_1_is_reported_and_left(tmp_path: Path) -> None:
    old = beside_a_good_project(tmp_path, "version-1")
    before = old.read_bytes()
    result = run("--write", "--unsafe-fixes", str(old))
    assert result.exit_code == 1
    assert "version 1" in result.stdout
    assert old.read_bytes() == before


def test_fifty_megabytes(tmp_path: Path) -> None:
    beside_a_good_project(tmp_path, "template")
    huge = tmp_path / "huge" / "compose.yaml"
    huge.parent.mkdir()
    with huge.open("wb") as handle:
        handle.write(b"services:\n")
        handle.truncate(50 * 1024 * 1024)
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert "larger than volfix reads" in result.stderr


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "compose.yaml"
    secret.write_text(GOOD)
    opened = os.open

    def denied(path: Any, *flags: Any, **options: Any) -> int:
        if str(path) == str(secret):
            raise PermissionError(13, "Permission denied")
        return opened(path, *flags, **options)

    monkeypatch.setattr(os, "open", denied)
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert "Permission denied" in result.stderr


def test_a_directory_without_compose_files(tmp_path: Path) -> None:
    result = run(str(tmp_path))
    assert result.exit_code == 0
    assert result.stderr == f"nothing checked: no Compose file below {tmp_path}\n"
    assert result.stdout == ""


def test_files_of_other_names_that_are_no_project_alone_are_named(tmp_path: Path) -> None:
    files = {
        "deploy/site.yml": "services:\n  web:\n    image: nginx\n    networks: [edge]\n",
        "roles/x/files/app.YML": "services:\r\n  db:\r\n    build: .\r\n    volumes: ['rows:/rows']\r\n",
        "site.yaml": "services: {web: {image: nginx, depends_on: [db]}}\n",
        "node_modules/x/site.yml": "services: {web: {image: nginx, depends_on: [db]}}\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    result = run(str(tmp_path))
    assert result.exit_code == 0
    first, second = result.stderr.splitlines()
    assert first == f"nothing checked: no Compose file below {tmp_path}"
    why = "not read, because they are no project alone and no file names them"
    named = "site.yaml, deploy/site.yml, roles/x/files/app.YML"
    assert second == f"{why}: {named}; to check a file, type its path: volfix {tmp_path}/site.yaml"
    assert "web needs the service db" in run(str(tmp_path / "site.yaml")).stderr


@pytest.mark.parametrize(
    "beside", ["stack/compose.yaml", "stack/wiki-stack.yml", "stack/Makefile", "stack/README.md", "compose.yaml"]
)
@pytest.mark.parametrize("asked", ["stack/shop.yml", "stack/site.YAML"])
def test_a_file_that_is_typed_beside_its_own_tree_is_read(beside: str, asked: str, tmp_path: Path) -> None:
    (tmp_path / "stack").mkdir()
    (tmp_path / beside).write_text("services: {web: {image: nginx}}\n" if "y" in beside else "up:\n\ttrue\n")
    database = "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
    (tmp_path / asked).write_text(database)
    for paths in ([tmp_path, tmp_path / asked], [tmp_path / asked, tmp_path]):
        result = run(*map(str, paths))
        assert result.stdout.count("VF101") == 1, result.stdout + result.stderr


def test_each_path_without_compose_files_is_said(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "b/compose.yaml").write_text("services: {web: {image: nginx}}\n")
    result = run(*(str(tmp_path / name) for name in ("a", "b", "c")))
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f"nothing checked: no Compose file below {tmp_path / name}" for name in ("a", "c")
    ]
    assert result.stdout == "Nothing to do: no findings in 1 project.\n"


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    result = run(str(tmp_path / "nothing"))
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_a_rule_that_does_not_exist(tmp_path: Path) -> None:
    result = run("--select", "VF999", str(tmp_path))
    assert result.exit_code == 2
    assert "no rule VF999" in result.stderr
