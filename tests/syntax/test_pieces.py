"""The parent of a path that code puts together."""

from __future__ import annotations

import pytest

from volfix.syntax.pieces import Piece, Value, parent_of


@pytest.mark.parametrize(
    ("path", "parent"),
    [("/srv/app/x.db", "/srv/app"), ("/srv//app/../x.db", "/srv"), ("/", "/"), ("app/x.db", None), (None, None)],
)
def test_only_an_absolute_path_has_a_known_parent(path: str | None, parent: str | None) -> None:
    found = parent_of(None if path is None else Value((Piece(path),), frozenset({"DIR"}), frozenset({"name"})))
    assert (found and found.text) == parent
    assert found is None or (found.variables, found.names) == (frozenset({"DIR"}), frozenset({"name"}))
