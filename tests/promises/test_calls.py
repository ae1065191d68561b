"""What three fixed runs cost in function calls is known: a change that makes them dearer, or cheaper, says so."""

from __future__ import annotations

import json

import pytest
from calls import KEPT, counts, version

KNOWN = json.loads(KEPT.read_text())


@pytest.mark.skipif(version() != KNOWN["python"], reason="the counts hold for another version of Python")
def test_the_runs_cost_what_they_did() -> None:
    """Where this fails and the change is meant: `python tests/promises/calls.py`, and the numbers go with it."""
    assert counts() == {name: pytest.approx(calls, rel=0.05) for name, calls in KNOWN["calls"].items()}
