"""What the files of a data directory cost, counted in function calls; and what a carry does not import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Calls

from volfix.docker.carry_jobs import Origin
from volfix.docker.local_files import contents, listing
from volfix.docker.sqlite_files import Spool
from volfix.project.discovery import directories

FILES = 200
IMPORTED = """
import volfix.cli.carry, volfix.cli.rows, volfix.docker.carry, volfix.docker.find_moves, volfix.docker.rows, sys
from pathlib import Path
from volfix.docker.deployed import deployed_at
assert deployed_at(Path(sys.argv[1])).project.name
print(*(name for name in sys.modules if name.startswith("volfix.rules.vf")))
"""


def walked(root: Path) -> None:
    assert [found.path for found in directories([root], [])] == [root]


def listed(root: Path) -> None:
    found = listing(Origin("bind", str(root), ".", "history"), None)
    assert found is not None
    assert len(found.manifest) > FILES


def compared(root: Path) -> None:
    assert len(contents(root, Spool(remember=False).keep)) > FILES


def calls(run: Callable[[Path], None], root: Path, files: int) -> int:
    (root / "data" / "base").mkdir(parents=True)
    for number in range(files):
        (root / "data" / "base" / str(16384 + number)).write_text("rows")
    run(root)  # what is imported and read once for all
    with Calls() as counted:
        run(root)
    return counted.number


@pytest.mark.parametrize(("run", "most"), [(walked, 9), (listed, 14), (compared, 30)])
def test_a_file_of_data_costs_few_calls(run: Callable[[Path], None], most: int, tmp_path: Path) -> None:
    assert (calls(run, tmp_path / "many", 2 * FILES) - calls(run, tmp_path / "few", FILES)) / FILES <= most


def test_carry_and_rows_import_no_rule(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services: {db: {image: postgres:16, volumes: ['db:/data']}}\nvolumes: {db:}"
    )
    done = subprocess.run([sys.executable, "-c", IMPORTED, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
