"""Scripts are read with a shell's grammar: which commands, with which words, and where each of them stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.syntax.fragment import Fragment
from volfix.syntax.shell import parse
from volfix.syntax.shell_commands import Script
from volfix.syntax.shell_words import characters, heredoc_characters
from volfix.syntax.source import Source


def words(script: Script) -> list[list[str]]:
    return [[word.value for word in command.words] for command in script.commands if command.words]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b && c || d; e & f", [["a", "b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a | b -x | c", [["a"], ["b", "-x"], ["c"]]),
        ("! a; { b; }; ( c )", [["a"], ["b"], ["c"]]),
        ("a \\\n  -f x \\\n  down -v\n", [["a", "-f", "x", "down", "-v"]]),
        ("X=1 Y='2 3' a b", [["a", "b"]]),
        ("a >out 2>&1 b", [["a", "b"]]),
        ("a 2>/dev/null || true", [["a"], ["true"]]),
        ("if a; then b; elif c; then d; else e; fi", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("while a; do b; done; for i in 1 2; do c $i; done", [["a"], ["b"], ["c", "$i"], ["c", "$i"]]),
        ("case $1 in x) a ;; *) b ;; esac", [["a"], ["b"]]),
        ("a $(b -c) `d`", [["b", "-c"], ["d"], ["a", "$(b -c)", "`d`"]]),
        ("a 'b  c' \"d $E\" f\\ g h'i'\"j\"", [["a", "b  c", "d $E", "f g", "hij"]]),
        ('a "it\'s" \'say "x"\' "\\"q\\" \\$v \\n"', [["a", "it's", 'say "x"', '"q" $v \\n']]),
        ("# a b\nc # d\n", [["c"]]),
        ("a <<EOF\nb c\nEOF\nd", [["a"], ["d"]]),
        ("a <<'X' | b\nc\nX\n", [["a"], ["b"]]),
        ("a $B:$C/ -v", [["a", "$B:$C/", "-v"]]),
        ("", []),
        ("\n\n  \n", []),
        ("é 'ü ß' && 日本 -v", [["é", "ü ß"], ["日本", "-v"]]),
    ],
)
def test_the_commands_of_a_script(text: str, expected: list[list[str]]) -> None:
    script = parse(text)
    assert words(script) == expected
    assert not script.unread


@pytest.mark.parametrize(
    "text",
    ["日本 'ü' && docker compose down -v\n", "a\r\nb -v\r\n", 'x "é" -v', "f() {\n  a -v\n}\n", "\tа -v \\\n\t-w"],
)
def test_each_word_knows_its_place(text: str) -> None:
    script = parse(text)
    commands = [*script.commands, *(command for body in script.functions.values() for command in body)]
    found = [word for command in commands for word in command.words if not word.quoted]
    assert found
    for word in found:
        assert text[word.span.start : word.span.end].strip("\r") == word.value.strip("\r")


def test_functions_are_kept_apart_from_what_runs() -> None:
    script = parse("clean() { rm -rf x; }\nfunction other {\n  a\n}\nup\n")
    assert words(script) == [["up"]]
    assert [command.words[1].value for command in script.functions["clean"]] == ["-rf"]
    assert list(script.functions) == ["clean", "other"]


def test_a_subshell_a_pipe_and_a_substitution_have_a_scope_of_their_own() -> None:
    scopes = {
        command.words[0].value: command.around.scope for command in parse("a; ( b; ( c ) ); d | e; f $(g)").commands
    }
    assert scopes["a"] == scopes["f"] == ()
    assert scopes["c"][:-1] == scopes["b"]
    assert len({scopes[name] for name in "bcdeg"}) == 5


@pytest.mark.parametrize(
    ("text", "guards"),
    [
        ('if [ "$1" = clean ]; then x; fi', ("$1", "clean")),
        ('if [[ $1 == "clean" ]]; then y; else x; fi', ()),
        ('if [ "$1" != test ]; then x; fi', ()),
        ("case $1 in up|start) x ;; esac", ("up", "start")),
        ('[ "$1" = reset ] && x', ("$1", "reset")),
        ("[ $1 = reset ] && x", ("$1", "reset")),
        ("if [[ $1 == reset ]]; then x; fi", ("$1", "reset")),
        ("if [[ ${MODE:-up} == x$1 ]]; then x; fi", ("${MODE:-up}", "x$1")),
        ("if [ -f $1 ]; then x; fi", ("-f $1",)),
        ("a clean && x", ()),
        ("if clean; then x; fi", ()),
    ],
)
def test_a_command_knows_the_tests_that_let_it_run(text: str, guards: tuple[str, ...]) -> None:
    command = next(item for item in parse(text).commands if item.words and item.words[0].value == "x")
    assert tuple(text for guard in command.around.guards for text in guard.texts) == guards


def test_assignments_and_arrays() -> None:
    script = parse("a=1\nexport DC='docker compose' b=$c\nx=(docker compose -f \"a b\")\nlocal y\n")
    found = [(item.name, item.value) for command in script.commands for item in command.assignments]
    assert found == [("a", "1"), ("DC", "docker compose"), ("b", "$c"), ("x", "docker compose -f a b")]


@pytest.mark.parametrize(
    "text",
    [
        "[ -d / ] && docker compose down -v\n",
        "docker down ${{ secrets.X }} -v\n",
        "if [ x; then\n  docker compose down -v\n",
    ],
)
def test_what_is_no_shell_is_said_to_be_unread(text: str) -> None:
    assert parse(text).unread


def test_text_in_quotes_keeps_its_places(tmp_path: Path) -> None:
    source = Source.of(tmp_path / "x.sh", b"ssh h 'cd \"/a b\" && down -v'\n")
    outer = Fragment.whole(source)
    word = parse(outer.text).commands[0].words[2]
    inner = outer.inner(characters(outer.text, word.span.start, word.span.end))
    assert inner.text == 'cd "/a b" && down -v'
    command = parse(inner.text).commands[1]
    place = inner.place(command.words[1].span.start, command.words[1].span.end)
    assert source.text[place.start : place.end] == "-v"
    assert inner.is_verbatim(0, len(inner.text))


def test_escaped_quotes_are_not_verbatim(tmp_path: Path) -> None:
    source = Source.of(tmp_path / "x.sh", rb'sh -c "a \"b\" c"')
    outer = Fragment.whole(source)
    word = parse(outer.text).commands[0].words[2]
    inner = outer.inner(characters(outer.text, word.span.start, word.span.end))
    assert inner.text == 'a "b" c'
    assert not inner.is_verbatim(0, len(inner.text))
    assert inner.is_verbatim(0, 1)


def test_a_here_document_takes_escapes_away_unless_its_delimiter_is_quoted() -> None:
    text = r"a \$b \x"
    assert "".join(item[0] for item in heredoc_characters(text, 0, len(text), quoted=False)) == r"a $b \x"
    assert "".join(item[0] for item in heredoc_characters(text, 0, len(text), quoted=True)) == text


@pytest.mark.parametrize("text", ["(" * 5000 + "a" + ")" * 5000, "a" + " && a" * 20000, "$(" * 3000])
def test_nesting_without_end_is_unread(text: str) -> None:
    assert parse(text).unread


@pytest.mark.parametrize(
    "lines",
    [
        "A=1 B=2\n# why\n",
        "A=1 B=2  # why\n",
        "A=1 B=2 C=3 # why\n\n# and so\n",
        'A="x" B=$(date)\n# why\n',
        "x && A=1 B=2\n# why\n",
        "A= B=\r\n# why\r\n",
        'A="ä\nb" B=2\n# größer\n',
        "A=1 \\\nB=2\n# why\n",
    ],
)
@pytest.mark.parametrize("test", ['if [ "$1" = wipe ]; then\n  rm -rf data\nfi\n', '[ "$1" = wipe ] && rm -rf data\n'])
def test_assignments_with_a_comment_behind_them_leave_the_next_test_whole(lines: str, test: str) -> None:
    script = parse(lines + test)
    (command,) = (each for each in script.commands if [word.value for word in each.words[:1]] == ["rm"])
    assert [text for guard in command.around.guards for text in guard.texts] == ["$1", "wipe"]
    assert (lines + test)[command.span.start : command.span.end] == "rm -rf data"
    names = [item.name for each in script.commands for item in each.assignments]
    assert names[:2] == ["A", "B"]
    assert not script.unread


@pytest.mark.parametrize("text", ["--config=/app/x.toml --port=8080", "--a=b", "-x=1 --y=2 --z=3"])
def test_flags_alone_are_no_command_behind_the_text(text: str) -> None:
    assert [word for command in parse(text).commands for word in command.words if word.span.end > len(text)] == []
    assert all(command.span.end > command.span.start for command in parse(text).commands)
