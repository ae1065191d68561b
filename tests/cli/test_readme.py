"""What the README says that volfix prints, volfix prints: each block is run, in the fixture that it is about."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from volfix.cli.main import volfix

ROOT = Path(__file__).parents[2]
COLUMNS = "100"
BLOCK = re.compile(r"```console\n\$ (volfix[^\n]*)\n(.*?)```", re.DOTALL)
BLOCKS = [match.groups() for match in BLOCK.finditer((ROOT / "README.md").read_text(encoding="utf-8"))]


def test_there_are_blocks() -> None:
    assert BLOCKS


@pytest.mark.parametrize(("command", "then"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_a_block_is_what_is_printed(command: str, then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Path(shutil.copytree(ROOT / "fixtures" / "fastapi-sqlite-drone" / "repository", tmp_path / "shop"))
    (shop / ".drone.yml").unlink()  # its findings stay open without --trusted
    monkeypatch.chdir(shop)
    monkeypatch.setenv("COLUMNS", COLUMNS)
    said = CliRunner().invoke(volfix, shlex.split(command)[1:]).stdout
    assert said.strip() == then.strip()
