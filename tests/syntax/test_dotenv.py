"""Env files as Compose reads them. The tables are asked of Compose itself where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volfix.syntax.dotenv import Assignment, agrees, read, replace_value
from volfix.syntax.source import CannotEdit, FileProblem, Source

COMPOSE = shutil.which("docker-compose", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

Values = dict[str, str]

ACCEPTED: dict[str, Values] = {
    "": {},
    "\n \n\t\n": {},
    "# only a comment": {},
    "A=1": {"A": "1"},
    "A=1\n": {"A": "1"},
    "A=1\nB=2\n": {"A": "1", "B": "2"},
    "  A  =  1  ": {"A": "1"},
    "\tA\t=\t1\t": {"A": "1"},
    "A=": {"A": ""},
    "A=\nB=2": {"A": "", "B": "2"},
    "A=   \nB=2": {"A": "", "B": "2"},
    "A= b c ": {"A": "b c"},
    "A=b=c": {"A": "b=c"},
    "A==b": {"A": "=b"},
    # The form with a colon.
    "A: 1": {"A": "1"},
    "A:1": {"A": "1"},
    "A : 1": {"A": "1"},
    'A: "x"': {"A": "x"},
    "A:": {"A": ""},
    "A=x: y": {"A": "x: y"},
    "http://x": {"http": "//x"},
    # Names.
    "a.b-c[0]_é1=x": {"a.b-c[0]_é1": "x"},
    "1A=x": {"1A": "x"},
    "=x": {"": "x"},
    # export
    "export A=1": {"A": "1"},
    "export   A=1": {"A": "1"},
    "export\tA=1": {"A": "1"},
    "export=1": {"export": "1"},
    "exportA=1": {"exportA": "1"},
    "export\nA=1": {"A": "1"},
    # A name alone comes from outside; the last one without a line end is a value without a name.
    "A\nB=1\n": {"B": "1"},
    "A B": {"": "A B"},
    "export A\nB=1\n": {"B": "1"},
    "B=1\nA": {"B": "1", "": "A"},
    "B=1\nA  ": {"B": "1", "": "A"},
    # Comments.
    "A=1 # c": {"A": "1"},
    "A=1  # c": {"A": "1"},
    "A=1# c": {"A": "1# c"},
    "A=1\t# c": {"A": "1\t# c"},
    "A=a#b": {"A": "a#b"},
    "A=a #b #c": {"A": "a"},
    "A=#b": {"A": "#b"},
    "A= # c": {"A": "# c"},
    "A=  # c": {"A": "# c"},
    "#A=1\nB=2": {"B": "2"},
    "  # A=1\nB=2": {"B": "2"},
    # Quotes.
    'A="x y"': {"A": "x y"},
    "A='x y'": {"A": "x y"},
    'A=""': {"A": ""},
    "A=''": {"A": ""},
    'A=" x "': {"A": " x "},
    'A="a # b" # c': {"A": "a # b"},
    "A='a # b' # c": {"A": "a # b"},
    'A="x"# c': {"A": "x"},
    'A=x"y"': {"A": 'x"y"'},
    'A=x" # c': {"A": 'x"'},
    'A="it\'s"': {"A": "it's"},
    "A='say \"x\"'": {"A": 'say "x"'},
    'A="x"B="y"': {"A": "x", "B": "y"},
    'A="x" B=y\nC=z': {"A": "x", "B": "y", "C": "z"},
    'A="x"y\nC=z': {"A": "x", "C": "z"},
    # Values over several lines.
    'A="a\nb"\nC=1': {"A": "a\nb", "C": "1"},
    "A='a\nb'\nC=1": {"A": "a\nb", "C": "1"},
    'A="a\n# b\nc"': {"A": "a\n# b\nc"},
    'A="\nB=1\n"': {"A": "\nB=1\n"},
    'A="a\r\nb"\r\nC=1\r\n': {"A": "a\r\nb", "C": "1"},
    # Escapes.
    r'A="a\nb\tc\rd\ae\bf\fg\vh"': {"A": "a\nb\tc\rd\ae\bf\fg\vh"},
    r'A="a\\nb"': {"A": r"a\nb"},
    r'A="a\\"': {"A": "a\\"},
    r'A="a\"b"': {"A": 'a"b'},
    r'A="a\xb\c\d\'"': {"A": r"a\xb\c\d" + r"\'"},
    r'A="\0101\0377"': {"A": "A\xff"},
    r'A="\0x\012\0999\0400"': {"A": r"\x\12\999\400"},
    r"A='a\nb'": {"A": r"a\nb"},
    r"A='it\'s'": {"A": "it's"},
    r"A='a\\' # c": {"A": r"a\\"},
    r"A='a\"b'": {"A": r"a\"b"},
    r"A=a\nb\"c": {"A": r"a\nb\"c"},
    # Dollars that begin nothing.
    "A=pa$5word": {"A": "pa$5word"},
    "A='$HOME'": {"A": "$HOME"},
    "A=a$": {"A": "a$"},
    # Line ends, byte order mark, separators that are none.
    "A=1\r\nB=2\r\n": {"A": "1", "B": "2"},
    "A=1\r": {"A": "1"},
    "A=1\rB=2": {"A": "1\rB=2"},
    "\ufeffA=1\nB=2": {"A": "1", "B": "2"},
    "A=\r\nB=2\r\n": {"A": "", "B": "2"},
    "A=a\u2028b\nB=2": {"A": "a\u2028b", "B": "2"},
    "A=a\u2028\nB=2": {"A": "a", "B": "2"},
    "\u2028A=a\n\u3000B=2": {"A": "a", "B": "2"},
    "A=\u3000a": {"A": "\u3000a"},
    "A=\xa0a\x85b": {"A": "a\x85b"},
    "A=a\x1c": {"A": "a\x1c"},
    # The last one counts.
    "A=1\nA=2": {"A": "2"},
    "A=1\nA=": {"A": ""},
    "A=1\nA\n": {"A": "1"},
}
"""The text of an env file, and what Compose makes of it when its environment is empty."""

REFUSED = {
    "A B=1": (1, 1),
    "ok=1\nA B\n": (2, 1),
    "A B: 1": (1, 1),
    "export A B=1": (1, 8),
    '"A"=1': (1, 1),
    "ok=1\n  A$=1": (2, 4),
    "A+=1": (1, 2),
    "ok=1\nA/B": (2, 2),
    "{}": (1, 1),
    "ok=1\n{secret": (2, 1),
    'ok=1\nA="secret': (2, 3),
    "ok=1\nA='secret\n\n": (2, 3),
    'A="secret\\"': (1, 3),
    "A='secret\\'": (1, 3),
    'A="secret" "': (1, 12),
    "A\x1c=1": (1, 2),
    "A\u2028B=1": (1, 2),
}
"""What Compose refuses, and where volfix says so."""

RAW: dict[str, Values] = {
    "A=1": {"A": "1"},
    'A="x"': {"A": '"x"'},
    "A='y' # c": {"A": "'y' # c"},
    "  A= z  \nB=2": {"A": " z  ", "B": "2"},
    "A=$X$$": {"A": "$X$$"},
    "A=1\r\nB=2\r\n": {"A": "1", "B": "2"},
    "\ufeffA=1": {"A": "1"},
    'A="a\nB=b"': {"A": '"a', "B": 'b"'},
    "#A=1\n  # x\nB=2": {"B": "2"},
    "A\nB=1": {"B": "1"},
    "A: 1=2".replace(" ", ""): {"A:1": "2"},
    "export=1": {"export": "1"},
    "A=a\u2028B=1": {"A": "a\u2028B=1"},
    "A=": {"A": ""},
    "A=1\nA=2": {"A": "2"},
}
RAW_REFUSED = ("=x", "A B=1", "export A=1", "ok=1\nA\tB=1")


def source(text: str) -> Source:
    return Source.of(Path("/p/.env"), text.encode())


def values(text: str, *, raw: bool = False) -> Values:
    """What the last assignment of each name says; what is interpolated has no variables in these tables."""
    return {
        item.name: item.value.replace("$$", "$") if not item.literal else item.value for item in given_values(text, raw)
    }


def given_values(text: str, raw: bool) -> list[Assignment]:
    return [item for item in read(source(text), raw) if not item.inherited]


@pytest.mark.parametrize(("text", "expected"), ACCEPTED.items())
def test_read(text: str, expected: Values) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(("text", "expected"), RAW.items())
def test_read_raw(text: str, expected: Values) -> None:
    assert values(text, raw=True) == expected


@pytest.mark.parametrize(("text", "place"), REFUSED.items())
def test_what_compose_refuses_is_a_problem_at_its_place(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(FileProblem) as problem:
        read(source(text))
    assert (problem.value.line, problem.value.column) == place
    assert "secret" not in str(problem.value)


@pytest.mark.parametrize("text", RAW_REFUSED)
def test_what_docker_refuses_is_a_problem(text: str) -> None:
    with pytest.raises(FileProblem):
        read(source(text), raw=True)


@pytest.mark.parametrize("text", ACCEPTED)
def test_spans_are_the_statement_and_the_value_without_quotes(text: str) -> None:
    before = source(text)
    at = 0
    for item in read(before):
        assert item.span.start >= at
        assert item.value_span in item.span
        written = before.text[item.value_span.start : item.value_span.end]
        if item.quote:
            outer = before.text[item.value_span.start - 1 : item.value_span.end + 1]
            assert outer == item.quote + written + item.quote
        else:
            assert written == item.value
        assert item.line == before.place(item.span.start)[0]
        at = item.span.end


def test_an_escaped_dollar_waits_for_the_interpolation() -> None:
    (item,) = read(source(r'A="\$HOME"'))
    assert (item.value, item.literal) == ("$$HOME", False)


@pytest.mark.parametrize(("text", "literal"), [("A=$X", False), ('A="$X"', False), ("A='$X'", True)])
def test_only_single_quotes_are_literal(text: str, literal: bool) -> None:
    (item,) = read(source(text))
    assert (item.value, item.literal) == ("$X", literal)


def test_a_name_alone_is_inherited() -> None:
    first, second = read(source("A\nexport B \n"))
    assert (first.name, first.inherited, second.name, second.inherited) == ("A", True, "B", True)


NEW = "sqlite:///./data/app.db"
REPLACED = {
    "A=old": f"A={NEW}",
    "A=old\n": f"A={NEW}\n",
    "  export A = old  # rows\nB=1\n": f"  export A = {NEW}  # rows\nB=1\n",
    'A="old" # rows': f'A="{NEW}" # rows',
    "A='old' # rows": f"A='{NEW}' # rows",
    "A: old\n": f"A: {NEW}\n",
    "# x\r\nA=old\r\n\r\nB=1\r\n": f"# x\r\nA={NEW}\r\n\r\nB=1\r\n",
    "A=\r\nB=1\r\n": f"A={NEW}\r\nB=1\r\n",
    "A=   \nB=1": f"A=   {NEW}\nB=1",
    'A=""\n': f'A="{NEW}"\n',
    'A="a\nb"\nB=1': f'A="{NEW}"\nB=1',
    "\ufeffA=old": f"\ufeffA={NEW}",
    "B=1\u2028\nA=old\u2028": f"B=1\u2028\nA={NEW}\u2028",
    "A= # c\n": f"A= {NEW}\n",
    'A="x"B=y # c': f'A="{NEW}"B=y # c',
}


@pytest.mark.parametrize(("text", "expected"), REPLACED.items())
def test_a_value_is_replaced_and_nothing_else(text: str, expected: str) -> None:
    before = source(text)
    item = next(item for item in read(before) if item.name == "A")
    after = before.splice([replace_value(before, item, NEW)])
    assert after.data == expected.encode()
    assert next(item.value for item in read(after) if item.name == "A") == NEW


HARD_VALUES = ("", " ", "a b", " a", "a ", "a #b", "#a", "a#b", "a\nb", "a\r\nb", "'", '"', "\"'", "\\", "a\\", "\\n")
HARDER_VALUES = (
    "$x",
    "$$",
    "${x:-y}",
    "'a'",
    '"a"',
    "\\'",
    '\\"',
    "a\t#b",
    "\u2028",
    "é\u2028é",
    "\xa0",
    "a=b: c",
    "\\\\",
)


@pytest.mark.parametrize("value", HARD_VALUES + HARDER_VALUES)
@pytest.mark.parametrize("text", ["B=1\nA=old # c\nC=2", 'B=1\nA="old" # c\nC=2', "B=1\nA='old' # c\nC=2", "A: old\n"])
def test_a_replaced_value_is_read_back_or_refused(text: str, value: str) -> None:
    before = source(text)
    item = next(item for item in read(before) if item.name == "A")
    try:
        after = before.splice([replace_value(before, item, value)])
    except CannotEdit:
        return
    assert [(i.name, i.value, i.literal) for i in read(after)] == [
        (i.name, value if i.name == "A" else i.value, i.literal) for i in read(before)
    ]
    assert after.text.endswith(text[item.value_span.end :].lstrip("'\""))


def test_most_hard_values_can_be_written() -> None:
    before = source("A=old")
    (item,) = read(before)
    written = {value: before.splice([replace_value(before, item, value)]).text for value in HARD_VALUES}
    assert written["a#b"] == "A=a#b"
    assert written["a #b"] == 'A="a #b"'
    assert written["a b"] == "A=a b"
    assert written["a\nb"] == 'A="a\\nb"'
    assert written["\\n"] == "A=\\n"
    assert written["'"] == 'A="\'"'


@pytest.mark.parametrize("value", ["a\\", "a\\'b"])
def test_single_quotes_refuse_what_they_cannot_hold(value: str) -> None:
    before = source("A='$literal'")
    with pytest.raises(CannotEdit):
        replace_value(before, read(before)[0], value)


def test_a_name_alone_has_no_value_to_replace() -> None:
    before = source("A\n")
    with pytest.raises(CannotEdit):
        replace_value(before, read(before)[0], "x")


@pytest.mark.parametrize(("text", "expected"), [("A=old \r\nB=1", "A=n #$\r\nB=1"), ('A="x"', "A=n #$")])
def test_a_raw_value_is_written_as_it_is(text: str, expected: str) -> None:
    before = source(text)
    assert before.splice([replace_value(before, read(before, raw=True)[0], "n #$")]).text == expected


def test_a_raw_value_cannot_hold_a_line_end() -> None:
    before = source("A=old\n")
    with pytest.raises(CannotEdit):
        replace_value(before, read(before, raw=True)[0], "a\nb")


def test_where_python_dotenv_would_cut_a_comment_quotes_are_written() -> None:
    before = source("A=old")
    assert before.splice([replace_value(before, read(before)[0], "a\t#b")]).text == 'A="a\t#b"'


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("A=1\nB=2", "A=x\nB=2", True),
        ("A=1\nB=2", "A=x\nB=3", True),
        ("A=1", "A=1\nB=2", False),
        ("A=1\t# c", "A=2\t# c", True),  # they differ over the old value already
        ("A=1", "A=2\t# c", False),
        ("A=1 # x", "A=1 # y", True),
        ("A=1\rB=2", "A=1\rB=3", False),  # one value for Compose, two for python-dotenv
    ],
)
def test_python_dotenv_agrees(before: str, after: str, expected: bool) -> None:
    assert agrees(source(before), source(after)) is expected


@given(st.text(alphabet="AB=:\"'\\ \t\r\n#$ex\u2028\xa0", max_size=40), st.text(alphabet="ab\"'\\ \t\n#$", max_size=8))
def test_any_text_is_read_or_refused_and_any_edit_says_what_it_should(text: str, value: str) -> None:
    before = source(text)
    try:
        items = read(before)
    except FileProblem:
        return
    for number, item in enumerate(items):
        try:
            after = before.splice([replace_value(before, item, value)])
        except CannotEdit:
            continue
        expected = [(i.name, i.value, i.literal) for i in items]
        expected[number] = (item.name, value, item.literal)
        assert [(i.name, i.value, i.literal) for i in read(after)] == expected


def test_reading_does_not_import_python_dotenv() -> None:
    code = "import sys, volfix.syntax.dotenv; sys.exit('dotenv' in sys.modules or 'dotenv.parser' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed")
class TestComposeAgrees:
    """The tables above, asked of Compose: a service for each env file."""

    def config(self, directory: Path, texts: list[str], *, raw: bool) -> subprocess.CompletedProcess[str]:
        assert COMPOSE is not None
        services = {}
        for number, text in enumerate(texts):
            path = directory / f"{number}.env"
            path.write_bytes(text.encode())
            entry: dict[str, str] = {"path": str(path), **({"format": "raw"} if raw else {})}
            services[f"s{number}"] = {"image": "x", "env_file": [entry]}
        file = directory / "compose.json"
        file.write_text(json.dumps({"services": services}))
        return subprocess.run(
            [COMPOSE, "-f", str(file), "config", "--format", "json"],
            env={},
            capture_output=True,
            check=False,
            timeout=60,
            encoding="utf-8",
        )

    @pytest.mark.parametrize(("table", "raw"), [(ACCEPTED, False), (RAW, True)], ids=["dotenv", "raw"])
    def test_about_what_it_accepts(self, table: dict[str, Values], raw: bool, tmp_path: Path) -> None:
        done = self.config(tmp_path, list(table), raw=raw)
        assert done.returncode == 0, done.stderr
        services = json.loads(done.stdout)["services"]
        said = {}
        for number, text in enumerate(table):
            environment = services[f"s{number}"].get("environment") or {}
            said[text] = {name: value.replace("$$", "$") for name, value in environment.items()}
        assert said == table

    def test_about_what_it_refuses(self, tmp_path: Path) -> None:
        cases = [(text, False) for text in REFUSED] + [(text, True) for text in RAW_REFUSED]

        def accepts(numbered: tuple[int, tuple[str, bool]]) -> bool:
            number, (text, raw) = numbered
            directory = tmp_path / str(number)
            directory.mkdir()
            return self.config(directory, [text], raw=raw).returncode == 0

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(accepts, enumerate(cases)))
        assert [case for case, accepted in zip(cases, answers, strict=True) if accepted] == []
