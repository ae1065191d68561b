"""YAML as a tree with exact places: the same from both parsers, and hostile text is refused cheaply."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Calls

from volfix.syntax import yaml_events, yaml_tree
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_edit import nodes
from volfix.syntax.yaml_plain import plain
from volfix.syntax.yaml_tree import Alias, Document, Mapping, Node, Scalar, Sequence, parse


def source(text: str) -> Source:
    return Source.of(Path("compose.yaml"), text.encode())


@pytest.fixture(params=["libyaml", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs with libyaml and with the parser that every installation has."""
    if request.param == "pure":
        monkeypatch.setattr(yaml_tree, "read_events", yaml_events.pure_events)
    else:
        pytest.importorskip("_ruamel_yaml")


def documents(text: str) -> list[Document]:
    return parse(source(text))


def tree(text: str) -> object:
    (document,) = documents(text)
    return plain(document.root)


def root(text: str) -> Mapping:
    node = documents(text)[0].root
    assert isinstance(node, Mapping)
    return node


def spans(text: str) -> list[str]:
    """What is written for each scalar and alias, in the order of the text."""
    leaves = [node for document in documents(text) for node in nodes(document.root) if isinstance(node, Scalar | Alias)]
    return [text[node.span.start : node.span.end] for node in leaves]


def written(text: str, node: Node | None) -> str:
    assert node is not None
    return text[node.span.start : node.span.end]


# Places


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b # c\n", ["a", "b"]),
        ("a: 'b' # c\n", ["a", "'b'"]),
        ('"a": "b"\n', ['"a"', '"b"']),
        ("a: b\r\nc:\r\n  - d\r\n", ["a", "b", "c", "d"]),
        ("a:   b c   \n", ["a", "b c"]),
        ("a: b\n  c\n", ["a", "b\n  c"]),
        ("a: &x b\nc: *x\n", ["a", "b", "c", "*x"]),
        ("a: !t &x b\n", ["a", "b"]),
        ("a: &x !t 'b'\n", ["a", "'b'"]),
        ("a: !t # c\n  b\n", ["a", "b"]),
        ("a: !<tag:x,y> b\n", ["a", "b"]),
        ("a: &x\n", ["a", ""]),
        ("&x a: b\n", ["a", "b"]),
        ("{a: &x b, &y c: !t d, e: &z }", ["a", "b", "c", "d", "e", ""]),
        ("[a, &x b]", ["a", "b"]),
        ("😀: é\n", ["😀", "é"]),
        ("- &x\n- b\n", ["", "b"]),
        ("a: '&x b'\n", ["a", "'&x b'"]),
        ("a: !t '!t b'\n", ["a", "'!t b'"]),
        ("a: [b:c, d:e:f]\n", ["a", "b:c", "d:e:f"]),
    ],
)
def test_a_span_is_what_is_written(text: str, expected: list[str]) -> None:
    assert spans(text) == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a:\n", 2),
        ("a: # c\n", 2),
        ("a:\nb: c\n", 2),
        ("b:\n  a:\n", 7),
        ("b:\n  a:\n\n\n# c\nd: e\n", 7),
        ("b:\n  a: # :\nd: e\n", 7),
        ("a :\n", 3),
        ("{a: , b: c}", 3),
        ("{a, b: c}", 2),
        ("? a\n? b\n: c\n", 3),
        ("-\n- b\n", 1),
        ("b:\n  -\n", 6),
        ("a: &x\n", 5),
        ("a: &x # c\n", 5),
    ],
)
def test_an_absent_value_stands_behind_its_colon_or_dash(text: str, place: int) -> None:
    absent = [n for n in nodes(documents(text)[0].root) if isinstance(n, Scalar) and n.is_null and n.value == ""]
    assert (absent[0].span.start, absent[0].span.end) == (place, place)


