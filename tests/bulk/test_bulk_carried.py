"""What the report on an estate knows of data that was carried by hand, from the record that carry keeps in a clone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from bulk_factory import COMPOSE
from repository_factory import checked_out

from volfix.cli.bulk_carried import CarriedVolumes
from volfix.fixes.write.carried import keep
from volfix.rules.carried import Carried

MOVE = {"service": "db", "source": "./pg", "volume": "db-data", "volume_name": "shop_db-data", "target": "/pg"}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a directory of data, and no engine that answers."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine")
    made = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE})
    (made / "pg").mkdir()
    (made / "pg" / "PG_VERSION").write_text("16\n")
    return made


def carried(clone: Path, when: float) -> None:
    keep(clone, [Carried(os.path.realpath(clone / "pg"), "db-data", "shop_db-data", when)])


def test_nothing_is_known_of_a_clone_without_a_record(clone: Path) -> None:
    assert CarriedVolumes()(str(clone), MOVE) is None
    assert CarriedVolumes()("https://git.example.org/shop.git", MOVE) is None


def test_the_record_of_the_clone_says_what_was_carried_and_when(clone: Path) -> None:
    carried(clone, time.time() + 60)
    assert str(CarriedVolumes()(str(clone), MOVE)).startswith(f"from {clone}/pg at 2")
    assert CarriedVolumes()(str(clone), {**MOVE, "volume_name": "shop_other"}) is None


def test_what_was_written_since_is_not_carried(clone: Path) -> None:
    carried(clone, time.time() - 3600)
    assert CarriedVolumes()(str(clone), MOVE) is None
