"""Given a short mount with options, when it becomes a named volume, then it keeps those that a volume can have."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

DATA = "/var/lib/postgresql/data"


@pytest.mark.parametrize(
    ("options", "kept"),
    [("", ""), (":rw", ":rw"), (":z", ""), (":Z,rw", ":rw"), (":rw,nocopy,cached", ":rw,nocopy"), (":rw,U,z", ":rw")],
)
def test_options_of_a_bind_mount_alone_go(options: str, kept: str, tmp_path: Path) -> None:
    stack = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - {}\n"
    (tmp_path / "compose.yaml").write_text(stack.format(f"./pg:{DATA}{options}"))
    (change,) = (one for project in volfix.plan(tmp_path, select=("VF101",)).projects for one in project.changes)
    assert change.after.text.startswith(stack.format(f"db-data:{DATA}{kept}"))
