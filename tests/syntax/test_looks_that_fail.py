"""A look at a path that fails is no proof that nothing is there: the run names the path, and why."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import volfix
from volfix.syntax import disk

LOOKS: dict[str, Callable[[Path], object]] = {
    "is_file": disk.is_file,
    "exists": disk.exists,
    "missing": lambda path: disk.missing(path) is None,
}


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    look = os.stat

    def stat(path: object, *words: object, **options: object) -> object:
        if str(path).endswith(name):
            raise OSError(number, os.strerror(number), path)
        return look(path, *words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", stat)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ENOMEM])
def test_an_error_of_the_system_is_kept(
    look: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "app.env", number)
    assert not LOOKS[look](tmp_path / "app.env")
    assert disk.refused() == {tmp_path / "app.env": os.strerror(number)}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG])
def test_where_nobody_finds_a_file_there_is_none(
    look: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "app.env", number)
    assert not LOOKS[look](tmp_path / "app.env")
    assert not disk.refused()


def test_a_run_says_what_it_could_not_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  app:\n    build: .\n    volumes: ['./data:/app/data']\n")
    (tmp_path / "Dockerfile").write_text("FROM python:3.12\nWORKDIR /app\n")
    failing(monkeypatch, "Dockerfile", errno.EIO)
    assert "Dockerfile: Input/output error" in " ".join(map(str, volfix.plan(tmp_path).result.errors))
