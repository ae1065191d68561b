"""What other programs run: pre-commit's hook, the action, and the recipes of the README."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "volfix"
LOSES = "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
KEEPS = "services: {web: {image: nginx}}\n"


def git(where: Path, *words: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", "-C", str(where), *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(where: Path, text: str) -> Path:
    where.mkdir()
    (where / "compose.yaml").write_text(text)
    git(where, "init", "-q")
    git(where, "add", "-A")
    git(where, "commit", "-qm", "first")
    return where


@pytest.mark.index
def test_pre_commit_installs_the_hook_from_a_clone_and_runs_it(tmp_path: Path) -> None:
    clone = tmp_path / "volfix"
    shutil.copytree(ROOT / "src", clone / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone)
    git(clone, "init", "-q")
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "as it is here")
    shop = repository(tmp_path / "shop", LOSES)
    config = {"repos": [{"repo": str(clone), "rev": git(clone, "rev-parse", "HEAD"), "hooks": [{"id": "volfix"}]}]}
    (shop / ".pre-commit-config.yaml").write_text(json.dumps(config))
    git(shop, "add", "-A")
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache")}
    environment |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}

    def ran() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
        return subprocess.run(words, cwd=shop, env=environment, capture_output=True, text=True, check=False)

    first = ran()
    assert first.returncode == 1, first.stdout + first.stderr
    assert "VF101" in first.stdout
    (shop / "compose.yaml").write_text(KEEPS)
    git(shop, "add", "-A")
    second = ran()
    assert second.returncode == 0, second.stdout + second.stderr
    assert "Passed" in second.stdout
    assert (shop / "compose.yaml").read_text() == KEEPS


def acted(where: Path, tmp_path: Path, **given: str) -> tuple[dict[str, str], str]:
    """The outputs of the action's script, and what it prints."""
    program = tmp_path / "volfix"
    program.write_text(f"#!{sys.executable}\nfrom volfix.cli.main import main\nmain()\n")
    program.chmod(0o755)
    output = tmp_path / "output"
    output.write_text("")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(output),
        "GITHUB_ACTION_PATH": str(ACTION),
        "VOLFIX_COMMAND": str(program),
        **given,
    }
    words = ["bash", str(ACTION / "run.sh")]
    done = subprocess.run(words, cwd=where, env=environment, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in output.read_text().splitlines()), done.stdout


@pytest.mark.parametrize(
    ("text", "given", "status"),
    [
        (LOSES, {}, "1"),
        (LOSES, {"VOLFIX_PATHS": "compose.yaml\n."}, "1"),
        (LOSES, {"VOLFIX_ARGUMENTS": "--ignore=VF1\n--min-severity=error"}, "0"),
        (KEEPS, {}, "0"),
        ("services: {a: [}", {}, "2"),
        (KEEPS, {"VOLFIX_PATHS": "$(touch owned)\n--write"}, "2"),
    ],
)
def test_the_action_annotates_and_leaves_sarif(text: str, given: dict[str, str], status: str, tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop", text)
    outputs, said = acted(shop, tmp_path, **given)
    assert outputs["status"] == status
    assert not (shop / "owned").exists()
    assert ("::error file=compose.yaml" in said) == (status == "1" or (text.endswith("}") and "[}" in text))
    if "sarif" in outputs:
        results = json.loads(Path(outputs["sarif"]).read_text())["runs"][0]["results"]
        assert bool(results) == (status == "1")


def test_the_action_names_only_what_its_script_gives() -> None:
    loaded: dict[str, Any] = YAML(typ="safe").load((ACTION / "action.yml").read_text())
    script = (ACTION / "run.sh").read_text()
    first = loaded["runs"]["steps"][0]
    assert all(name in script for name in first["env"])
    assert set(loaded["inputs"]) == {"paths", "arguments", "upload", "command"}
    assert all(f'"{name}=' in script for name in loaded["outputs"])
    steps = [step.get("run", "") for step in loaded["runs"]["steps"]]
    assert not [step for step in steps if "${{" in step], "no text of an input is code"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_the_actions_script_is_clean() -> None:
    done = subprocess.run(["shellcheck", str(ACTION / "run.sh")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="needs actionlint")
def test_a_workflow_with_the_action_is_clean(tmp_path: Path) -> None:
    shutil.copytree(ACTION, tmp_path / ".github/actions/volfix")
    workflow = tmp_path / ".github/workflows/volfix.yml"
    workflow.parent.mkdir()
    workflow.write_text(
        "on: push\npermissions: {contents: read, security-events: write}\n"
        "jobs:\n  volfix:\n    runs-on: ubuntu-latest\n"
        "    steps:\n      - uses: actions/checkout@v4\n      - id: volfix\n        uses: ./.github/actions/volfix\n"
        "        with: {paths: deploy, arguments: --min-severity=error}\n"
        "      - run: echo \"$STATUS\"\n        env: {STATUS: '${{ steps.volfix.outputs.status }}'}\n"
    )
    git(tmp_path, "init", "-q")
    done = subprocess.run(["actionlint", "-no-color"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def recipes() -> list[tuple[str, list[str]]]:
    """The commands of each recipe of the README that installs volfix."""
    found = []
    for block in re.findall(r"```yaml\n(# \.[^\n]*)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL):
        title, text = block
        data: Any = YAML(typ="safe").load(text)
        if "volfix" in text and "pip install" in text:
            steps = data.get("steps") or data
            step = steps["volfix"] if isinstance(steps, dict) else steps[0]
            found.append((title, step.get("commands") or step["script"]))
    return found


def test_there_is_a_recipe_for_each_system() -> None:
    assert [title for title, _ in recipes()] == ["# .gitlab-ci.yml", "# .drone.yml", "# .woodpecker.yml"]


@pytest.mark.index
def test_the_recipes_run_with_a_wheel(tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop", LOSES)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    pip = str(tmp_path / "venv" / "bin" / "pip")
    subprocess.run([pip, "wheel", "-q", "--no-deps", "-w", str(tmp_path / "dist"), str(ROOT)], check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    path = f"{tmp_path / 'venv' / 'bin'}:{os.environ['PATH']}"
    for title, commands in recipes():
        environment = {**os.environ, "PATH": path, "HOME": str(tmp_path), "VOLFIX": str(wheel)}  # pip's index is in it
        words = ["sh", "-e", "-c", "\n".join(commands)]
        done = subprocess.run(words, cwd=shop, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1, title + done.stdout + done.stderr
        assert "VF101" in done.stdout, title
    assert json.loads((shop / "gl-code-quality-report.json").read_text())[0]["check_name"] == "VF101"
