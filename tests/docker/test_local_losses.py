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
from volfix.docker.helper_containers import Carriers

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
def uncarried(disk: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is named of a directory whose files have attributes that this machine's file system need not have."""
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
    origin = Origin("bind", str(disk / "rows"), "./rows", "history")
    engine = Engine(None)
    return list(local_files.uncarried(engine, Carriers(engine, "image", "rows"), [origin]))


def test_extended_attributes_and_acls_are_named(uncarried: list[str]) -> None:
    assert sorted(uncarried) == [
        "all: a default ACL",
        "shared.db: an ACL",
        "tagged.db: the extended attribute user.owner",
    ]


def test_where_they_are_not_seen_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_files, "data_root", lambda _: None)
    engine = Engine(None)
    (line,) = local_files.uncarried(engine, Carriers(engine, "image", "rows"), JOB.origins)
    assert line == "extended attributes and ACLs of ./old, if it has any: they are not seen from here"
