"""Given an archive's chunks, when they pass, then a copy that stops or a source that fails leaves nobody waiting."""

from __future__ import annotations

import io
import tarfile
import threading
import time
from collections.abc import Iterator

import pytest

from volfix.docker import archive as reading_of
from volfix.docker.archive import Reading
from volfix.docker.engine_problems import EngineProblem


def archive(files: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as file:
        for number in range(files):
            member = tarfile.TarInfo(f"data/{number}")
            member.size = 1000
            file.addfile(member, io.BytesIO(b"r" * 1000))
    return packed.getvalue()


def cut(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 700):
        yield data[start : start + 700]


def test_the_same_bytes_pass_and_every_entry_is_known() -> None:
    reading = Reading()
    assert b"".join(reading.passing(cut(archive(50)))) == archive(50)
    assert sorted(reading.manifest) == sorted(str(number) for number in range(50))
    assert {entry.size for entry in reading.manifest.values()} == {1000}


def test_who_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    passing = Reading().passing(cut(archive(50)))
    next(passing)
    passing.close()
    assert threading.active_count() == before


def test_who_stops_early_closes_the_engine_s_answer() -> None:
    """One that stays open keeps the engine's hand on the container, which then cannot be removed."""
    closed = threading.Event()

    def answer() -> Iterator[bytes]:
        try:
            yield from cut(archive(50))
        finally:
            closed.set()

    reading = Reading()
    passing = reading.passing(answer())
    next(passing)
    passing.close()
    assert closed.is_set()


def test_a_source_that_hangs_does_not_hold_who_stops_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_of, "PATIENCE", 0.2)
    released = threading.Event()

    def hanging() -> Iterator[bytes]:
        yield archive(50)[:5000]
        released.wait(30)

    passing = Reading().passing(hanging())
    next(passing)
    started = time.monotonic()
    passing.close()
    assert time.monotonic() - started < 5
    released.set()


def test_an_engine_that_breaks_off_is_told_in_its_own_words() -> None:
    def breaking() -> Iterator[bytes]:
        yield archive(50)[:5000]
        raise EngineProblem("the connection to the engine broke")

    with pytest.raises(EngineProblem, match="broke"):
        list(Reading().passing(breaking()))
