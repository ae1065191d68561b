"""The readers and the splicers as functions of any bytes, and what must hold whatever they are given.

Run as a program (`python -m tests.campaign.readers_fuzzed READER SEED RUNS SEEDS`), it lets atheris, which follows what
the code does with its input, look for bytes with which something does not hold.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path


def yaml_splicer(data: bytes) -> None:
    """Another value, an entry less, an entry more: the text parses again, and says that and nothing else."""
    from volfix.syntax.source import Source
    from volfix.syntax.yaml_edit import nodes, replace_scalar
    from volfix.syntax.yaml_insert import add_to
    from volfix.syntax.yaml_remove import remove_entry
    from volfix.syntax.yaml_tree import Mapping, Scalar, parse

    source = Source.of(Path("x.yaml"), data[2:])
    documents = parse(source)
    if not documents:
        return
    document = documents[data[0] % len(documents)]
    found = list(nodes(document.root))
    node = found[int.from_bytes(data[:2], "big") % len(found)]
    count = sum(len(list(nodes(each.root))) for each in documents)
    if isinstance(node, Scalar):
        value = ("new", "a: b", "x #y", " é", "0777", "", "'", "two\nlines")[data[1] % 8]
        after = parse(source.splice([replace_scalar(source, node, value)]))
        mine = [value if other is node else other.value for other in found if isinstance(other, Scalar)]
        now = [other.value for each in after for other in nodes(each.root) if isinstance(other, Scalar)]
        assert len(after) == len(documents)
        assert [text for text in mine if text not in now] == []
    elif isinstance(node, Mapping) and node.pairs:
        if data[1] % 2:
            pair = node.pairs[data[0] % len(node.pairs)]
            after = parse(source.splice([remove_entry(source, node, pair)]))
            gone = len(list(nodes(pair.key))) + len(list(nodes(pair.value)))
            assert sum(len(list(nodes(each.root))) for each in after) == count - gone
        else:
            after = parse(source.splice(add_to(source, document, node, {"added-by-volfix": "v"})))
            assert sum(len(list(nodes(each.root))) for each in after) == count + 2


def dotenv(data: bytes) -> None:
    """Each assignment lies in the text, the places go forward, and a new value is read again."""
    from volfix.syntax import dotenv as syntax
    from volfix.syntax.source import Source

    source = Source.of(Path(".env"), data[1:])
    found = syntax.read(source, raw=bool(data[0] & 1))
    ends = [0, *(each.span.end for each in found)]
    for before, each in zip(ends, found, strict=False):
        assert before <= each.span.start <= each.value_span.start <= each.value_span.end <= len(source.text)
    if found and not data[0] & 1:
        chosen = found[data[0] % len(found)]
        after = syntax.read(source.splice([syntax.replace_value(source, chosen, "sqlite:////app/data/x.db")]))
        assert [each.value for each in after if each.span.start == chosen.span.start] == ["sqlite:////app/data/x.db"]


def mount(data: bytes) -> None:
    """A short mount's sections are its text; the project with it is built, whatever stands there."""
    from volfix.project.compose.merging import build_project
    from volfix.project.compose.mounts import split_short
    from volfix.project.loader import Loader
    from volfix.syntax.source import Source

    text = data.decode()
    assert ":".join(split_short(text)) == text
    said = json.dumps(text)
    compose = f"services:\n  app:\n    image: x\n    volumes: [{said}]\n    environment: [{said}]\n"
    path = Path("/nowhere/compose.yaml")
    loader = Loader([], []).overlaid({path: Source.of(path, compose.encode())})
    file = loader.compose(path)
    if file is not None:
        service = build_project(path.parent, path.parent, (file,), loader).services["app"]
        assert all(each.source is not None and each.written_as is not None for each in service.mounts)
        assert service.environment is not None


def dockerfile(data: bytes) -> None:
    """The instructions go forward through the text, and their commands and words are read."""
    from volfix.syntax import dockerfile as syntax
    from volfix.syntax.source import Source

    source = Source.of(Path("Dockerfile"), data)
    end = 0
    for each in syntax.read(source):
        assert end <= each.span.start < each.span.end <= len(source.text)
        end = each.span.end
        assert all(words for words, _ in syntax.commands(each))
        syntax.expanded(each.text, {"A": "b", "B": None}, each.escape)
        assert each.array is None or isinstance(each.array, list)


def shell(data: bytes) -> None:
    """Every command and word lies where it says; nothing is too strange to be called unread."""
    from volfix.syntax.shell import parse
    from volfix.syntax.shell_removal import outline

    text = data.decode()
    script = parse(text)
    for each in (*script.commands, *(one for found in script.functions.values() for one in found)):
        assert 0 <= each.span.start <= each.span.end <= len(text)
        assert all(0 <= word.span.start <= word.span.end <= len(text) for word in each.words)
    list(outline(text))


def url(data: bytes) -> None:
    """A value that names a file can be moved, and names the new file then."""
    from volfix.knowledge.readers import readers
    from volfix.project.code.database_url import database_file, moved, other_reading, resolved_path

    value = data[2:].decode()
    known = list(readers())
    chosen = [known[data[0] % len(known)]] if data[1] & 3 else []
    kind = ("url", "file", "opened", None)[data[1] >> 2 & 3]
    file = database_file(value, kind, chosen)
    if file is None:
        return
    other_reading(file, "/app")
    if resolved_path(file, "/app") is not None and len(chosen) == 1:
        new = moved(value, file, "/app/data/x.db" + file.ending, "/app")
        again = database_file(new, kind, chosen)
        assert again is not None, new
        assert resolved_path(again, "/app") == "/app/data/x.db" + file.ending, new


READERS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (yaml_splicer, dotenv, mount, dockerfile, shell, url)
}


def held(reader: Callable[[bytes], None], data: bytes) -> None:
    """Run a reader: what it may refuse is no failure; raises whatever else it raises."""
    from volfix.syntax.source import CannotEdit, FileProblem

    if len(data) < 3:
        return
    try:
        reader(data)
    except (FileProblem, CannotEdit, UnicodeDecodeError):
        return


def main(name: str, seed: str, runs: str, seeds: str) -> None:
    """Let atheris try so many inputs, beginning with the files of a directory; what does not hold it keeps there."""
    import atheris

    with atheris.instrument_imports(include=["volfix"]):
        import volfix.project.compose.merging
        import volfix.syntax.yaml_insert
        import volfix.syntax.yaml_remove  # noqa: F401

        with contextlib.suppress(Exception):
            READERS[name](b"aaaa")  # it imports what it needs
    options = [f"-seed={seed}", f"-runs={runs}", "-max_len=4096", "-timeout=3600", f"-artifact_prefix={seeds}/failed-"]
    atheris.Setup([sys.argv[0], *options, seeds], lambda data: held(READERS[name], data))
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
