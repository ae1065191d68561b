"""Given a project's files, what Compose would miss in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.differential import read
from volfix.project.compose.completeness import lacking, undeclared


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("services:\n  app:\n    image: x\n", None),
        ("services:\n  app:\n    restart: always\n", "app has neither image nor build"),
        ("services:\n  app:\n    image: x\n    depends_on: [db]\n", "app needs the service db"),
        ("services:\n  app:\n    image: x\n    network_mode: service:vpn\n", "app needs the service vpn"),
        ("services:\n  app:\n    image: x\n    networks: [inner]\n", "app needs the network inner"),
        ("services:\n  app:\n    image: x\n    networks: [default]\n", None),
        ("services:\n  app:\n    image: x\n    secrets: [{source: key}]\n", "app needs the secret key"),
        ("services:\n  app:\n    image: x\n    secrets: [key]\nsecrets:\n  key: {file: k}\n", None),
        ("volumes:\n  rows:\n", "no `services:`"),
        ("include: [gone.yaml]\nservices:\n  app:\n    restart: always\n", None),
        ("app:\n  image: x\n  links: [db]\n", None),
    ],
)
def test_what_compose_misses_first(text: str, missing: str | None, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    project = read(tmp_path, ("compose.yaml",))
    assert not isinstance(project, str)
    assert lacking(project) == missing


def test_volumes_that_no_file_declares(tmp_path: Path) -> None:
    mounts = "[rows:/a, other:/b, ./c:/c, '${UNKNOWN}:/d']"
    (tmp_path / "compose.yaml").write_text(
        f"services:\n  app:\n    image: x\n    volumes: {mounts}\nvolumes:\n  rows:\n"
    )
    project = read(tmp_path, ("compose.yaml",))
    assert not isinstance(project, str)
    assert undeclared(project) == {"other"}
