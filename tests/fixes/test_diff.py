"""A change as a person sees it, and as `git apply` and `patch` take it."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from volfix.fixes.changes import FileChange
from volfix.fixes.diff import patch, split_lines, unified
from volfix.fixes.hunks import MANY, hunks
from volfix.syntax.source import Edit, Source, Span
from volfix.syntax.visible import visible

ROOT = Path("/p")


def change(before: str | bytes, after: str | bytes, name: str = "notes.md") -> FileChange:
    """A file before and after."""
    texts = [text.encode() if isinstance(text, str) else text for text in (before, after)]
    return FileChange(Source.of(ROOT / name, texts[0]), Source.of(ROOT / name, texts[1]))


def body(diff: str) -> list[str]:
    """The lines of a diff below its header and without the places of its hunks."""
    return [line for line in diff.split("\n")[2:-1] if not line.startswith("@@")]


def test_nothing_changed_is_no_diff() -> None:
    assert unified(change("a\n", "a\n"), ROOT, masked=False) == ""
    assert patch(change("a\n", "a\n"), ROOT) == b""


def test_the_form_is_that_of_git() -> None:
    before = "".join(f"{number}\n" for number in range(1, 20))
    diff = unified(change(before, before.replace("10\n", "ten\nten and a half\n"), "ops/notes.md"), ROOT, masked=False)
    assert diff == (
        "--- a/ops/notes.md\n+++ b/ops/notes.md\n@@ -7,7 +7,8 @@\n 7\n 8\n 9\n"
        "-10\n+ten\n+ten and a half\n 11\n 12\n 13\n"
    )


def test_context_can_be_narrower_and_none() -> None:
    before, after = "a\nb\nc\nd\n", "a\nB\nc\nd\n"
    assert body(unified(change(before, after), ROOT, context=1, masked=False)) == [" a", "-b", "+B", " c"]
    assert body(unified(change(before, after), ROOT, context=0, masked=False)) == ["-b", "+B"]


def test_a_secret_in_a_context_line_is_hidden() -> None:
    stack = "services:\n  db:\n    environment:\n      PGDATA: hunter2\n    volumes:\n      - ./pg:/data\n"
    diff = unified(change(stack, stack.replace("./pg", "db-data"), "compose.yaml"), ROOT)
    assert body(diff)[-4:] == ["       PGDATA: ***", "     volumes:", "-      - ./pg:/data", "+      - db-data:/data"]


def test_a_line_whose_only_difference_is_hidden_shows_as_changed() -> None:
    diff = unified(change("A=one\nB=x\n", "A=two\nB=x\n", ".env"), ROOT)
    assert body(diff) == ["-A=***", "+A=***", " B=***"]


def test_the_spans_of_the_change_count_where_it_names_some() -> None:
    source, after = Source.of(ROOT / ".env", b"A=one\n"), Source.of(ROOT / ".env", b"A=two\n")
    named = FileChange(source, after, (), (Span(2, 5),), ())
    assert body(unified(named, ROOT)) == ["-A=***", "+A=two"]


def test_an_edited_value_is_shown_and_the_password_in_it_is_not() -> None:
    source = Source.of(ROOT / ".env", b"URL=postgres://u:hunter2@h/a\nKEY=hunter2\n")
    edit = Edit(source.path, Span(27, 28), "b")
    diff = unified(FileChange(source, source.splice([edit]), (edit,)), ROOT)
    assert body(diff) == ["-URL=postgres://u:***@h/a", "+URL=postgres://u:***@h/b", " KEY=***"]


def test_secrets_are_shown_on_demand_and_controls_are_not_obeyed_even_then() -> None:
    diff = unified(change("A=hunter2\n", "A=\x1b[2Jhunter3\n", ".env"), ROOT, 3, False)
    assert body(diff) == ["-A=hunter2", "+A=\\x1b[2Jhunter3"]


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("a\x1b[1Kb", "a\\x1b[1Kb"),
        ("a\rb", "a\\x0db"),
        ("a\x0cb\x0bc", "a\\x0cb\\x0bc"),
        ("a\x7f\x9bb", "a\\x7f\\x9bb"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d"),
        ("a\u200bb\ufeffc\U000e0041", "a\\u200bb\\ufeffc\\U000e0041"),
        ("tab\tand ünïcode 数据 \U0001f600", "tab\tand ünïcode 数据 \U0001f600"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_written_out(text: str, then: str) -> None:
    assert visible(text) == then
    assert body(unified(change("x\n", f"{text}\n"), ROOT, masked=False)) == ["-x", f"+{then}"]


def test_only_a_line_feed_ends_a_line() -> None:
    before = "a\u2028b\x0cc\rd\x85e\nsecond\nthird\n"
    diff = unified(change(before, before.replace("second", "SECOND")), ROOT, masked=False)
    assert "@@ -1,3 +1,3 @@" in diff
    assert body(diff) == [" a\\u2028b\\x0cc\\x0dd\\x85e", "-second", "+SECOND", " third"]


def test_crlf_is_shown_without_its_cr() -> None:
    diff = unified(change("a\r\nb\r\n", "a\r\nc\r\n"), ROOT, masked=False)
    assert "\r" not in diff
    assert body(diff) == [" a", "-b", "+c"]


def test_a_missing_final_newline_is_said() -> None:
    note = "\\ No newline at end of file"
    assert body(unified(change("a\nb", "A\nb"), ROOT, masked=False)) == ["-a", "+A", " b", note]
    assert body(unified(change("a", "a\nb\n"), ROOT, masked=False)) == ["-a", note, "+a", "+b"]
    assert body(unified(change("a\n", "a"), ROOT, masked=False)) == ["-a", "+a", note]


def test_values_of_many_lines_keep_every_line_in_its_place() -> None:
    stack = "services:\n  a:\n    environment:\n      K: |\n        one\n        two\n    volumes: [./d:/d]\n"
    diff = unified(change(stack, stack.replace("./d", "a-db"), "compose.yaml"), ROOT)
    assert body(diff) == [
        "       K: |",
        "         ***",
        "         ***",
        "-    volumes: [./d:/d]",
        "+    volumes: [a-db:/d]",
    ]


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("plain.md", "--- a/plain.md"),
        ("größe/数.md", "--- a/größe/数.md"),
        ("two words.md", "--- a/two words.md\t"),
        ('quo"te.md', '--- "a/quo\\"te.md"'),
        ("new\nline.md", '--- "a/new\\nline.md"'),
        ("esc\x1b \u202e.md", '--- "a/esc\\033 \\342\\200\\256.md"'),
    ],
)
def test_names_are_written_as_git_writes_them(name: str, then: str) -> None:
    assert unified(change("a\n", "b\n", name), ROOT, masked=False).split("\n")[0] == then


CASES = {
    "lf": (b"a\nb\nc\n", b"a\nB\nc\nd\n"),
    "crlf": (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nnew\r\nc\r\n"),
    "mixed line ends": (b"a\r\nb\nc\r\n", b"a\r\nB\nc\r\n"),
    "byte order mark": (b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfA\nb\n"),
    "no final newline": (b"a\nb\nc", b"a\nB\nc"),
    "final newline comes": (b"a\nb", b"a\nb\nc\n"),
    "final newline goes": (b"a\nb\n", b"a\nb"),
    "separators of lines that are none": ("a\u2028b\x0cc\x85\nx\n".encode(), "a\u2028b\x0cc\x85\ny\n".encode()),
    "a lone CR": (b"a\rb\nc\n", b"a\rb\nd\n"),
    "controls": (b"\x1b[1m\nb\n", b"\x1b[1m\nc\n"),
    "lines that look like a diff": (b"--- a\n+++ b\n@@ -1 +1 @@\nx\n", b"--- a\n+++ c\n@@ -1 +1 @@\ny\n"),
    "secrets": (b"PASSWORD=hunter2\nDB=a\n", b"PASSWORD=hunter2\nDB=b\n"),
}
NAMES = ["plain.txt", "dir/two words.env", "größe.yml", 'quo"te.txt', "back\\slash.txt", "tab\there.txt"]


@pytest.mark.parametrize("tool", ["git", "patch"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_the_patch_makes_the_very_bytes(tmp_path: Path, tool: str, name: str, case: str) -> None:
    before, after = CASES[case]
    assert applied(tmp_path, tool, name, before, after) == after


def test_any_change_comes_out_of_git_as_it_went_in(tmp_path: Path) -> None:
    source = random.Random(7)
    pieces = [b"a\n", b"b\r\n", b"\n", b"  x: 1\n", b"\xe2\x80\xa8\n", b"- y\r\n", b"\ttab\n"]
    for number in range(30):
        lines = [source.choice(pieces) for _ in range(source.randrange(1, 60))]
        others = [source.choice(pieces) if source.random() < 0.1 else line for line in lines]
        if source.random() < 0.3:
            others[-1] = others[-1].rstrip(b"\r\n") or b"end"
        before, after = b"".join(lines), b"".join(others)
        if before != after:
            place = tmp_path / str(number)
            place.mkdir()
            assert applied(place, "git", "a.txt", before, after) == after


def test_a_diff_of_edits_makes_the_text_after() -> None:
    """Edits may touch each other's lines, begin or end at line ends, and add or take the last one."""
    choose = random.Random(7)
    for _ in range(500):
        above = "above\n" * choose.choice([0, MANY])
        text = above + "".join(choose.choice(["a\n", "b\n", "\n", "cc"]) for _ in range(choose.randrange(1, 30)))
        source = Source.of(ROOT / "notes.md", text.encode())
        places = range(max(len(above) - 20, 0), len(text) + 1)
        offsets = sorted(choose.sample(places, min(2 * choose.randrange(1, 5), len(places)) // 2 * 2))
        spans = [Span(start, end) for start, end in zip(offsets[::2], offsets[1::2], strict=True)]
        edits = tuple(Edit(source.path, span, choose.choice(["", "x", "\nx", "a\n", "x\ny\n"])) for span in spans)
        after = source.splice(edits)
        for context in (0, 1, 3):
            assert made(source.text, FileChange(source, after, edits), context) == after.text


def made(before: str, change: FileChange, context: int) -> str:
    """The text after, of the lines before and the lines of the diff; each hunk is where its header says."""
    lines, found, at = split_lines(before), [""], 0
    old, new = split_lines(before), split_lines(change.after.text)
    for hunk in hunks(change, old, new, context):
        found += lines[at : hunk.whole.start]
        assert len("".join(found).split("\n")) - 1 == hunk.whole.new_start
        for row in hunk.rows():
            if row.sign == " ":
                assert old[row.number] in new
            found += [] if row.sign == "-" else [(new if row.sign == "+" else old)[row.number]]
        at = hunk.whole.end
    return "".join([*found, *lines[at:]])


def test_of_lines_that_are_all_alike_the_edited_ones_are_shown() -> None:
    """A search for lines that both texts have takes none of them for the same."""
    source = Source.of(ROOT / "notes.md", b"down -v\n" * MANY)
    edit = Edit(source.path, Span(8 * 500 + 4, 8 * 500 + 7), "")
    diff = unified(FileChange(source, source.splice([edit]), (edit,)), ROOT, context=0, masked=False)
    assert diff.split("\n")[2:-1] == ["@@ -501 +501 @@", "-down -v", "+down"]


def applied(root: Path, tool: str, name: str, before: bytes, after: bytes) -> bytes:
    """The bytes of the file after the real tool has applied the patch."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(before)
    data = patch(FileChange(Source.of(file, before), Source.of(file, after)), root)
    command = (
        ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn"]
        if tool == "git"
        else ["patch", "-s", "-p1"]
    )
    subprocess.run(command, cwd=root, input=data, check=True, capture_output=True)
    return file.read_bytes()


def test_the_patch_holds_the_true_bytes_that_the_view_hides() -> None:
    item = change("PASSWORD=hunter2\nDB=a\n", "PASSWORD=hunter2\nDB=b\n", ".env")
    assert b"hunter2" in patch(item, ROOT)
    assert "hunter2" not in unified(item, ROOT)
