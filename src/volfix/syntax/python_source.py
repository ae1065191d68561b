"""Parses a Python module and knows the position of every expression.

Source: Instagram/LibCST; positions are those of its tokenizer. PEP 263: how a module names its encoding.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from functools import cache, cached_property, lru_cache
from itertools import islice
from pathlib import Path

import libcst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from volfix.syntax import disk
from volfix.syntax.source import FileProblem, Source, Span, too_much

DEPTH = 100
"""How deep expressions may nest: not far beyond, the parser's recursion would crash the process."""
MOST = 20_000
"""Tokens of a module, those of some 2,000 lines: work grows with them, and a module of few bytes can have many."""


class Module:
    """A parsed module. Raises FileProblem if it is too long, nests too deeply or cannot be parsed."""

    def __init__(self, source: Source) -> None:
        self.source = source
        _check_length(source)
        _check_depth(source)
        try:
            self.tree = libcst.parse_module(source.text)
        except (libcst.ParserSyntaxError, RecursionError) as error:
            raise FileProblem(source.path, "not a Python module that volfix can read") from error

    @cached_property
    def _positions(self) -> Mapping[libcst.CSTNode, object]:
        wrapper = MetadataWrapper(self.tree, unsafe_skip_copy=True)
        return wrapper.resolve(ByteSpanPositionProvider)

    @cached_property
    def _bytes(self) -> bytes:
        return self.source.text.encode()

    def span(self, node: libcst.CSTNode) -> Span:
        """The position of a node in the source's text, without white space around it."""
        found = self._positions[node]
        start, length = found.start, found.length  # type: ignore[attr-defined]
        if len(self._bytes) == len(self.source.text):
            return Span(start, start + length)
        before = len(self._bytes[:start].decode())
        return Span(before, before + len(self._bytes[start : start + length].decode()))

    def content(self, node: libcst.SimpleString) -> Span | None:
        """The position of the text between the quotes; None if that is not exactly the string's value (escapes)."""
        span = self.span(node)
        start = span.start + len(node.prefix) + len(node.quote)
        end = span.end - len(node.quote)
        plain = self.source.text[start:end] == node.evaluated_value
        return Span(start, end) if plain else None


@lru_cache(maxsize=1)
def parsed(source: Source) -> Module:
    """The module; the last is kept, because its fix is proven after it was read. Raises FileProblem as Module does."""
    return Module(source)


def _check_length(source: Source) -> None:
    tokens = islice(tokenize.generate_tokens(io.StringIO(source.text).readline), MOST)
    with suppress(tokenize.TokenError, SyntaxError):  # the parser says whether this is a module
        if sum(1 for _ in tokens) == MOST:
            raise too_much(source.path, f"more than {MOST} tokens of Python: volfix does not read it")


def _check_depth(source: Source) -> None:
    try:
        with warnings.catch_warnings():  # warnings about the application's strings do not concern us
            warnings.simplefilter("ignore")
            waiting: list[tuple[ast.AST, int]] = [(ast.parse(source.text), 0)]
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise FileProblem(source.path, "not a Python module that volfix can read") from error
    while waiting:
        node, depth = waiting.pop()
        if depth > DEPTH:
            raise FileProblem(source.path, "expressions nest too deeply")
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]


def read_module(path: Path) -> tuple[Source, str | None]:
    """A module's source, and why volfix does not edit it (it is not UTF-8; otherwise None). Raises FileProblem."""
    try:
        data = disk.read(path, disk.LARGEST_SETTINGS)
    except OSError as error:
        raise FileProblem(path, error.strerror or str(error)) from error
    try:
        name, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if name in ("utf-8", "utf-8-sig") or data.isascii():
            return Source.read(path), None
        text = data.decode(name)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise FileProblem(path, "the file declares another encoding than it has") from error
    return Source(path, data, text), f"the module is in {name}: volfix edits only UTF-8"


WHITE_SPACE = frozenset(
    {libcst.SimpleWhitespace, libcst.ParenthesizedWhitespace, libcst.TrailingWhitespace, libcst.EmptyLine}
)
"""White space and comments, which are more than half of a tree's nodes."""


def below(node: libcst.CSTNode) -> list[libcst.CSTNode]:
    """The children of a node in the order in which they are written, without white space and comments."""
    return [child for child in node.children if type(child) not in WHITE_SPACE]


def nodes(tree: libcst.CSTNode) -> Iterator[libcst.CSTNode]:
    """The node and all nodes below it, in the order in which they are written, without white space and comments."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(below(node))


Described = tuple[str, tuple[tuple[str, int, str], ...]]


def dump(source: Source, replaced: Mapping[Span, str]) -> list[Described]:
    """Every node of the module with its fields, white space and comments included, to compare two versions.

    `replaced` gives new contents for the strings at these positions. Raises FileProblem if the text is not a Python
    module or has no string at one of the positions.
    """
    module = parsed(source)
    wanted = dict(replaced)
    found: list[Described] = []
    waiting: list[libcst.CSTNode] = [module.tree]
    while waiting:
        node = waiting.pop()
        if wanted and isinstance(node, libcst.SimpleString | libcst.FormattedStringText):
            node = _replaced(module, node, wanted)
        described = []
        for name in _fields(type(node)):
            value = getattr(node, name)
            parts = value if isinstance(value, list | tuple) else (value,)
            below = [part for part in parts if isinstance(part, libcst.CSTNode)]
            waiting += below
            described.append((name, len(below), "" if below else repr(value)))
        found.append((type(node).__name__, tuple(described)))
    if wanted:
        raise FileProblem(source.path, "a string is not at its expected place")
    return found


@cache
def _fields(kind: type[libcst.CSTNode]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _replaced(
    module: Module, node: libcst.SimpleString | libcst.FormattedStringText, wanted: dict[Span, str]
) -> libcst.CSTNode:
    if isinstance(node, libcst.FormattedStringText):
        place = module.span(node)
        return node.with_changes(value=wanted.pop(place)) if place in wanted else node
    content = module.content(node)
    if content is None or content not in wanted:
        return node
    return node.with_changes(value=node.prefix + node.quote + wanted.pop(content) + node.quote)
