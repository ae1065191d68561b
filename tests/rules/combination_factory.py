"""Repositories that are written down in a test, and Compose asked about combinations of their files."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import volfix
from volfix.rules.findings import Finding

COMPOSE = shutil.which("docker-compose")


def laid(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def takes(root: Path, names: str) -> bool:
    """Whether Compose takes these files together; names are separated by blanks."""
    assert COMPOSE is not None
    options = [word for name in names.split() for word in ("-f", name)]
    command = [COMPOSE, *options, "config", "-q"]
    return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0


def taken(root: Path, combinations: Iterable[str]) -> dict[str, bool]:
    return {names: takes(root, names) for names in combinations}


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def changed(before: Mapping[str, bytes], root: Path) -> set[str]:
    now = {name: data for name, data in contents(root).items() if not name.startswith(".volfix")}
    return {name for name in now if now[name] != before.get(name)}


def of(plan: volfix.Plan, code: str) -> list[Finding]:
    return [finding for finding in plan.findings if finding.code == code]
