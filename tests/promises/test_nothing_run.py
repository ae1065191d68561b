"""Given a repository that is armed in any way, volfix runs nothing of it.

Every arm with every command is a part of the campaign, of which CI tries all: `armed-repositories`.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from campaign.armed_repositories import ARMS, arm
from volfix import __version__
from volfix.bulk.message import DEFAULT
from volfix.bulk.sources import sources
from volfix.bulk.worker import Job, Task, work
from volfix.report.json_report import render


@pytest.mark.parametrize("name", [*list(ARMS)[::8], *(name for name in ARMS if name.startswith("remote"))])
def test_bulk_runs_nothing_either(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    armed = arm(tmp_path / "armed", name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    task = Task(__version__, render, DEFAULT, 1_700_000_001, 30, None, "volfix/x", write=True, push=True)
    (found,) = sources([str(armed.repository)], io.BytesIO())
    work(task, Job(found))
    assert not armed.went_off


def test_an_arm_goes_off_where_git_is_called_as_usual(tmp_path: Path) -> None:
    """Else the arms would prove nothing."""
    armed = arm(tmp_path, "setting core.fsmonitor")
    subprocess.run(["git", "-C", str(armed.repository), "status"], check=False, capture_output=True)
    assert armed.went_off


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_program_that_volfix_started_ends_with_it(number: signal.Signals, tmp_path: Path) -> None:
    here = tmp_path / "pid"
    code = (
        "import signal\nfrom volfix.cli.signals import as_by_ctrl_c\nfrom volfix.project.children import run\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background starts without it
        "with as_by_ctrl_c():\n"
        f"    run(['sh', '-c', 'sleep 600 & echo $! > {here}.new; mv {here}.new {here}; wait'], 500)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        while not here.exists():
            time.sleep(0.02)
        process.send_signal(number)
        process.wait(60)
    child = Path(f"/proc/{int(here.read_text())}")
    while child.exists() and (child / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.02)
