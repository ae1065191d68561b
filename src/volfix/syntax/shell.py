"""Shell scripts as commands in order, each word with its place; what cannot be parsed is said to be unread.

The grammar is tree-sitter-bash; it is imported when the first script is parsed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from volfix.syntax.shell_commands import Script
from volfix.syntax.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


@lru_cache(maxsize=32)
def syntax_tree(text: str) -> Node:
    """The root of the syntax tree, in bytes of the text's UTF-8."""
    return _parser().parse(text.encode()).root_node


@lru_cache(maxsize=4096)
def parse(text: str) -> Script:
    """The commands of a script. Never fails: what is not shell is in `unread`."""
    from volfix.syntax.shell_reader import read

    try:
        return read(text, syntax_tree(text))
    except RecursionError:  # nested without end: nobody wrote that
        return Script(text, (), {}, (Span(0, len(text)),))
