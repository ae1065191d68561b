"""What of a YAML file may be shown: its keys and structure, values that name something, known words of commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.fixes.masking.comments import shown_part
from volfix.fixes.masking.words import harmless_words, is_random
from volfix.knowledge.tables import listed
from volfix.syntax.source import FileProblem, Source, Span
from volfix.syntax.yaml_tree import Alias, Mapping, Node, Scalar, parse

SECTIONS = frozenset({"environment", "args", "build_args", "build-args", "env", "variables", "content", "labels"})
"""Keys below which no value is harmless, whatever it is called."""
NAMES = frozenset({"services", "volumes", "networks", "configs", "secrets"})
"""Sections whose keys are names of the author's choice: a service may be called `environment`."""
KEY = re.compile(r"[\w.$<{}()/ *+-]{1,100}\Z")
PASSED_ON = re.compile(r"[A-Z][A-Z0-9_]{0,63}\Z")
"""A variable in the list of a section, whose value comes from elsewhere."""
NAMED = re.compile(r"[A-Za-z_][\w.-]{0,63}=")
VALUE = re.compile(
    r"(?:[\w./:~*+%,\\ -]|\$\{[\w/.:?-]*\}|\$\w+|\$\{\{ ?[\w.-]+ ?\}\}|(?<=[\w.])@sha256:[0-9a-f]{64})+\Z"
)
"""A name, a path, an image or a mount: no user before an `@`, no assignment, no scheme of a URL."""
SCHEME = re.compile(r"[A-Za-z]:?//|//")
NUMBER = re.compile(r"\d{1,3}\Z")
MARK = re.compile(r"(?P<tag>![^\s,\[\]{}]*)|&(?P<anchor>[^\s,\[\]{}]+)|[^!&]+|&")
TAGS = frozenset(
    {"!", "!reset", "!override", "!reference", "!!str", "!!int", "!!bool", "!!null", "!!map", "!!seq", "!!merge"}
)
PORTS = frozenset({"ports", "expose", "published"})
PORT = re.compile(r"[\d.:-]+(?:/(?:tcp|udp))?\Z")
COMMENT = re.compile(r"(?:(?<=\s)|^)#[^\n]*", re.MULTILINE)
ENTRY = re.compile(r"""[ \t]*(?:-[ \t]+)*["']?[A-Za-z_][\w.-]{0,63}["']?(?:=|[ \t]*:(?=[ \t\r\n]|\Z)[ \t]*)""")


def harmless_yaml(source: Source) -> Iterator[Span]:
    """The characters that may be shown; of a file that is not YAML the names alone that its lines begin with."""
    try:
        documents = parse(source)
    except FileProblem:
        for found in re.finditer(r"[^\n]+", source.text):
            if entry := ENTRY.match(source.text, *found.span()):
                yield Span(entry.start(), entry.end())
        return
    reader = _Yaml(source.text)
    for document in documents:
        reader.node(document.root, "", names=False, section=False)
    yield from reader.shown
    yield from reader.between()


class _Yaml:
    """What of a tree may be shown; `scalars` are all that is written in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shown: list[Span] = []
        self.scalars: list[Span] = []
        self.repeated: set[str] = set()

    def node(self, node: Node, key: str, *, names: bool, section: bool) -> None:
        """A node under `key`; `names`: its keys are names, and tell nothing; `section`: no value below is harmless."""
        if isinstance(node, Alias):
            self.repeated.add(node.name)
            return
        if isinstance(node, Scalar):
            self.scalars.append(node.span)
            self.shown += self._scalar(node, "" if section else key)
        elif isinstance(node, Mapping):
            for pair in node.pairs:
                below = self._key(pair.key)
                inside = section or (not names and below in SECTIONS)
                inside = inside and below not in listed("harmless", "variables")
                self.node(pair.value, key if names else below, names=below in NAMES and not names, section=inside)
        else:
            for item in node.items:
                if section and key in SECTIONS and isinstance(item, Scalar) and PASSED_ON.match(item.value):
                    self.shown.append(item.span)
                own = key if isinstance(item, Scalar) or not section else ""  # a list in a list names no variable
                self.node(item, own, names=False, section=section)

    def _key(self, key: Node) -> str:
        if not isinstance(key, Scalar):
            self.node(key, "", names=False, section=True)
            return ""
        self.scalars.append(key.span)
        if KEY.match(key.value) and not is_random(key.value):
            self.shown.append(key.span)
        return key.value

    def _scalar(self, node: Scalar, key: str) -> Iterator[Span]:
        """The harmless characters of a value, and always its quotes and the header of its block."""
        start, end = node.span.start, node.span.end
        if node.style in ("|", ">"):
            header = self.text.find("\n", start, end) + 1
            yield Span(start, header or end)
            start = header or end
        elif node.style:
            yield Span(start, start + 1)
            yield Span(end - 1, end)
            start, end = start + 1, end - 1
        if key in listed("harmless", "commands"):
            yield from harmless_words(self.text, start, end)
        elif key and _is_harmless(key, self.text[start:end]):
            yield Span(start, end)
        elif named := NAMED.match(self.text, start, end):
            yield Span(*named.span())

    def between(self) -> Iterator[Span]:
        """What is written between the values: structure and comments."""
        at = 0
        for span in [*sorted(self.scalars), Span(len(self.text), len(self.text))]:
            if at < span.start:
                yield from self._structure(at, span.start)
            at = max(at, span.end)

    def _structure(self, start: int, end: int) -> Iterator[Span]:
        at = start
        for found in COMMENT.finditer(self.text, start, end):
            yield from self._marks(at, found.start())
            yield Span(found.start(), found.start() + shown_part(found[0]))
            at = found.end()
        yield from self._marks(at, end)

    def _marks(self, start: int, end: int) -> Iterator[Span]:
        """Structure without the names of tags that nobody knows and of anchors that nothing repeats."""
        for found in MARK.finditer(self.text, start, end):
            if found["tag"] in TAGS or found["anchor"] in self.repeated or not (found["tag"] or found["anchor"]):
                yield Span(*found.span())


def _is_harmless(key: str, value: str) -> bool:
    if value in listed("harmless", "values") or NUMBER.match(value):
        return True
    if key in PORTS and "$" not in value and not PORT.match(value):
        return False
    return (
        (key in listed("harmless", "keys") or key in listed("harmless", "variables"))
        and VALUE.match(value) is not None
        and SCHEME.search(value) is None
        and not is_random(value.partition("@sha256:")[0])
    )
