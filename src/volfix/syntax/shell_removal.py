"""Removes a whole command from a shell script; the rest behaves as if the command had succeeded.

Source: POSIX.1-2017, Shell Command Language, 2.9 (lists of equal precedence; compound commands must not be empty).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volfix.syntax.shell import syntax_tree
from volfix.syntax.shell_words import word_of
from volfix.syntax.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

BLOCKS = frozenset({"program", "compound_statement", "subshell", "do_group", "else_clause", "case_item"})
BRANCHES = frozenset({"if_statement", "elif_clause"})
HARMLESS = re.compile(r"(?:\d*|&)[<>]{1,2}[|&]?\s*(?:/dev/(?:null|stdout|stderr|tty)|\d|-)\Z|<<<")
"""Redirections that create no file."""
ELSEWHERE = "volfix cannot remove a command from this place"


@dataclass(frozen=True, slots=True)
class Taken:
    """The characters to replace.

    `lines` says that they are whole lines; `alone` that the text has no other command and must be removed as a whole.
    """

    span: Span
    replacement: str = ""
    lines: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A command of an and-or list: the operator before it, its node, its end including redirections."""

    operator: str
    node: Node
    end: int
    redirections: tuple[Node, ...] = ()


def without(
    text: str, span: Span, *, fails: bool, may_go: Callable[[list[str]], bool], also: Sequence[Span] = ()
) -> Taken | str:
    """What to replace in `text` to remove the command at `span`; or, as a text, why it cannot be removed safely.

    `also` are other commands that are removed. `fails` says that the command may fail today, so nothing may depend on
    it. `may_go` decides, by its words, whether a command that feeds this command or handles its failure may go too.
    """
    return _Removal(text, fails=fails, may_go=may_go, also=also).of(span)


class _Removal:
    """Works on the syntax tree of one text; inside, positions are bytes, outside they are characters."""

    def __init__(
        self, text: str, *, fails: bool, may_go: Callable[[list[str]], bool], also: Sequence[Span] = ()
    ) -> None:
        self.text, self.fails, self.may_go = text, fails, may_go
        self.data = text.encode()
        self.also = sorted(self.bytes_of(span) for span in also)

    def of(self, span: Span) -> Taken | str:
        start, end = self.bytes_of(span)
        found = syntax_tree(self.text).descendant_for_byte_range(start, max(start, end - 1))
        while found is not None and found.type != "command":
            found = found.parent
        if found is None or found.has_error:
            return ELSEWHERE
        node = found
        while (parent := node.parent) is not None and parent.type in ("pipeline", "list", "redirected_statement"):
            node = parent
        parts = list(_parts(node))
        number = next(number for number, part in enumerate(parts) if _is_in(found, part.node))
        if any(self.goes_too(part.node) for part in parts if not _is_in(found, part.node)):
            return "another command of the same list must be removed too"
        if reason := self.refusal(found, parts[number]):
            return reason
        return self.from_list(node, parts, number)

    def refusal(self, command: Node, part: _Part) -> str | None:
        """Why the part of the list that contains the command cannot be removed; None if it can."""
        for redirection in part.redirections:
            if not HARMLESS.match(_text(redirection)):
                return "its output is written to a file"
        if part.node.id == command.id:
            return None
        if part.node.type == "pipeline" and not self.fails:
            others = [child for child in part.node.named_children if not _is_in(command, child)]
            own = next(child for child in part.node.named_children if _is_in(command, child))
            inner = own.named_children if own.type == "redirected_statement" else [own]
            harmless = inner[0].id == command.id and all(HARMLESS.match(_text(each)) for each in inner[1:])
            if harmless and all(self.goes(other) for other in others):
                return None
            return "it is part of a pipe"
        return ELSEWHERE

    def goes(self, node: Node) -> bool:
        """Whether another command may be removed too."""
        return node.type == "command" and self.may_go(
            [word_of(self.text, *self.span(word)).value for word in _words(node)]
        )

    def from_list(self, node: Node, parts: list[_Part], number: int) -> Taken | str:
        last = number
        if number == 0:
            while last + 1 < len(parts) and parts[last + 1].operator == "||":  # handles the failure of this command
                last += 1
                if not self.goes(parts[last].node):
                    return "the next command runs only if it fails"
            if last + 1 == len(parts):
                return self.statement(node)
            if self.fails and last == 0:
                return "the next command runs only if it succeeds"
            return self.taken(node.start_byte, parts[last + 1].node.start_byte)
        if parts[number].operator == "||":
            if self.fails:
                return "it runs only if another command fails"
            return self.taken(parts[number].node.start_byte, parts[number].end, "true")
        if self.fails and number + 1 < len(parts) and parts[number + 1].operator == "&&":
            return "the next command runs only if it succeeds"
        return self.taken(parts[number - 1].end, parts[number].end)

    def statement(self, node: Node) -> Taken | str:
        """Remove a whole statement; `:` or `true` replaces it where the shell needs a command."""
        parent = node.parent
        if parent is None or parent.type not in BLOCKS | BRANCHES:
            return ELSEWHERE
        siblings = list(_part_of(parent, node))
        if parent.type in BRANCHES and not _is_behind(parent, "then", node):
            if self.fails or len(siblings) > 1:
                return "a test depends on it"
            return self.taken(node.start_byte, node.end_byte, "true")
        alone = all(other.id == node.id or self.vanishes(other) for other in reversed(siblings))
        if alone and siblings[0].id == node.id:
            if parent.type == "program":
                return Taken(self.place(node.start_byte, node.end_byte), alone=True)
            return self.taken(node.start_byte, node.end_byte, ":")
        return self.from_line(node, siblings)

    def goes_too(self, node: Node) -> bool:
        """Whether the node contains one of the other commands that are removed."""
        at = bisect_left(self.also, (node.start_byte, 0))
        return at < len(self.also) and self.also[at][1] <= node.end_byte

    def vanishes(self, node: Node) -> bool:
        """Whether another statement is removed as a whole."""
        first, *rest = _parts(node)
        gone = first.node.type in ("command", "pipeline") and self.goes_too(first.node)
        return gone and all(part.operator == "||" for part in rest)

    def from_line(self, node: Node, siblings: list[Node]) -> Taken:
        data = self.data
        behind = re.compile(rb"[ \t]*(;(?!;)|&(?!&))?[ \t]*").match(data, node.end_byte)
        assert behind is not None
        line = data.rfind(b"\n", 0, node.start_byte) + 1
        rest = re.compile(rb"(?:#[^\n]*)?(?:\r?\n|\Z)").match(data, behind.end())
        if rest and not data[line : node.start_byte].strip():
            return self.taken(line, rest.end(), lines=True)
        if behind[1] and not rest:
            return self.taken(node.start_byte, behind.end())
        number = next(number for number, other in enumerate(siblings) if other.id == node.id)
        follows = number > 0 and not self.vanishes(siblings[number - 1])
        start = siblings[number - 1].end_byte if follows else node.start_byte
        before = re.compile(rb"[ \t]*&").match(data, start)
        return self.taken(before.end() if before and follows else start, behind.end(1) if behind[1] else node.end_byte)

    def taken(self, start: int, end: int, replacement: str = "", *, lines: bool = False) -> Taken:
        return Taken(self.place(start, end), replacement, lines)

    def bytes_of(self, span: Span) -> tuple[int, int]:
        if len(self.data) == len(self.text):
            return span.start, span.end
        return len(self.text[: span.start].encode()), len(self.text[: span.end].encode())

    def place(self, start: int, end: int) -> Span:
        if len(self.data) == len(self.text):
            return Span(start, end)
        return Span(len(self.data[:start].decode()), len(self.data[:end].decode()))

    def span(self, node: Node) -> tuple[int, int]:
        found = self.place(node.start_byte, node.end_byte)
        return found.start, found.end


