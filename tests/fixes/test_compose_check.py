"""`--verify-with-compose`: what Compose says against a change, and only where it accepted the files before."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.differential import read
from volfix.fixes.compose_check import rejection
from volfix.project.compose.model import Project
from volfix.syntax.source import Source

BEFORE, AFTER = "services:\n  app:\n    image: x\n", "services:\n  app:\n    image: y\n"


def asked(root: Path, says: str) -> str | None:
    """What comes of a change of image x to y, with a Compose that is this shell script."""
    compose = root / "compose"
    compose.write_text(f"#!/bin/sh\nfile=$2\n{says}\n")
    compose.chmod(0o755)
    (root / "compose.yaml").write_text(BEFORE)
    project = read(root, ("compose.yaml",))
    assert isinstance(project, Project)
    path = project.files[0].path
    return rejection([str(compose)], project, {path: Source.of(path, AFTER.encode())})


REFUSES = "grep -q 'image: y' \"$file\" || exit 0\n"


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ("exit 0", None),
        ("echo bad >&2; exit 1", None),  # before the change too
        (f"{REFUSES}echo 'image must be another' >&2; exit 1", "image must be another"),
        (f"{REFUSES}printf 'first\\nno such file\\nWARNING: old\\n\\n' >&2; exit 1", "no such file"),
        (f"{REFUSES}exit 1", "Compose gives no reason"),
        ("echo 'a warning' >&2; exit 0", None),
    ],
)
def test_a_change_is_rejected_with_the_reason_that_compose_gives(says: str, said: str | None, tmp_path: Path) -> None:
    found = asked(tmp_path, says)
    if said is None:
        assert found is None
    else:
        assert found is not None
        assert found.endswith(f"before the change and not after it: {said}")
