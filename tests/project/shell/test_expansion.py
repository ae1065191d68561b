"""Each word becomes what bash makes of it: the words of one call of a program."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from volfix.project.commands.command_files import CommandFile
from volfix.project.commands.command_resolver import CommandResolver
from volfix.project.shell.interpreter import Interpreter

SET = "e= s='a b' one=1 path=/srv/app/web.tar.gz list=(x 'y z' '') none=()"
WORDS = r"""
$e  "$e"  ''  $e$e  x"$e"  $s  "$s"  '$s'  \$s  pre$s  "$s"post  $s$s  $one$s  ${one}x
${e:-d}  ${e-d}  ${nothing:-d e}  "${nothing:-d e}"  ${nothing:-}  ${e:+x}  ${s:+x}  ${one:+$s}
${path%/*}  ${path##*/}  ${path%%.*}  ${path#/}  ${path/srv/opt}  ${s// /-}  ${#path}  ${s^^}
"${list[@]}"  ${list[@]}  "${list[*]}"  ${list[0]}  ${list[1]}  "${none[@]}"  ${none[@]}  "${list[@]:1}"
a"${list[@]}"b  "$@"  $@  "$*"  $1  "$2"  $#  $9  "$9"  ${!ref}
$(dirname /a/b)  "$(basename /a/b.sh .sh)"  $(echo x y)  "$(echo 'x y')"  `echo x`  $(printf %s x)
$'a\tb'  a\ b  "a\"b"  "\$s"  a'b'"c"  -$one
"""


@pytest.mark.parametrize("word", re.split(r"\s{2,}|\n", WORDS.strip()))
def test_a_word_is_what_bash_makes_of_it(word: str, tmp_path: Path) -> None:
    text = f"ref=s; {SET}\nset -- p 'q r'\nprogram {word}\n"
    (tmp_path / "x.sh").write_text(text)
    told = f'program() {{ printf \'%s\\0\' "$#" "$@"; }}\n{text}'
    said = subprocess.run(["bash", "-c", told], capture_output=True, text=True, check=True).stdout.split("\0")[:-1]
    (entry,) = CommandFile(tmp_path / "x.sh").entries
    command = Interpreter(CommandResolver(tmp_path, {})).commands(entry)[-1]
    assert command.values[1:] == said[1:]
    assert len(command.values) - 1 == int(said[0])


@pytest.mark.parametrize(
    "word", ["$nothing", '"$nothing"', "${nothing}", "$(date)", "$(($one + 1))", "${nothing[@]}", "${!nothing}"]
)
def test_what_is_not_known_stays_as_it_is_written(word: str, tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text(f"program a {word} b\n")
    (entry,) = CommandFile(tmp_path / "x.sh").entries
    found = [
        command
        for command in Interpreter(CommandResolver(tmp_path, {})).commands(entry)
        if command.program == "program"
    ]
    assert [command.values for command in found] == [["program", "a", word.strip('"'), "b"]]


@pytest.mark.parametrize(
    ("word", "written"),
    [
        (r'"a\.b"', ["a", "\\", ".", "b"]),
        (r"a\ b", ["a", r"\ ", "b"]),
        (r"$'a\tb'", ["a", r"\t", "b"]),
        (r'"\$one"', [r"\$", "o", "n", "e"]),
        ('"$s"x', ["$s", "$s", "$s", "x"]),
        ("${one}'b'", ["${one}", "b"]),
        ("$one", ["$one"]),
    ],
)
def test_each_character_says_how_it_is_written(word: str, written: list[str], tmp_path: Path) -> None:
    text = f"{SET}\nprogram {word}\n"
    (tmp_path / "x.sh").write_text(text)
    (entry,) = CommandFile(tmp_path / "x.sh").entries
    (_, said) = Interpreter(CommandResolver(tmp_path, {})).commands(entry)[-1].words
    assert [text[start:end] for _, start, end in said.in_file()] == written
