"""A file as it was read: every byte comes back, every place is right, and what is no text is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volfix.syntax.disk import LARGEST
from volfix.syntax.source import CannotEdit, Edit, FileProblem, Source, Span, ordered

PATH = Path("compose.yaml")


def source(data: bytes) -> Source:
    return Source.of(PATH, data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a: b",
        b"a: b\r\nc: d\n",
        b"a: b\r\n\r\n",
        b"\xef\xbb\xbfa: b\n",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbfa: b\n",
        "é😀\u2028\x85\ufeff\n".encode(),
        b"a: b\rc: d\r",
        b"a:\t\x0b\x0c \n",
    ],
)
def test_every_byte_comes_back(data: bytes) -> None:
    assert source(data).splice([]).data == data


def test_the_byte_order_mark_is_no_text() -> None:
    of = source(b"\xef\xbb\xbfa: b\n")
    assert (of.bom, of.text, of.place(0)) == (True, "a: b\n", (1, 1))
    assert of.splice([Edit(PATH, Span(0, 1), "c")]).data == b"\xef\xbb\xbfc: b\n"


@pytest.mark.parametrize("data", ["a: b\n".encode("utf-16"), b"\xfe\xff\x00a", b"\xff\xfe\x00\x00a\x00\x00\x00"])
def test_utf_16_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(FileProblem, match=r"compose\.yaml:1:1: UTF-16 text"):
        source(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: \xe9\n", "1:4: not UTF-8"),
        (b"a: b\nc: \xff\n", "2:4: not UTF-8"),
        ("é: é".encode() + b"\xe9", "1:5: not UTF-8"),
        (b"\xef\xbb\xbfa: b\nc: \xff\n", "2:4: not UTF-8"),
        (b"\xef\xbb\xbf\xff", "1:1: not UTF-8"),
        (b"a: \xed\xa0\x80\n", "1:4: not UTF-8"),
        (b"a\x00b", "1:2: binary data"),
        (b"a\nb\nc\x00", "3:2: binary data"),
        ("a: b".encode("utf-16-le"), "1:2: binary data"),
        (b"\x7fELF\x02\x01\x01\x00", "1:8: binary data"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(FileProblem, match=message):
        source(data)


@pytest.mark.parametrize(
    ("data", "newline"),
    [
        (b"", "\n"),
        (b"a", "\n"),
        (b"a\nb\n", "\n"),
        (b"a\r\nb\r\n", "\r\n"),
        (b"a\r\nb\r\nc\n", "\r\n"),
        (b"a\r\nb\nc\n", "\n"),
        (b"a\r\nb\n", "\n"),
        (b"a\rb\rc", "\n"),
        (b"a\r\nb", "\r\n"),
    ],
)
def test_the_line_end_is_the_most_common_one(data: bytes, newline: str) -> None:
    assert source(data).newline == newline


@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e", "\r"])
def test_only_line_feeds_count_as_lines(inside: str) -> None:
    of = source(f"a{inside}b\nc".encode())
    assert of.place(of.text.index("b")) == (1, 3)
    assert of.place(of.text.index("c")) == (2, 1)
    assert of.line_start(2) == 0
    assert of.line_end(0) == 4


def test_places_and_lines() -> None:
    of = source(b"ab\r\n\r\ncd")
    assert [of.place(offset) for offset in (0, 2, 3, 4, 6, 7, 8)] == [
        (1, 1),
        (1, 3),
        (1, 4),
        (2, 1),
        (3, 1),
        (3, 2),
        (3, 3),
    ]
    assert [of.line_start(offset) for offset in (0, 3, 4, 5, 6, 8)] == [0, 0, 4, 4, 6, 6]
    assert [of.line_end(offset) for offset in (0, 3, 4, 6, 8)] == [4, 4, 6, 8, 8]


def test_columns_count_characters() -> None:
    assert source("é😀: x".encode()).place(4) == (1, 5)


def test_an_edit_changes_nothing_beside_it() -> None:
    of = source("ä\r\nb \n\nc".encode())
    assert of.splice([Edit(PATH, Span(3, 4), "xyz")]).data == "ä\r\nxyz \n\nc".encode()


def test_edits_may_come_in_any_order_and_meet() -> None:
    of = source(b"abcdef")
    edits = [Edit(PATH, Span(4, 6), "Z"), Edit(PATH, Span(0, 2), "X"), Edit(PATH, Span(2, 4), "Y")]
    assert of.splice(edits).text == "XYZ"
    assert of.splice(edits[::-1]).text == "XYZ"


def test_insertions_at_one_place_keep_the_order_in_which_they_are_given() -> None:
    edits = [Edit(PATH, Span(1, 1), text) for text in "zyxwvutsrqponm"]
    assert source(b"ab").splice(edits).text == "azyxwvutsrqponmb"
    assert source(b"ab").splice(edits[::-1]).text == "amnopqrstuvwxyzb"


def test_an_insertion_comes_before_a_replacement_that_begins_there() -> None:
    edits = [Edit(PATH, Span(1, 2), "X"), Edit(PATH, Span(1, 1), "Y")]
    assert source(b"abc").splice(edits).text == "aYXc"


def test_the_same_edit_counts_once() -> None:
    edit = Edit(PATH, Span(0, 1), "x")
    assert source(b"ab").splice([edit, edit]).text == "xb"
    assert list(ordered([edit, edit])) == [edit]


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(PATH, Span(0, 2), "x"), Edit(PATH, Span(1, 3), "y")],
        [Edit(PATH, Span(0, 2), "x"), Edit(PATH, Span(0, 2), "y")],
        [Edit(PATH, Span(0, 2), "x"), Edit(PATH, Span(1, 1), "y")],
        [Edit(PATH, Span(0, 3), "x"), Edit(PATH, Span(1, 2), "y")],
    ],
)
def test_edits_that_overlap_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(CannotEdit, match=r"compose.yaml:1:\d: two changes overlap here"):
        source(b"abcd").splice(edits)


def test_an_edited_source_is_one_that_could_be_read() -> None:
    of = Source.of(PATH, b"ab", 0o600).splice([Edit(PATH, Span(1, 1), "é")])
    assert (of, of.mode) == (Source.of(PATH, "aéb".encode(), 0o600), 0o600)
    with pytest.raises(FileProblem, match="binary"):
        of.splice([Edit(PATH, Span(0, 0), "\0")])


@given(st.binary(max_size=40))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        of = source(data)
    except FileProblem as problem:
        assert problem.line is not None
        return
    assert of.splice([]).data == data
    assert all(of.line_start(at) <= at <= of.line_end(at) for at in range(len(of.text) + 1))


# Files


def test_a_file_is_read_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_bytes(b"a: b\r\n")
    path.chmod(0o640)
    of = Source.read(path)
    assert (of.data, of.mode, of.path) == (b"a: b\r\n", 0o640, path)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(FileProblem, match="larger than volfix reads"):
        Source.read(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="not a regular file"):
        Source.read(tmp_path)
    with pytest.raises(FileProblem, match="No such file"):
        Source.read(tmp_path / "missing.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(FileProblem, match="not a regular file"):
        Source.read(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(FileProblem):
        Source.read(tmp_path / "loop.yaml")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb", ["a\n", "b"]),
        ("a \\\n b\nc\n", ["a \\\n b\n", "c\n"]),
        ("a \\\r\n b \\\r\n c", ["a \\\r\n b \\\r\n c"]),
        ("a \\", ["a \\"]),
        ("a \\\n", ["a \\\n"]),
        ("", []),
    ],
)
def test_a_backslash_at_its_end_joins_a_line_to_the_next(text: str, lines: list[str]) -> None:
    of = Source.of(Path("Makefile"), text.encode())
    assert [of.text[start:end] for start, end in of.logical_lines()] == lines
