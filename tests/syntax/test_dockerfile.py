"""Dockerfiles as BuildKit reads them: lines, instructions, words, variables, the commands of a RUN."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Calls
from hypothesis import given
from hypothesis import strategies as st

from volfix.syntax.dockerfile import Instruction, commands, expanded, read
from volfix.syntax.source import FileProblem, Source


def instructions(text: str) -> tuple[Instruction, ...]:
    return read(Source.of(Path("/p/Dockerfile"), text.encode()))


def seen(text: str) -> list[tuple[str, str]]:
    return [(item.keyword, item.text) for item in instructions(text)]


READ: dict[str, list[tuple[str, str]]] = {
    "": [],
    "\n\n# comment\n": [],
    "FROM a": [("FROM", "a")],
    "from a\nrUn x": [("FROM", "a"), ("RUN", "x")],
    "  FROM   a  \n": [("FROM", "a")],
    "\ufeffFROM a": [("FROM", "a")],
    "FROM a\r\nRUN x \\\r\n  y\r\n": [("FROM", "a"), ("RUN", "x   y")],
    "RUN": [("RUN", "")],
    # Continuation.
    "RUN a \\\n b": [("RUN", "a  b")],
    "RUN a\\\nb": [("RUN", "ab")],
    "RUN a \\  \n b\nUSER u": [("RUN", "a  b"), ("USER", "u")],
    "RUN a \\\n\n\n b": [("RUN", "a  b")],
    "RUN a \\\n# comment\n  # another \\\n b": [("RUN", "a  b")],
    "RUN a # no comment\nUSER u": [("RUN", "a # no comment"), ("USER", "u")],
    "RUN a \\": [("RUN", "a")],
    "RUN a \\\n# the end": [("RUN", "a")],
    "\\\nRUN a": [("RUN", "a")],
    "RUN a \\\\\nUSER u": [("RUN", "a \\\\"), ("USER", "u")],
    "RUN a \\ b\nUSER u": [("RUN", "a \\ b"), ("USER", "u")],
    "# comment \\\nRUN a": [("RUN", "a")],
    # The escape directive counts at the very top.
    "# escape=`\nRUN a `\n b\nRUN c\\\nUSER u": [("RUN", "a  b"), ("RUN", "c\\"), ("USER", "u")],
    "#syntax=docker/dockerfile:1\n# Escape = ` \nRUN a `\n b": [("RUN", "a  b")],
    "\n# escape=`\nRUN a \\\n b": [("RUN", "a  b")],
    "# hello\n# escape=`\nRUN a \\\n b": [("RUN", "a  b")],
    "FROM a\n# escape=`\nRUN a \\\n b": [("FROM", "a"), ("RUN", "a  b")],
    # Flags.
    "FROM --platform=$BUILDPLATFORM a AS b": [("FROM", "a AS b")],
    "COPY --from=x --chown=a:b . /y": [("COPY", ". /y")],
    "RUN --mount=type=cache,target=/x --network=none pip": [("RUN", "pip")],
    "RUN -- --not-a-flag": [("RUN", "--not-a-flag")],
    "RUN x --flag": [("RUN", "x --flag")],
    # Other separators than white space are none.
    "RUN a\u2028USER b": [("RUN", "a\u2028USER b")],
    "RUN a\rUSER b": [("RUN", "a\rUSER b")],
}


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_read(text: str, expected: list[tuple[str, str]]) -> None:
    assert seen(text) == expected


HEREDOCS: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "RUN <<EOF\na\nb\nEOF\nUSER u": [("RUN", ("a\nb\n",)), ("USER", ())],
    "RUN <<EOF\n\n# no comment\nUSER x \\\nEOF\nUSER u": [("RUN", ("\n# no comment\nUSER x \\\n",)), ("USER", ())],
    "RUN <<'EOF'\na\nEOF\nUSER u": [("RUN", ("a\n",)), ("USER", ())],
    'RUN <<"EOF"\na\nEOF\nUSER u': [("RUN", ("a\n",)), ("USER", ())],
    "RUN <<-EOF\n\ta\n\tEOF\nUSER u": [("RUN", ("a\n",)), ("USER", ())],
    "RUN <<EOF\n EOF\nEOF \nEOF\nUSER u": [("RUN", (" EOF\nEOF \n",)), ("USER", ())],
    "RUN <<A <<B\na\nA\nb\nB\nUSER u": [("RUN", ("a\n", "b\n")), ("USER", ())],
    "COPY <<EOF /x\na\nEOF\nUSER u": [("COPY", ("a\n",)), ("USER", ())],
    "RUN python3 - <<PY > /x\nprint()\nPY\nUSER u": [("RUN", ("print()\n",)), ("USER", ())],
    "RUN cat \\\n <<EOF\na\nEOF\nUSER u": [("RUN", ("a\n",)), ("USER", ())],
    "RUN <<EOF\r\na\r\nEOF\r\nUSER u": [("RUN", ("a\n",)), ("USER", ())],
    # None of these begins one.
    'RUN echo "<<EOF"\nUSER u': [("RUN", ()), ("USER", ())],
    "RUN echo '<<EOF'\nUSER u": [("RUN", ()), ("USER", ())],
    "RUN cat<<EOF\nUSER u": [("RUN", ()), ("USER", ())],
    "RUN cat <<<EOF\nUSER u": [("RUN", ()), ("USER", ())],
    "RUN << EOF\nUSER u": [("RUN", ()), ("USER", ())],
    'RUN ["cat", "<<EOF"]\nUSER u': [("RUN", ()), ("USER", ())],
    "CMD <<EOF\nUSER u": [("CMD", ()), ("USER", ())],
    "LABEL a=<<EOF\nUSER u": [("LABEL", ()), ("USER", ())],
}


@pytest.mark.parametrize(("text", "expected"), HEREDOCS.items())
def test_heredocs(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(item.keyword, item.heredocs) for item in instructions(text)] == expected


@pytest.mark.parametrize("text", ["FROM a\nRUN <<EOF\na\n", "# escape=x\nFROM a", "RUN <<EOF\nEOF x"])
def test_what_buildkit_refuses_is_a_problem(text: str) -> None:
    with pytest.raises(FileProblem) as problem:
        instructions(text)
    assert problem.value.line is not None


@pytest.mark.parametrize("text", [*READ, *HEREDOCS])
def test_spans_hold_the_instruction_as_written(text: str) -> None:
    source = Source.of(Path("/p/Dockerfile"), text.encode())
    at = 0
    for item in read(source):
        assert item.span.start >= at
        written = source.text[item.span.start : item.span.end]
        assert written.lstrip("\\\n").upper().startswith(item.keyword)
        assert not written.endswith("\n")
        at = item.span.end


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('VOLUME ["/a", "/b c"]', ["/a", "/b c"]),
        ("VOLUME []", []),
        ("VOLUME ['/a']", None),
        ('VOLUME ["/a"', None),
        ("VOLUME [1]", None),
        ("VOLUME /a /b", None),
        ("VOLUME " + "[" * 100_000, None),
    ],
)
def test_the_json_form(text: str, expected: list[str] | None) -> None:
    (item,) = instructions(text)
    assert item.array == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ENV A=1 B=2", ["A=1", "B=2"]),
        ("ENV A=\"1 2\"  B='3 4'", ['A="1 2"', "B='3 4'"]),
        (r"ENV A=1\ 2 B=3", [r"A=1\ 2", "B=3"]),
        (r'ENV A="1\" 2" B=3', [r'A="1\" 2"', "B=3"]),
        (r"ENV A='1\' B=3", [r"A='1\'", "B=3"]),
        ('ENV A="x\'y z"', ['A="x\'y z"']),
        ('ENV A="open end', ['A="open end']),
        ("# escape=`\nENV A=1` 2 B=C:\\x", ["A=1` 2", "B=C:\\x"]),
    ],
)
def test_words_keep_quotes_and_escapes(text: str, expected: list[str]) -> None:
    (item,) = instructions(text)
    assert item.words == expected


@pytest.mark.parametrize(
    ("flag", "expected"),
    [("--chown=app:app", "app:app"), ('--chown="app"', "app"), ("--chown=a --chown=b", "b"), ("", None)],
)
def test_a_flag(flag: str, expected: str | None) -> None:
    (item,) = instructions(f"COPY {flag} . /x")
    assert item.flag("chown") == expected


KNOWN = {"A": "a", "EMPTY": "", "UNSET": None, "SP": "x y"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$A", "a"),
        ("${A}/x", "a/x"),
        ("$A$A", "aa"),
        ('"$A b"', "a b"),
        ("'$A b'", "$A b"),
        (r"\$A", "$A"),
        (r'"\$A"', "$A"),
        (r'"a\b"', r"a\b"),
        (r"a\b", "ab"),
        ("$SP", "x y"),
        ("$", "$"),
        ("a$/b", "a$/b"),
        ("${A:-d}", "a"),
        ("${UNSET:-d}", "d"),
        ("${UNSET-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${UNSET:-${A}x}", "ax"),
        ('${UNSET:-"q r"}', "q r"),
        ("${A:+r}", "r"),
        ("${UNSET:+r}", ""),
        ("${EMPTY+r}", "r"),
        ("${A:?e}", "a"),
        # Nobody can know these here.
        ("$OTHER", None),
        ("${OTHER:-d}", None),
        ("${OTHER:+d}", None),
        ("$UNSET", None),
        ("${UNSET}", None),
        ("${UNSET:?e}", None),
        ("a$OTHER", None),
        # BuildKit refuses these, or has forms that are not followed here.
        ("${A", None),
        ("${}", None),
        ("${A:-d", None),
        ("${A%x}", None),
        ("${A#x}", None),
        ("${A/x/y}", None),
        ("${UNSET:-'a b'c}", "a bc"),
        ("'open", None),
        ('"open', None),
        ("$1", None),
        ("$@", None),
        ("$$", None),
        ("${A:-" * 5000 + "}" * 5000, None),
    ],
)
def test_variables(text: str, expected: str | None) -> None:
    assert expanded(text, KNOWN) == expected


def test_the_escape_character_of_the_file_counts() -> None:
    assert expanded(r"C:\$A`$A", KNOWN, "`") == r"C:\a$A"


COMMANDS: dict[str, list[list[str]]] = {
    "RUN a b": [["a", "b"]],
    "RUN a && b ; c & d | e": [["a"], ["b"], ["c"], ["d"], ["e"]],
    "RUN a&&b;c": [["a"], ["b"], ["c"]],
    "RUN a || b && c": [["a"], ["c"]],
    "RUN (a; b)": [["a"], ["b"]],
    "RUN a 'b && c' \"d; e\"": [["a", "b && c", "d; e"]],
    "RUN if x; then a; else b; fi; c": [["c"]],
    "RUN for i in 1 2; do a; done && c": [["c"]],
    "RUN a # b && c": [["a"]],
    "RUN <<EOF\na # b\n# it's c\nd\nEOF": [["a"], ["d"]],
    "RUN bash <<EOF\na\nEOF": [["a"]],
    "RUN python3 <<EOF\na\nEOF": [],
    'RUN ["a", "b && c"]': [["a", "b && c"]],
    'RUN ["/bin/sh", "-c", "a && b"]': [["a"], ["b"]],
    'RUN ["bash", "-euxc", "a"]': [["a"]],
    "RUN []": [],
    "RUN": [],
    "RUN a; b 'open": [["a"]],
    "RUN a\\;b": [["a;b"]],
}


@pytest.mark.parametrize(("text", "expected"), COMMANDS.items())
def test_commands_that_run_in_any_case(text: str, expected: list[list[str]]) -> None:
    (item,) = instructions(text)
    assert [words for words, is_sure in commands(item) if is_sure] == expected


@pytest.mark.parametrize(
    "text",
    [
        "RUN a \\\n" * 100_000,
        "RUN " + "'" * 200_001,
        "RUN " + "\\" * 200_001,
        'ENV A="' + "\\" * 200_000,
        "RUN <<A\nA\n" * 5_000,
        "#" * 500_000,
        "RUN " + "<<A " * 1 + "x" * 500_000 + "\nA",
    ],
)
def test_a_long_file_takes_no_longer_than_its_length(text: str) -> None:
    with Calls() as calls:
        for item in instructions(text):
            assert item.words is not None
    assert calls.number < 5 * len(text)


@given(st.text(alphabet="RUN \\\n\r#<E'\"`-$&|;{}[]=", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = instructions("RUN " + text)
    except FileProblem:
        return
    for item in found:
        list(commands(item))
        expanded(item.text, {}, item.escape)