@pytest.mark.parametrize(
    ("text", "written_value", "value"),
    [
        ("a: |\n  x\n\n\nb: c\n", "|\n  x", "x\n"),
        ("a: |-  # c\n  x\n\n", "|-  # c\n  x", "x"),
        ("a: |+\n  x\n\n\nb: c\n", "|+\n  x\n\n", "x\n\n\n"),
        ("a: |+\n  x\n\n# c\n\nb: c\n", "|+\n  x\n", "x\n\n"),
        ("a: |\n  x", "|\n  x", "x"),
        ("a: |2\n    x\n  y\nb: c\n", "|2\n    x\n  y", "  x\ny\n"),
        ("a: |\n  x\n   \n\nb: c\n", "|\n  x\n   ", "x\n \n"),
        ("a: |\n  # no comment\n# c\nb: c\n", "|\n  # no comment", "# no comment\n"),
        ("a: |\r\n  x\r\n\r\nb: c\r\n", "|\r\n  x", "x\n"),
        ("a: >\n  x\n  y\n\n  z\n   w\nb: c\n", ">\n  x\n  y\n\n  z\n   w", "x y\nz\n w\n"),
        ("a: &x !t >-\n  x\n  y\n", ">-\n  x\n  y", "x y"),
        ("a: |\n\n\nb: c\n", "|", ""),
        ("a: |\n  x\t# c\n", "|\n  x\t# c", "x\t# c\n"),
    ],
)
def test_a_block_scalar_ends_with_its_last_line_that_counts(text: str, written_value: str, value: str) -> None:
    node = root(text).get("a")
    assert isinstance(node, Scalar)
    assert (written(text, node), node.value) == (written_value, value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {b: c, d: [e]} # f\n", "{b: c, d: [e]}"),
        ("a: &x !t [b]\n", "[b]"),
        ("a: {}\n", "{}"),
        ("a: [ # c\n  b,\n  ]\n", "[ # c\n  b,\n  ]"),
        ("a: # c\n  b: c\n\nd: e\n", "b: c"),
        ("a: &x\n  b:\nd: e\n", "b:"),
        ("a:\n  - b\n  # c\nd: e\n", "- b"),
        ("a:\n- &x b\n-\nd: e\n", "- &x b\n-"),
        ("a: &x # c\n  - b\n", "- b"),
        ("a:\n  - b: c\n    d: e\n", "- b: c\n    d: e"),
    ],
)
def test_the_span_of_a_collection(text: str, expected: str) -> None:
    node = root(text).get("a")
    assert isinstance(node, Mapping | Sequence)
    assert written(text, node) == expected


def test_documents_end_where_the_next_begins() -> None:
    text = "--- # c\na: b\n# c\n...\n# d\n---\ne: f\n\n---\n- g\n"
    assert [text[d.span.start : d.span.end] for d in documents(text)] == ["a: b\n# c\n", "e: f\n\n", "- g\n"]


def test_a_text_without_content_has_no_documents() -> None:
    assert documents("") == documents("# c\n\n") == []
    assert tree("---\n") == ("typed", "")


# Values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 'x\u2028y'\n", "x\u2028y"),
        ('a: "x\\Ly\\Nz"\n', "x\u2028y\x85z"),
        ('a: "x\\vy\\fz"\n', "x\x0by\x0cz"),
        ("a: 'x\ufeffy'\n", "x\ufeffy"),
        ("a: x\u00a0y\n", "x\u00a0y"),
    ],
)
def test_odd_characters_inside_a_value_end_no_line(text: str, expected: str) -> None:
    node = root(text).get("a")
    assert isinstance(node, Scalar)
    assert node.value == expected
    with pytest.raises(FileProblem, match=r"compose\.yaml:2:1"):
        documents(text + "a: b\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: x\t# c\nb: z\n", {"a": "x", "b": "z"}),
        ("a:\t# c\n  b: x\n", {"a": {"b": "x"}}),
        ("a:\tx\n", {"a": "x"}),
        ("a: x\t\n", {"a": "x"}),
        ("a: x\ty\n", {"a": "x\ty"}),
        ("a:\n  - x:/x\t\t# c\n  - 'x\t# y'\n  - |\n    x\t# y\n  - z\n", {"a": ["x:/x", "x\t# y", "x\t# y\n", "z"]}),
        ("a: [x,\t# c\n  z]\t# d\n", {"a": ["x", "z"]}),
        ("a:\t# c\n  b: [x:/x, z]\n", {"a": {"b": ["x:/x", "z"]}}),  # libyaml takes no `x:/x` in such a list
        ('{\n\t"a": ["x",\n\t\t"y"]\n}\n', {"a": ["x", "y"]}),
    ],
)
def test_tabs_between_and_behind_values(text: str, expected: object) -> None:
    assert tree(text) == expected


def test_tabs_do_not_move_places() -> None:
    text = "a: x\t# c\nb:\t'y\tz'\n"
    assert spans(text) == ["a", "x", "b", "'y\tz'"]


