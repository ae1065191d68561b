"""Every pipeline that volfix edits, before Drone's own linter, where the `drone` command is on PATH."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from volfix.rules.registry import REGISTRY

FIXTURES = Path(__file__).parents[2] / "fixtures"
DRONE = shutil.which("drone")
EDITED = [
    *(
        pytest.param(example.after[name], id=f"{rule.code}: {example.title}")
        for rule in REGISTRY.values()
        for example in rule.examples
        for name in example.after or ()
        if example.after and Path(name).name == ".drone.yml"
    ),
    *(
        pytest.param(path.read_text(encoding="utf-8"), id=f"{path.parent.parent.name}: {path.parent.name}")
        for path in sorted(FIXTURES.glob("*/expected*/.drone.yml"))
    ),
]


def test_there_are_edited_pipelines() -> None:
    assert len(EDITED) >= 10


@pytest.mark.skipif(DRONE is None, reason="no `drone` command on PATH: the edited pipelines were not linted by Drone")
@pytest.mark.parametrize("text", EDITED)
def test_drone_accepts_it_where_the_repository_is_trusted(text: str, tmp_path: Path) -> None:
    assert DRONE is not None
    path = tmp_path / ".drone.yml"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([DRONE, "lint", "--trusted", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
