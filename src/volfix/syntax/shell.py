"""Parses shell scripts into commands in order, each word with its position; reports the parts that it cannot parse.

The grammar is tree-sitter-bash; it is imported when the first script is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from volfix.syntax.shell_commands import Script
from volfix.syntax.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LINE_END = re.compile(rb"(?<!\\)\r?\n")
"""The end of a line without a backslash before it."""
ROUNDS = 4
"""How often a text is parsed again: after one joined line was separated, another may appear."""


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


@lru_cache(maxsize=32)
def syntax_tree(text: str) -> Node:
    """The root of the syntax tree; its positions are bytes of the text in UTF-8.

    The grammar reads a line of several assignments (`A=1 B=2`) and the command on the next line as one command. In
    these places the line end is parsed as a semicolon, so that all positions stay the same.
    """
    data = bytearray(text.encode())
    root = _parser().parse(bytes(data)).root_node
    for _ in range(ROUNDS):
        joined = list(_wrongly_joined(root, data)) if b"=" in data else []
        if not joined:
            break
        for end, comments in joined:
            for comment in comments:
                data[comment.start_byte : comment.end_byte] = b" " * (comment.end_byte - comment.start_byte)
            data[end] = ord(";")
        root = _parser().parse(bytes(data)).root_node
    return root


def _wrongly_joined(root: Node, data: bytes | bytearray) -> Iterator[tuple[int, list[Node]]]:
    """The ends of lines that the grammar wrongly joined to the next, each with the comments before the next command."""
    pending = [root]
    while pending:
        node = pending.pop()
        pending += node.children
        if node.type != "command" or node.children[0].type != "variable_assignment":
            continue
        comments: list[Node] = []
        before = node.children[0].end_byte
        for child in node.children[1:]:
            if child.type == "comment":
                comments.append(child)
                continue
            gap = bytearray(data[before : child.start_byte])
            for comment in comments:
                gap[comment.start_byte - before : comment.end_byte - before] = b" " * len(comment.text or b"")
            if (end := LINE_END.search(gap)) is not None:
                yield before + end.start(), comments
            if child.type != "variable_assignment":
                break
            before, comments = child.end_byte, []


@lru_cache(maxsize=4096)
def parse(text: str) -> Script:
    """The commands of a script. Never fails: parts that are not valid shell are in `unread`."""
    from volfix.syntax.shell_reader import read

    try:
        return read(text, syntax_tree(text))
    except RecursionError:  # nested too deeply to be written by a person
        return Script(text, (), {}, (Span(0, len(text)),))
