"""Which roots of a run hold a path, for any spelling of the path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from volfix.syntax.roots import Roots

ROOTS = ("/", "/srv", "/srv/shop", "/srv/shop/app/db", "/srv/shop/one.yml")
DEEP = "/srv/shop" + "/d" * 1500


@pytest.mark.parametrize(
    "path",
    ["/", "/srv", "/srvs/a", "/srv/shop", "/srv/shop/one.yml", "/srv//shop/app/./db//x", "/srv/shop/app/db/", DEEP],
)
@pytest.mark.parametrize("roots", [ROOTS, ROOTS[1:], ROOTS[2:], ()])
def test_the_nearest_root_comes_first(path: str, roots: tuple[str, ...]) -> None:
    known = Roots(roots={root: f"/real{root}" for root in roots})
    above = [str(each) for each in Path(os.path.dirname(path), "x").parents]  # noqa: PTH120 - keeps the spelling
    expected = tuple(f"/real{each}" for each in [path, *above] if each in roots)
    assert known.homes_of(path) == expected
    assert known.homes_of(path) == expected, "also when it is asked again"
