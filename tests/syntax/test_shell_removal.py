"""Given a script, then a whole command goes out of it and the rest means what it did, or a reason says why it stays."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from volfix.knowledge.effects import is_end, is_quiet
from volfix.syntax.shell import parse
from volfix.syntax.shell_removal import Taken, outline, without
from volfix.syntax.source import Span

BASH = shutil.which("bash")


def taken(text: str, *, fails: bool = False) -> Taken | str:
    at = text.index("X")
    return without(text, Span(at, at + 1), fails=fails, may_go=lambda words: is_quiet(words) or is_end(words))


def applied(text: str, found: Taken) -> str:
    return text[: found.span.start] + found.replacement + text[found.span.end :]


TAKEN = {
    "a; X; b": "a; b",
    "X; b": "b",
    "a; X": "a",
    "a; X;": "a",
    "a;X;b": "a;b",
    "a\nX\nb\n": "a\nb\n",
    "a\n  X  # wipe\nb\n": "a\nb\n",
    "a\nX": "a\n",
    "a\nX;\nb": "a\nb",
    "a; X\nb": "a\nb",
    "a && X && b": "a && b",
    "a && X": "a",
    "X && b": "b",
    "a && \\\n  X && \\\n  b\n": "a && \\\n  b\n",
    "a\nX || true\nb\n": "a\nb\n",
    "a\nX || echo failed\nb\n": "a\nb\n",
    "a\nX 2>/dev/null || :\nb\n": "a\nb\n",
    "X || exit 1\nb\n": "b\n",
    "X || true && b": "b",
    "a || X": "a || true",
    "a && X || b": "a || b",
    "a && X > /dev/null 2>&1 || true": "a || true",
    "a\nX > /dev/null\nb\n": "a\nb\n",
    "if X; then\n  b\nfi": "if true; then\n  b\nfi",
    "if a; then\n  X\nfi": "if a; then\n  :\nfi",
    "if a; then X; fi": "if a; then :; fi",
    "if a; then X\n  b\nfi": "if a; then \n  b\nfi",
    "if a; then b; X; fi": "if a; then b; fi",
    "if a; then b; else X; fi": "if a; then b; else :; fi",
    "if a; then b; elif c; then X; else d; fi": "if a; then b; elif c; then :; else d; fi",
    "f() {\n  X\n}\nf\n": "f() {\n  :\n}\nf\n",
    "f() { a; X; }": "f() { a; }",
    "f() { X; a; }": "f() { a; }",
    "(a; X)": "(a)",
    "(X)": "(:)",
    "for i in 1 2; do\n  X\ndone": "for i in 1 2; do\n  :\ndone",
    "while a; do b; X; done": "while a; do b; done",
    "case $1 in\n  go) a; X ;;\n  *) b ;;\nesac": "case $1 in\n  go) a ;;\n  *) b ;;\nesac",
    "case $1 in\n  go) X ;;\nesac": "case $1 in\n  go) : ;;\nesac",
    "a\nsudo X\nb\n": "a\nb\n",
    "a\nA=b X $(list)\nd\n": "a\nd\n",
    "a\necho y | X\nb\n": "a\nb\n",
    "a\nyes | X > /dev/null\nb\n": "a\nb\n",
    "a\nX 2>&1 | grep -v x\nb\n": "a\nb\n",
    "a & X; b": "a & b",
    "X & b": "b",
    "a\r\nX\r\nb\r\n": "a\r\nb\r\n",
    "echo é; X; echo ü": "echo é; echo ü",
    "a\nX -f \\\n  --all\nb\n": "a\nb\n",
    "a\nX <<< y\nb\n": "a\nb\n",
    "set -e\na\n\nX\n\nb\n": "set -e\na\n\n\nb\n",
}
KEPT = [
    "OUT=$(X)",
    "a $(X)",
    "! X",
    "while X; do a; done",
    "until X; do a; done",
    "X > log",
    "a\nX | tee log\n",
    "cat names | X",
    "X || ./other.sh",
    "if a; X; then b; fi",
    "X <<EOF\ny\nEOF\n",
    "diff <(X) b",
    'if [ "$(X)" ]; then a; fi',
    "X |",
]
"""Where it is not certain what the rest would do."""


@pytest.mark.parametrize("text", TAKEN)
def test_the_command_goes(text: str) -> None:
    found = taken(text)
    assert isinstance(found, Taken), found
    assert applied(text, found) == TAKEN[text]


@pytest.mark.parametrize("text", TAKEN)
def test_the_rest_is_valid_shell_with_all_other_commands_in_order(text: str) -> None:
    after = TAKEN[text]
    names = [command.words[0].value for command in parse(after).commands if command.words]
    before = [command.words[0].value for command in parse(text).commands if command.words]
    gone = {"X", "sudo", "echo", "yes", "grep", "exit", "true", ":"}
    assert [name for name in names if name not in gone] == [name for name in before if name not in gone | {"list"}]
    assert parse(after).unread == ()
    if BASH is not None:
        for written in (text, after):
            assert not subprocess.run([BASH, "-n", "-c", written.replace("\r", "")], check=False).returncode


NAMES = ("a", "b", "c", "d", "list", "X")
"""Each writes its name; `sudo` and the like do what they do."""
STUBS = "".join(f"{name}() {{ echo {name} >&9; }}\n" for name in NAMES) + 'sudo() { "$@"; }\nset -- go\n'


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize("text", [text for text in TAKEN if not any(each in text for each in ("while", "\r"))])
def test_a_real_shell_runs_the_rest_as_before(text: str, tmp_path: Path) -> None:
    """With the command taken to succeed, as it does here; what only its own words ran goes with it.

    A command in the background writes its name whenever it is run: the script waits for it, and its place says nothing.
    """
    ran = []
    for number, script in enumerate((text, TAKEN[text])):
        log = tmp_path / str(number)
        subprocess.run([str(BASH), "-c", f"exec 9>{log}\n{STUBS}{script}\nwait"], check=False, capture_output=True)
        names = [line for line in log.read_text().split() if line not in ("X", "list")]
        ran.append(sorted(names) if " & " in text else names)
    assert ran[0] == ran[1]


@pytest.mark.parametrize("text", KEPT)
def test_the_command_stays_with_a_reason(text: str) -> None:
    assert isinstance(taken(text), str)


@pytest.mark.parametrize("text", ["X && b", "a && X && b", "if X; then a; fi", "a || X", "X | grep a"])
def test_nothing_may_depend_on_a_command_that_could_fail(text: str) -> None:
    assert isinstance(taken(text, fails=True), str)
    assert isinstance(taken(text), Taken)


@pytest.mark.parametrize("text", ["a; X; b", "a\nX || true\nb\n", "a && X", "a && X || true"])
def test_a_command_that_could_fail_goes_where_nothing_depends_on_it(text: str) -> None:
    found = taken(text, fails=True)
    assert isinstance(found, Taken)


@pytest.mark.parametrize("text", ["X", "X\n", "# note\nX  # now\n", "X || true", "echo y | X"])
def test_a_text_that_says_nothing_else_goes_as_a_whole(text: str) -> None:
    found = taken(text)
    assert isinstance(found, Taken)
    assert found.alone


def test_the_outline_tells_scripts_apart_that_say_the_same_words() -> None:
    texts = ["a && b", "a || b", "a; b", "a b", "if a; then b; fi", "a | b", "a & b", "{ a; b; }", "a > b"]
    outlines = {tuple(token for _, token in outline(text)) for text in texts}
    assert len(outlines) == len(texts)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("if a; then\n  X\n  Y\nfi\n", "if a; then\n  :\nfi\n"),
        ("if a; then X; Y; fi", "if a; then :; fi"),
        ("f() {\n  X || true\n  Y || true\n}\n", "f() {\n  :\n}\n"),
        ("a\nX\nY\nb\n", "a\nb\n"),
        ("a; X; Y; b", "a; b"),
        ("a; X; Y", "a; "),
        ("X; b; Y", "b"),
    ],
)
def test_two_commands_that_go_together_leave_valid_shell(text: str, after: str) -> None:
    spans = [Span(text.index(name), text.index(name) + 1) for name in "XY"]
    found = [without(text, span, fails=False, may_go=is_quiet, also=spans) for span in spans]
    for one in sorted((each for each in found if isinstance(each, Taken)), key=lambda each: each.span, reverse=True):
        text = applied(text, one)
    assert text == after
    assert all(isinstance(each, Taken) for each in found)


def test_two_commands_of_one_list_do_not_go_together() -> None:
    text = "X && Y && b"
    assert isinstance(without(text, Span(0, 1), fails=False, may_go=is_quiet, also=[Span(5, 6)]), str)
