"""What a service waits for, and one service more: given this text, this one, and the first again."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.edits.carry_edits import AddService, EndWait, RemoveEntries, WaitFor
from volfix.edits.operation import Operation, splices
from volfix.edits.yaml_meaning import expected
from volfix.syntax.source import CannotEdit, Source
from volfix.syntax.yaml_tree import Document, Mapping, parse
from volfix.syntax.yaml_write import Lines, Short, Typed, Value

FIELDS: dict[str, Value] = {
    "image": "postgres:16",
    "user": "0:0",
    "build": {"context": ".", "no_cache": Typed("true")},
    "entrypoint": Short(["sh", "-c"]),
    "command": [Lines("set -eu\n\necho '$$x'\n")],
    "volumes": ["./db:/from:ro"],
}
LONG = "{condition: service_completed_successfully}"
SHORT = "{condition: service_started}"


def read(text: str) -> tuple[Source, Document, Mapping]:
    source = Source.of(Path("compose.yaml"), text.encode())
    (document,) = parse(source)
    assert isinstance(document.root, Mapping)
    services = document.root.get("services")
    assert isinstance(services, Mapping)
    return source, document, services


def service(text: str, name: str = "app") -> tuple[Source, Document, Mapping]:
    source, document, services = read(text)
    found = services.get(name)
    assert isinstance(found, Mapping)
    return source, document, found


def edited(source: Source, operations: list[Operation]) -> str:
    """The text after the operations, which means what they say."""
    after = source.splice(splices(operations))
    assert expected(parse(after), ()) == expected(parse(source), operations)
    return after.text


WAITS = {
    "none": (
        "services:\n  app:\n    image: a\n",
        "services:\n  app:\n    image: a\n    depends_on:\n      carry-db:\n"
        "        condition: service_completed_successfully\n",
    ),
    "a list": (
        "services:\n  app:\n    depends_on:\n      - web  # first\n      # then\n      - 'mq'\n    image: a\n",
        f"services:\n  app:\n    depends_on:\n        carry-db: {LONG}\n        web: {SHORT}  # first\n"
        f"      # then\n        'mq': {SHORT}\n    image: a\n",
    ),
    "a list at its key's column": (
        "services:\n  app:\n    depends_on:\n    - web\n    image: a\n",
        f"services:\n  app:\n    depends_on:\n      carry-db: {LONG}\n      web: {SHORT}\n    image: a\n",
    ),
    "a flow list": (
        'services:\n  app:\n    depends_on: [web, "mq"]  # both\n',
        f'services:\n  app:\n    depends_on: {{carry-db: {LONG}, web: {SHORT}, "mq": {SHORT}}}  # both\n',
    ),
    "a flow list on lines": (
        "services:\n  app:\n    depends_on: [\n      web,\n      mq,\n    ]\n",
        f"services:\n  app:\n    depends_on: {{carry-db: {LONG},\n      web: {SHORT},\n      mq: {SHORT},\n    }}\n",
    ),
    "a flow list with blanks": (
        "services:\n  app: {image: a, depends_on: [ web ]}\n",
        f"services:\n  app: {{image: a, depends_on: {{carry-db: {LONG},  web: {SHORT} }}}}\n",
    ),
    "a mapping": (
        "services:\n  app:\n    depends_on:\n      web:\n        condition: service_healthy\n        restart: true\n"
        "    image: a\n",
        "services:\n  app:\n    depends_on:\n      web:\n        condition: service_healthy\n        restart: true\n"
        "      carry-db:\n        condition: service_completed_successfully\n    image: a\n",
    ),
    "a mapping as volfix writes one": (
        f"services:\n  app:\n    depends_on: {{web: {SHORT}}}\n",
        f"services:\n  app:\n    depends_on: {{web: {SHORT}, carry-db: {LONG}}}\n",
    ),
    "a flow service": (
        "services:\n  app: {image: a}\n",
        f"services:\n  app: {{image: a, depends_on: {{carry-db: {LONG}}}}}\n",
    ),
    "JSON": (
        '{"services": {"app": {"image": "a", "depends_on": ["web"]}}}\n',
        '{"services": {"app": {"image": "a", "depends_on": {'
        '"carry-db": {"condition": "service_completed_successfully"}, "web": {"condition": "service_started"}}}}}\n',
    ),
    "a merge key": (
        "x: &x\n  depends_on: [web]\nservices:\n  app:\n    <<: *x\n    image: a\n",
        "x: &x\n  depends_on: [web]\nservices:\n  app:\n    <<: *x\n    image: a\n    depends_on:\n      web:\n"
        "        condition: service_started\n      carry-db:\n        condition: service_completed_successfully\n",
    ),
}


@pytest.mark.parametrize(("text", "after"), WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("form", ("as it is", "CRLF", "no last line end"))
def test_a_service_waits_and_waits_no_more(text: str, after: str, form: str) -> None:
    if form == "CRLF":
        text, after = text.replace("\n", "\r\n"), after.replace("\n", "\r\n")
    elif form == "no last line end":
        text, after = text.removesuffix("\n"), after.removesuffix("\n")
    source, document, node = service(text)
    waiting = edited(source, [WaitFor(source, document, node, "carry-db")])
    assert waiting == after
    source, document, node = service(waiting)
    assert edited(source, [EndWait(source, document, node, ("carry-db",))]) == text


def test_what_waits_for_two_waits_for_none_again() -> None:
    text = "services:\n  app:\n    depends_on: [web]\n    image: a\n"
    source, document, node = service(text)
    waiting = edited(source, [WaitFor(source, document, node, name) for name in ("carry-a", "carry-b")])
    assert waiting == text.replace("[web]", f"{{carry-a: {LONG}, carry-b: {LONG}, web: {SHORT}}}")
    source, document, node = service(waiting)
    assert edited(source, [EndWait(source, document, node, ("carry-a", "carry-b"))]) == text


@pytest.mark.parametrize(
    ("added", "left"),
    [
        (f", mq: {SHORT}", "[web, mq]"),
        (", mq: {condition: service_healthy}", f"{{web: {SHORT}, mq: {{condition: service_healthy}}}}"),
    ],
)
def test_what_a_person_added_since_stays(added: str, left: str) -> None:
    text = f"services:\n  app:\n    depends_on: {{carry-db: {LONG}, web: {SHORT}{added}}}\n"
    source, document, node = service(text)
    assert edited(source, [EndWait(source, document, node, ("carry-db",))]) == text.partition("{")[0] + left + "\n"


@pytest.mark.parametrize(
    "waits",
    [
        "[]",
        "{}",
        "",
        "*names",
        "&names [web]",
        "[web, &b mq]",
        "\n      -   web",
        "\n      - >-\n        web",
    ],
)
def test_waits_that_cannot_be_given_back_are_left_alone(waits: str) -> None:
    text = f"x: &names [web]\nservices:\n  app:\n    image: a\n    depends_on: {waits}\n"
    source, document, node = service(text.replace("x: &names", "x: &other") if "&names" in waits else text)
    with pytest.raises(CannotEdit):
        edited(source, [WaitFor(source, document, node, "carry-db")])


ADDED = {
    "the last section": "services:\n  app:\n    image: a\n",
    "sections and comments behind it": "services:\n  app:\n    image: a\n  # of app\n\nvolumes:\n  x:\n",
    "blank lines between services": "services:\n  app:\n    image: a\n\n  web:\n    image: b\n\n\nvolumes:\n  x:\n",
    "a document behind it": "services:\n  app:\n    image: a\n...\n",
    "flow": "services: {app: {image: a}}\n",
    "flow on lines": "services: {\n  app: {image: a},\n}\n",
    "JSON": '{"services": {"app": {"image": "a"}}}',
}


@pytest.mark.parametrize("text", ADDED.values(), ids=ADDED)
@pytest.mark.parametrize("form", ("as it is", "CRLF", "no last line end"))
@pytest.mark.parametrize("names", [("carry-db",), ("carry-db", "carry-b")], ids=("one", "two"))
def test_a_service_is_added_and_taken_out_again(text: str, form: str, names: tuple[str, ...]) -> None:
    if form == "CRLF":
        text = text.replace("\n", "\r\n")
    elif form == "no last line end":
        text = text.removesuffix("\n")
    source, document, services = read(text)
    added = edited(source, [AddService(source, document, services, name, FIELDS, "moves ./db") for name in names])
    source, document, services = read(added)
    pairs = tuple(pair for name in names if (pair := services.pair(name)) is not None)
    assert len(pairs) == len(names)
    assert edited(source, [RemoveEntries(source, services, pairs)]) == text


def test_an_added_service_reads_as_people_write_one() -> None:
    source, document, services = read("services:\n  app:\n    image: a\n\n  web:\n    image: b\n")
    assert edited(source, [AddService(source, document, services, "carry-db", FIELDS, "moves ./db")]) == (
        "services:\n  app:\n    image: a\n\n  web:\n    image: b\n\n  carry-db:  # moves ./db\n    image: postgres:16\n"
        '    user: "0:0"\n    build:\n      context: .\n      no_cache: true\n    entrypoint: [sh, -c]\n    command:\n'
        "      - |\n        set -eu\n\n        echo '$$x'\n    volumes:\n      - ./db:/from:ro\n"
    )
