"""The command that carries a project's data, and which moves are the same one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_factory import ROOT, finding, move, project

from volfix.fixes.results import ProjectResult
from volfix.report.carry import carry_words, identity, written_in
from volfix.rules.findings import Move


def of(*moves: Move, files: tuple[Path, ...] | None = None) -> ProjectResult:
    return project(moves=moves, written=True, files=files, name="shop")


@pytest.mark.parametrize(
    ("source", "files", "then"),
    [
        ("./data", (ROOT / "compose.yaml",), "/srv/shop/data"),
        ("./data/", (ROOT / "ops" / "compose.yaml",), "/srv/shop/ops/data"),
        ("../data", (ROOT / "ops" / "compose.yaml", ROOT / "compose.prod.yaml"), "/srv/shop/data"),
        (".", (ROOT / "compose.yaml",), "/srv/shop"),
        ("/srv/pg", (ROOT / "compose.yaml",), "/srv/pg"),
        ("~/pg data", (ROOT / "compose.yaml",), "~/pg data"),
        ("/srv/pg-${STAGE}", (ROOT / "compose.yaml",), "/srv/pg-${STAGE}"),
        ("C:\\data", (ROOT / "compose.yaml",), "C:\\data"),
    ],
)
def test_a_host_path_is_that_of_the_first_file(source: str, files: tuple[Path, ...], then: str) -> None:
    assert identity(of(files=files), move(source), {}) == ("host", then, "shop_app-db")


def test_a_path_in_an_included_file_starts_from_that_file() -> None:
    carried = move("./data")
    included = finding(path=ROOT / "parts" / "db.yaml", moves=(carried,))
    item = project([(included, True)], moves=(carried,), written=True)
    assert identity(item, carried, written_in(item))[1] == "/srv/shop/parts/data"


def test_a_container_s_own_layer_is_that_of_one_service_and_another_volume_is_named() -> None:
    web, app = (identity(of(), move("container:/app/a.db", service=name), {}) for name in ("web", "app"))
    assert web != app
    assert identity(of(), move("volume:shop_old", "app-db"), {})[:2] == ("volume", "shop_old")


def test_the_former_name_is_said() -> None:
    renamed = replace(of(move()), name="a shop", renamed="web-shop")
    assert carry_words(renamed, ROOT, is_first=True)[3:5] == ["--from-project", "a shop"]
