"""Given a service and what a script writes into env files, the service gets the variables that Compose gives it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from volfix.fixes.plan import plan_run
from volfix.fixes.stack_plan import Options
from volfix.project.deployments.up_commands import UpCommand

HEAD = "services:\n  app:\n    image: example/app:1\n"
CASES = {
    "environment over env_file": ("    env_file: [.env]\n    environment: {URL: 'one'}\n", "echo URL=two > .env"),
    "environment takes another variable of the file that is written": (
        "    env_file: [.env]\n    environment: {URL: '${OTHER}'}\n",
        "printf 'URL=two\\nOTHER=three\\n' > .env",
    ),
    "environment takes another variable of a file that stays": (
        "    env_file: [.env, app.env]\n    environment: {URL: '${OTHER}'}\n",
        "echo URL=two > app.env",
    ),
    "environment names a variable that nothing sets": (
        "    env_file: [app.env]\n    environment: [URL]\n",
        "echo URL=two > app.env",
    ),
    "environment with a default": (
        "    env_file: [app.env]\n    environment: {URL: '${UNSET:-three}'}\n",
        "echo URL=two > app.env",
    ),
    "the env file alone": ("    env_file: [app.env]\n", "echo URL=two > app.env"),
    "a later env file that stays": ("    env_file: [app.env, later.env]\n", "echo URL=two > app.env"),
    "an earlier env file that stays": ("    env_file: [later.env, app.env]\n", "echo URL=two > app.env"),
    "both are written, in the other order": (
        "    env_file: [app.env, .env]\n",
        "echo URL=two > .env\necho URL=three > app.env",
    ),
}


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="Compose is not installed")
@pytest.mark.parametrize("name", CASES)
def test_the_value_is_that_of_compose(name: str, tmp_path: Path) -> None:
    service, writes = CASES[name]
    files = {".env": "OTHER=from-env\n", "app.env": "URL=old\n", "later.env": "URL=later\n"}
    files |= {"compose.yaml": HEAD + service, "deploy.sh": f"{writes}\ndocker compose up -d\n"}
    for path, text in files.items():
        (tmp_path / path).write_text(text)
    (start,) = _starts(tmp_path)
    deployed = start.deployed(start.projects[0], {})
    found = {variable.name: variable.value for variable in deployed.variables("app")}

    subprocess.run(["sh", "-ec", writes], cwd=tmp_path, check=True)
    command = ["docker-compose", "config", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    expected = json.loads(done.stdout)["services"]["app"]["environment"]
    assert found["URL"] == expected["URL"]


def _starts(root: Path) -> tuple[UpCommand, ...]:
    commands = plan_run([root], Options()).stacks[0].context.deploying()
    assert commands is not None
    return commands.starting
