"""`--jobs`: several processes look at the stacks, and nothing of what is said or written shows it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system tells here which processes there are")

INTERRUPTS = int(os.environ.get("VOLFIX_TEST_INTERRUPTS", "5"))
"""How often each signal is sent."""
FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson")
POSTGRES = "services:\n  db:\n    image: postgres:16\n    volumes: ['./rows:/var/lib/postgresql/data']\n"
CLEAN = (
    "services:\n  db:\n    image: mysql:8.4\n    volumes: ['rows:/var/lib/mysql']\nvolumes: {rows: {driver: local}}\n"
)
BUILT = (
    "services:\n  app:\n    build: {context: .., dockerfile: Dockerfile}\n    user: '1000'\n"
    "    environment: ['DATABASE_URL=sqlite:////data/app.db']\n    volumes: ['./data:/data']\n"
)
MAIN = "import sys\nfrom volfix.cli.main import main\nmain(sys.argv[1:])\n"
DIES = """
import os, signal
from volfix.fixes import plan
honest, first = plan.plan_stack, os.getpid()
def dies(context, *rest):
    if context.stack.first_file.parent.name in ('shop13', 'shop17') and os.getpid() != first:
        os.kill(os.getpid(), signal.SIGKILL)
    return honest(context, *rest)
plan.plan_stack = dies
"""
SLOW = """
import time
from volfix.fixes import plan
honest = plan.plan_stack
def slow(context, *rest):
    time.sleep(60 if context.stack.first_file.parent.name == 'shop39' else 0.02)
    return honest(context, *rest)
plan.plan_stack = slow
"""


def lay_down(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """Stacks that have something in common: a project's name, a Dockerfile with an ignore comment, a refused file."""
    files = {f"shop{number}/compose.yaml": (POSTGRES, CLEAN)[number % 3 == 0] for number in range(20)}
    files |= {f"{side}/app/compose.yaml": POSTGRES for side in ("north", "south", "west")}
    files |= {f"built{number}/compose.yaml": BUILT for number in range(4)}
    files["Dockerfile"] = "FROM python:3.12\n# volfix: ignore[VF111, VF203]\nUSER 1000\nWORKDIR /data\n"
    files["broken/compose.yaml"] = "services: [\n"
    files["deploy.sh"] = "docker compose -f shop1/compose.yaml up -d\ndocker compose -f shop2/compose.yaml down -v\n"
    files["Makefile"] = "clean:\n\tdocker compose -f shop4/compose.yaml down -v\n"
    root = lay_down(tmp_path / "estate", files)
    with (root / "built2" / ".env").open("wb") as file:
        file.truncate(20 * 1024 * 1024)
    return root


def run(root: Path, *words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", before + MAIN, str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_output_is_that_of_one_process(estate: Path, tmp_path: Path) -> None:
    ended = {}
    for jobs in ("1", "3"):
        (tmp_path / jobs).mkdir()
        files = [tmp_path / jobs / form for form in FORMATS]
        forms = [word for form in FORMATS for word in ("--output-format", form)]
        names = [word for file in files for word in ("--output-file", str(file))]
        done = run(estate, "-v", "--unsafe-fixes", "--jobs", jobs, *forms, *names)
        ended[jobs] = (done.returncode, done.stdout, done.stderr, [file.read_text() for file in files])
    assert ended["1"] == ended["3"]
    assert ended["1"][0] == 2
    assert "app-data-2" in ended["3"][3][1] or "db-data-2" in ended["3"][3][1], "names depend on the stacks before"


def test_what_is_written_is_that_of_one_process(estate: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(estate, other)
    one = run(estate, "--write", "--allow-dirty", "--jobs", "1", "-q")
    many = run(other, "--write", "--allow-dirty", "--jobs", "3", "-q")
    assert many.returncode == one.returncode
    texts = [
        {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("compose.yaml")}
        for root in (estate, other)
    ]
    assert texts[0] == texts[1]


def test_a_process_that_is_killed_is_named_and_the_other_projects_are_shown(tmp_path: Path) -> None:
    root = lay_down(tmp_path / "estate", {f"shop{number:02}/compose.yaml": POSTGRES for number in range(20)})
    done = run(root, "--jobs", "3", "-q", before=DIES)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{root}/shop{number}/compose.yaml: not checked: its worker died: it may have used up the memory"
        for number in (13, 17)
    ]
    assert sum(line.count("VF101") for line in done.stdout.splitlines()) == 18


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupt_at_any_instant_leaves_no_process(sent: signal.Signals, tmp_path: Path) -> None:
    root = lay_down(tmp_path / "estate", {f"shop{number}/compose.yaml": POSTGRES for number in range(40)})
    command = [sys.executable, "-c", SLOW + MAIN, str(root), "--jobs", "4", "-q"]
    chance = random.Random(23)
    for _ in range(INTERRUPTS):
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A shell that starts the tests in the background has them ignore interrupts, and their children with them.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        )
        while not forked(process.pid):
            assert process.poll() is None
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.3))  # the last stack takes a minute: each interrupt comes before the end
        process.send_signal(sent)
        _, errors = process.communicate()
        assert (process.returncode, errors.strip()) == (130, "interrupted")
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)


def forked(parent: int) -> bool:
    """Whether the process has begun another one."""
    return bool(Path(f"/proc/{parent}/task/{parent}/children").read_text())