@pytest.mark.parametrize("text", ["a:\n\tb: c\n", "\ta: b\n", "-\tb: c\n", "a: b\n\tc: d\n"])
def test_tabs_as_indentation_are_refused(text: str) -> None:
    with pytest.raises(FileProblem, match="not valid YAML"):
        documents(text)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: b\na: c\n", "2:1", '"a" is twice'),
        ("a: b\n'a': c\n", "2:1", "is twice"),
        ("a: {b: c}\na: {d: e}\n", "2:1", '"a" is twice'),
        ("x:\n  - {b: c, d: e, b: f}\n", "2:18", "is twice"),
        ("a: 'b\n", "2:1", "not valid YAML"),
        ("a: b: c\n", "1:5", "not valid YAML"),
        ("a: [b\nc: d\n", "2:2", "not valid YAML"),
        ("a: *x\n", "1:4", "no anchor"),
        ("a: &x b\n---\nc: *x\n", "3:4", "no anchor"),
        ("a: &x [b, *x]\n", "1:11", "inside its own anchor"),
        ("a: &x\n  b: {c: *x}\n", "2:10", "inside its own anchor"),
        ("a: 'x\u2028y'\nb: b: c\n", "2:5", "not valid YAML"),
        ("a: x\x0by\n", "1:5", "not valid YAML"),
        ("a: \x7f\n", "1:4", "not valid YAML"),
        ("%YAML 9\n---\na\n", "", "not valid YAML"),
        ("{{ template }}: x\n{% if y %}\n", "", "not valid YAML"),
    ],
)
def test_a_problem_has_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(FileProblem, match=message) as caught:
        documents(text)
    assert f":{place}" in str(caught.value)


def test_merge_keys_and_documents_may_repeat() -> None:
    assert len(documents("a: 1\n---\na: 1\n")) == 2
    assert root("x: &x {b: c}\na:\n  <<: *x\n  <<: *x\n").get("a") is not None


# Anchors, aliases, merge keys


def test_merged_entries_are_overridden_by_own_ones() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: own\n"
    node = root(text).get("z")
    assert isinstance(node, Mapping)
    assert {key: written(text, pair.value) for key, pair in node.items()} == {"a": "own", "b": "2", "c": "4"}
    assert [written(text, node.get(key)) for key in "abc"] == ["own", "2", "4"]
    assert node.get("d") is None
    assert node.pair("b") is None


def test_the_nearer_merge_wins() -> None:
    text = "x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nw: &w {a: 3}\nz: {<<: [*y, *w]}\n"
    node = root(text).get("z")
    assert isinstance(node, Mapping)
    assert [written(text, node.get(key)) for key in "ab"] == ["1", "2"]


def test_a_quoted_merge_key_is_a_key() -> None:
    node = root("x: &x {a: b}\nz:\n  '<<': *x\n").get("z")
    assert isinstance(node, Mapping)
    assert node.get("a") is None


def test_an_anchor_may_be_set_again() -> None:
    text = "a: &x 1\nb: *x\nc: &x 2\nd: *x\n"
    assert [written(text, root(text).get(key)) for key in "bd"] == ["1", "2"]


def test_plain_keeps_aliases_tags_and_types_apart() -> None:
    assert tree("a: &x 1\nb: *x\nc: '1'\nd: !t {e: ~}\nf: yes\ng: 0o17\nh: text\n") == {
        "a": ("anchor", "x", ("typed", "1")),
        "b": ("alias", "x"),
        "c": "1",
        "d": ("tag", "!t", {"e": ("typed", "~")}),
        "f": ("typed", "yes"),
        "g": ("typed", "0o17"),
        "h": "text",
    }


# Hostile text


def limited(text: str) -> str:
    """The problem of a text; what finds it reads little of the text, the pure parser 1,024 brackets more."""
    with Calls() as calls, pytest.raises(FileProblem) as caught:
        documents(text)
    assert calls.number < 6_000_000
    return caught.value.message


@pytest.mark.parametrize("depth", [61, 1000, 100_000])
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_at_once(opening: str, depth: int) -> None:
    assert "nested deeper than 60 levels" in limited(opening * depth)


def test_deep_block_mappings_are_refused() -> None:
    assert "nested deeper" in limited("".join(" " * level + "a:\n" for level in range(2000)))


def test_sixty_levels_are_enough_for_anyone() -> None:
    assert tree("[" * 60 + "]" * 60) is not None


def test_an_alias_bomb_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    with Calls() as calls:
        found = tree("\n".join(lines))
    assert isinstance(found, dict)
    assert found["a39"] == ("anchor", "a39", [("alias", "a38")] * 9)
    assert calls.number < 200_000


def test_a_merge_bomb_costs_nothing() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 40)]
    with Calls() as calls:
        last = root("\n".join(lines)).get("a39")
        assert isinstance(last, Mapping)
        assert last.get("missing") is None
        assert [key for key, _ in last.items()] == ["x"]
    assert calls.number < 300_000


def test_a_long_chain_of_merges_is_no_recursion() -> None:
    lines = ["a0: &a0 {x: 1}", *[f"a{n}: &a{n} {{<<: *a{n - 1}}}" for n in range(1, 1500)]]
    last = root("\n".join(lines)).get("a1499")
    assert isinstance(last, Mapping)
    assert last.get("x") is not None
    assert len(list(last.items())) == 1


def test_keys_that_are_no_text_are_kept() -> None:
    assert tree("{[a, b]: c}") == {"['a', 'b']": "c"}
