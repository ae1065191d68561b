"""Interpolation as Compose does it. The tables are asked of Compose itself where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import Calls
from hypothesis import given
from hypothesis import strategies as st

from volfix.project.compose.interpolation import DEPTH, Interpolated, InterpolationError, Unset, interpolate

COMPOSE = shutil.which("docker-compose", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
KNOWN = {"SET": "value", "EMPTY": "", "PATHS": "/a:/b", "DOLLAR": "a$b", "BRACE": "}", "_u1": "under", "lower": "low"}

ACCEPTED = {
    "": "",
    "plain": "plain",
    "$SET": "value",
    "${SET}": "value",
    "$SET/data": "value/data",
    "$SETdata": "",
    "x${SET}y": "xvaluey",
    "$lower": "low",
    "$LOWER": "",
    "${_u1}": "under",
    "$_u1.db": "under.db",
    "$UNSET": "",
    "a${UNSET}b": "ab",
    # A dollar that begins nothing stays.
    "$": "$",
    "a$": "a$",
    "$ x": "$ x",
    "pa$5word": "pa$5word",
    "$1": "$1",
    "$-x": "$-x",
    "$(pwd)": "$(pwd)",
    "$.": "$.",
    "${SET}$": "value$",
    "$é": "$é",
    # An escaped dollar is literal, and begins nothing.
    "$$": "$",
    "$$SET": "$SET",
    "$${SET}": "${SET}",
    "$$$SET": "$value",
    "$$$$": "$$",
    "$$$": "$$",
    "$${SET/a/b}": "${SET/a/b}",
    "$${": "${",
    # Defaults.
    "${UNSET:-default}": "default",
    "${UNSET-default}": "default",
    "${SET:-default}": "value",
    "${SET-default}": "value",
    "${EMPTY:-default}": "default",
    "${EMPTY-default}": "",
    "${UNSET:-}": "",
    "${UNSET-}": "",
    "${UNSET:--}": "-",
    "${UNSET:-:-}": ":-",
    "${UNSET-:-x}": ":-x",
    "${UNSET:-a:-b}": "a:-b",
    "${UNSET-?x}": "?x",
    "${UNSET:-+x}": "+x",
    "${UNSET:-/a/b c}": "/a/b c",
    "${UNSET:-$$x}": "$x",
    "${UNSET:-$5}": "$5",
    "${UNSET:-$${}": "${",
    "${UNSET:-a}b}": "ab}",
    "${UNSET:-'q'}": "'q'",
    "${UNSET:-sqlite:///./db.sqlite?x={y}}": "sqlite:///./db.sqlite?x={y}",
    # Nesting.
    "${UNSET:-${SET}}": "value",
    "${UNSET:-$SET}": "value",
    "${UNSET:-${OTHER:-deep}}": "deep",
    "${UNSET:-${OTHER:-${THIRD-deeper}}}": "deeper",
    "${UNSET:-a${OTHER:-b}c}": "abc",
    "${UNSET:-a${SET}c}/${OTHER:-d}": "avaluec/d",
    "${SET:-${UNSET:-x}}tail": "valuetail",
    "${UNSET:-${OTHER}}": "",
    "${EMPTY:-${EMPTY:-x}}": "x",
    "${SET:+${UNSET:-x}}": "x",
    # What is not used is not read.
    "${SET:-${bad/x}}": "value",
    "${SET:-$${}": "value",
    "${UNSET:+${bad/x}}": "",
    # Replacements.
    "${SET:+r}": "r",
    "${SET+r}": "r",
    "${EMPTY:+r}": "",
    "${EMPTY+r}": "r",
    "${UNSET:+r}": "",
    "${UNSET+r}": "",
    "${SET:+a$SET}": "avalue",
    # Requirements that are met.
    "${SET:?needed}": "value",
    "${SET?needed}": "value",
    "${EMPTY?needed}": "",
    "${SET:?}": "value",
    "${SET:?${bad/x}}": "value",
    # Values are not read again.
    "$DOLLAR": "a$b",
    "${DOLLAR}$SET": "a$bvalue",
    "${UNSET:-$DOLLAR}": "a$b",
    "${BRACE}}": "}}",
    "$PATHS": "/a:/b",
    # Several on one line: the first one's brace is the one that closes it.
    "${UNSET:-a}-${OTHER:-b}": "a-b",
    "${SET:-a}:${UNSET:-b}:${EMPTY-c}": "value:b:",
    "${UNSET:-a} } ${OTHER:-b} }": "a } b }",
    # Braces are counted, those of no variable too; one behind a brace is not looked at.
    "${UNSET:-{}}": "{}",
    "${UNSET:-{}} and }": "{}} and ",
    "${UNSET:-{a}}": "{a}",
    "${UNSET:-{a}} b}": "{a} b}",
    "${UNSET:-{{a}}}": "{{a}}",
    "${UNSET:-{a}": "{a",
    "${UNSET:-a\tb}": "a\tb",
    "${SET}\n${UNSET:-b}": "value\nb",
    "${UNSET:-a}\n}": "a\n}",
    # Go's case folding.
    "${\u017fET:-k}": "k",
    "$\u212a.": ".",
}
"""What Compose makes of a text when it knows KNOWN and nothing else."""

REFUSED = (
    "${",
    "${}",
    "}${",
    "${SET",
    "${SET/a/b}",
    "${SET//a}",
    "${SET:0:3}",
    "${SET%x}",
    "${SET#x}",
    "${SET^^}",
    "${#SET}",
    "${!SET}",
    "${ SET}",
    "${SET }",
    "${1}",
    "${1SET}",
    "${SET.x}",
    "${SET:}",
    "${SET:x}",
    "${SET:=x}",
    "${SET=x}",
    "${-x}",
    "${:-x}",
    "${é}",
    "${$SET}",
    "$$${",
    "${UNSET:-a",
    "${UNSET:-a\nb}",
    "${UNSET:-${SET}\n}",
    "${UNSET:-${OTHER/x}}",
    "${UNSET:-${}",
    "${SET:+${}}",
    "${EMPTY:?needed}",
    "good ${SET} then ${",
)

VISIBLE = {
    "${UNSET}": "${UNSET}",
    "$UNSET": "${UNSET}",
    "a${UNSET}b$SET": "a${UNSET}bvalue",
    "${UNSET:?needed}": "${UNSET}",
    "${UNSET?needed}": "${UNSET}",
    "${UNSET:+replaced}": "${UNSET}",
    "${UNSET+replaced}": "${UNSET}",
    "${OTHER:-x${UNSET}}": "x${UNSET}",
    "${OTHER:-${UNSET:?needed}}/data": "${UNSET}/data",
}
"""What volfix shows where a value is unknown: the deployment may know it."""


def interpolated(text: str) -> Interpolated:
    return interpolate(text, KNOWN.get)


@pytest.mark.parametrize(("text", "expected"), ACCEPTED.items())
def test_resolved_is_what_compose_makes_of_it(text: str, expected: str) -> None:
    assert interpolated(text).resolved == expected


@pytest.mark.parametrize("text", REFUSED)
def test_what_compose_refuses_is_an_error_that_does_not_quote_the_text(text: str) -> None:
    with pytest.raises(InterpolationError) as error:
        interpolated(text)
    assert "good" not in str(error.value)
    assert "needed" not in str(error.value)


@pytest.mark.parametrize(("text", "expected"), VISIBLE.items())
def test_an_unknown_variable_stays_visible(text: str, expected: str) -> None:
    result = interpolated(text)
    assert result.value == expected
    assert result.unknown == ("UNSET",)
    assert "UNSET" not in result.resolved


@pytest.mark.parametrize("text", ACCEPTED)
def test_pieces_are_the_value_and_each_literal_says_where_it_is_written(text: str) -> None:
    result = interpolated(text)
    assert "".join(piece.value for piece in result.pieces) == result.value
    for before, piece in zip(result.pieces, result.pieces[1:], strict=False):
        assert before.end <= piece.start
    for piece in result.pieces:
        written = text[piece.start : piece.end]
        if piece.name is None:
            assert written.replace("$$", "$") == piece.value
            assert piece.found
        else:
            assert written.startswith(("${" + piece.name, "$" + piece.name))
            assert piece.found == (piece.name in KNOWN)


def test_the_default_that_is_used_is_the_literal_to_edit() -> None:
    text = "sqlite:///${DIR:-${BASE:-./data}/$SET}/app.db"
    assert [(text[p.start : p.end], p.value, p.name, p.instead_of) for p in interpolated(text).pieces] == [
        ("sqlite:///", "sqlite:///", None, None),
        ("./data", "./data", None, "BASE"),
        ("/", "/", None, "DIR"),
        ("$SET", "value", "SET", "DIR"),
        ("/app.db", "/app.db", None, None),
    ]


def test_a_default_that_is_not_used_is_not_to_be_edited() -> None:
    (piece,) = interpolated("${SET:-./data}").pieces
    assert (piece.start, piece.end, piece.value, piece.name) == (0, 14, "value", "SET")


def test_an_escaped_dollar_is_part_of_the_literal_around_it() -> None:
    (piece,) = interpolated("a$$b$5$$").pieces
    assert (piece.start, piece.end, piece.value) == (0, 8, "a$b$5$")


def test_a_known_value_that_shows_an_unknown_variable_is_unknown_too() -> None:
    result = interpolate("${DIR}/data", {"DIR": "${BASE}/srv"}.get)
    assert (result.value, result.resolved, result.unknown) == ("${BASE}/srv/data", "/srv/data", ("BASE",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${V:-default}", "${V}"),
        ("${V-default}", "${V}"),
        ("${V:+word}", "word"),
        ("${V:?needed}", "${V}"),
        ("$V", "${V}"),
        ("${W:-${V:-default}}", "${V}"),
    ],
)
def test_an_unknown_value_that_something_sets_wins_over_a_default(text: str, expected: str) -> None:
    result = interpolate(text, {"V": "${V}"}.get)
    assert (result.value, result.unknown) == (expected, ("V",) if "$" in expected else ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${V:-default}", "default"), ("${V-default}", ""), ("${V:+word}", ""), ("${V+word}", "word"), ("$V", "")],
)
def test_a_variable_that_is_set_to_an_unset_variable_is_taken_for_empty(text: str, expected: str) -> None:
    assert interpolate(text, {"V": Unset("${V}")}.get).resolved == expected


def test_an_escaped_expression_is_no_unknown_variable() -> None:
    assert interpolated("$${UNSET}").unknown == ()


def test_unknown_names_come_once_in_their_order() -> None:
    assert interpolated("$B$A${B}${C:-x}").unknown == ("B", "A")


def test_defaults_that_nest_without_end_are_refused_not_a_crash() -> None:
    with pytest.raises(InterpolationError, match="deep"):
        interpolated("${A:-" * 5000 + "x" + "}" * 5000)
    assert interpolated("${A:-" * DEPTH + "x" + "}" * DEPTH).value == "x"


@pytest.mark.parametrize(
    "text", ["${A:-b}" * 60_000, "${A:-{" + "$" * 400_000 + "}", "$EMPTY" * 200_000, "{" * 500_000 + "$"]
)
def test_a_long_text_takes_no_longer_than_its_length(text: str) -> None:
    with Calls() as calls:
        interpolated(text)
    assert calls.number < 8 * len(text)


@given(st.text(alphabet="$${}:-+?AS\n é/", max_size=30))
def test_any_text_is_interpolated_or_refused(text: str) -> None:
    try:
        result = interpolate(text, {"A": "x", "S": ""}.get)
    except InterpolationError:
        return
    assert "".join(piece.value for piece in result.pieces) == result.value


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed")
class TestComposeAgrees:
    """The tables above, asked of Compose."""

    def config(self, directory: Path, texts: list[str]) -> subprocess.CompletedProcess[str]:
        assert COMPOSE is not None
        environment = {f"T{number}": text for number, text in enumerate(texts)}
        file = directory / "compose.json"
        file.write_text(json.dumps({"services": {"app": {"image": "x", "environment": environment}}}))
        return subprocess.run(
            [COMPOSE, "-f", str(file), "--project-directory", str(directory), "config", "--format", "json"],
            env=KNOWN,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def test_about_what_it_accepts(self, tmp_path: Path) -> None:
        done = self.config(tmp_path, list(ACCEPTED))
        assert done.returncode == 0, done.stderr
        environment = json.loads(done.stdout)["services"]["app"]["environment"]
        said = {text: environment[f"T{number}"].replace("$$", "$") for number, text in enumerate(ACCEPTED)}
        assert said == ACCEPTED

    def test_about_what_it_refuses(self, tmp_path: Path) -> None:
        def accepts(numbered: tuple[int, str]) -> bool:
            directory = tmp_path / str(numbered[0])
            directory.mkdir()
            return self.config(directory, [numbered[1]]).returncode == 0

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(accepts, enumerate(REFUSED)))
        assert [text for text, accepted in zip(REFUSED, answers, strict=True) if accepted] == []
