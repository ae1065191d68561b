"""Plain values that YAML reads as number, boolean or date: a container gets the text that Compose gives it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from campaign.differential import asked, read

BIN = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"

VALUES = {
    "0777": "511",
    "0x1F": "31",
    "1.50": "1.5",
    "1e6": "1e+06",
    "+1_000": "1000",
    "True": "true",
    "yes": "yes",
    "'0777'": "0777",
    "2001-12-14": "2001-12-14 00:00:00 +0000 UTC",
    "2001-12-14 21:59:43": "2001-12-14 21:59:43 +0000 UTC",
    "2001-12-14T21:59:43Z": "2001-12-14 21:59:43 +0000 UTC",
    "2001-12-14t21:59:43.10-05:30": "2001-12-14 21:59:43.1 -0530 -0530",
    "2001-12-14T21:59:43.5+05:30": "2001-12-14 21:59:43.5 +0530 +0530",
    "2001-13-14": "2001-13-14",
}


def test_a_container_gets_the_text_that_compose_gives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = "".join(f"      V{number}: {value}\n" for number, value in enumerate(VALUES))
    (tmp_path / "compose.yaml").write_text(f"services:\n  app:\n    image: x\n    environment:\n{entries}")
    project = read(tmp_path, ("compose.yaml",))
    assert not isinstance(project, str)
    environment = project.services["app"].environment
    assert {value: environment[f"V{number}"].value for number, value in enumerate(VALUES)} == VALUES
    if shutil.which("docker-compose", path=BIN):
        monkeypatch.setenv("PATH", BIN)
        config = asked(tmp_path, ("compose.yaml",))
        assert not isinstance(config, str), config
        given = config["services"]["app"]["environment"]
        assert {value: given[f"V{number}"] for number, value in enumerate(VALUES)} == VALUES
