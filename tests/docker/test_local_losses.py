"""Given what a copy cannot take along, or has no room for, then it is named before anything is done."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from volfix.cli import carry_shown
from volfix.docker import local_files
from volfix.docker.archive import Entry
from volfix.docker.carry_jobs import CarryProblem, Job, Origin, State, SurveyedJob
from volfix.docker.engine import Engine

GIGABYTE = 10**9
JOB = Job("shop", "rows", "shop_rows", ("db",), ("/data",), (Origin("bind", "/old", "./old", "history"),))


def file(size: int) -> Entry:
    return Entry("file", size, 0, 0, 0o644, 0)


def surveyed(state: State, source: int, target: int | None) -> SurveyedJob:
    there = None if target is None else {"rows": file(target)}
    return SurveyedJob(JOB, {"rows": file(source)}, there, state, (), (), "image", 0)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk of the daemon's with three gigabytes of free space."""
    monkeypatch.setattr(local_files, "data_root", lambda _: tmp_path)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=3 * GIGABYTE, f_frsize=1))
    return tmp_path


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize(
    ("found", "replace"),
    [
        (surveyed("missing", 3 * GIGABYTE, None), False),
        (surveyed("interrupted", 5 * GIGABYTE, 2 * GIGABYTE), False),
        (surveyed("different", 2 * GIGABYTE, GIGABYTE), True),
        (surveyed("equal", 9 * GIGABYTE, 9 * GIGABYTE), False),
        (surveyed("carried", 9 * GIGABYTE, 9 * GIGABYTE), False),
    ],
)
def test_what_an_interrupted_run_left_counts_as_free(found: SurveyedJob, replace: bool) -> None:
    carry_shown.check_space(Engine(None), [found], replace=replace)


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize(
    ("found", "replace"),
    [
        (surveyed("missing", 3 * GIGABYTE + 1, None), False),
        (surveyed("interrupted", 5 * GIGABYTE + 1, 2 * GIGABYTE), False),
        (surveyed("different", 2 * GIGABYTE, GIGABYTE + 1), True),
        (surveyed("empty", 4 * GIGABYTE, 0), False),
    ],
)
def test_too_little_space_is_said_before_anything_is_stopped(found: SurveyedJob, replace: bool) -> None:
    with pytest.raises(CarryProblem, match=r"too little free space: .* are needed, and .* are free"):
        carry_shown.check_space(Engine(None), [found], replace=replace)


@pytest.fixture
def tagged(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Origin:
    """A directory whose files have attributes that this machine's file system need not have."""
    names = {
        "plain.db": [],
        "labelled.db": ["security.selinux", "security.capability", "trusted.overlay.opaque"],
        "tagged.db": ["user.owner"],
        "shared.db": ["system.posix_acl_access"],
        "all": ["system.posix_acl_default"],
    }
    (disk / "rows" / "all").mkdir(parents=True)
    for name in names:
        if name != "all":
            (disk / "rows" / name).touch()
    monkeypatch.setattr(os, "listxattr", lambda path, **_: names.get(Path(path).name, []))
    return Origin("bind", str(disk / "rows"), "./rows", "history")


def test_extended_attributes_and_acls_are_named(tagged: Origin) -> None:
    found = local_files.listing(tagged, None)
    assert found is not None
    assert list(local_files.uncarried(Engine(None), tagged, "")) == list(found.uncarried)
    assert sorted(found.uncarried) == [
        "all: a default ACL",
        "shared.db: an ACL",
        "tagged.db: the extended attribute user.owner",
    ]


def test_of_a_directory_that_cannot_be_read_it_is_said(tagged: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        os, "listdir", lambda path: (_ for _ in ()).throw(PermissionError(13, "Permission denied", path))
    )
    (line,) = local_files.uncarried(Engine(None), tagged, "")
    assert line == "extended attributes and ACLs of ./rows, if it has any: they are not seen from here"


def test_where_they_are_not_seen_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_files, "data_root", lambda _: None)
    (line,) = local_files.uncarried(Engine(None), JOB.origins[0], "")
    assert line == "extended attributes and ACLs of ./old, if it has any: they are not seen from here"
