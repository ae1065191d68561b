"""The function calls of three fixed runs: `python tests/promises/calls.py` counts them anew and writes calls.json.

A clock says little on a machine that does other things too; calls are the same each time, on one version of Python.
"""

from __future__ import annotations

import json
import os
import pstats
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

KEPT = Path(__file__).with_name("calls.json")
ROOT = Path(__file__).parents[2]
CLEAN = (
    "services:\n  db:\n    image: mysql:8.4\n    volumes: ['db-data:/var/lib/mysql']\n"
    "volumes:\n  db-data:\n    driver: local\n"
)
SHOP = (
    "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
    "  app:\n    image: acme/shop:1\n    environment:\n      DATABASE_URL: sqlite:////srv/app.db\n"
    "    volumes: ['./uploads:/srv/uploads', 'rows:/srv/rows']\n"
    "  cache:\n    image: redis:7\n    command: redis-server --appendonly yes\n"
    "volumes:\n  rows:\n"
)
MAKEFILE = "up:\n\tdocker compose up -d\nclean:\n\tdocker compose down\n"


def version() -> str:
    """The version of Python that the counts hold for."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def lay_down(directory: Path) -> dict[str, Path]:
    """The inputs, by what is counted."""
    clean, reference, many = (directory / name for name in ("clean", "reference", "many"))
    clean.mkdir()
    (clean / "compose.yaml").write_text(CLEAN)
    shutil.copytree(ROOT / "fixtures" / "fastapi-sqlite-drone" / "repository", reference)
    for number in range(30):
        home = many / f"shop{number}"
        home.mkdir(parents=True)
        (home / "compose.yaml").write_text(SHOP)
        (home / "Makefile").write_text(MAKEFILE)
    return {"a clean project": clean, "a fix with its proof": reference, "thirty projects": many}


def counted(project: Path, home: Path) -> int:
    """The calls of one whole run of volfix over the project, all that it imports among them."""
    profile = home / "profile"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "XDG_", "GIT_"))}
    environment = kept | {"PYTHONPATH": str(ROOT / "src"), "PYTHONPYCACHEPREFIX": str(home), "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "cProfile", "-o", str(profile), "-m", "volfix", str(project)]
    for _ in range(2):  # the first run compiles
        done = subprocess.run(
            command, env=environment | {"HOME": str(home)}, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr)
    return int(pstats.Stats(str(profile)).total_calls)  # type: ignore[attr-defined]


def counts() -> dict[str, int]:
    """The calls of each run."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory, "home")
        home.mkdir()
        return {name: counted(project, home) for name, project in lay_down(Path(directory)).items()}


if __name__ == "__main__":
    KEPT.write_text(json.dumps({"python": version(), "calls": counts()}, indent=2) + "\n")
    print(KEPT.read_text(), end="")
