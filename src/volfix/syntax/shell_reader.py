"""Builds the commands of a script from the syntax tree of tree-sitter-bash."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from volfix.syntax.shell_commands import Assignment, Guard, Script, SimpleCommand, Surroundings
from volfix.syntax.shell_nodes import WORDS, Nodes, places
from volfix.syntax.shell_words import Word, word_of
from volfix.syntax.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

IGNORED = frozenset({"comment", "heredoc_redirect", "file_redirect"})
SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
HARMLESS = re.compile(r"(?:true|:|echo)\b|:\Z")
"""Commands after `||` that have no consequence."""
ROUNDS = 32
"""The most rounds of a loop (times those of the loops around it) that are read; a longer loop is read once."""


def read(text: str, root: Node) -> Script:
    """The script for a syntax tree of tree-sitter-bash; `text` is the text that was parsed."""
    reader = _Reader(text, places(text))
    if root.type == "program":
        reader.block(root, reader.commands, Surroundings())
    else:
        reader.unread.append(Span(0, len(text)))
    return Script(text, tuple(reader.commands), reader.functions, tuple(reader.unread))


@dataclass(slots=True)
class _Reader(Nodes):
    """Walks the tree; each method appends the commands of a node to `out`."""

    commands: list[SimpleCommand] = field(default_factory=list)
    functions: dict[str, tuple[SimpleCommand, ...]] = field(default_factory=dict)
    unread: list[Span] = field(default_factory=list)
    subshells: int = 0

    def block(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        for child in node.named_children:
            self.statement(child, out, around)

    def statement(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        kind = node.type
        if kind == "ERROR" or node.is_missing or (kind == "test_command" and node.has_error):
            self.unread.append(self.span(node))
        elif kind in READERS:
            READERS[kind](self, node, out, around)
        elif kind in WORDS:
            self.substitutions(node, out, around)
        elif kind not in IGNORED:
            self.block(node, out, around)

    def subshell(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        self.block(node, out, self.inside(around))

    def inside(self, around: Surroundings) -> Surroundings:
        self.subshells += 1
        return replace(around, scope=(*around.scope, self.subshells))

    def substitutions(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        """The commands inside `$(...)` of a word, which run before the word's command."""
        if node.type in SUBSTITUTIONS:
            inside = replace(self.inside(around), substituted=True, heredoc=None, input=None, extra=(), outputs=())
            self.block(node, out, inside)
            return
        for child in node.named_children:
            self.substitutions(child, out, around)

    def words(self, nodes: list[Node], out: list[SimpleCommand], around: Surroundings) -> list[Word]:
        found: list[Word] = []
        for node in nodes:
            if node.type == "command_name":
                node = node.named_children[0] if node.named_children else node
            if node.type in ("heredoc_redirect", "file_redirect", "herestring_redirect", "comment"):
                continue
            span = self.span(node)
            if found and found[-1].span.end == span.start:  # no blank between: the grammar splits `$A:$B/`
                span = Span(found.pop().span.start, span.end)
            found.append(word_of(self.text, span.start, span.end))
            self.substitutions(node, out, around)
        return found

    def command(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        if any(child.type == "ERROR" or child.is_missing for child in node.children):
            self.unread.append(self.span(node))
            return
        children = node.named_children
        assigned = [child for child in children if child.type == "variable_assignment"]
        rest = [
            child for child in children if child.type != "variable_assignment" and child.end_byte > child.start_byte
        ]
        for each in assigned:
            self.substitutions(each, out, around)
        found = self.words(rest, out, around)
        found += around.extra
        span = self.span(node)
        if found:
            span = Span(found[0].span.start, max(found[-1].span.end, span.end))
        given = next((child.named_children[0] for child in rest if child.type == "herestring_redirect"), None)
        items = tuple(item for each in assigned for item in self.assigned(each))
        text = self.word(given) if given is not None else None
        out.append(SimpleCommand(around, span, tuple(found), items, text=text))

    def assignment(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        self.substitutions(node, out, around)
        declaration: tuple[Word, ...]
        if node.type in ("variable_assignment", "variable_assignments"):
            nodes, declaration = [node] if node.type == "variable_assignment" else node.named_children, ()
        else:
            nodes = node.named_children
            rest = (each for each in node.children if each.type not in ("variable_assignment", "file_redirect"))
            declaration = tuple(map(self.word, rest))
        items = tuple(item for each in nodes for item in self.assigned(each))
        out.append(SimpleCommand(around, self.span(node), (), items, declaration))

    def redirected(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        extra: list[Word] = []
        later: list[Node] = []
        for child in node.named_children:
            if child.type == "file_redirect":
                target = [item for item in child.named_children if item.type != "file_descriptor"]
                extra += self.words(target[1:], out, around)
                if child.children[0].type == "<" and target:
                    around = replace(around, input=self.word(target[0]))
                if child.children[0].type.startswith(">"):
                    around = self.put_out(child, around)
            elif child.type == "heredoc_redirect":
                around = replace(around, heredoc=self.heredoc(child) or around.heredoc)
                for item in child.named_children:
                    around = self.put_out(item, around) if item.type == "file_redirect" else around
                later += [item for item in child.named_children if not item.type.startswith(("heredoc", "file"))]
        around = replace(around, extra=tuple(extra))
        body = next((child for child in node.named_children if not child.type.endswith("_redirect")), None)
        if body is not None:
            self.statement(body, out, around)
        for child in later:  # the rest of a here-document's first line: `<<EOF | cat`, `<<EOF && next`
            before = self.span(body) if body is not None and child.type == "pipeline" else None
            self.statement(child, out, replace(around, heredoc=None, input=None, extra=(), piped_from=before))

    def put_out(self, node: Node, around: Surroundings) -> Surroundings:
        """The surroundings with the target of the redirection `node` added to the outputs; /dev does not count."""
        target = [self.word(item) for item in node.named_children if item.type != "file_descriptor"][:1]
        return replace(around, outputs=(*around.outputs, *(word for word in target if word.value[:4] != "/dev")))

    def function(self, node: Node, _out: list[SimpleCommand], _around: Surroundings) -> None:
        """A function's definition: its commands are stored under its name and do not run here."""
        name = next((child for child in node.named_children if child.type == "word"), None)
        inner: list[SimpleCommand] = []
        for child in node.named_children:
            if child is not name and child.type != "word":
                self.statement(child, inner, Surroundings())
        if name is not None:
            self.functions[self.text_of(name)] = tuple(inner)

    def branches(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        """`if` with `elif` and `else`: the commands of a branch depend on its test."""
        inner = replace(around, conditional=True)
        guarded, otherwise, tested = inner, inner, False
        for child in node.children:
            if child.type == "then":
                tested = True
            elif child.type == "elif_clause":
                self.branches(child, out, otherwise)
            elif child.type == "else_clause":
                self.block(child, out, otherwise)
            elif child.is_named and tested:
                self.statement(child, out, guarded)
            elif child.is_named:
                self.statement(child, out, replace(around, decides=True))
                test = self.condition(child)
                guarded = replace(guarded, guards=(*guarded.guards, test))
                if test.subject is not None:
                    against = Guard((), test.subject, ("*",), test.patterns)
                    otherwise = replace(otherwise, guards=(*otherwise.guards, against))

    def case(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        subject = self.word(node.named_children[0])
        earlier: tuple[str, ...] = ()
        for item in node.named_children:
            if item.type != "case_item":
                self.statement(item, out, around)
                continue
            end = next((number for number, child in enumerate(item.children) if child.type == ")"), len(item.children))
            patterns = tuple(self.word(child).value for child in item.children[:end] if child.is_named)
            guard = Guard(patterns, subject, patterns, earlier)
            inner = replace(around, guards=(*around.guards, guard), conditional=True)
            for child in item.children[end:]:
                if child.is_named:
                    self.statement(child, out, inner)
            earlier += patterns

    def loop(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        """`for NAME in WORDS`: the body, once for each word."""
        children = node.named_children
        name, body = children[0], children[-1]
        rounds: list[Node | None] = [child for child in children[1:-1] if child.type in WORDS] or [None]
        if len(rounds) * around.rounds > ROUNDS:
            rounds = [None]
        for value in rounds:
            inner = replace(around, rounds=len(rounds) * around.rounds)
            if value is None or not self.word(value).is_static:  # an unknown number of rounds
                inner = replace(inner, conditional=True, repeated=True)
            if value is not None:
                self.substitutions(value, out, around)
                given = Assignment(self.text_of(name), self.word(value).value, self.span(value))
                out.append(SimpleCommand(inner, self.span(value), assignments=(given,)))
            self.statement(body, out, inner)

    def repeated(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        """`while`, `until`: the body runs an unknown number of times."""
        self.block(node, out, replace(around, conditional=True, repeated=True))

    def listed(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        """`a && b`, `a || b`; if `a` is a test, `b` after `&&` depends on it."""
        children = node.children
        decides = len(children) > 2 and children[1].type == "||" and not HARMLESS.match(self.text_of(children[2]))
        self.statement(children[0], out, replace(around, decides=decides or around.decides))
        around = replace(around, conditional=True)
        if len(children) > 1 and children[1].type == "&&" and children[0].type == "test_command":
            around = replace(around, guards=(*around.guards, self.condition(children[0])))
        for child in children[1:]:
            if child.is_named:
                self.statement(child, out, around)

    def test(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        """`[ -f x ]` is a command; `(( x ))` is not."""
        self.substitutions(node, out, around)
        if node.children and node.children[0].type in ("[", "[["):
            opening = self.word(node.children[0])
            out.append(SimpleCommand(around, self.span(node), (opening, *self.tested(node))))

    def tested(self, node: Node) -> Iterator[Word]:
        for child in node.named_children:
            if child.type in WORDS:
                yield self.word(child)
            else:
                yield from self.tested(child)

    def pipeline(self, node: Node, out: list[SimpleCommand], around: Surroundings) -> None:
        before = around.piped_from
        for child in node.named_children:
            self.statement(child, out, replace(self.inside(around), piped_from=before))
            before = self.span(child)


READERS: dict[str, Callable[[_Reader, Node, list[SimpleCommand], Surroundings], None]] = {
    "command": _Reader.command,
    "variable_assignment": _Reader.assignment,
    "variable_assignments": _Reader.assignment,
    "declaration_command": _Reader.assignment,
    "unset_command": _Reader.assignment,
    "for_statement": _Reader.loop,
    "c_style_for_statement": _Reader.repeated,
    "while_statement": _Reader.repeated,
    "redirected_statement": _Reader.redirected,
    "function_definition": _Reader.function,
    "if_statement": _Reader.branches,
    "case_statement": _Reader.case,
    "test_command": _Reader.test,
    "list": _Reader.listed,
    "pipeline": _Reader.pipeline,
    "subshell": _Reader.subshell,
}
