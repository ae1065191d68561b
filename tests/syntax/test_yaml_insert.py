"""New entries, items and sections: in the style of the file, where people put them, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volfix.syntax.source import CannotEdit, Source
from volfix.syntax.yaml_insert import Value, add_entries, append_items, insert_section
from volfix.syntax.yaml_layout import line_after
from volfix.syntax.yaml_plain import plain
from volfix.syntax.yaml_tree import Document, Mapping, Pair, parse

NEW: dict[str, Value] = {"new": {"driver": "local"}}


def source(text: str) -> Source:
    return Source.of(Path("compose.yaml"), text.encode())


def found(document: Document, path: str) -> Pair:
    node, pair = document.root, None
    for key in path.split("."):
        assert isinstance(node, Mapping)
        pair = node.pair(key)
        assert pair is not None
        node = pair.value
    assert pair is not None
    return pair


def added(text: str, path: str, entries: dict[str, Value] = NEW) -> str:
    of = source(text)
    document = parse(of)[-1]
    owner = found(document, path) if path else None
    return of.splice(add_entries(of, document, owner, entries)).text


def appended(text: str, path: str, *items: str) -> str:
    of = source(text)
    document = parse(of)[-1]
    *parents, key = path.split(".")
    mapping = found(document, ".".join(parents)).value if parents else document.root
    assert isinstance(mapping, Mapping)
    return of.splice(append_items(of, document, mapping, key, items or ("new:/x",))).text


def inserted(text: str, key: str = "volumes", value: Value = NEW, number: int = 0) -> str:
    of = source(text)
    return of.splice(insert_section(of, parse(of)[number], key, value)).text


# Entries for a block mapping


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("volumes:\n  a:\n", "volumes:\n  a:\n  new:\n    driver: local\n"),
        ("volumes:\n  a:", "volumes:\n  a:\n  new:\n    driver: local"),
        ("volumes:\r\n  a:\r\n", "volumes:\r\n  a:\r\n  new:\r\n    driver: local\r\n"),
        ("volumes:\n    a:\n      x: y\n", "volumes:\n    a:\n      x: y\n    new:\n      driver: local\n"),
        ("volumes:\n  a: # c\n", "volumes:\n  a: # c\n  new:\n    driver: local\n"),
        ("volumes:\n  a:\n\n\n", "volumes:\n  a:\n  new:\n    driver: local\n\n\n"),
        ("volumes:\n  a:\n  \n", "volumes:\n  a:\n  new:\n    driver: local\n  \n"),
        ("volumes:\n  a:\n  # b:\n", "volumes:\n  a:\n  # b:\n  new:\n    driver: local\n"),
        ("volumes:\n  a:\n# next\nx: y\n", "volumes:\n  a:\n  new:\n    driver: local\n# next\nx: y\n"),
        ("volumes:\n  a:\n\n  # c\nx: y\n", "volumes:\n  a:\n  new:\n    driver: local\n\n  # c\nx: y\n"),
        (
            "volumes:\n  a:\n---\nvolumes:\n  b:\n...\n",
            "volumes:\n  a:\n---\nvolumes:\n  b:\n  new:\n    driver: local\n...\n",
        ),
        ("volumes:\n  a: 'x\n\n    y'\n", "volumes:\n  a: 'x\n\n    y'\n  new:\n    driver: local\n"),
        ("volumes:\n  a: |\n    x\n\nx: y\n", "volumes:\n  a: |\n    x\n  new:\n    driver: local\n\nx: y\n"),
        ("volumes:\n  a: |+\n    x\n\nx: y\n", "volumes:\n  a: |+\n    x\n\n  new:\n    driver: local\nx: y\n"),
        ("volumes: &v\n  a:\n", "volumes: &v\n  a:\n  new:\n    driver: local\n"),
        ("volumes:\n  a: [x,\n    y]\n", "volumes:\n  a: [x,\n    y]\n  new:\n    driver: local\n"),
        ("x: &x {}\nvolumes:\n  <<: *x\n  a:\n", "x: &x {}\nvolumes:\n  <<: *x\n  a:\n  new:\n    driver: local\n"),
    ],
)
def test_entries_go_behind_the_last_one(before: str, after: str) -> None:
    assert added(before, "volumes") == after


def test_an_entry_of_a_nested_mapping() -> None:
    before = "volumes:\n  a:\n    name: a\n    # about a\n  # about b\n  b:\n"
    after = "volumes:\n  a:\n    name: a\n    # about a\n    driver: local\n  # about b\n  b:\n"
    assert added(before, "volumes.a", {"driver": "local"}) == after


def test_entries_of_the_root() -> None:
    assert added("a: b\n# c\n", "", {"x": None, "l": ["z"]}) == "a: b\n# c\nx:\nl:\n  - z\n"


def test_entries_are_quoted_where_they_need_quotes() -> None:
    assert added("a:\n  b: c\n", "a", {"on": "no", "x: y": "${Z}", "e": {}, "l": []}) == (
        'a:\n  b: c\n  "on": "no"\n  "x: y": ${Z}\n  e: {}\n  l: []\n'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("volumes:\n", "volumes:\n  new:\n    driver: local\n"),
        ("volumes:", "volumes:\n  new:\n    driver: local"),
        ("volumes: # c\n", "volumes: # c\n  new:\n    driver: local\n"),
        ("volumes: ~\n", "volumes:\n  new:\n    driver: local\n"),
        ("volumes:  null  # c\n", "volumes:  # c\n  new:\n    driver: local\n"),
        ("volumes: &v\n", "volumes: &v\n  new:\n    driver: local\n"),
        ("volumes: &v ~\n", "volumes: &v\n  new:\n    driver: local\n"),
        ("volumes:\r\nx: y\r\n", "volumes:\r\n  new:\r\n    driver: local\r\nx: y\r\n"),
        ("volumes:\n  # old:\n# x\nx: y\n", "volumes:\n  # old:\n  new:\n    driver: local\n# x\nx: y\n"),
        ("a:\n   b:\n      c: d\nvolumes:\n", "a:\n   b:\n      c: d\nvolumes:\n   new:\n      driver: local\n"),
        ("{volumes: , x: y}", "{volumes: {new: {driver: local}} , x: y}"),
        ("{volumes, x: y}", "{volumes: {new: {driver: local}}, x: y}"),
        ("{volumes: null}", "{volumes: {new: {driver: local}}}"),
    ],
)
def test_a_null_value_becomes_a_mapping(before: str, after: str) -> None:
    assert added(before, "volumes") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("volumes: {}\n", "volumes: {new: {driver: local}}\n"),
        ("volumes: { } # c\n", "volumes: { new: {driver: local} } # c\n"),
        ("volumes: {a: b}\n", "volumes: {a: b, new: {driver: local}}\n"),
        ("volumes: { a: b }\n", "volumes: { a: b, new: {driver: local} }\n"),
        ("volumes: {a: b, }\n", "volumes: {a: b, new: {driver: local}, }\n"),
        ("volumes: {a: b,c: d}\n", "volumes: {a: b,c: d,new: {driver: local}}\n"),
        ("volumes: {a: }\n", "volumes: {a: , new: {driver: local}}\n"),
        ("volumes: {a}\n", "volumes: {a, new: {driver: local}}\n"),
        ("volumes: {a: {b: c}}\n", "volumes: {a: {b: c}, new: {driver: local}}\n"),
        ("volumes: {a: 'b}'} # }\n", "volumes: {a: 'b}', new: {driver: local}} # }\n"),
        ("volumes: {\n  a: b\n}\n", "volumes: {\n  a: b,\n  new: {driver: local}\n}\n"),
        ("volumes: {\n  a: b,\n}\n", "volumes: {\n  a: b,\n  new: {driver: local},\n}\n"),
        ("volumes: {\n  a: b # c, d\n}\n", "volumes: {\n  a: b, # c, d\n  new: {driver: local}\n}\n"),
        ("volumes: {\n  a: b, # c\n  # d\n}\n", "volumes: {\n  a: b, # c\n  new: {driver: local},\n  # d\n}\n"),
        ("volumes: {\n  a: b }\n", "volumes: {\n  a: b,\n  new: {driver: local} }\n"),
        ("volumes: {\n  a: b, }\n", "volumes: {\n  a: b,\n  new: {driver: local}, }\n"),
        ("volumes: {a: b,\n  c: d}\n", "volumes: {a: b,\n  c: d,\n  new: {driver: local}}\n"),
        ("volumes: {\n  a: b\n  ,\n  }\n", "volumes: {\n  a: b\n  ,\n  new: {driver: local},\n  }\n"),
        ("volumes: {\n}\n", "volumes: {\n  new: {driver: local}\n}\n"),
        ("volumes: {\n  # c\n  }\n", "volumes: {\n  # c\n    new: {driver: local}\n  }\n"),
        ("volumes: {\r\n  a: b\r\n}\r\n", "volumes: {\r\n  a: b,\r\n  new: {driver: local}\r\n}\r\n"),
        (
            '{\n\t"volumes": {\n\t\t"a": {}\n\t}\n}',
            '{\n\t"volumes": {\n\t\t"a": {},\n\t\t"new": {"driver": "local"}\n\t}\n}',
        ),
    ],
)
def test_entries_of_a_flow_mapping(before: str, after: str) -> None:
    assert added(before, "volumes") == after


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("x: &x {}\nvolumes: *x\n", "alias"),
        ("x: &x {}\nvolumes:\n  <<: *x\n", "merge key"),
        ("volumes:\n  new:\n", "already has"),
        ("volumes: text\n", "scalar"),
        ("volumes:\n- a\n", "list"),
        ("volumes: !reset null\n", "scalar"),
        ("volumes: !reset\n  a:\n", "tag"),
        ("volumes: ''\n", "scalar"),
        ("volumes:\n  ~\n", "after its key"),
        ("volumes:\n  a: |\n    x", "line end"),
        ("? volumes\n: \n", "volfix does not follow"),
    ],
)
def test_entries_that_have_no_place(before: str, reason: str) -> None:
    with pytest.raises(CannotEdit, match=reason):
        added(before, "volumes")


def test_a_document_that_is_no_mapping_has_no_entries() -> None:
    of = source("---\n")
    with pytest.raises(CannotEdit):
        add_entries(of, parse(of)[0], None, NEW)


# Items


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("s:\n  v:\n    - a\n", "s:\n  v:\n    - a\n    - new:/x\n"),
        ("s:\n  v:\n  - a", "s:\n  v:\n  - a\n  - new:/x"),
        ("s:\n  v:\n      -   a # c\n", "s:\n  v:\n      -   a # c\n      -   new:/x\n"),
        ("s:\n  v:\r\n    - a\r\n  w: x\r\n", "s:\n  v:\r\n    - a\r\n    - new:/x\r\n  w: x\r\n"),
        ("s:\n  v:\n    - 'a'\n    - 'b'\n", "s:\n  v:\n    - 'a'\n    - 'b'\n    - 'new:/x'\n"),
        ('s:\n  v:\n    - "a"\n    - b\n', 's:\n  v:\n    - "a"\n    - b\n    - new:/x\n'),
        ("s:\n  v:\n    - type: a\n      b: c\n", "s:\n  v:\n    - type: a\n      b: c\n    - new:/x\n"),
        ("s:\n  v:\n    -\n      b: c\n", "s:\n  v:\n    -\n      b: c\n    - new:/x\n"),
        ("s:\n  v:\n    - &a x\n    - *a\n", "s:\n  v:\n    - &a x\n    - *a\n    - new:/x\n"),
        ("s:\n  v:\n    -\n", "s:\n  v:\n    -\n    - new:/x\n"),
        ("s:\n  v:\n    - a\n    # - b\n  w: x\n", "s:\n  v:\n    - a\n    # - b\n    - new:/x\n  w: x\n"),
        ("s:\n  v:\n  - a\n  # - b\n  w: x\n", "s:\n  v:\n  - a\n  # - b\n  - new:/x\n  w: x\n"),
        ("s:\n  v:\n  - a\n  # on w\n  w: x\n", "s:\n  v:\n  - a\n  - new:/x\n  # on w\n  w: x\n"),
        ("s:\n  v:\n    - a\n\n    # far\n  w: x\n", "s:\n  v:\n    - a\n    - new:/x\n\n    # far\n  w: x\n"),
        ("s:\n  v:\n    - >-\n      a\n\n  w: x\n", "s:\n  v:\n    - >-\n      a\n    - new:/x\n\n  w: x\n"),
        ("s: {v: [a]}\n", "s: {v: [a, new:/x]}\n"),
        ("s:\n  v: []\n", "s:\n  v: [new:/x]\n"),
        ("s:\n  v: [ ] # c\n", "s:\n  v: [ new:/x ] # c\n"),
        ("s:\n  v: ['a']\n", "s:\n  v: ['a', 'new:/x']\n"),
        ("s:\n  v: [a, b, ]\n", "s:\n  v: [a, b, new:/x, ]\n"),
        ("s:\n  v: [\n    a, # c\n    b\n  ]\n", "s:\n  v: [\n    a, # c\n    b,\n    new:/x\n  ]\n"),
        ("s:\n  v:\n", "s:\n  v:\n    - new:/x\n"),
        ("s:\n  v: ~ # c\n", "s:\n  v: # c\n    - new:/x\n"),
        ("s:\n  w:\n  - a\n  v:\n", "s:\n  w:\n  - a\n  v:\n  - new:/x\n"),
        ("s: {v: }\n", "s: {v: [new:/x] }\n"),
        ("s:\n  w: x\n", "s:\n  w: x\n  v:\n    - new:/x\n"),
        ("s:\n  w:\n  - x\n", "s:\n  w:\n  - x\n  v:\n  - new:/x\n"),
        ("s:\n    w:\n      - x\nt: u\n", "s:\n    w:\n      - x\n    v:\n      - new:/x\nt: u\n"),
        ("s: {w: x}\n", "s: {w: x, v: [new:/x]}\n"),
        ("s:\n  w: x\n  # v:\n\nt: u\n", "s:\n  w: x\n  # v:\n  v:\n    - new:/x\n\nt: u\n"),
        ("s: !override\n  v: !override\n    - a\n", "s: !override\n  v: !override\n    - a\n    - new:/x\n"),
        ('{"s": {"v": ["a"]}}', '{"s": {"v": ["a", "new:/x"]}}'),
        ('{"s": {"v": []}}', '{"s": {"v": ["new:/x"]}}'),
        ("{s: {w: x}}", "{s: {w: x, v: [new:/x]}}"),
        ("{\"s\": {w: x}, 't': u}", "{\"s\": {w: x, v: [new:/x]}, 't': u}"),
    ],
)
def test_an_item_behind_the_last_one(before: str, after: str) -> None:
    assert appended(before, "s.v") == after


def test_items_are_quoted_where_they_need_quotes() -> None:
    assert appended("v:\n  - a\n", "v", "x: y", "a #b", "5432") == 'v:\n  - a\n  - "x: y"\n  - "a #b"\n  - "5432"\n'
    assert appended("v: [a]\n", "v", "${A?b}:/x", "c:/x") == 'v: [a, "${A?b}:/x", c:/x]\n'


def test_entries_of_a_list_item() -> None:
    of = source("steps:\n- name: a\n  image: b\n- name: c\n")
    document = parse(of)[0]
    steps = found(document, "steps").value
    first = getattr(steps, "items")[0]  # noqa: B009
    edits = append_items(of, document, first, "volumes", ["x:/x"])
    assert of.splice(edits).text == "steps:\n- name: a\n  image: b\n  volumes:\n  - x:/x\n- name: c\n"


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("x: &x [a]\ns:\n  v: *x\n", "alias"),
        ("x: &x {v: [a]}\ns:\n  <<: *x\n  w: y\n", "merge key"),
        ("s:\n  v: text\n", "scalar"),
        ("s:\n  v:\n    a: b\n", "mapping"),
        ("s:\n  v: !reset []\n", "tag"),
        ("s:\n  v:\n    - |\n      x", "line end"),
    ],
)
def test_items_that_have_no_place(before: str, reason: str) -> None:
    with pytest.raises(CannotEdit, match=reason):
        appended(before, "s.v")


# Sections

SECTION = "volumes:\n  new:\n    driver: local\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("services:\n  a: b\n", f"services:\n  a: b\n\n{SECTION}"),
        ("services:\n  a: b", f"services:\n  a: b\n\n{SECTION[:-1]}"),
        ("services:\n  a: b\n\n\n", f"services:\n  a: b\n\n{SECTION}\n\n"),
        ("version: '3'\nservices:\n  a: b\n", f"version: '3'\nservices:\n  a: b\n\n{SECTION}"),
        ("services:\n  a: b\nx-y:\n  z: w\n", f"services:\n  a: b\n{SECTION}x-y:\n  z: w\n"),
        ("services:\n  a: b\n\nsecrets:\n  c: d\n", f"services:\n  a: b\n\n{SECTION}\nsecrets:\n  c: d\n"),
        ("services:\n  a: b\nsecrets:\n  c: d\n", f"services:\n  a: b\n{SECTION}secrets:\n  c: d\n"),
        ("services:\n  a: b\nnetworks:\n  c: d\n", f"services:\n  a: b\nnetworks:\n  c: d\n{SECTION}"),
        ("networks:\n  c: d\n\nservices:\n  a: b\n", f"networks:\n  c: d\n\nservices:\n  a: b\n\n{SECTION}"),
        ("secrets:\n  c: d\n\nservices:\n  a: b\n", f"secrets:\n  c: d\n\nservices:\n  a: b\n\n{SECTION}"),
        (
            "services:\n  a: b\n\n# on c\nsecrets:\n  c: d\n",
            f"services:\n  a: b\n\n{SECTION}\n# on c\nsecrets:\n  c: d\n",
        ),
        ("services:\n  a: b\n# on c\nsecrets:\n  c: d\n", f"services:\n  a: b\n{SECTION}# on c\nsecrets:\n  c: d\n"),
        ("services:\n  a: b\n  # end\n", f"services:\n  a: b\n  # end\n\n{SECTION}"),
        ("services:\n  a: b\n\n  # c: d\n\n# e\n", f"services:\n  a: b\n\n  # c: d\n\n{SECTION}\n# e\n"),
        ("services:\n  a: b\n#  c: d\n", f"services:\n  a: b\n#  c: d\n\n{SECTION}"),
        ("services:\n  a: b # end", f"services:\n  a: b # end\n\n{SECTION[:-1]}"),
        ("services:\n  a: b\n  # end", f"services:\n  a: b\n  # end\n\n{SECTION[:-1]}"),
        ("---\nservices:\n  a: b\n...\n", f"---\nservices:\n  a: b\n\n{SECTION}...\n"),
        ("services:\n  a: b\n\n---\nc: d\n", f"services:\n  a: b\n\n{SECTION}\n---\nc: d\n"),
        (
            "services:\n  a: |\n    b\n\nsecrets:\n  c: d\n",
            f"services:\n  a: |\n    b\n\n{SECTION}\nsecrets:\n  c: d\n",
        ),
        (
            "services:\n  a: |+\n    b\n\nsecrets:\n  c: d\n",
            f"services:\n  a: |+\n    b\n\n{SECTION}secrets:\n  c: d\n",
        ),
        ("services:\n  a: &x\n", f"services:\n  a: &x\n\n{SECTION}"),
        ("services: {a: {b: c}}\n", f"services: {{a: {{b: c}}}}\n\n{SECTION}"),
        (
            "services:\n    a:\n        b: c\n",
            "services:\n    a:\n        b: c\n\nvolumes:\n    new:\n        driver: local\n",
        ),
        ("  services:\n    a: b\n", "  services:\n    a: b\n\n  volumes:\n    new:\n      driver: local\n"),
        ("{services: {a: b}}", "{services: {a: b}, volumes: {new: {driver: local}}}"),
    ],
)
def test_a_section_where_people_put_it(before: str, after: str) -> None:
    assert inserted(before) == after


def test_a_section_takes_the_files_line_ends() -> None:
    before = "services:\r\n  a: b\r\n\r\nsecrets:\r\n  c: d\r\n"
    assert inserted(before) == before.replace(
        "\r\n\r\nse", f"\r\n\r\n{SECTION}\nse".replace("\n", "\r\n").replace("\r\r", "\r")
    )


def test_a_section_of_the_second_document() -> None:
    assert inserted("a: b\n---\nservices:\n  c: d\n", number=1) == f"a: b\n---\nservices:\n  c: d\n\n{SECTION}"


def test_an_unknown_section_goes_to_the_end() -> None:
    assert (
        inserted("services:\n  a: b\nsecrets:\n  c: d\n", "x-y", "z") == "services:\n  a: b\nsecrets:\n  c: d\nx-y: z\n"
    )


@pytest.mark.parametrize("before", ["- a\n", "text\n", "volumes:\n", "services:\n  a: |\n    b", "? a\n: b\n"])
def test_a_section_that_has_no_place(before: str) -> None:
    with pytest.raises(CannotEdit):
        inserted(before)


def test_insertions_at_one_place_keep_their_order() -> None:
    of = source("services:\n  a:\n    image: b")
    document = parse(of)[0]
    service = found(document, "services.a").value
    assert isinstance(service, Mapping)
    edits = append_items(of, document, service, "volumes", ["x:/x"]) + insert_section(of, document, "volumes", NEW)
    after = "services:\n  a:\n    image: b\n    volumes:\n      - x:/x\n\nvolumes:\n  new:\n    driver: local"
    assert of.splice(edits).text == after


# Any layout

COMMENT = st.sampled_from(["", "", " # c", "  #", "\t# t"])
FILLER = st.lists(st.sampled_from(["", "  ", "# c", "  # c", "    # - d", "        # e"]), max_size=3)
VALUE = st.sampled_from(
    ["", " x", " 'y z'", " {a: b}", " [a, b]", " ~", ' "q"', " |\n{0}  t", " >-\n{0}  t\n\n{0}  u", " |+\n{0}  t\n"]
)


@st.composite
def layouts(draw: st.DrawFn) -> str:
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    step, dashes = draw(st.sampled_from([1, 2, 4])), draw(st.integers(0, 3))
    lines = [*draw(FILLER), "services:" + draw(COMMENT)]
    for name in ["a", "b"][: draw(st.integers(1, 2))]:
        inner = " " * step * 2
        lines += [
            " " * step + name + ":",
            *[inner + f"k{n}:" + draw(VALUE).replace("{0}", inner) for n in range(draw(st.integers(1, 2)))],
        ]
        match draw(st.integers(0, 3)):
            case 0:
                lines += [inner + "volumes:" + draw(COMMENT)]
            case 1:
                item = inner + " " * dashes + "-"
                lines += [
                    inner + "volumes:",
                    *[item + draw(VALUE).replace("{0}", " " * len(item)) for _ in range(draw(st.integers(1, 2)))],
                ]
            case 2:
                lines += [
                    inner
                    + "volumes: "
                    + draw(st.sampled_from(["[]", "[ a, ]", f"[\n{inner}  a # c\n{inner}]", "[a,\n b]"]))
                ]
        lines += [*draw(FILLER)]
    if draw(st.booleans()):
        lines += ["secrets:", " " * step + "s:" + draw(COMMENT), *draw(FILLER)]
    return newline.join("\n".join(lines).split("\n")) + draw(st.sampled_from(["", newline, newline * 2]))


@settings(max_examples=300, deadline=None)
@given(layouts())
def test_any_layout(text: str) -> None:
    of = source(text)
    try:
        document = parse(of)[0]
    except Exception:  # noqa: BLE001 - the lines do not fit together
        return
    before = plain(document.root)
    assert isinstance(before, dict)
    try:
        after = of.splice(insert_section(of, document, "volumes", NEW))
    except CannotEdit:
        after = None
    if after is not None:
        assert plain(parse(after)[0].root) == {**before, "volumes": NEW}
        assert after.text.endswith("\n") == text.endswith("\n")
        assert after.text.replace("\r\n", "").count("\n") == text.replace("\r\n", "").count("\n") or of.newline == "\n"
    for name, service in before["services"].items():
        mapping = found(document, f"services.{name}").value
        assert isinstance(mapping, Mapping)
        try:
            after = of.splice(append_items(of, document, mapping, "volumes", ["n:/n", "5"]))
        except CannotEdit:
            continue
        old = service.get("volumes", [])
        new = [*(old if isinstance(old, list) else []), "n:/n", "5"]
        expected = {**before, "services": {**before["services"], name: {**service, "volumes": new}}}
        assert plain(parse(after)[0].root) == expected


# A CRLF file whose last line has no line end: with one it would be another line, so new lines stand above it


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "services:\r\n  a: b\r\n\r\nnetworks:\r\n  c: d",
            "services:\r\n  a: b\r\n\r\nvolumes:\r\n  new:\r\n    driver: local\r\n\r\nnetworks:\r\n  c: d",
        ),
        (
            "# top\r\nservices:\r\n  a: b",
            "volumes:\r\n  new:\r\n    driver: local\r\n\r\n# top\r\nservices:\r\n  a: b",
        ),
    ],
)
def test_a_section_leaves_the_unfinished_last_line(before: str, after: str) -> None:
    assert inserted(before) == after


def test_an_entry_leaves_the_unfinished_last_line() -> None:
    assert added("volumes:\r\n  # own\r\n  a: b", "volumes") == (
        "volumes:\r\n  new:\r\n    driver: local\r\n  # own\r\n  a: b"
    )


def test_an_item_stays_behind_the_others_for_the_later_one_counts() -> None:
    assert appended("s:\r\n  v:\r\n    - a:/a", "s.v") == "s:\r\n  v:\r\n    - a:/a\r\n    - new:/x"


@pytest.mark.parametrize(("line", "end"), [("a: b c\n", 4), ('a: "b"#c\n', 6), ("a: b, # c\n", 4)])
def test_behind_a_value_that_is_followed_by_more_than_a_comment_nothing_is_inserted(line: str, end: int) -> None:
    with pytest.raises(CannotEdit, match="line 2 has more text after the value"):
        line_after(Source.of(Path("x.yaml"), f"# first\n{line}z: 1\n".encode()), 8 + end)


@pytest.mark.parametrize(("line", "end"), [("a: b\n", 4), ("a: b # c\n", 4), ("a: b  \n", 4)])
def test_behind_a_comment_is_the_next_line(line: str, end: int) -> None:
    assert line_after(Source.of(Path("x.yaml"), f"{line}z: 1\n".encode()), end) == len(line)
