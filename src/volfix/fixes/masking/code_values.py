"""What of a program may be shown: its names and structure; no literal and no comment that says a value."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

from volfix.fixes.masking.comments import shown_part
from volfix.fixes.masking.credentials import merged
from volfix.syntax.code_tree import STRINGS, CodeTree
from volfix.syntax.source import Source, Span

LITERALS = STRINGS | {
    "comment",
    "regex",
    "number",
    "int_literal",
    "float_literal",
    "imaginary_literal",
    "rune_literal",
    "jsx_text",
}
VARIABLE = re.compile(
    r"(?:environ\[|getenv\(|environ\.get\(|process\.env\[|Getenv\()[ \t]*[\"'](?=([A-Z][A-Z0-9_]{0,63})[\"'])"
)
KEY = re.compile(r"(?:^|[{,])[ \t]*[\"']([A-Z][A-Z0-9_]{0,63})[\"'](?=[ \t]*:)", re.MULTILINE)
"""Where the name of an environment variable stands in quotes."""


def harmless_code(source: Source) -> Iterator[Span]:
    """The characters that may be shown; none of a module that cannot be read to its end."""
    try:
        literals = list(_of_python(source) if source.path.suffix == ".py" else _of_tree(source))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return
    at = 0
    for span in merged(literals):
        yield Span(at, span.start)
        yield from _of_literal(source.text, span)
        at = span.end
    yield Span(at, len(source.text))
    for pattern in (VARIABLE, KEY):
        yield from (Span(*found.span(1)) for found in pattern.finditer(source.text))


def _of_literal(text: str, span: Span) -> Iterator[Span]:
    """A comment as far as it is harmless; the quotes of a string."""
    literal = text[span.start : span.end]
    if literal.startswith(("#", "//")) and "\n" not in literal:
        yield Span(span.start, span.start + shown_part(literal))
    elif quoted := re.match(r"[A-Za-z]{0,3}(\"\"\"|'''|[\"'`])", literal):
        yield Span(span.start, span.start + quoted.end())
        if len(literal) >= quoted.end() + len(quoted[1]) and literal.endswith(quoted[1]):
            yield Span(span.end - len(quoted[1]), span.end)


def _of_python(source: Source) -> Iterator[Span]:
    """Source: Python, tokenize; from 3.12 on an f-string is several tokens."""
    starts = [0]
    for line in source.text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for token in tokenize.generate_tokens(io.StringIO(source.text, newline="").readline):
        start, end = (starts[line - 1] + column for line, column in (token.start, token.end))
        name = tokenize.tok_name[token.type]
        if token.type in (tokenize.STRING, tokenize.NUMBER, tokenize.COMMENT) or name == "FSTRING_MIDDLE":
            yield Span(start, end)
        elif name == "ERRORTOKEN":
            raise ValueError(token.string)


def _of_tree(source: Source) -> Iterator[Span]:
    tree = CodeTree(source)
    if tree.has_error:
        raise ValueError("not a module that the grammar reads")
    yield from (tree.span(node) for node in tree.nodes() if node.type in LITERALS)
