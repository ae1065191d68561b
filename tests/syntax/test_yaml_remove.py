"""Entries and items taken out: their own lines or their comma go, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volfix.syntax.source import CannotEdit, FileProblem, Source
from volfix.syntax.yaml_edit import nodes
from volfix.syntax.yaml_plain import plain
from volfix.syntax.yaml_remove import remove_entry, remove_item
from volfix.syntax.yaml_tree import Mapping, Node, Pair, Scalar, Sequence, parse


def source(text: str) -> Source:
    return Source.of(Path("compose.yaml"), text.encode())


def without(text: str, what: str) -> str:
    """The text without the entry with the key `what`, or without the item `what`."""
    of = source(text)
    for document in parse(of):
        for node in nodes(document.root):
            if isinstance(node, Mapping) and (pair := node.pair(what)):
                return of.splice([remove_entry(of, node, pair)]).text
            if isinstance(node, Sequence):
                for item in node.items:
                    if isinstance(item, Scalar) and item.value == what:
                        return of.splice([remove_item(of, node, item)]).text
    raise AssertionError(f"no {what}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1\nx: 2\nb: 3\n", "a: 1\nb: 3\n"),
        ("x: 2\nb: 3\n", "b: 3\n"),
        ("a: 1\nx: 2\n", "a: 1\n"),
        ("a: 1\nx: 2", "a: 1"),
        ("a: 1\r\nx: 2", "a: 1"),
        ("a: 1\r\nx: 2\r\nb: 3\r\n", "a: 1\r\nb: 3\r\n"),
        ("a: 1\n# on x\nx: 2 # c\n# on b\nb: 3\n", "a: 1\n# on x\n# on b\nb: 3\n"),
        ("a: 1\nx:\n  y: z\n\nb: 3\n", "a: 1\n\nb: 3\n"),
        ("a: 1\nx: |\n  y\n\n  z\n\nb: 3\n", "a: 1\n\nb: 3\n"),
        ("a: 1\nx: 'y\n  z' # c\nb: 3\n", "a: 1\nb: 3\n"),
        ("a: 1\nx: &n y\nb: 3\n", "a: 1\nb: 3\n"),
        ("a: 1\n&k x: y\nb: 3\n", "a: 1\nb: 3\n"),
        ("a: 1\nx:\nb: 3\n", "a: 1\nb: 3\n"),
        ("a: |\n  t\nx: 2", "a: |\n  t\n"),
        ("a: |+\n  t\n\nx: 2\nb: 3\n", "a: |+\n  t\n\nb: 3\n"),
        ("a: 1\nx: |+\n  t\n\n\nb: 3\n", "a: 1\nb: 3\n"),
        ("---\na: 1\nx: 2\n...\n", "---\na: 1\n...\n"),
        ("s:\n- x: 1\n  b: 2\n", "s:\n- b: 2\n"),
        ("s:\n  -   x: 1 # c\n      b: 2\n      c: 3\n", "s:\n  -   b: 2\n      c: 3\n"),
        ("s:\n- x: 1\n\n  b: 2\n", "s:\n- \n  b: 2\n"),
        ("s:\n- x: 1\n  # on b\n  b: 2\n", "s:\n- # on b\n  b: 2\n"),
        ("s:\n- x:\n    y: z\n  b: 2\n", "s:\n- b: 2\n"),
        ("s:\n-\n  x: 1\n  b: 2\n", "s:\n-\n  b: 2\n"),
        ("s:\n- a: 1\n  x: 1\n- b: 2\n", "s:\n- a: 1\n- b: 2\n"),
    ],
)
def test_an_entry_of_a_block_mapping(before: str, after: str) -> None:
    assert without(before, "x") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v:\n  - a\n  - x\n  - b\n", "v:\n  - a\n  - b\n"),
        ("v:\n- x\n- b\n", "v:\n- b\n"),
        ("v:\n  - a\n  - x", "v:\n  - a"),
        ("v:\r\n  - a\r\n  - x # c\r\n  - b\r\n", "v:\r\n  - a\r\n  - b\r\n"),
        ("v:\n  - a\n  # on x\n  - 'x' # c\n  # on b\n  - b\n", "v:\n  - a\n  # on x\n  # on b\n  - b\n"),
        ("v:\n  - - x\n    - b\n", "v:\n  - - b\n"),
        ("v:\n  - a\n  -\n    x\n  - b\n", "v:\n  - a\n  - b\n"),
        ("v:\n  - a\n  - &n\n    # c\n    x\n  - b\n", "v:\n  - a\n  - b\n"),
        ("v:\n  - a\n  - !t x\n\nw: y\n", "v:\n  - a\n\nw: y\n"),
    ],
)
def test_an_item_of_a_block_sequence(before: str, after: str) -> None:
    assert without(before, "x") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{a: 1, x: 2, b: 3}", "{a: 1, b: 3}"),
        ("{x: 2, b: 3}", "{b: 3}"),
        ("{ x: 2 , b: 3 }", "{ b: 3 }"),
        ("{a: 1, x: 2}", "{a: 1}"),
        ("{ a: 1, x: 2 }", "{ a: 1 }"),
        ("{a: 1, x: 2, }", "{a: 1, }"),
        ("{a: 1, x: {b: 2, c: 3}}", "{a: 1}"),
        ("{a: 1, &k x: &v y, b: 3}", "{a: 1, b: 3}"),
        ("{a: ',', x, b: ']'}", "{a: ',', b: ']'}"),
        ("{x: 1}", "{}"),
        ("{\n  x: 1, # c\n}", "{}"),
        ("{\n  a: 1, # a\n  x: 2, # x\n  b: 3 # b\n}", "{\n  a: 1, # a\n  b: 3 # b\n}"),
        ("{\n  a: 1, # a\n  x: 2 # x\n}", "{\n  a: 1 # a\n}"),
        ("{\n  a: 1, # a\n  # on x\n  x: 2 # x\n}", "{\n  a: 1 # a\n  # on x\n}"),
        ("{a: 1, # a\n x: 2}", "{a: 1 # a\n }"),
        ("{a: 1, # a\n x: 2, }", "{a: 1, # a\n  }"),
        ("{x: 2, # on both\n b: 3}", "{ # on both\n b: 3}"),
        ("{\n  a: 1,\n  x: 2\n}", "{\n  a: 1\n}"),
        ("{\n  a: 1,\n  x: 2,\n}", "{\n  a: 1,\n}"),
        ("{\n  x: 2, # x\n  # on b\n  b: 3\n}", "{\n  # on b\n  b: 3\n}"),
        ("{a: 1, x: 2, # on both\n b: 3}", "{a: 1, # on both\n b: 3}"),
        ("{a: 1,\r\n x: 2,\r\n b: 3}", "{a: 1,\r\n b: 3}"),
        ("v: [a, x, b]\n", "v: [a, b]\n"),
        ("v: [a, 'x'] # c\n", "v: [a] # c\n"),
        ("v: [x]\n", "v: []\n"),
        ("v: [\n  a,\n  x\n]\n", "v: [\n  a\n]\n"),
        ('{"a": 1,\n "x": 2}', '{"a": 1}'),
    ],
)
def test_a_part_of_a_flow_collection(before: str, after: str) -> None:
    assert without(before, "x") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v:\n  x: 1\nw: y\n", "v: {}\nw: y\n"),
        ("v:\n  x:\n    y: z\n", "v: {}\n"),
        ("v:\n  x: 1", "v: {}"),
        ("v: # c\n  # on x\n  x: 1 # gone\nw: y\n", "v: {} # c\n  # on x\nw: y\n"),
        ("v: &n !t\n  x: 1\nw: *n\n", "v: &n !t {}\nw: *n\n"),
        ("v :\r\n  x: 1\r\nw: y\r\n", "v : {}\r\nw: y\r\n"),
        ("v:\n- x\nw: y\n", "v: []\nw: y\n"),
        ("v:\n    - x # c", "v: []"),
        ("s:\n- x: 1\n- b\n", "s:\n- {}\n- b\n"),
        ("s:\n- - x\n- b\n", "s:\n- []\n- b\n"),
        ("x: 1\n", "{}\n"),
        ("- x # c\n", "[] # c\n"),
    ],
)
def test_the_only_one_leaves_empty_brackets(before: str, after: str) -> None:
    assert without(before, "x") == after


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("x: &n 1\nb: *n\n", "refers to it"),
        ("x:\n  y: [&n z]\nb: *n\n", "refers to it"),
        ("v: [&n x, *n]\n", "refers to it"),
        ("v: [x: 1]\n", "pair without braces"),
        ("a: |+\n  t\nx: 1\n\nb: 2\n", "before it"),
        ("a: |\n  t\nx: 1\n   # text?\nb: 2\n", "before it"),
        ("a: >-\n  t\nx: 1\n     \nb: 2\n", "before it"),
        ("? x\n: 1\n", "does not follow"),
    ],
)
def test_what_the_rest_needs_stays(before: str, reason: str) -> None:
    with pytest.raises(CannotEdit, match=reason):
        without(before, "x")


def test_an_alias_inside_what_goes_does_no_harm() -> None:
    assert without("a: &n 1\nx: [&m y, *m, *n]\n", "x") == "a: &n 1\n"


def test_the_same_name_in_another_document_is_another_anchor() -> None:
    assert without("x: &n 1\nb: 2\n---\na: &n 3\nb: *n\n", "x") == "b: 2\n---\na: &n 3\nb: *n\n"


def test_what_is_not_there_is_refused() -> None:
    of, other = source("a: [b]\n"), source("a: [b]\n")
    root, another = parse(of)[0].root, parse(other)[0].root
    assert isinstance(root, Mapping)
    assert isinstance(another, Mapping)
    with pytest.raises(CannotEdit):
        remove_entry(of, root, another.pairs[0])
    sequence = root.pairs[0].value
    assert isinstance(sequence, Sequence)
    with pytest.raises(CannotEdit):
        remove_item(of, sequence, root)


PART = st.sampled_from(["b", "'c, d'", "{e: f}", "[g, h]", "&i j", "!k l", '"m"', "{n: o, }"])
GAP = st.sampled_from(["", " ", "\n  ", " # p\n  ", "\n  # q, r\n  ", "\r\n "])


@st.composite
def collections(draw: st.DrawFn) -> str:
    """A flow sequence or mapping with anything between its parts."""
    mapping = draw(st.booleans())
    count = draw(st.integers(1, 4))
    written = []
    for number in range(count):
        comma = "," if number + 1 < count or draw(st.booleans()) else ""
        key = f"k{number}: " if mapping else ""
        behind = draw(GAP) if comma else ""
        written += [draw(GAP), key, draw(PART).replace("&i", f"&i{number}"), behind, comma]
    return (
        "a: "
        + "".join(["{" if mapping else "[", *written, draw(GAP), "}" if mapping else "]"])
        + draw(st.sampled_from(["", "\n", " # s\n", "\nt: u\n"]))
    )


@st.composite
def blocks(draw: st.DrawFn) -> str:
    """A block sequence or mapping below a key, or on the line of a dash."""
    value = st.sampled_from(
        [
            "b",
            "'c\n\n      d'",
            "{e: f}",
            "",
            "&i{n} j",
            "|\n      l\n",
            ">+\n      m\n\n",
            "\n      n: o",
            "# c",
            "b # c",
        ]
    )
    filler = st.sampled_from(["", "", "# p\n", "    # q\n", "        # r\n", "\n"])
    head, indent = draw(st.sampled_from([("a:\n", "    "), ("a: # s\n", "  "), ("a:\n  - ", "    "), ("", "")]))
    dash = draw(st.booleans())
    text = head
    for number in range(draw(st.integers(1, 4))):
        start = "" if number == 0 and head.endswith("- ") else indent
        text += (
            start + ("- " if dash else f"k{number}: ") + draw(value).replace("{n}", str(number)) + "\n" + draw(filler)
        )
    text += "z: y\n" if head and draw(st.booleans()) else ""
    return text if draw(st.booleans()) else text.removesuffix("\n")


@settings(max_examples=400, deadline=None)
@given(st.one_of(collections(), blocks()))
def test_any_of_any_collection(text: str) -> None:
    of = source(text)
    try:
        root = parse(of)[0].root
    except FileProblem:  # the lines do not fit together
        return
    for node in nodes(root):
        parts = node.pairs if isinstance(node, Mapping) else node.items if isinstance(node, Sequence) else ()
        for number, part in enumerate(parts):
            try:
                if isinstance(node, Mapping):
                    after = of.splice([remove_entry(of, node, node.pairs[number])])
                else:
                    assert isinstance(node, Sequence)
                    after = of.splice([remove_item(of, node, node.items[number])])
            except CannotEdit:
                continue
            assert plain(parse(after)[0].root) == plain(_lacking(root, node, part))


def _lacking(root: Node, node: Node, part: Node | Pair) -> Node:
    """The tree without one part of one of its nodes."""
    match root:
        case Mapping():
            pairs = [pair for pair in root.pairs if root is not node or pair is not part]
            return replace(root, pairs=tuple(replace(pair, value=_lacking(pair.value, node, part)) for pair in pairs))
        case Sequence():
            items = [item for item in root.items if root is not node or item is not part]
            return replace(root, items=tuple(_lacking(item, node, part) for item in items))
        case _:
            return root
