"""Reads the commands of a script off the syntax tree that tree-sitter-bash makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from volfix.syntax.shell import Assignment, Heredoc, Script, SimpleCommand
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
IGNORED = frozenset({"comment", "heredoc_redirect", "file_redirect"})
SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
HARMLESS = re.compile(r"(?:true|:|echo)\b|:\Z")
"""What follows `||` without a consequence."""
ROUNDS = 32
"""Rounds of a loop over written words, with the loops around it; a longer loop is read as a single round."""


def read(text: str, root: Node) -> Script:
    """The script that a syntax tree of tree-sitter-bash says; `text` is what the tree was made from."""
    reader = _Reader(text, _places(text))
    if root.type == "program":
        reader.block(root, reader.commands, _Around())
    else:
        reader.unread.append(Span(0, len(text)))
    return Script(text, tuple(reader.commands), reader.functions, tuple(reader.unread))


def _places(text: str) -> list[int] | None:
    """For each byte the character that it belongs to; None where bytes and characters are the same."""
    if text.isascii():
        return None
    places: list[int] = []
    for number, char in enumerate(text):
        places += [number] * len(char.encode())
    return [*places, len(text)]


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a node."""

    scope: tuple[int, ...] = ()
    guards: tuple[str, ...] = ()
    redirected: bool = False
    substituted: bool = False
    heredoc: Heredoc | None = None
    input: Word | None = None
    extra: tuple[Word, ...] = ()
    piped_from: Span | None = None
    rounds: int = 1
    outputs: tuple[Word, ...] = ()
    decides: bool = False


