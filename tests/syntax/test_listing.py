"""A second look at a tree finds what a first look at the disk would, whatever lies there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from volfix.project.discovery import VENDORED, directories
from volfix.syntax import disk, listing
from volfix.syntax.opened import Refused

FILES = (
    *("compose.yaml", "Makefile", "a/b/run", "a/b.d/x.yml", "a-b/x.yml", ".github/workflows/x.yml", "empty/x/y/z.txt"),
    *(
        "node_modules/p/compose.yaml",
        "a/node_modules/p.yml",
        "inner/.git/HEAD",
        "inner/compose.yaml",
        "excluded/x/y.sh",
    ),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name in (*FILES, os.fsdecode(b"raw\xff/x\n.yml"), " /.. ./x.sh"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("services: {}\n")
    (root / "to-directory").symlink_to(root / "a")
    (root / "to-outside").symlink_to(tmp_path)
    (root / "to-itself.yml").symlink_to("to-itself.yml")
    (root / "broken.yml").symlink_to("nothing")
    (root / "a/to-file.yml").symlink_to(root / "compose.yaml")
    os.mkfifo(root / "fifo.yml")
    (root / "nothing-here").mkdir()
    return root


@pytest.mark.parametrize("most", [0, 5, 20, listing.MOST])
def test_the_second_look_finds_what_the_first_does(most: int, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = listing._Listing(free=most)
    monkeypatch.setattr(listing, "_listing", lambda: known)
    disk.begin(outside=True)
    list(directories([place], [], lambda _, __, entries: [each for each in entries if each.name != "excluded"]))
    assert list(listing.tree(place, VENDORED)) == list(disk.walk(place, VENDORED))


def test_what_was_listed_is_not_listed_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk.begin(outside=True)
    list(directories([place], []))
    monkeypatch.setattr(os, "scandir", lambda path: pytest.fail(f"{path} was listed twice"))
    assert list(listing.tree(place, VENDORED))


def test_a_new_run_lists_again(place: Path) -> None:
    disk.begin(outside=True)
    list(directories([place], []))
    (place / "new.sh").write_text("")
    disk.begin(outside=True)
    assert "new.sh" in next(listing.tree(place, VENDORED))[1]


def test_a_link_that_leads_out_of_the_repository_is_not_walked(place: Path) -> None:
    disk.begin(outside=True)
    disk.enclose(place)
    problems: list[OSError] = []
    assert list(disk.walk(place / "to-outside", onerror=problems.append)) == []
    assert [type(each) for each in problems] == [Refused]
    assert list(disk.walk(place / "a", onerror=problems.append))
    assert len(problems) == 1
