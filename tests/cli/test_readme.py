"""What the README says that one types and that volfix prints is so: each of its blocks is run, or tested elsewhere."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import volfix as package
from volfix.cli.main import volfix

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COLUMNS = "100"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS: list[tuple[str, str]] = [(found[1], found[2]) for found in BLOCK.finditer(README)]
PRINTED = [text.removeprefix("$ ").split("\n", 1) for kind, text in BLOCKS if kind == "console"]
ELSEWHERE = {
    "# .pre-commit-config.yaml": "test_ci_recipes.py runs pre-commit",
    "# GitHub Actions": "test_ci_recipes.py runs the action's script, and actionlint over a workflow",
    "# .gitlab-ci.yml": "test_ci_recipes.py runs the recipe",
    "# .drone.yml": "test_ci_recipes.py runs the recipe",
    "# .woodpecker.yml": "test_ci_recipes.py runs the recipe",
    "# multi-gitter": "tests/bulk/test_other_tools.py runs volfix as these tools do",
    "def apply_fix": "tests/bulk/test_other_tools.py",
    "steps:  # Sourcegraph": "tests/bulk/test_other_tools.py",
    "steps:\n  - name: carry": "tests/docker/test_carry_command.py runs the script, which needs an engine",
}
"""How a block begins that is run by another test, and which."""
HERE = (
    "volfix bulk",
    "volfix carry --script",
    "import volfix",
    'ignore = ["VF309"]',
    "python3 -m venv",
    ".venv/bin/pip",
)
"""How a block begins that is run below."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository that the README shows, as the current directory."""
    made = Path(shutil.copytree(ROOT / "fixtures" / "fastapi-sqlite-drone" / "repository", tmp_path / "shop"))
    (made / ".drone.yml").unlink()  # its findings stay open without --trusted
    monkeypatch.chdir(made)
    monkeypatch.setenv("COLUMNS", COLUMNS)
    return made


def block(begin: str) -> str:
    (found,) = [text for _, text in BLOCKS if text.startswith(begin)]
    return found


def commands(text: str) -> list[list[str]]:
    """The words of each volfix command of a block, without `volfix`, comments and redirections."""
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return [[word for word in words[1:] if not word.startswith(">")] for words in lines if words[:1] == ["volfix"]]


def test_every_block_is_run_here_or_elsewhere() -> None:
    assert [text for kind, text in BLOCKS if kind != "console" and not text.startswith((*ELSEWHERE, *HERE))] == []
    assert [begin for begin in (*ELSEWHERE, *HERE) if not any(text.startswith(begin) for _, text in BLOCKS)] == []
    assert README.count("```") == 2 * len(BLOCKS)


@pytest.mark.parametrize(("command", "then"), PRINTED, ids=[command for command, _ in PRINTED])
def test_a_block_is_what_is_printed(command: str, then: str, shop: Path) -> None:
    said = CliRunner().invoke(volfix, shlex.split(command)[1:]).stdout
    assert said.strip() == then.strip()


def test_the_first_command_looks_at_a_repository_that_would_lose_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    *_, look = block("python3 -m venv").split(" && ")
    assert look.startswith(".venv/bin/volfix ")
    ran = CliRunner().invoke(volfix, look.split()[1:])
    assert ran.exit_code == 1
    assert "can lose the database" in ran.stdout


def test_the_second_command_runs_the_fast_suite() -> None:
    assert block(".venv/bin/pip").strip().endswith("&& .venv/bin/python -m pytest")
    assert "-m 'not engine and not index'" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_lines_on_bulk_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jinja2", reason="jinja2 is not installed: pip install -e '.[test]'")
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    origin, clone = tmp_path / "shop.git", tmp_path / "src" / "shop"
    shutil.copytree(ROOT / "fixtures" / "postgres-stack" / "repository", clone)
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for line in (
        "init -q -b main",
        "add -A",
        "commit -qm first",
        f"init -q --bare {origin}",
        f"remote add origin {origin}",
    ):
        subprocess.run(["git", *identity, *line.split()], cwd=clone, check=True, capture_output=True)
    (tmp_path / "repositories.txt").write_text(f"{clone}\n")
    said = []
    for words in commands(block("volfix bulk")):
        given = [word.replace("~", str(tmp_path)) for word in words]
        # The test's remote is a directory, which a push reaches only where the command line names it.
        ran = CliRunner().invoke(volfix, [*given, "--jobs", "1", "--local-remote", str(origin)])
        assert ran.exit_code in (0, 1), ran.output
        said.append(ran.stdout.splitlines()[0])
    assert said == [
        "# 1 repository: 1 with findings",
        "# 1 repository: 1 with findings",
        "# 1 repository: 1 written",
        "# 1 repository: 1 written",
        "# 1 repository: 1 pushed",
    ]
    assert (tmp_path / "report" / "estate.html").exists()


def test_the_options_of_carry_are_there() -> None:
    context = click.Context(volfix)
    for name, *options in commands(block("volfix carry --script")):
        command = volfix.get_command(context, name)
        assert command is not None
        assert command.make_context(name, options, parent=context).params["script"]


def test_the_lines_of_python_write_a_repository(shop: Path) -> None:
    text = block("import volfix").replace("path/to/repository", str(shop))
    exec(compile(text, "README.md", "exec"), {})
    assert "app-db:/app/data" in (shop / "docker-compose.yml").read_text(encoding="utf-8")
    assert not package.plan(shop).diff


def test_the_configuration_is_taken(shop: Path) -> None:
    (shop / ".volfix.toml").write_text(block('ignore = ["VF309"]'), encoding="utf-8")
    ran = CliRunner().invoke(volfix, ["config"])
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "acme/db" in ran.stdout or "Acme DB" in ran.stdout
    assert "shop-rows" in CliRunner().invoke(volfix, []).stdout
