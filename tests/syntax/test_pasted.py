"""Given any name, a shell that is given the printed word receives this name, and nothing in it is run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path, PurePath

import pytest

from volfix.syntax.pasted import operand, pasted, pattern, word

SHELLS = [shell for shell in ("sh", "dash", "bash", "zsh", "ksh", "busybox") if shutil.which(shell)]
NAMES = [
    *("plain", "a b", "it's", 'say "x"', "$(touch x)", "`touch x`", "${IFS}", "; touch x", "& touch x", "> x"),
    *("| touch x", "*", "?", "[a]", "~", "{a,b}", "#a", "!!", "!a", "\\", "\\n", "%s", "%d\\0", "a\\", "=ls", "é"),
    *("数", "", " ", "a ", "-rf", "--help", "a\nb", "\na", "a\n\nb", "a\tb", "a\rb", "\x1b[2J", "\x07", "\x7f"),
    *("\x9b2J", "\u202ereversed", "\u2066a", "\u200b", "\ufeffa", "\u2028", "\u3164", "\U000e0041", "\udce9"),
    *("a\n$(touch x)", "'\n'", "`\n`", "%s\n5", "!\n!", "1\x011"),
]
ENDING = ["a\n", "$(touch x)\n", "it's\n\n", "\u202e\n"]
"""Names that end with a line end, which `$(...)` loses: a shell has to know `$'...'`."""


def received(shell: str, line: str, where: Path) -> bytes:
    command = [shell, *(["sh"] if shell == "busybox" else []), "-c", f"printf '<%s>' {line}"]
    done = subprocess.run(
        command, capture_output=True, check=True, cwd=where, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    )
    assert not list(where.iterdir())
    assert done.stderr == b""
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_receives_exactly_the_name_and_runs_nothing(shell: str, tmp_path: Path) -> None:
    names = NAMES + (ENDING if shell in ("bash", "zsh", "ksh") else [])
    for name in names:
        assert received(shell, word(name), tmp_path) == f"<{name}>".encode("utf-8", "surrogateescape"), ascii(name)


@pytest.mark.parametrize("name", [*NAMES, *ENDING])
def test_the_word_is_shown_as_it_is_on_one_line(name: str) -> None:
    assert word(name).isprintable()
    assert "`" not in word(name)


def test_several_words_stay_several() -> None:
    words: list[str | PurePath] = ["volfix", "carry", "--map", "./a b=app-db", PurePath("-rf"), PurePath("shop/-rf")]
    assert pasted(words) == "volfix carry --map './a b=app-db' ./-rf shop/-rf"
    assert operand("-rf") == "./-rf"


@pytest.mark.parametrize(
    "name", ["plain", "a b", "*", "a?", "[a]", "!a", "#a", "\\", "a\\b", "a ", "-rf", "a\x1b", "é"]
)
def test_a_pattern_means_this_name_alone(name: str, tmp_path: Path) -> None:
    """`git clean -e PATTERN` spares it, and deletes what a pattern with the same marks would spare."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    others = [each for each in ("plainx", "aa", "ab", "xa", "a", "x", "f") if each != name]
    for each in (name, *others):
        (tmp_path / each).write_text("rows")
    subprocess.run(["sh", "-c", f"git clean -q -fdx -e {pattern(name)}"], check=True, cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name != ".git"] == [name]
