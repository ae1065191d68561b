"""A Python module with the place of every expression.

Source: Instagram/LibCST; positions are those of its own tokenizer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import libcst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from volfix.syntax.source import FileProblem, Source, Span


class Module:
    """A parsed module; raises FileProblem where it is not Python that this version of the parser reads."""

    def __init__(self, source: Source) -> None:
        self.source = source
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
        """The characters of a node, without the white space around it."""
        found = self._positions[node]
        start, length = found.start, found.length  # type: ignore[attr-defined]
        if len(self._bytes) == len(self.source.text):
            return Span(start, start + length)
        before = len(self._bytes[:start].decode())
        return Span(before, before + len(self._bytes[start : start + length].decode()))

    def content(self, node: libcst.SimpleString) -> Span | None:
        """What stands between the quotes; None where that is not the string's value letter for letter."""
        span = self.span(node)
        start = span.start + len(node.prefix) + len(node.quote)
        end = span.end - len(node.quote)
        plain = self.source.text[start:end] == node.evaluated_value
        return Span(start, end) if plain else None


def nodes(tree: libcst.CSTNode) -> Iterator[libcst.CSTNode]:
    """The node and all below it, in the order in which they are written."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


def dump(source: Source, replaced: Mapping[Span, str]) -> str:
    """The module's tree as text, white space and comments included, with some strings' contents as they shall be.

    Raises FileProblem where it is not a Python module.
    """
    module = Module(source)
    tree: libcst.CSTNode = module.tree
    wanted = dict(replaced)
    for node in list(nodes(module.tree)) if replaced else ():
        if isinstance(node, libcst.SimpleString):
            place, before, behind = module.content(node), node.prefix + node.quote, str(node.quote)
        elif isinstance(node, libcst.FormattedStringText):
            place, before, behind = module.span(node), "", ""
        else:
            continue
        if place in wanted and place is not None:
            changed = node.with_changes(value=before + wanted.pop(place) + behind)
            tree = tree.deep_replace(node, changed)
    if wanted:
        raise FileProblem(source.path, "a string is not where it was")
    return str(libcst.CSTNode.__repr__(tree))
