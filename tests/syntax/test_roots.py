"""Which roots of a run hold a path, for any spelling of the path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from volfix.syntax.roots import Roots, is_of_host

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


REPOSITORY = Roots(outside=False, roots={"/srv/shop": "/disk/shop"}, withheld={"/disk/shop/.env": "HEAD lacks it"})


@pytest.mark.parametrize(
    ("path", "real", "objection"),
    [
        ("/srv/shop/a.yml", "/disk/shop/a.yml", None),
        ("/srv/shop/a.yml", "/disk/shops/a.yml", "leads out of the repository, to /disk/shops/a.yml"),
        ("/srv/shop/a.yml", "/proc/1/environ", "leads to /proc/1/environ, which belongs to the running system"),
        ("/srv/shop/.env", "/disk/shop/.env", "HEAD lacks it"),
        ("/srv/shop/.git/config", "/disk/shop/.git/config", "lies in git's own directory"),
        ("/srv/shop/.gitignore", "/disk/shop/.gitignore", None),
        ("/etc/a.yml", "/etc/a.yml", None),
    ],
)
def test_a_path_in_a_root_leads_to_no_file_outside_it(path: str, real: str, objection: str | None) -> None:
    assert REPOSITORY.objection(path, real) == objection


def test_git_is_asked_with_its_own_files_wherever_they_lie_but_those_of_the_system() -> None:
    git_dir = "/srv/shop/.git"
    assert REPOSITORY.objection(git_dir, "/other/shop.git", of_git=True) is None
    assert "running system" in (REPOSITORY.objection(git_dir, "/dev/zero", of_git=True) or "")


def test_a_root_below_proc_is_one_that_a_person_gave() -> None:
    container = Roots(roots={"/proc/1/root/app": "/proc/1/root/app"})
    assert container.objection("/proc/1/root/app/a.yml", "/proc/1/root/app/a.yml") is None


@pytest.mark.parametrize(("path", "is_forbidden"), [("/srv/shop", False), ("/srv/shop/a", False), ("/srv/a", True)])
def test_a_path_outside_each_root_is_forbidden_where_nothing_outside_may_be_read(path: str, is_forbidden: bool) -> None:
    assert REPOSITORY.is_forbidden(path) is is_forbidden
    assert not Roots(outside=True, roots=dict(REPOSITORY.roots)).is_forbidden(path)
    assert not Roots(outside=False).is_forbidden(path), "a run that has no roots yet"


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("/", True),
        ("/etc", True),
        ("/usr/share/shop", True),
        ("/home/ada", True),
        ("/Users/ada", True),
        ("/data/people/ada", True),  # the home directory, wherever it lies
        ("/home/ada/shop", False),
        ("/srv/shop", False),
    ],
)
def test_a_directory_of_the_machine_or_a_home_directory_is_no_application(
    directory: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/data/people/ada")
    assert is_of_host(directory) is expected
