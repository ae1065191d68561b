"""The databases that Go code opens, and the environment variables that can replace them.

volfix follows literals, constants, variables that are assigned once, environment look-ups with a default, and joined
paths. Relative paths start from the working directory. Source: golang/go (database/sql, path/filepath, flag).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from volfix.knowledge.openers import go_openers
from volfix.knowledge.variables import variable_kind
from volfix.project.code.named_database import OPENED, NamedDatabase
from volfix.syntax.code_tree import CodeTree, arguments_of, is_conditional
from volfix.syntax.pieces import Evaluation, Piece, Value, joined, known_by, with_slashes

if TYPE_CHECKING:
    from tree_sitter import Node

READER = "a SQLite driver of Go"
LOOK_UP = re.compile(r"(?i)\w*env\w*\Z")
"""The name of a function that returns an environment variable, or else its default."""
FLAGS = frozenset({"String", "StringVar", "StringP", "StringVarP"})
VERB = re.compile(r"%[sv]")
CONDITIONS = frozenset({"if_statement", "expression_switch_statement", "expression_case", "select_statement"})
ASSIGNMENTS = frozenset({"short_var_declaration", "assignment_statement", "var_spec", "const_spec"})


@dataclass
class GoModule(Evaluation["Node"]):
    """A Go module and the values of its expressions."""

    tree: CodeTree

    def databases(self) -> Iterator[NamedDatabase]:
        """The databases that the module opens, one for each place that opens one."""
        for name, node in self.opened():
            if (value := self.value(node)) is not None:
                doubt = self.doubt(value) or is_conditional(node, CONDITIONS)
                yield NamedDatabase(self.tree.source, name, value, OPENED, False, reader=READER, doubt=doubt)

    def opened(self) -> Iterator[tuple[str, Node]]:
        """The name of each call or field that takes a database's address, with the expression of the address."""
        for node in self.tree.nodes():
            if node.type == "call_expression":
                yield from self._in_call(node)
            elif node.type == "keyed_element" and len(node.named_children) == 2:
                key, value = node.named_children
                if (name := self._setting(self.tree.text(key))) is not None and value.named_children:
                    yield name, value.named_children[0]

    def _in_call(self, node: Node) -> Iterator[tuple[str, Node]]:
        name = self.tree.text(node.child_by_field_name("function"))
        arguments = arguments_of(node)
        for opener in go_openers():
            if name not in opener.call or not arguments:
                continue
            if not opener.driver:
                yield name, arguments[0]
            elif (
                len(arguments) > 1 and (self.tree.string(arguments[0]) or self.tree.text(arguments[0])) in opener.driver
            ):
                yield name, arguments[1]

    @staticmethod
    def _setting(key: str) -> str | None:
        """The name of a struct's field if it promises a database file (`DBPath`, `DatabasePath`); otherwise None."""
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", key).upper()
        return key if variable_kind(words) == "file" and words.endswith(("PATH", "FILE")) else None

    def _value(self, node: Node) -> Value | None:
        match node.type:
            case "interpreted_string_literal" | "raw_string_literal":
                return self.tree.literal(node)
            case "parenthesized_expression":
                return self.value(node.named_children[0])
            case "unary_expression" if self.tree.text(node).startswith("*"):
                return self.value(node.child_by_field_name("operand"))
            case "binary_expression" if self.tree.text(node.child_by_field_name("operator")) == "+":
                return joined(*(self.value(child) for child in node.named_children))
            case "identifier":
                return self._name(node)
            case "call_expression":
                return self._call(node)
            case _:
                return None

    def _call(self, node: Node) -> Value | None:
        name = self.tree.text(node.child_by_field_name("function"))
        arguments = arguments_of(node)
        last = name.rpartition(".")[2]
        if last == "Join" and name in ("filepath.Join", "path.Join"):
            return with_slashes(map(self.value, arguments))
        if name == "fmt.Sprintf":
            return self._formatted(arguments)
        variable = self.asked(node)
        if variable is not None and len(arguments) == 2:
            default = self.value(arguments[1])
            return known_by(default, variables={variable}) if default is not None else None
        if name == "cmp.Or":
            asked = {found for each in arguments if (found := self.asked(each)) is not None}
            default = next((value for each in arguments if (value := self.value(each)) is not None), None)
            return known_by(default, variables=asked) if default is not None else None
        if last in FLAGS and name.startswith(("flag.", "pflag.")):
            return self._flag(arguments[2:] if "Var" in last else arguments[1:])
        return None

    def asked(self, node: Node) -> str | None:
        """The environment variable that a call looks up; None for other expressions."""
        if node.type != "call_expression":
            return None
        name, arguments = self.tree.text(node.child_by_field_name("function")), arguments_of(node)
        return self.tree.string(arguments[0]) if arguments and LOOK_UP.match(name.rpartition(".")[2]) else None

    def _flag(self, rest: list[Node]) -> Value | None:
        value = next((found for each in rest if (found := self.value(each)) is not None and found.text), None)
        if value is None:
            return None
        self.doubts["flag"] = "a flag of the program may name another file"
        return known_by(value, names={"flag"})

    def _formatted(self, arguments: list[Node]) -> Value | None:
        """The value of `fmt.Sprintf("file:%s?cache=shared", path)`."""
        form = self.tree.literal(arguments[0]) if arguments else None
        parts = VERB.split(form.text) if form is not None else []
        if form is None or len(parts) != len(arguments) or "%" in "".join(parts):
            return None
        found: list[Value | None] = [Value((Piece(parts[0]),))]
        for argument, text in zip(arguments[1:], parts[1:], strict=True):
            found += [self.value(argument), Value((Piece(text),))]
        return joined(*found)

    def _name(self, node: Node) -> Value | None:
        """The value of a name: its only assignment, or the default of an environment variable."""
        name = self.tree.text(node)
        function = _function(node)
        given = self._given.get((name, function.id if function is not None else 0)) or self._given.get((name, 0), [])
        if not given:
            return None
        asked = {variable for each in given if (variable := self.asked(each)) is not None}
        values = [self.value(each) for each in given]
        known = [value for value in values if value is not None]
        is_all = all(value is not None or self.asked(each) for each, value in zip(given, values, strict=True))
        if len(known) != 1 or not is_all:
            return None
        pieces = tuple(replace(piece, name=piece.name or name) for piece in known[0].pieces)
        return Value(pieces, known[0].variables | asked, known[0].names | {name})

    @cached_property
    def _given(self) -> dict[tuple[str, int], list[Node]]:
        """The expressions assigned to each name, by the name and the id of its function (0 outside functions)."""
        found: dict[tuple[str, int], list[Node]] = {}
        for node in self.tree.nodes():
            if node.type not in ASSIGNMENTS:
                continue
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None:
                left, right = node.child_by_field_name("name"), node.child_by_field_name("value")
            names = left.named_children if left is not None and left.type == "expression_list" else [left]
            function = _function(node)
            for name, value in zip(names, right.named_children if right is not None else [], strict=False):
                if name is not None:
                    place = (self.tree.text(name), function.id if function is not None else 0)
                    found.setdefault(place, []).append(value)
        return found


def _function(node: Node) -> Node | None:
    """The outermost function that contains the node."""
    found, parent = None, node.parent
    while parent is not None:
        if parent.type in ("function_declaration", "method_declaration"):
            found = parent
        parent = parent.parent
    return found
