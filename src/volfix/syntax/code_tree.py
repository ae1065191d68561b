"""Parses a Go, JavaScript or TypeScript module into a syntax tree that knows the position of every literal.

The grammars are those of tree-sitter; each is imported when the first module of its language is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from volfix.syntax.pieces import Piece, Value
from volfix.syntax.source import FileProblem, Source, Span

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

JAVASCRIPT = (".js", ".mjs", ".cjs", ".jsx")
TYPESCRIPT = (".ts", ".mts", ".cts", ".tsx")
GO = (".go",)
GRAMMARS = {
    **dict.fromkeys(GO, ("tree_sitter_go", "language")),
    **dict.fromkeys(JAVASCRIPT, ("tree_sitter_javascript", "language")),
    **dict.fromkeys(TYPESCRIPT, ("tree_sitter_typescript", "language_typescript")),
    ".tsx": ("tree_sitter_typescript", "language_tsx"),
}
STRINGS = frozenset({"string", "template_string", "interpreted_string_literal", "raw_string_literal"})
CONTENTS = frozenset({"string_fragment", "interpreted_string_literal_content", "raw_string_literal_content"})


@lru_cache(maxsize=8)
def _parser(suffix: str) -> Parser:
    from tree_sitter import Language, Parser

    module, language = GRAMMARS[suffix]
    return Parser(Language(getattr(import_module(module), language)()))


class CodeTree:
    """The syntax tree of a module. The file's suffix decides the grammar. Parsing never fails: see `has_error`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._bytes = source.text.encode()
        self.root = _parser(source.path.suffix).parse(self._bytes).root_node

    @property
    def has_error(self) -> bool:
        """Whether a part of the module could not be parsed."""
        return self.root.has_error

    def nodes(self) -> Iterator[Node]:
        """All named nodes, in the order in which they are written."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.named_children)

    def text(self, node: Node | None) -> str:
        """The text of a node; empty for None."""
        return self._bytes[node.start_byte : node.end_byte].decode() if node is not None else ""

    def span(self, node: Node) -> Span:
        """The position of a node in the source's text, in characters."""
        if self._is_ascii:
            return Span(node.start_byte, node.end_byte)
        before = len(self._bytes[: node.start_byte].decode())
        return Span(before, before + len(self.text(node)))

    @cached_property
    def _is_ascii(self) -> bool:
        return len(self._bytes) == len(self.source.text)

    def string(self, node: Node | None) -> str | None:
        """The content of a string literal; None for other nodes and for strings with escapes or substitutions."""
        value = self.literal(node)
        return value.text if value is not None else None

    def literal(self, node: Node | None) -> Value | None:
        """Like `string`, but with the position of the content."""
        if node is None or node.type not in STRINGS:
            return None
        parts = node.named_children
        if not parts:
            return Value((Piece(""),))
        if len(parts) > 1 or parts[0].type not in CONTENTS:
            return None
        return Value((Piece(self.text(parts[0]), self.span(parts[0])),))


def arguments_of(node: Node) -> list[Node]:
    """The arguments of a call, without comments."""
    found = node.child_by_field_name("arguments")
    return [each for each in found.named_children if each.type != "comment"] if found is not None else []


def is_conditional(node: Node, conditions: frozenset[str]) -> str | None:
    """Why a node may not run: it is in a branch of a statement of a type in `conditions`. None if it always runs."""
    child, parent = node, node.parent
    while parent is not None:
        first = parent.child_by_field_name("initializer")
        if parent.type in conditions and child != first:
            return "the code uses this value only under a condition"
        child, parent = parent, parent.parent
    return None


Described = tuple[str, int, str]


def dump(source: Source, replaced: Mapping[Span, str]) -> list[Described]:
    """Every node of the module as (type, number of children, text), to compare two versions.

    `replaced` gives new contents for the strings at these positions. Raises FileProblem if the module cannot be parsed
    or has no string at one of the positions.
    """
    tree = CodeTree(source)
    if tree.has_error:
        raise FileProblem(source.path, "volfix cannot parse all of this module")
    wanted = dict(replaced)
    found: list[Described] = []
    waiting = [tree.root]
    while waiting:
        node = waiting.pop()
        text = "" if node.children else tree.text(node)
        if node.type in CONTENTS and (place := tree.span(node)) in wanted:
            text = wanted.pop(place)
        found.append((node.type, len(node.children), text))
        waiting += node.children
    if wanted:
        raise FileProblem(source.path, "a string is not at its expected place")
    return found
