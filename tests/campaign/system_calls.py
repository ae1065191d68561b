"""Killed at any file call, or with an error at it: every file is whole, the error is one line, the next run ends it."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .command_line import Ended, ended, status_of
from .table import Outcome
from .traced import ERRORS, STRIDE, calls_of, disturbed

Content = dict[str, bytes]
SHOP = b"services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./pg:/var/lib/postgresql/data\n"
FILES: Content = {
    "shop/compose.yaml": SHOP,
    "shop/compose.override.yaml": b"services:\n  db:\n    volumes: ['./pg:/var/lib/postgresql/data:z']\n",
    "blog/compose.yaml": b"services:\n  app:\n    build: .\n    env_file: app.env\n    volumes: ['rows:/app/data']\n"
    b"volumes:\n  rows:\n",
    "blog/app.env": b"DATABASE_URL=sqlite:///./app.db\n",
    "blog/Dockerfile": b"FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
    "blog/db.py": b"from sqlalchemy import create_engine\n",
    "blog/requirements.txt": b"sqlalchemy==2.0.36\n",
}
STACKS = ("shop/", "blog/")


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is run over the repository, after what; `ends_as` is the command that ends what a kill has left."""

    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    git: bool = False


WRITE = ("--write", "--unsafe-fixes")
SCENARIOS = {
    "write": Scenario(WRITE),
    "write in git": Scenario(WRITE, git=True),
    "write with carry services": Scenario((*WRITE, "--carry-service")),
    "undo": Scenario(("undo",), before=(WRITE,)),
    "undo in git": Scenario(("undo",), before=(WRITE,), git=True),
    "dry run": Scenario(("--unsafe-fixes",)),
    "carry script": Scenario(("carry", "--script"), before=(WRITE,), git=True),
}


def one_call(seed: int, directory: Path) -> Outcome:
    """The next point of the next scenario: seeds one after the other try every call with a kill and with an error."""
    names = list(SCENARIOS)
    name, turn = names[seed % len(names)], seed // len(names)
    scenario, expected = SCENARIOS[name], _expected(name)
    call = expected.calls[turn // 2 * STRIDE % len(expected.calls)]
    effect = "KILL" if turn % 2 == 0 else random.Random(seed).choice(ERRORS)
    root = _laid(scenario, directory)
    result = disturbed(lambda: status_of(*scenario.words, str(root)), call, effect)
    said = f"{name}: {effect} at {call[0]} number {call[1]}"
    try:
        failures = _judged(scenario, expected, root, result, effect)
    except OSError as error:
        failures = [f"{error}"]
    return Outcome(1, tuple(f"{said}: {failure}" for failure in failures))


@dataclass(frozen=True, slots=True)
class Expected:
    """What the scenario does undisturbed: its status, the files before and after it, and its file calls."""

    status: int | None
    before: Content
    after: Content
    calls: tuple[tuple[str, int], ...]


@cache
def _expected(name: str) -> Expected:
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="volfix-campaign-") as where:
        root = _laid(scenario, Path(where, "first"))
        before = content(root)
        status = ended(*scenario.words, str(root)).status  # it imports what it needs
        after = content(root)
        again = _laid(scenario, Path(where, "again"))
        calls = calls_of(lambda: status_of(*scenario.words, str(again)))
    return Expected(status, before, after, tuple(calls))


def _laid(scenario: Scenario, directory: Path) -> Path:
    root = repository(directory, git=scenario.git)
    for words in scenario.before:
        ended(*words, str(root))
    return root


def repository(directory: Path, *, git: bool) -> Path:
    """The files in `directory`/root, committed where `git`; the state of volfix is beside them."""
    root = directory / "root"
    for name, data in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    os.environ["XDG_STATE_HOME"] = str(directory / "state")
    if git:
        for words in ("init -q", "add -A", "commit -q -m one"):
            people = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
            subprocess.run(["git", "-C", str(root), *people, *words.split()], check=True, capture_output=True)
    return root


def content(root: Path) -> Content:
    """The bytes of every file of the repository, git's own left out."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def _judged(scenario: Scenario, expected: Expected, root: Path, result: Ended, effect: str) -> list[str]:
    found = content(root)
    failures = [f"{name} is neither old nor new" for name in sorted(found) if not _is_whole(name, found, expected)]
    failures += [f"{name} is gone" for name in sorted(expected.before.keys() - found.keys())]
    if result.has_failed:
        return [*failures, result.errors]
    if effect != "KILL":
        failures += _after_an_error(expected, found, result)
    return failures or _next_run(scenario, expected, root)


def _is_whole(name: str, found: Content, expected: Expected) -> bool:
    is_temporary = name.rpartition("/")[2].startswith(".volfix-") and name.endswith(".tmp")
    return is_temporary or found[name] in (expected.before.get(name), expected.after.get(name))


def _after_an_error(expected: Expected, found: Content, result: Ended) -> list[str]:
    """Each stack is old or new as a whole, and who is told that all went well has the new files."""
    failures = []
    for stack in STACKS:
        old, new = (_part(side, stack) for side in (expected.before, expected.after))
        if _part(found, stack) not in (old, new):
            failures.append(f"{stack} is half written: status {result.status}, {result.errors.strip()}")
    if result.status == expected.status and found != expected.after:
        failures.append(f"status {result.status} as if all were done: {result.output}{result.errors}")
    if result.status not in (expected.status, 1, 2):
        failures.append(f"status {result.status}: {result.errors.strip()}")
    if result.status == 2 and not result.errors.strip() and "NOT WRITTEN" not in result.output:
        failures.append("status 2 without a reason")
    return failures


def _part(content: Content, stack: str) -> Content:
    return {name: data for name, data in content.items() if name.startswith(stack) and not name.endswith(".tmp")}


def _next_run(scenario: Scenario, expected: Expected, root: Path) -> list[str]:
    """The same command again ends what was begun, and leaves nothing beside it."""
    ended(*scenario.words, str(root))
    found = content(root)
    if found == expected.after:
        return []
    names = [name for name in found.keys() | expected.after.keys() if found.get(name) != expected.after.get(name)]
    return [f"the next run does not end it: {', '.join(sorted(names))}"]
