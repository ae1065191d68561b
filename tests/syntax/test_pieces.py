"""The parent of a path that code puts together, and how deep its expressions are followed."""

from __future__ import annotations

import pytest

from volfix.syntax.pieces import DEEPEST, Evaluation, Piece, Value, parent_of


@pytest.mark.parametrize(
    ("path", "parent"),
    [("/srv/app/x.db", "/srv/app"), ("/srv//app/../x.db", "/srv"), ("/", "/"), ("app/x.db", None), (None, None)],
)
def test_only_an_absolute_path_has_a_known_parent(path: str | None, parent: str | None) -> None:
    found = parent_of(None if path is None else Value((Piece(path),), frozenset({"DIR"}), frozenset({"name"})))
    assert (found and found.text) == parent
    assert found is None or (found.variables, found.names) == (frozenset({"DIR"}), frozenset({"name"}))


class Boxes(Evaluation[str]):
    """`(((x)))`: as many boxes as there are, with a text in the innermost."""

    def _value(self, node: str) -> Value | None:
        return self.value(node[1:-1]) if node.startswith("(") else Value((Piece(node),))


def test_expressions_are_followed_so_deep_and_no_deeper_however_many_came_before() -> None:
    boxes, deep = Boxes(), "(" * DEEPEST + "x" + ")" * DEEPEST
    for _ in range(3 * DEEPEST):
        assert boxes.value(deep) == Value((Piece("x"),))
        assert boxes.value(f"({deep})") is None
