"""Given an archive's chunks, when they pass, then a copy that stops or a source that fails leaves nobody waiting."""

from __future__ import annotations

import base64
import io
import tarfile
import threading
import zlib
from collections.abc import Iterator

import pytest

from volfix.docker import archive as reading_of
from volfix.docker.archive import Reading
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.tar_stream import BrokenArchive

PODMAN = zlib.decompress(
    base64.b85decode(
        "c-rljO$x#=5Jt216um(*=}dY85jQFdZl$FKMQNlzczt7+5h^YcE1kEQkYthYVCIt|Jj#&~4b|b-VGWe36aneA4*=STgd)66^lg_n"
        "?kSD6-PpZP=l<vZ1i4$Cj?4XFz1;-$ZxBcPqvu}}Isc0N2glacLNK#M-Y)euM*q*UFZzFq2qMuDdeiLtf7=%moc{(D&;MBdWm#4C"
        "N%?p4pV)si|L43Z1N$G(f4+azMvDYugj4ok$nIgqPyN5;e?;Q^9|NbJ^FPBd%nW$~x@MZ9"
    )
)
"""What Podman 4.3.1 answers for a bind mount with PG_VERSION, a link to it, and sub with a hard link and files."""


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


def test_a_mount_of_podman_has_the_paths_of_docker() -> None:
    reading = Reading("rows")
    assert b"".join(reading.passing(cut(PODMAN))) == PODMAN
    found = {path: (entry.kind, entry.link) for path, entry in reading.manifest.items()}
    assert found == {
        "rows": ("directory", ""),
        "rows/PG_VERSION": ("file", ""),
        "rows/link": ("symbolic link", "PG_VERSION"),
        "rows/sub": ("directory", ""),
        "rows/sub/deep": ("directory", ""),
        "rows/sub/hard": ("hard link", "rows/PG_VERSION"),
        "rows/sub/two": ("file", ""),
    }


@pytest.mark.parametrize(
    "names",
    [("data", "other/1"), ("data", "data/../1"), ("data", "data/a/../../../etc/passwd"), ("/", "/../1"), ("/1", "/2")],
)
def test_a_name_that_leads_out_of_the_directory_is_no_archive_of_it(names: tuple[str, str]) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as file:
        for name in names:
            file.addfile(tarfile.TarInfo(name))
    with pytest.raises(BrokenArchive, match="not in the directory that was asked for"):
        list(Reading().passing(cut(packed.getvalue())))


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
    released, waited_out = threading.Event(), threading.Event()

    def hanging() -> Iterator[bytes]:
        yield archive(50)[:5000]
        if not released.wait(60):
            waited_out.set()

    passing = Reading().passing(hanging())
    next(passing)
    passing.close()
    assert not waited_out.is_set()
    released.set()


def test_an_engine_that_breaks_off_is_told_in_its_own_words() -> None:
    def breaking() -> Iterator[bytes]:
        yield archive(50)[:5000]
        raise EngineProblem("the connection to the engine broke")

    with pytest.raises(EngineProblem, match="broke"):
        list(Reading().passing(breaking()))