def _parts(node: Node, operator: str = "") -> Iterator[_Part]:
    """The commands of an and-or list. The grammar attaches redirections of the last command to the whole list."""
    if node.type == "list":
        yield from _parts(node.children[0], operator)
        yield from _parts(node.children[-1], node.children[1].type)
    elif node.type == "redirected_statement" and node.named_children:
        *before, last = _parts(node.named_children[0], operator)
        yield from before
        yield _Part(last.operator, last.node, node.end_byte, (*last.redirections, *node.named_children[1:]))
    else:
        yield _Part(operator, node, node.end_byte)


def _is_in(node: Node, other: Node) -> bool:
    return other.start_byte <= node.start_byte and node.end_byte <= other.end_byte


def _words(command: Node) -> list[Node]:
    return [child for child in command.named_children if child.type != "variable_assignment"]


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _part_of(parent: Node, node: Node) -> Iterator[Node]:
    """The statements of the branch or block that contains the node."""
    branches: list[list[Node]] = [[]]
    for child in parent.children:
        if child.type in ("then", ")", "elif_clause", "else_clause"):
            branches.append([])
        elif child.is_named and child.type != "comment":
            branches[-1].append(child)
    yield from next((branch for branch in branches if any(child.id == node.id for child in branch)), [])


def _is_behind(parent: Node, keyword: str, node: Node) -> bool:
    return any(child.type == keyword and child.start_byte < node.start_byte for child in parent.children)


STRUCTURE = frozenset(
    {
        *("&&", "||", "|", "|&", "&", "!", "{", "}", "(", ")", ";;", ";&", ";;&", "if", "then", "elif", "else", "fi"),
        *("for", "select", "while", "until", "do", "done", "case", "in", "esac", "function", "$(", "`"),
    }
)


def outline(text: str) -> Iterator[tuple[Span, str]]:
    """The structure of a script, to compare two versions: operators, keywords, redirections and `command`, in order.

    Separators are left out, because line ends add nothing to the commands.
    """
    removal = _Removal(text, fails=False, may_go=lambda _: False)
    pending = [syntax_tree(text)]
    while pending:
        node = pending.pop()
        if node.type in STRUCTURE or node.type in ("command", "file_redirect", "ERROR"):
            yield (
                removal.place(node.start_byte, node.end_byte),
                node.type if node.type != "file_redirect" else _text(node),
            )
        pending += reversed(node.children)
