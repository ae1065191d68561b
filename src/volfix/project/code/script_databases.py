"""The databases that JavaScript and TypeScript open, and the environment variables that can replace them.

volfix follows literals, constants, environment look-ups with a default, and joined paths. Sources:
nodejs/node, doc/api/path and doc/api/esm (`import.meta.dirname`); oven-sh/bun, docs/api/import-meta.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from volfix.knowledge.openers import ScriptOpener, script_openers
from volfix.knowledge.variables import variable_kind
from volfix.project.code.named_database import OPENED, NamedDatabase
from volfix.syntax.code_tree import CodeTree, arguments_of, is_conditional
from volfix.syntax.pieces import Evaluation, Piece, Value, joined, known_by, parent_of, path_of, with_slashes

if TYPE_CHECKING:
    from tree_sitter import Node

WRAPPED = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "await_expression"}
)
ENVIRONMENT = re.compile(
    r"""(?:process|Bun|import\.meta)\.env(?:\.|\[["'])(\w+)|(?:Deno\.env\.get|env)\(["'](\w+)["']\)"""
)
DIRECTORY = ("__dirname", "import.meta.dirname", "import.meta.dir")
FILE = ("__filename", "import.meta.filename", "import.meta.path", "import.meta.url")
HERE = "__filename"
"""Marks, among the names of a value, a path that is built from the module's own path."""
CONDITIONS = frozenset({"if_statement", "switch_statement", "try_statement", "catch_clause"})


@dataclass
class ScriptModule(Evaluation["Node"]):
    """A JavaScript or TypeScript module and the values of its expressions.

    `file` is the module's path in the container, `directory` its process's working directory; None if unknown.
    """

    tree: CodeTree
    file: str | None
    directory: str | None

    def databases(self) -> Iterator[NamedDatabase]:
        """The databases that the module opens, one for each place that opens one."""
        for name, reader, node in self.opened():
            if (value := self.value(node)) is not None:
                doubt = self.doubt(value) or is_conditional(node, CONDITIONS)
                yield NamedDatabase(self.tree.source, name, value, OPENED, False, reader=reader, doubt=doubt)

    def opened(self) -> Iterator[tuple[str, str, Node]]:
        """The name of what takes a database's address, its reader (readers.toml), and the expression of the address."""
        for node in self.tree.nodes():
            if node.type in ("new_expression", "call_expression"):
                yield from self._in_call(node)
            elif node.type == "pair":
                yield from self._in_settings(node)

    def _in_call(self, node: Node) -> Iterator[tuple[str, str, Node]]:
        """Addresses in calls: `new Database("app.db")`, `createClient({url: "file:app.db"})`."""
        maker = node.child_by_field_name("constructor") or node.child_by_field_name("function")
        arguments = arguments_of(node)
        if maker is None or not arguments or self._only_reads(arguments):
            return
        name = self.tree.text(maker)
        module = self._module_of(maker)
        for opener in script_openers():
            if module in opener.modules and module:
                address = self._entry(arguments[0], opener.key) if opener.key else arguments[0]
                if address is not None and (opener.key or address.type != "object"):
                    yield name, opener.reader, address

    def _in_settings(self, node: Node) -> Iterator[tuple[str, str, Node]]:
        """Addresses in settings: `{type: "sqlite", database: "data/app.db"}`."""
        key, value = self._key(node), node.child_by_field_name("value")
        for opener in script_openers():
            if value is not None and not opener.modules and key == opener.key and self._is_beside(node, opener):
                yield key, opener.reader, value
        if value is not None and self._is_setting(key) and self._default_of(value) is not None:
            yield key, "better-sqlite3", value

    @staticmethod
    def _is_setting(key: str) -> bool:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).upper()
        return variable_kind(words) == "file" and words.endswith(("PATH", "FILE"))

    def _is_beside(self, pair: Node, opener: ScriptOpener) -> bool:
        """Whether the pair's object, or the object around it, has a key that says it is for SQLite."""
        around = pair.parent.parent if pair.parent is not None else None
        objects = [pair.parent, around.parent if around is not None and around.type == "pair" else None]
        for item in objects:
            for other in item.named_children if item is not None and item.type == "object" else ():
                values = opener.beside.get(self._key(other), ())
                if "*" in values or self.tree.string(_unwrapped(other.child_by_field_name("value"))) in values:
                    return True
        return False

    def _key(self, pair: Node) -> str:
        key = pair.child_by_field_name("key")
        return self.tree.string(key) or self.tree.text(key)

    def _entry(self, node: Node, key: str) -> Node | None:
        found = (each.child_by_field_name("value") for each in node.named_children if self._key(each) == key)
        return next(found, None) if node.type == "object" else None

    def _only_reads(self, arguments: list[Node]) -> bool:
        flags = (self._entry(each, key) for each in arguments[1:] for key in ("readonly", "readOnly", "fileMustExist"))
        return any(self.tree.text(flag) == "true" for flag in flags)

    def _module_of(self, maker: Node) -> str:
        """The module that a constructor or function (`Database`, `sqlite3.Database`, `require("x")`) comes from."""
        required, root = self._required(maker)
        return required or self._imports.get(self.tree.text(root), "")

    def _required(self, maker: Node) -> tuple[str, Node | None]:
        """The module in `require("x").y` or `await import("x")`; without one, the identifier that it starts with.

        The result of any other call is not followed, except `sqlite3.verbose()`.
        """
        node: Node | None = maker
        while node is not None and node.type in ("member_expression", "call_expression", *WRAPPED):
            function = node.child_by_field_name("function")
            if self.tree.text(function) in ("require", "import") and (arguments := arguments_of(node)):
                return self.tree.string(arguments[0]) or "", None
            if function is not None and not self.tree.text(function).endswith(".verbose"):
                return "", None
            node = node.child_by_field_name("object") or function or node.named_children[0]
        return "", node

    @cached_property
    def _imports(self) -> dict[str, str]:
        """The imported names, each with the module that it comes from."""
        found: dict[str, str] = {}
        for node in self.tree.nodes():
            if node.type == "import_statement":
                module, names = self.tree.string(node.child_by_field_name("source")) or "", node.named_children[:1]
            elif node.type == "variable_declarator":
                value, name = node.child_by_field_name("value"), node.child_by_field_name("name")
                module, root = self._required(value) if value is not None else ("", None)
                module = module or found.get(self.tree.text(root), "")
                names = [name] if name is not None else []
            else:
                continue
            for each in _identifiers(names) if module else ():
                found[self.tree.text(each)] = module
        return found

    def _value(self, node: Node) -> Value | None:  # noqa: C901 - a case for each kind of expression
        text = self.tree.text(node)
        if node.type in WRAPPED:
            return self.value(node.named_children[0])
        if text in FILE:
            return Value((Piece(self.file),), names=frozenset({HERE})) if self.file else None
        if text in DIRECTORY:
            directory = Piece(posixpath.dirname(self.file)) if self.file else None
            return Value((directory,), names=frozenset({HERE})) if directory is not None else None
        match node.type:
            case "string":
                return self.tree.literal(node)
            case "template_string":
                return self.tree.literal(node) or joined(*map(self._part, node.named_children))
            case "binary_expression" if self.tree.text(node.child_by_field_name("operator")) == "+":
                return joined(*(self.value(child) for child in node.named_children))
            case "binary_expression":
                return self._default_of(node)
            case "ternary_expression":
                return self._either(node)
            case "identifier":
                return self._name(node)
            case "member_expression":
                return self._member(node)
            case "call_expression" | "new_expression":
                return self._call(node)
            case _:
                return None

    def _part(self, node: Node) -> Value | None:
        if node.type == "template_substitution":
            return self.value(node.named_children[0])
        is_plain = node.type == "string_fragment"
        return Value((Piece(self.tree.text(node), self.tree.span(node)),)) if is_plain else None

    def asked(self, node: Node | None) -> str | None:
        """The environment variable that an expression reads (also `process.env.X.trim()`); otherwise None."""
        text = self.tree.text(_unwrapped(node))
        found = ENVIRONMENT.match(text)
        return (found[1] or found[2]) if found and text[found.end() :].strip("\"']") in ("", ".trim()") else None

    def _default_of(self, node: Node) -> Value | None:
        """The default in `process.env.DB_PATH || "data/app.db"` or with `??`; None for other expressions."""
        bare = _unwrapped(node)
        if bare is None or bare.type != "binary_expression":
            return None
        if self.tree.text(bare.child_by_field_name("operator")) not in ("||", "??"):
            return None
        left, value = bare.child_by_field_name("left"), self.value(bare.child_by_field_name("right"))
        variable, inner = self.asked(left), self._default_of(left) if left is not None else None
        asked = ENVIRONMENT.findall(self.tree.text(left))
        if value is None or (variable is None and inner is None and not asked):
            return None
        return known_by(value, variables={name or other for name, other in asked})

    def _either(self, node: Node) -> Value | None:
        """The value of `a ? b : c` if just one branch names a file; a condition on a variable makes it its default."""
        condition = node.child_by_field_name("condition")
        branches = [node.child_by_field_name(name) for name in ("consequence", "alternative")]
        values = [
            value for each in branches if (value := self.value(each)) is not None and ":memory:" not in value.text
        ]
        if len(values) != 1:
            return None
        variable = next((name for each in branches if (name := self.asked(each)) is not None), None)
        if variable is not None and variable in self.tree.text(condition):
            return known_by(values[0], variables={variable})
        self.doubts["?"] = "the code uses this value only under a condition"
        return known_by(values[0], names={"?"})

    def _name(self, node: Node) -> Value | None:
        name = self.tree.text(node)
        given = self._given.get(name, [])
        if len(given) != 1:
            return None
        value = self.value(given[0])
        if value is None:
            return None
        if given[0].parent is not None and given[0].parent.type in ("required_parameter", "assignment_pattern"):
            self.doubts[name] = f"{name} is a parameter: a caller may pass another file"
        pieces = tuple(replace(piece, name=piece.name or name) for piece in value.pieces)
        return Value(pieces, value.variables, value.names | {name})

    @cached_property
    def _given(self) -> dict[str, list[Node]]:
        """The expressions assigned to each name of the module and to each key of its objects."""
        found: dict[str, list[Node]] = {}
        for node in self.tree.nodes():
            fields = {
                "variable_declarator": ("name", "value"),
                "assignment_expression": ("left", "right"),
                "assignment_pattern": ("left", "right"),
                "required_parameter": ("pattern", "value"),
                "public_field_definition": ("name", "value"),
                "pair": ("key", "value"),
            }.get(node.type)
            if fields is None:
                continue
            left, right = node.child_by_field_name(fields[0]), node.child_by_field_name(fields[1])
            if left is not None and right is not None:
                found.setdefault(self.tree.text(left).removeprefix("this."), []).append(right)
        return found

    def _member(self, node: Node) -> Value | None:
        """The value of `config.dbPath` if only one object of the module has this key, or of `new URL(...).pathname`."""
        name = self.tree.text(node.child_by_field_name("property"))
        if name == "pathname":
            return self.value(node.child_by_field_name("object"))
        given = self._given.get(name, [])
        return self.value(given[0]) if len(given) == 1 else None

    def _call(self, node: Node) -> Value | None:
        maker = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        name = self.tree.text(maker).rpartition(".")[2]
        arguments = arguments_of(node)
        whole = self.tree.text(maker)
        if whole == "process.cwd":
            return Value((Piece(self.directory),)) if self.directory else None
        if whole in ("path.join", "join"):
            return with_slashes(map(self.value, arguments))
        if whole in ("path.resolve", "resolve"):
            values = [self.value(each) for each in arguments]
            start = [Value((Piece(self.directory),))] if self.directory else []
            return path_of([*start, *values]) if start or (values and values[0] and values[0].text[:1] == "/") else None
        if whole in ("path.dirname", "dirname") and arguments:
            return parent_of(self.value(arguments[0]))
        if name == "fileURLToPath" and arguments:
            return self.value(arguments[0])
        if whole == "URL" and len(arguments) == 2:
            return path_of([parent_of(self.value(arguments[1])), self.value(arguments[0])])
        return None


def _unwrapped(node: Node | None) -> Node | None:
    while node is not None and node.type in WRAPPED:
        node = node.named_children[0]
    return node


def _identifiers(nodes: list[Node]) -> Iterator[Node]:
    for node in nodes:
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            yield node
        yield from _identifiers(node.named_children)
