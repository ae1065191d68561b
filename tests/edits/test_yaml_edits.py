"""Operations on YAML: given this text and this operation, this text and this meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from volfix.edits.command_edits import SetText
from volfix.edits.operation import Operation, splices
from volfix.edits.yaml_edits import (
    AddEntries,
    AppendItem,
    DeclareVolume,
    NameProject,
    RemoveEntry,
    RemoveItem,
    SetScalar,
)
from volfix.syntax.source import CannotEdit, Source, Span
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, parse

Make = Callable[[Source, Document], list[Operation]]


def at(document: Document, path: str) -> Node:
    """The node below the keys and numbers of the path."""
    node = document.root
    for key in filter(None, path.split(".")):
        if isinstance(node, Sequence):
            node = node.items[int(key)]
        else:
            assert isinstance(node, Mapping)
            pair = node.pair(key)
            assert pair is not None
            node = pair.value
    return node


def scalar(document: Document, path: str) -> Scalar:
    node = at(document, path)
    assert isinstance(node, Scalar)
    return node


def mapping(document: Document, path: str) -> Mapping:
    node = at(document, path)
    assert isinstance(node, Mapping)
    return node


def items(document: Document, path: str) -> Sequence:
    node = at(document, path)
    assert isinstance(node, Sequence)
    return node


def made(text: str, make: Make) -> tuple[Source, Source, list[Operation]]:
    before = Source.of(Path("compose.yaml"), text.encode())
    operations = make(before, parse(before)[0])
    return before, before.splice(splices(operations)), operations


def texts(source: Source, *parts: tuple[str, str]) -> list[Operation]:
    found: list[Operation] = []
    for old, new in parts:
        start = source.text.index(old)
        found.append(SetText(source, Span(start, start + len(old)), new))
    return found


SERVICE = "services:\n  db:\n    image: mysql:8.4\n    volumes:\n      - ./sql:/var/lib/mysql\n"
NO_VOLUMES = "services:\n  db:\n    image: mysql:8.4\n"
VOLUMES = "volumes:\n  rows:\n  logs:\n    labels: {keep: all}\n"
LONG = "mount:\n  type: bind\n  bind: {create_host_path: true} # made\n  target: /data\n"
STEPS = "kind: pipeline\nsteps:\n- name: deploy\n  commands:\n  - make\n"
SCRIPT = "steps:\n- script: |\n    docker compose down -v\n    docker compose up -d\n"
HOST_VOLUME = (("name", "s"), ("host", (("path", "/s"),)))

OPERATIONS: dict[str, tuple[str, Make, str, Any]] = {
    "a value": (
        "volumes:\n  - './sql:/var/lib/mysql' # rows\n",
        lambda source, document: [SetScalar(source, scalar(document, "volumes.0"), "rows:/var/lib/mysql")],
        "volumes:\n  - 'rows:/var/lib/mysql' # rows\n",
        {"volumes": ["rows:/var/lib/mysql"]},
    ),
    "a value behind an anchor, which stays": (
        "a: &url sqlite:///x.db\nb: *url\n",
        lambda source, document: [SetScalar(source, scalar(document, "a"), "sqlite:////data/x.db")],
        "a: &url sqlite:////data/x.db\nb: *url\n",
        {"a": ("anchor", "url", "sqlite:////data/x.db"), "b": ("alias", "url")},
    ),
    "a value that is a number now is a text then": (
        "port: 1\n",
        lambda source, document: [SetScalar(source, scalar(document, "port"), "one")],
        "port: one\n",
        {"port": "one"},
    ),
    "an entry less": (
        LONG,
        lambda source, document: [
            RemoveEntry(source, mapping(document, "mount"), mapping(document, "mount").pairs[1]),
            SetScalar(source, scalar(document, "mount.type"), "volume"),
        ],
        "mount:\n  type: volume\n  target: /data\n",
        {"mount": {"type": "volume", "target": "/data"}},
    ),
    "an entry without a value less": (
        "a: {b: , c: 1}\n",
        lambda source, document: [RemoveEntry(source, mapping(document, "a"), mapping(document, "a").pairs[0])],
        "a: {c: 1}\n",
        {"a": {"c": ("typed", "1")}},
    ),
    "two items less, and a word of a third": (
        "- make\n- down -v\n- prune\n- up -V\n",
        lambda source, document: [
            RemoveItem(source, items(document, ""), at(document, "0")),
            RemoveItem(source, items(document, ""), at(document, "2")),
            *texts(source, (" -V", "")),
        ],
        "- down -v\n- up\n",
        ["down -v", "up"],
    ),
    "an alias less": (
        "- &a make\n- *a\n",
        lambda source, document: [RemoveItem(source, items(document, ""), at(document, "1"))],
        "- &a make\n",
        [("anchor", "a", "make")],
    ),
    "two mounts more in one list": (
        SERVICE,
        lambda source, document: [
            AppendItem(source, document, mapping(document, "services.db"), "volumes", "a:/a"),
            AppendItem(source, document, mapping(document, "services.db"), "volumes", "b:/b"),
        ],
        SERVICE + "      - a:/a\n      - b:/b\n",
        {"services": {"db": {"image": "mysql:8.4", "volumes": ["./sql:/var/lib/mysql", "a:/a", "b:/b"]}}},
    ),
    "a mount in a list behind an anchor": (
        "services:\n  db:\n    volumes: &shared [a:/a]\n",
        lambda source, document: [AppendItem(source, document, mapping(document, "services.db"), "volumes", "b:/b")],
        "services:\n  db:\n    volumes: &shared [a:/a, b:/b]\n",
        {"services": {"db": {"volumes": ("anchor", "shared", ["a:/a", "b:/b"])}}},
    ),
    "a mount and its declaration, which end up at one point of the text": (
        NO_VOLUMES,
        lambda source, document: [
            DeclareVolume(source, document, "rows"),
            AppendItem(source, document, mapping(document, "services.db"), "volumes", "rows:/var/lib/mysql"),
        ],
        NO_VOLUMES + "    volumes:\n      - rows:/var/lib/mysql\n\nvolumes:\n  rows:\n    driver: local\n",
        {
            "services": {"db": {"image": "mysql:8.4", "volumes": ["rows:/var/lib/mysql"]}},
            "volumes": {"rows": {"driver": "local"}},
        },
    ),
    "an item in a step and a list at the top, which end up at one point of the text": (
        STEPS,
        lambda source, document: [
            AppendItem(
                source, document, mapping(document, ""), "volumes", (("name", "s"), ("host", (("path", "/s"),)))
            ),
            AppendItem(source, document, mapping(document, "steps.0"), "volumes", (("name", "s"), ("path", "/s"))),
            AddEntries(source, document, mapping(document, "steps.0"), (("environment", (("A", "b"),)),)),
        ],
        STEPS
        + "  environment:\n    A: b\n  volumes:\n  - name: s\n    path: /s\n"
        + "\nvolumes:\n- name: s\n  host:\n    path: /s\n",
        {
            "kind": "pipeline",
            "steps": [
                {
                    "name": "deploy",
                    "commands": ["make"],
                    "environment": {"A": "b"},
                    "volumes": [{"name": "s", "path": "/s"}],
                }
            ],
            "volumes": [{"name": "s", "host": {"path": "/s"}}],
        },
    ),
    "a name": (
        SERVICE,
        lambda source, document: [NameProject(source, document, "shop")],
        "name: shop\n\n" + SERVICE,
        {"name": "shop", "services": {"db": {"image": "mysql:8.4", "volumes": ["./sql:/var/lib/mysql"]}}},
    ),
    "declarations: one twice, the driver of another, and a third": (
        VOLUMES,
        lambda source, document: [DeclareVolume(source, document, key) for key in ("rows", "new", "logs", "rows")],
        "volumes:\n  rows:\n    driver: local\n  logs:\n    labels: {keep: all}\n    driver: local\n"
        "  new:\n    driver: local\n",
        {
            "volumes": {
                "rows": {"driver": "local"},
                "logs": {"labels": {"keep": "all"}, "driver": "local"},
                "new": {"driver": "local"},
            }
        },
    ),
    "a declaration behind anchors": (
        "volumes: &all\n  rows: &rows {name: r}\n",
        lambda source, document: [DeclareVolume(source, document, "rows")],
        "volumes: &all\n  rows: &rows {name: r, driver: local}\n",
        {"volumes": ("anchor", "all", {"rows": ("anchor", "rows", {"name": "r", "driver": "local"})})},
    ),
    "texts inside a block scalar": (
        SCRIPT,
        lambda source, _: texts(source, (" -v", ""), ("up -d", "up --detach")),
        SCRIPT.replace(" -v", "").replace("up -d", "up --detach"),
        {"steps": [{"script": "docker compose down\ndocker compose up --detach\n"}]},
    ),
    "a text between quotes with escapes": (
        'run: "a\\tb -v"\n',
        lambda source, _: texts(source, (" -v", "")),
        'run: "a\\tb"\n',
        {"run": "a\tb"},
    ),
}


@pytest.mark.parametrize(("text", "make", "after", "meaning"), OPERATIONS.values(), ids=OPERATIONS)
def test_the_text_and_its_meaning(text: str, make: Make, after: str, meaning: Any) -> None:
    before, changed, operations = made(text, make)
    assert changed.text == after
    assert operations[0].meaning(before, operations) == [meaning]
    assert operations[0].meaning(changed, ()) == [meaning]


REPLACED: dict[str, tuple[str, Make, str | None]] = {
    "a scalar": (LONG, lambda source, document: [SetScalar(source, scalar(document, "mount.type"), "x")], "bind"),
    "an entry": (
        LONG,
        lambda source, document: [RemoveEntry(source, mapping(document, "mount"), mapping(document, "mount").pairs[0])],
        "type: bind",
    ),
    "an item": (
        STEPS,
        lambda source, document: [
            RemoveItem(source, items(document, "steps.0.commands"), at(document, "steps.0.commands.0"))
        ],
        "make",
    ),
    "a text": (SCRIPT, lambda source, _: texts(source, ("down -v", "down")), "down -v"),
    "nothing, for an item": (
        STEPS,
        lambda source, document: [AppendItem(source, document, mapping(document, ""), "volumes", "a")],
        None,
    ),
    "nothing, for entries": (
        STEPS,
        lambda source, document: [AddEntries(source, document, mapping(document, ""), (("a", "b"),))],
        None,
    ),
    "nothing, for a name": (SERVICE, lambda source, document: [NameProject(source, document, "a")], None),
    "nothing, for a declaration": (SERVICE, lambda source, document: [DeclareVolume(source, document, "a")], None),
}


@pytest.mark.parametrize(("text", "make", "expected"), REPLACED.values(), ids=REPLACED)
def test_what_is_replaced(text: str, make: Make, expected: str | None) -> None:
    source = Source.of(Path("compose.yaml"), text.encode())
    span = make(source, parse(source)[0])[0].replaced()
    assert (span and source.text[span.start : span.end]) == expected


REFUSED: dict[str, tuple[str, Make]] = {
    "a key that is there": (
        SERVICE,
        lambda source, document: [AddEntries(source, document, mapping(document, "services.db"), (("image", "a"),))],
    ),
    "a name that is there": ("name: a\n", lambda source, document: [NameProject(source, document, "b")]),
    "an item of another list": (
        STEPS,
        lambda source, document: [RemoveItem(source, items(document, "steps.0.commands"), at(document, "steps.0"))],
    ),
    "an item that an alias repeats": (
        "a: [&x make, b]\nc: *x\n",
        lambda source, document: [RemoveItem(source, items(document, "a"), at(document, "a.0"))],
    ),
    "a list that is an alias": (
        "a: &x [b]\nvolumes: *x\n",
        lambda source, document: [AppendItem(source, document, mapping(document, ""), "volumes", "c")],
    ),
    "volumes that are an alias": (
        "x: &x {a: }\nvolumes: *x\n",
        lambda source, document: [DeclareVolume(source, document, "b")],
    ),
    "two values of one scalar": (
        LONG,
        lambda source, document: [SetScalar(source, scalar(document, "mount.type"), text) for text in "ab"],
    ),
}


@pytest.mark.parametrize(("text", "make"), REFUSED.values(), ids=REFUSED)
def test_the_text_has_no_place_for_it(text: str, make: Make) -> None:
    with pytest.raises(CannotEdit):
        made(text, make)


def test_a_careless_edit_does_not_mean_what_the_operation_means() -> None:
    before, _, operations = made(*OPERATIONS["two mounts more in one list"][:2])
    spoilt = before.splice(splices(operations[:1]))
    assert operations[0].meaning(spoilt, ()) != operations[0].meaning(before, operations)


def test_nodes_are_found_in_a_file_that_is_parsed_again_with_several_documents() -> None:
    source = Source.of(Path("compose.yaml"), b"a: 1\n---\nb: [p, q]\n")
    second = parse(source)[1]
    operations = [RemoveItem(source, items(second, "b"), at(second, "b.0"))]
    assert operations[0].meaning(source, operations) == [{"a": ("typed", "1")}, {"b": ["q"]}]


def test_commands_are_told_what_is_replaced_in_them() -> None:
    source = Source.of(Path("ci.yml"), STEPS.encode())
    document = parse(source)[0]
    item = at(document, "steps.0.commands.0")
    assert RemoveItem(source, items(document, "steps.0.commands"), item).in_commands() == (item.span, "")
    assert SetText(source, item.span, "true").in_commands() == (item.span, "true")
    assert SetScalar(source, scalar(document, "kind"), "a").hides_words
    assert NameProject(source, document, "a").in_commands() is None
