"""Reads single nodes of tree-sitter-bash's tree: text, words, assignments and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volfix.syntax.shell_commands import Assignment, Guard, Heredoc
from volfix.syntax.shell_words import Word, characters, word_of
from volfix.syntax.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

WORDS = frozenset(
    {
        *("word", "string", "raw_string", "ansi_c_string", "translated_string", "number", "concatenation"),
        *("simple_expansion", "expansion", "command_substitution", "process_substitution", "arithmetic_expansion"),
        *("brace_expression", "variable_name", "regex", "extglob_pattern"),
    }
)
COMPARED = frozenset(
    {
        *("word", "string", "raw_string", "extglob_pattern", "regex", "string_content"),
        *("simple_expansion", "expansion", "concatenation"),
    }
)
"""Types of nodes that a test compares, with or without quotes."""
FILE_TEST = re.compile(r"-[bcdefghkprstuwxGLNOS] ")
"""The beginning of a test of a file. Source: POSIX, test; GNU bash, Bash Conditional Expressions."""


def places(text: str) -> list[int] | None:
    """For each byte of the text, the index of its character; None if bytes and characters are the same."""
    if text.isascii():
        return None
    places: list[int] = []
    for number, char in enumerate(text):
        places += [number] * len(char.encode())
    return [*places, len(text)]


@dataclass(slots=True)
class Nodes:
    """Reads the nodes of a script; `places` is the result of the function `places` for its text."""

    text: str
    places: list[int] | None

    def span(self, node: Node) -> Span:
        """The position of a node in the text, in characters."""
        if self.places is None:
            return Span(node.start_byte, node.end_byte)
        return Span(self.places[node.start_byte], self.places[node.end_byte])

    def text_of(self, node: Node) -> str:
        """The text of a node as written."""
        span = self.span(node)
        return self.text[span.start : span.end]

    def word(self, node: Node) -> Word:
        """The word that a node is."""
        span = self.span(node)
        return word_of(self.text, span.start, span.end)

    def assigned(self, node: Node) -> Iterator[Assignment]:
        """The assignment that a node is; none for other nodes."""
        name = next((child for child in node.named_children if child.type == "variable_name"), None)
        if node.type != "variable_assignment" or name is None:
            return
        value = node.named_children[-1] if len(node.named_children) > 1 else None
        appends = any(child.type == "+=" for child in node.children)
        span = self.span(value) if value is not None else Span(self.span(node).end, self.span(node).end)
        elements = None
        if value is not None and value.type == "array":
            elements = tuple(self.word(child) for child in value.named_children if child.type != "comment")
            text = " ".join(word.value for word in elements)
        else:
            text = "".join(item[0] for item in characters(self.text, span.start, span.end))
        yield Assignment(self.text_of(name), text, span, elements, appends)

    def heredoc(self, node: Node) -> Heredoc | None:
        """The here-document of a redirection; None if its end is missing."""
        body = next((child for child in node.named_children if child.type == "heredoc_body"), None)
        start = next((child for child in node.named_children if child.type == "heredoc_start"), None)
        if body is None or start is None:
            return None
        return Heredoc(self.span(body), self.text_of(start)[:1] in ("'", '"', "\\"))

    def condition(self, node: Node) -> Guard:
        """The guard that a test forms; with a subject if the test only compares two words."""
        texts = tuple(self.literals(node))
        inner = node.named_children[0] if node.type == "test_command" and node.named_child_count == 1 else None
        if inner is None or inner.type != "binary_expression" or len(inner.children) != 3:
            return Guard(texts)
        one, operator, other = inner.children
        if operator.type not in ("=", "==") or one.type not in WORDS or other.type not in WORDS:
            return Guard(texts)
        return Guard(texts, self.word(one), (self.word(other).value,))

    def literals(self, node: Node) -> Iterator[str]:
        """The literal texts in a test; a `!=` is left out, because it tells nothing about the branch.

        The text of a file test includes its operator: `-f .env`.
        """
        if node.type in ("negated_command", "command", "command_substitution"):
            return
        if node.type == "binary_expression" and any(child.type == "!=" for child in node.children):
            return
        if node.type in COMPARED:
            yield self.word(node).value
            return
        texts = (text for child in node.named_children for text in self.literals(child))
        operator = f"{self.text_of(node.children[0])} " if node.type == "unary_expression" else ""
        yield from (operator + text for text in texts) if FILE_TEST.match(operator) else texts
