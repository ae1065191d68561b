"""Where nobody takes the output, one line on standard error says so, and whether files were written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"


def full() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def closed() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


OUTPUTS = {"full": (full, "No space left on device"), "closed": (closed, "Broken pipe")}


def lost(root: Path, kind: str, *options: str) -> str:
    """What volfix prints on standard error where its standard output takes nothing."""
    (root / "compose.yaml").write_text(COMPOSE)
    opened, reason = OUTPUTS[kind]
    output = opened()
    try:
        command = [sys.executable, "-m", "volfix", *options, str(root)]
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(output)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"the output is lost ({reason}): ")
    return last


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")
@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_look(kind: str, form: str, tmp_path: Path) -> None:
    assert "no file is written" in lost(tmp_path, kind, "-q", "--output-format", form)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")
@pytest.mark.parametrize("kind", OUTPUTS)
def test_the_diff_of_a_write_is_lost_before_anything_is_written(kind: str, tmp_path: Path) -> None:
    assert "no file is written" in lost(tmp_path, kind, "-q", "--write")
    assert (tmp_path / "compose.yaml").read_text() == COMPOSE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")
@pytest.mark.parametrize("kind", OUTPUTS)
def test_the_result_of_a_write_is_lost_after_it(kind: str, tmp_path: Path) -> None:
    said = lost(tmp_path, kind, "-q", "--write", "--output-format", "json")
    assert "files written: 1; `volfix undo` puts back what they were" in said
    assert "db-data" in (tmp_path / "compose.yaml").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")
@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_error_that_cannot_be_said_is_still_the_status(kind: str, tmp_path: Path) -> None:
    errors = OUTPUTS[kind][0]()
    try:
        words = [sys.executable, "-m", "volfix", "--no-such-option", str(tmp_path)]
        assert subprocess.run(words, stderr=errors, check=False).returncode == 2
    finally:
        os.close(errors)
