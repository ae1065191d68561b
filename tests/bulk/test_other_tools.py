"""What multi-gitter, turbolift, git-xargs, all-repos and Sourcegraph's batch changes expect of `volfix --write`.

They run a command in a fresh clone: it edits in place, ends with 0 unless it failed, and asks nobody. A clone that
it leaves as it was makes no request.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bulk_factory import COMPOSE, FIXED
from repository_factory import checked_out, git

README = Path(__file__).parents[2] / "README.md"
TOOLS = ("multi-gitter", "turbolift", "git-xargs", "all-repos", "Sourcegraph")
OPEN = b"services:\n  db:\n    image: postgres:16\n    volumes:\n      - /srv/pg:/var/lib/postgresql/data\n"


def volfix(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, as those tools run it: in the clone, without a terminal, its input closed."""
    return subprocess.run(
        [sys.executable, "-m", "volfix", *words],
        cwd=clone,
        env={**os.environ, "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        start_new_session=True,
    )


def documented() -> list[list[str]]:
    """The words after `volfix` in every line of the README that another tool runs."""
    section = README.read_text().partition("multi-gitter run")
    text = section[1] + section[2].partition("\n\n`--")[0]
    return [found.split() for found in re.findall(r"volfix((?: --?[a-z-]+)+)", text)]


def test_the_readme_shows_each_tool_with_the_same_command() -> None:
    assert all(tool in README.read_text() for tool in TOOLS)
    assert [words for words in documented() if words != ["--write", "--exit-zero", "-q"]] == []
    assert len(documented()) == len(TOOLS)


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        pytest.param({"compose.yaml": COMPOSE}, ["compose.yaml"], id="fixed"),
        pytest.param({"compose.yaml": OPEN}, [], id="a finding that stays"),
        pytest.param({"compose.yaml": FIXED}, [], id="clean"),
        pytest.param({"README.md": b"# docs\n"}, [], id="nothing to look at"),
    ],
)
def test_edits_in_place_and_ends_with_0(files: dict[str, bytes], changed: list[str], tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", files)
    head = git(clone, "rev-parse", "HEAD")
    ran = volfix(clone, "--write", "--exit-zero", "-q")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert git(clone, "status", "--porcelain").split()[1:] == changed
    assert (git(clone, "rev-parse", "HEAD"), git(clone, "branch", "--format=%(refname:short)")) == (head, "main")
    if changed:
        assert (clone / "compose.yaml").read_bytes() == FIXED


def test_a_failure_is_a_failure_also_with_exit_zero(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": b"services: [\n"})
    ran = volfix(clone, "--write", "--exit-zero", "-q")
    assert ran.returncode == 2
    assert "compose.yaml:" in ran.stderr


def test_without_it_findings_that_stay_are_a_failure_to_those_tools(tmp_path: Path) -> None:
    assert volfix(checked_out(tmp_path / "shop", {"compose.yaml": OPEN}), "--write", "-q").returncode == 1


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE})
    volfix(clone, "--write", "--exit-zero", "-q")
    git(clone, "commit", "-qam", "volfix")
    assert volfix(clone, "--write", "--exit-zero", "-q").returncode == 0
    assert git(clone, "status", "--porcelain") == ""
