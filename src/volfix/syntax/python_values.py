"""Evaluates expressions of a Python module as texts in pieces, as far as the module itself tells.

It follows literals, names that are assigned once, paths from `__file__`, environment look-ups with a default, and the
results of the module's functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import libcst as cst

from volfix.syntax.pieces import Evaluation, Piece, Value, joined, known_by, parent_of, path_of
from volfix.syntax.python_source import Module, nodes

SAME = frozenset(
    {"Path", "PurePath", "PosixPath", "str", "abspath", "realpath", "fspath", "resolve", "absolute", "as_posix"}
)
"""Calls that return the same path."""
LOOK_UPS = frozenset({"getenv", "get", "config", "env", "str", "db", "db_url", "url"})


@dataclass
class PythonEvaluation(Evaluation[cst.CSTNode]):
    """Evaluates the expressions of a Python module.

    `file` is the module's path in the container, `directory` its process's working directory; None if unknown.
    """

    module: Module
    file: str | None
    directory: str | None

    @cached_property
    def constants(self) -> dict[str, cst.BaseExpression | None]:
        """The module's top-level names with their values; None if a name is set again or also means something else."""
        found: dict[str, cst.BaseExpression | None] = {}
        top = {
            id(small)
            for line in self.module.tree.body
            if isinstance(line, cst.SimpleStatementLine)
            for small in line.body
        }
        for node in nodes(self.module.tree):
            for name, value in assigned(node):
                found[name] = value if id(node) in top and name not in found else None
        for node in nodes(self.module.tree):
            found.update(dict.fromkeys(set(_bound(node)) & found.keys()))
        return found

    @cached_property
    def uses(self) -> dict[str, int]:
        """How often each name occurs in the module."""
        found: dict[str, int] = {}
        for node in nodes(self.module.tree):
            if isinstance(node, cst.Name):
                found[node.value] = found.get(node.value, 0) + 1
        return found

    def _value(self, node: cst.CSTNode) -> Value | None:  # noqa: C901 - a case for each kind of expression
        match node:
            case cst.SimpleString():
                text = node.evaluated_value
                return Value((Piece(text, self.module.content(node)),)) if isinstance(text, str) else None
            case cst.ConcatenatedString():
                return joined(self.value(node.left), self.value(node.right))
            case cst.FormattedString():
                return joined(*(self._part(part) for part in node.parts))
            case cst.BinaryOperation(operator=cst.Add()):
                return joined(self.value(node.left), self.value(node.right))
            case cst.BinaryOperation(operator=cst.Divide()):
                return path_of((self.value(node.left), self.value(node.right)))
            case cst.BooleanOperation(operator=cst.Or()):
                variable = asked(node.left)
                right = self.value(node.right)
                return None if variable is None or right is None else known_by(right, variables={variable})
            case cst.Name():
                return self._name(node.value)
            case cst.Call():
                return self._call(node)
            case cst.Attribute(value=cst.Name("self")):
                return self._given_once(f"self.{node.attr.value}") or self._field(node.attr.value)
            case cst.Attribute(attr=cst.Name("parent")):
                return parent_of(self.value(node.value))
            case cst.Subscript(value=cst.Attribute(attr=cst.Name("parents")) as parents):
                return self._ancestor(node, parents)
            case _:
                return None

    def _ancestor(self, node: cst.Subscript, parents: cst.Attribute) -> Value | None:
        """The value of `path.parents[1]`."""
        index, found = node.slice[0].slice, self.value(parents.value)
        if not isinstance(index, cst.Index) or not isinstance(index.value, cst.Integer):
            return None
        for _ in range(index.value.evaluated_value + 1):
            found = parent_of(found)
        return found

    def _name(self, name: str) -> Value | None:
        if name == "__file__":
            return Value((Piece(self.file),)) if self.file else None
        found = self.value(self.constants.get(name)) or self._given_once(name)
        if found is None:
            return None
        pieces = tuple(replace(piece, name=piece.name or name) for piece in found.pieces)
        return Value(pieces, found.variables, found.names | {name})

    def _given_once(self, name: str) -> Value | None:
        """The value of a name in functions, or of an attribute of `self`, if the module sets it in only one place."""
        given = self._given.get(name, [])
        if len(given) != 1 or given[0][0] is None:
            return None
        expression, is_parameter = given[0]
        found = self.value(expression)
        if found is not None and is_parameter:
            self.doubts[name] = f"{name} is a parameter: a caller may pass another file"
        return found

    def _field(self, name: str) -> Value | None:
        """The default of a class's field. In pydantic's settings an environment variable of that name replaces it."""
        found = self._given_once(name)
        return known_by(found, variables={name.upper()}) if found is not None else None

    @cached_property
    def _given(self) -> dict[str, list[tuple[cst.BaseExpression | None, bool]]]:
        """Each name's values anywhere in the module, each with whether it is a parameter's default.

        A value is None if it is not a whole expression. Attributes are listed as `self.NAME`.
        """
        found: dict[str, list[tuple[cst.BaseExpression | None, bool]]] = {}
        for node in nodes(self.module.tree):
            if isinstance(node, cst.Param):
                found.setdefault(node.name.value, []).append((node.default, True))
                continue
            for name, value in assigned(node):
                found.setdefault(name, []).append((value, False))
            for name in _bound(node):
                found.setdefault(name, []).append((None, False))
            for target in node.targets if isinstance(node, cst.Assign) else ():
                if isinstance(target.target, cst.Attribute) and isinstance(node, cst.Assign):
                    found.setdefault(f"self.{target.target.attr.value}", []).append((node.value, False))
            if isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Attribute):
                found.setdefault(f"self.{node.target.attr.value}", []).append((node.value, False))
        return found

    def _part(self, part: cst.BaseFormattedStringContent) -> Value | None:
        if isinstance(part, cst.FormattedStringText):
            plain = not set(part.value) & set("{}\\")
            return Value((Piece(part.value, self.module.span(part)),)) if plain else None
        simple = (
            isinstance(part, cst.FormattedStringExpression) and part.conversion is None and part.format_spec is None
        )
        return self.value(part.expression) if simple and isinstance(part, cst.FormattedStringExpression) else None

    def _call(self, node: cst.Call) -> Value | None:
        name, arguments = last_name(node.func), [item.value for item in node.args if item.keyword is None]
        if variable := looked_up(node):
            default = self.value(default_of(node))
            return known_by(default, variables={variable}) if default else None
        if name == "join" and isinstance(node.func, cst.Attribute) and last_name(node.func.value) == "path":
            return path_of(self.value(item) for item in arguments)
        if name == "joinpath" and isinstance(node.func, cst.Attribute):
            return path_of([self.value(node.func.value), *(self.value(item) for item in arguments)])
        if name == "dirname" and arguments:
            return parent_of(self.value(arguments[0]))
        if name in ("cwd", "getcwd"):
            return Value((Piece(self.directory),)) if self.directory else None
        if name in self._functions and (isinstance(node.func, cst.Name) or _is_own_method(node.func)):
            return self._returned(name)
        if name in SAME and arguments:
            return path_of(self.value(item) for item in arguments) if len(arguments) > 1 else self.value(arguments[0])
        if name in SAME and isinstance(node.func, cst.Attribute):
            return self.value(node.func.value)
        return None

    @cached_property
    def _functions(self) -> dict[str, cst.FunctionDef | None]:
        """The functions and methods of the module by name; None if several have the name."""
        found: dict[str, cst.FunctionDef | None] = {}
        for node in nodes(self.module.tree):
            if isinstance(node, cst.FunctionDef):
                found[node.name.value] = None if node.name.value in found else node
        return found

    def _returned(self, name: str) -> Value | None:
        """The text that a function returns if its known results agree; environment look-ups may replace it."""
        function = self._functions[name]
        written = [node.value for node in returns(function)] if function is not None else []
        known = [found for node in written if (found := self.value(node)) is not None]
        variables = {variable for node in written if (variable := self._variable(node)) is not None}
        if len({found.text for found in known}) != 1:
            return None
        if len(known) + len([node for node in written if self._variable(node)]) < len(written):
            self.doubts[name] = f"{name} also returns other values"
        found = known[0]
        return Value(found.pieces, found.variables | variables, found.names | {name})

    def _variable(self, node: cst.CSTNode | None) -> str | None:
        """The environment variable that an expression, or a name's value, looks up without a default."""
        if isinstance(node, cst.Name):
            given = self._given.get(node.value, [])
            node = given[0][0] if len(given) == 1 else None
        return asked(node) if node is not None and self.value(node) is None else None


