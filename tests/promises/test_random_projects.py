"""Given projects put together at random, then each is planned and written without a failure, and once is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.random_projects import once_is_enough


@pytest.mark.parametrize("seed", range(60))
def test_one_run_is_enough(seed: int, tmp_path: Path) -> None:
    assert once_is_enough(seed, tmp_path).failures == ()
