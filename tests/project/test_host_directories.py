"""Which host directory the source of a bind mount names: the same key however the source is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.project.compose.host_directories import HostDirectory, host_directory
from volfix.project.compose.merging import build_project
from volfix.project.loader import Loader


def directories(root: Path, *sources: str) -> list[HostDirectory]:
    mounts = "".join(f"      - {{type: bind, source: '{source}', target: /m{n}}}\n" for n, source in enumerate(sources))
    (root / "compose.yaml").write_text(f"services:\n  app:\n    image: x\n    volumes:\n{mounts}")
    loader = Loader([], [])
    file = loader.compose(root / "compose.yaml")
    assert file is not None
    app = build_project(root, root, (file,), loader).services["app"]
    return [host_directory(mount, root) for mount in app.mounts]


@pytest.mark.parametrize(
    ("sources", "is_inside"),
    [
        (("./data", "./data/", "././data", "data", "data/", "data/../data"), True),
        (("../data", "../data/", "../x/../data"), False),
        (("~/data", "~/data/", "~/./data", "~//data"), False),
        (("${UNKNOWN}/data", "${UNKNOWN}/data/"), False),
        (("C:/data", "C:/data/"), False),
    ],
)
def test_a_directory_is_the_same_however_its_source_is_written(
    sources: tuple[str, ...], is_inside: bool, tmp_path: Path
) -> None:
    found = directories(tmp_path, *sources)
    assert len(found) == len(sources)
    assert {(each.key, each.inside) for each in found} == {(found[0].key, is_inside)}


def test_a_directory_holds_what_lies_below_it_and_not_what_is_only_called_alike(tmp_path: Path) -> None:
    data, below, alike, home = directories(tmp_path, "./data", "./data/rows", "./data2", "~/data")
    assert [each for each in (data, below, alike, home) if data.contains(each)] == [below]
    assert not home.contains(home)