def returns(function: cst.CSTNode) -> Iterator[cst.Return]:
    """The `return` statements of a function, without those of inner functions."""
    for child in function.children:
        if isinstance(child, cst.Return):
            yield child
        elif not isinstance(child, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            yield from returns(child)


def _is_own_method(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Attribute) and last_name(node.value) in ("self", "cls")


def last_name(node: cst.CSTNode) -> str:
    """`b` of `a.b`, or the name itself; empty for anything else."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def string(node: cst.CSTNode | None) -> str | None:
    """The value of a plain string literal; None for other nodes."""
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def looked_up(node: cst.CSTNode) -> str | None:
    """The environment variable that a call looks up: `os.getenv("X", ...)`, `os.environ.get`, `config("X")`."""
    if not isinstance(node, cst.Call) or last_name(node.func) not in LOOK_UPS:
        return "DATABASE_URL" if isinstance(node, cst.Call) and _is_dj(node) else None
    of = last_name(node.func.value) if isinstance(node.func, cst.Attribute) else ""
    if (last_name(node.func) == "get" and of != "environ") or (
        last_name(node.func) == "str" and of not in ("env", "environ")
    ):
        return None
    if _is_dj(node):
        env = next((item.value for item in node.args if item.keyword and item.keyword.value == "env"), None)
        return string(env) or "DATABASE_URL"
    return string(node.args[0].value) if node.args and node.args[0].keyword is None else None


def asked(node: cst.CSTNode) -> str | None:
    """The environment variable that an expression looks up, also before method calls: `os.getenv("X").strip()`."""
    if variable := looked_up(node):
        return variable
    return asked(node.func.value) if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) else None


def _is_dj(node: cst.Call) -> bool:
    return isinstance(node.func, cst.Attribute) and last_name(node.func.value) == "dj_database_url"


def default_of(node: cst.Call) -> cst.BaseExpression | None:
    """The default of an environment look-up: `default=`, otherwise the second argument; None without one."""
    for item in node.args:
        if item.keyword is not None and item.keyword.value == "default":
            return item.value
    plain = [item.value for item in node.args if item.keyword is None]
    return plain[1] if len(plain) > 1 else None


def assigned(node: cst.CSTNode) -> Iterator[tuple[str, cst.BaseExpression | None]]:
    """The names that a node assigns, each with its value; None if the value is not a whole expression."""
    if isinstance(node, cst.Assign):
        for target in node.targets:
            if isinstance(target.target, cst.Name):
                yield target.target.value, node.value
    elif isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Name) and node.value is not None:
        yield node.target.value, node.value
    elif isinstance(node, cst.AugAssign | cst.NamedExpr) and isinstance(node.target, cst.Name):
        yield node.target.value, None


def _bound(node: cst.CSTNode) -> Iterator[str]:
    """The names that a node defines in another way than by a plain assignment: parameters, imports, loops ..."""
    match node:
        case cst.Param() | cst.NameItem() | cst.FunctionDef() | cst.ClassDef():
            yield node.name.value
        case cst.ImportAlias(asname=None):
            yield node.evaluated_name.partition(".")[0]
        case cst.AsName() | cst.For() | cst.CompFor() | cst.Del():
            target = node.name if isinstance(node, cst.AsName) else node.target
            yield from (each.value for each in nodes(target) if isinstance(each, cst.Name))
        case cst.AssignTarget(target=cst.Tuple() | cst.List()):
            yield from (each.value for each in nodes(node.target) if isinstance(each, cst.Name))
        case _:
            return