@dataclass(slots=True)
class _Reader:
    """Walks the tree; every method adds the commands of a node to `out`."""

    text: str
    places: list[int] | None
    commands: list[SimpleCommand] = field(default_factory=list)
    functions: dict[str, tuple[SimpleCommand, ...]] = field(default_factory=dict)
    unread: list[Span] = field(default_factory=list)
    subshells: int = 0

    def span(self, node: Node) -> Span:
        if self.places is None:
            return Span(node.start_byte, node.end_byte)
        return Span(self.places[node.start_byte], self.places[node.end_byte])

    def block(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        for child in node.named_children:
            self.statement(child, out, around)

    def statement(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        kind = node.type
        if kind == "ERROR" or node.is_missing:
            self.unread.append(self.span(node))
        elif kind in READERS:
            READERS[kind](self, node, out, around)
        elif kind in WORDS:
            self.substitutions(node, out, around)
        elif kind not in IGNORED:
            self.block(node, out, around)

    def subshell(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        self.block(node, out, self.inside(around))

    def inside(self, around: _Around) -> _Around:
        self.subshells += 1
        return replace(around, scope=(*around.scope, self.subshells))

    def substitutions(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        """The commands inside `$(...)` of a word: they run before the command that the word belongs to."""
        if node.type in SUBSTITUTIONS:
            self.block(node, out, replace(self.inside(around), substituted=True, heredoc=None, input=None, extra=()))
            return
        for child in node.named_children:
            self.substitutions(child, out, around)

    def words(self, nodes: list[Node], out: list[SimpleCommand], around: _Around) -> list[Word]:
        found: list[Word] = []
        for node in nodes:
            if node.type == "command_name":
                node = node.named_children[0] if node.named_children else node
            if node.type in ("heredoc_redirect", "file_redirect", "herestring_redirect", "comment"):
                continue
            span = self.span(node)
            if found and found[-1].span.end == span.start:  # the grammar takes `$A:$B/` apart: there is no blank
                span = Span(found.pop().span.start, span.end)
            found.append(word_of(self.text, span.start, span.end))
            self.substitutions(node, out, around)
        return found

    def command(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        if any(child.type == "ERROR" or child.is_missing for child in node.children):
            self.unread.append(self.span(node))
            return
        assigned = [child for child in node.named_children if child.type == "variable_assignment"]
        rest = [child for child in node.named_children if child.type != "variable_assignment"]
        found = self.words(rest, out, around)
        found += around.extra
        span = self.span(node)
        if found:
            span = Span(found[0].span.start, max(found[-1].span.end, span.end))
        given = next((child.named_children[0] for child in rest if child.type == "herestring_redirect"), None)
        self.add(
            out,
            around,
            span,
            words=tuple(found),
            assignments=tuple(item for each in assigned for item in self.assigned(each)),
            text=self.word(given) if given is not None else None,
        )

    def word(self, node: Node) -> Word:
        span = self.span(node)
        return word_of(self.text, span.start, span.end)

    def add(
        self,
        out: list[SimpleCommand],
        around: _Around,
        span: Span,
        *,
        words: tuple[Word, ...] = (),
        assignments: tuple[Assignment, ...] = (),
        declaration: tuple[Word, ...] = (),
        text: Word | None = None,
    ) -> None:
        out.append(
            SimpleCommand(
                span,
                words,
                assignments,
                declaration,
                around.heredoc,
                around.input,
                text,
                around.scope,
                around.guards,
                around.redirected,
                around.substituted,
                around.piped_from,
                around.outputs,
                around.decides,
            )
        )

    def assignment(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        self.substitutions(node, out, around)
        if node.type in ("variable_assignment", "variable_assignments"):
            nodes = [node] if node.type == "variable_assignment" else node.named_children
            self.add(
                out, around, self.span(node), assignments=tuple(item for each in nodes for item in self.assigned(each))
            )
            return
        self.add(
            out,
            around,
            self.span(node),
            assignments=tuple(item for each in node.named_children for item in self.assigned(each)),
            declaration=tuple(
                self.word(each) for each in node.children if each.type not in ("variable_assignment", "file_redirect")
            ),
        )

    def assigned(self, node: Node) -> Iterator[Assignment]:
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

    def redirected(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        extra: list[Word] = []
        later: list[Node] = []
        for child in node.named_children:
            if child.type == "file_redirect":
                target = [item for item in child.named_children if item.type != "file_descriptor"]
                extra += self.words(target[1:], out, around)
                if child.children[0].type == "<" and target:
                    around = replace(around, input=self.word(target[0]))
                if (
                    child.children[0].type.startswith(">")
                    and self.text_of(target[0] if target else child)[:4] != "/dev"
                ):
                    around = replace(around, redirected=True, outputs=(*around.outputs, *map(self.word, target[:1])))
            elif child.type == "heredoc_redirect":
                around = self.heredoc(child, around)
                later += [item for item in child.named_children if not item.type.startswith(("heredoc", "file"))]
        around = replace(around, extra=tuple(extra))
        body = next((child for child in node.named_children if not child.type.endswith("_redirect")), None)
        if body is not None:
            self.statement(body, out, around)
        for child in later:  # what follows a here-document's operator on its line: `<<EOF | cat`, `<<EOF && next`
            self.statement(child, out, replace(around, heredoc=None, input=None, extra=()))

    def heredoc(self, node: Node, around: _Around) -> _Around:
        body = next((child for child in node.named_children if child.type == "heredoc_body"), None)
        start = next((child for child in node.named_children if child.type == "heredoc_start"), None)
        for child in node.named_children:
            if child.type == "file_redirect":
                target = [item for item in child.named_children if item.type != "file_descriptor"]
                around = replace(around, redirected=True, outputs=(*around.outputs, *map(self.word, target[:1])))
        if body is None or start is None:
            return around
        return replace(around, heredoc=Heredoc(self.span(body), self.text_of(start)[:1] in ("'", '"', "\\")))

    def text_of(self, node: Node) -> str:
        span = self.span(node)
        return self.text[span.start : span.end]

    def function(self, node: Node, _out: list[SimpleCommand], _around: _Around) -> None:
        """A definition: its commands are kept under its name, none of them runs here."""
        name = next((child for child in node.named_children if child.type == "word"), None)
        inner: list[SimpleCommand] = []
        for child in node.named_children:
            if child is not name and child.type != "word":
                self.statement(child, inner, _Around())
        if name is not None:
            self.functions[self.text_of(name)] = tuple(inner)

    def branches(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        """`if`, with its `elif` and `else`: what follows a test runs where the test's literals hold."""
        guarded, tested = around, False
        for child in node.children:
            if child.type == "then":
                tested = True
            elif child.type == "elif_clause":
                self.branches(child, out, around)
            elif child.type == "else_clause":
                self.block(child, out, around)
            elif child.is_named:
                if not tested:
                    guarded = replace(guarded, guards=(*guarded.guards, *self.literals(child)))
                    self.statement(child, out, replace(around, decides=True))
                else:
                    self.statement(child, out, guarded)

    def literals(self, node: Node) -> Iterator[str]:
        """The literal texts that a test compares with; a comparison for difference says nothing of the branch."""
        if node.type in ("negated_command", "command", "command_substitution"):
            return
        if node.type == "binary_expression" and any(child.type == "!=" for child in node.children):
            return
        if node.type in ("word", "string", "raw_string", "extglob_pattern", "regex", "string_content"):
            span = self.span(node)
            yield word_of(self.text, span.start, span.end).value
            return
        for child in node.named_children:
            yield from self.literals(child)

    def case(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        for item in node.named_children:
            if item.type != "case_item":
                self.statement(item, out, around)
                continue
            patterns: list[str] = []
            inside = False
            for child in item.children:
                if child.type == ")":
                    inside = True
                elif inside and child.is_named:
                    self.statement(child, out, replace(around, guards=(*around.guards, *patterns)))
                elif child.is_named:
                    span = self.span(child)
                    patterns.append(word_of(self.text, span.start, span.end).value)

    def loop(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        """`for NAME in WORDS`: the body once for each word."""
        children = node.named_children
        name, body = children[0], children[-1]
        rounds: list[Node | None] = [child for child in children[1:-1] if child.type in WORDS] or [None]
        if len(rounds) * around.rounds > ROUNDS:
            rounds = [None]
        for value in rounds:
            if value is not None:
                self.substitutions(value, out, around)
                given = Assignment(self.text_of(name), self.word(value).value, self.span(value))
                self.add(out, around, self.span(value), assignments=(given,))
            self.statement(body, out, replace(around, rounds=len(rounds) * around.rounds))

    def listed(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        """`a && b`: where `a` is a test, `b` runs where it holds."""
        children = node.children
        decides = len(children) > 2 and children[1].type == "||" and not HARMLESS.match(self.text_of(children[2]))
        self.statement(children[0], out, replace(around, decides=decides or around.decides))
        if len(children) > 1 and children[1].type == "&&" and children[0].type == "test_command":
            around = replace(around, guards=(*around.guards, *self.literals(children[0])))
        for child in children[1:]:
            if child.is_named:
                self.statement(child, out, around)

    def test(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        """`[ -f x ]`: the command of that name; `(( x ))` is no command."""
        self.substitutions(node, out, around)
        if node.children and node.children[0].type in ("[", "[["):
            opening = self.word(node.children[0])
            self.add(out, around, self.span(node), words=(opening, *self.tested(node)))

    def tested(self, node: Node) -> Iterator[Word]:
        for child in node.named_children:
            if child.type in WORDS:
                yield self.word(child)
            else:
                yield from self.tested(child)

    def pipeline(self, node: Node, out: list[SimpleCommand], around: _Around) -> None:
        before: Span | None = None
        for child in node.named_children:
            self.statement(child, out, replace(self.inside(around), piped_from=before))
            before = self.span(child)


READERS: dict[str, Callable[[_Reader, Node, list[SimpleCommand], _Around], None]] = {
    "command": _Reader.command,
    "variable_assignment": _Reader.assignment,
    "variable_assignments": _Reader.assignment,
    "declaration_command": _Reader.assignment,
    "unset_command": _Reader.assignment,
    "for_statement": _Reader.loop,
    "redirected_statement": _Reader.redirected,
    "function_definition": _Reader.function,
    "if_statement": _Reader.branches,
    "case_statement": _Reader.case,
    "test_command": _Reader.test,
    "list": _Reader.listed,
    "pipeline": _Reader.pipeline,
    "subshell": _Reader.subshell,
}
