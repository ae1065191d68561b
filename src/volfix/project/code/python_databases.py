"""The databases that Python code names, and the environment variables that can replace them.

Source: sqlalchemy (create_engine), pydantic-settings (BaseSettings), django (DATABASES), pallets-eco/flask-sqlalchemy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import libcst as cst

from volfix.knowledge.variables import variable_kind
from volfix.project.code.named_database import NamedDatabase, each_once
from volfix.syntax import disk
from volfix.syntax.python_source import Module, below, nodes, parsed, read_module
from volfix.syntax.python_values import PythonEvaluation, assigned, last_name, looked_up, string
from volfix.syntax.source import FileProblem

ENGINES = frozenset({"create_engine", "create_async_engine"})
FILES = frozenset({"SqliteDatabase", "SqliteExtDatabase", "SqliteQueueDatabase", "APSWDatabase"})
CONNECTING = frozenset({"sqlite3", "aiosqlite"})
KEYWORDS = frozenset({"db_url", "url", "database"})
CONDITIONS = (cst.If, cst.Try, cst.TryStar, cst.IfExp, cst.Match)


@dataclass(frozen=True, slots=True)
class _Sink:
    """An expression that names a database.

    `name` is what takes it, `kind` is `url` or `file`, `setting` the variable that it is assigned to, `variables` the
    environment variables that replace it, `in_settings` says that it is a setting of Flask.
    """

    name: str
    expression: cst.BaseExpression
    kind: str
    setting: str = ""
    variables: frozenset[str] = frozenset()
    in_settings: bool = False
    doubt: str | None = None
    engine: cst.BaseExpression | None = None
    """The expression that names the engine; None means SQLite."""


@disk.remembered(512)
def _module(path: Path, _state: tuple[int, int]) -> tuple[Module, str | None] | None:
    try:
        source, refusal = read_module(path)
        return parsed(source), refusal
    except FileProblem:  # not valid Python (of this version): the application could not run it either
        return None


def named_databases(path: Path, file: str | None, directory: str | None) -> Iterator[NamedDatabase]:
    """The databases that the module at `path` names, each literal once.

    `file` is the module's path in the container, `directory` its process's working directory; None if unknown.
    """
    status = path.stat()
    read = _module(path, (status.st_mtime_ns, status.st_size))
    if read is None:
        return
    module, refusal = read
    evaluation = PythonEvaluation(module, file, directory)
    found = []
    for sink in _Sinks(module).found():
        value = evaluation.value(_field_default(sink.expression))
        written = [piece for piece in value.pieces if piece.span] if value else []
        if value is None or not written:
            continue
        engine = evaluation.value(sink.engine)
        if sink.engine is not None and (engine is None or not engine.text.endswith("sqlite3")):
            continue
        value = replace(value, variables=value.variables | sink.variables | (engine.variables if engine else set()))
        part = written[-1].name if len(value.pieces) > 1 else ""
        doubt = evaluation.doubt(value)
        if part and evaluation.uses.get(part, 0) > 2:
            doubt = f"the module also uses {part} elsewhere"
        named = NamedDatabase(
            module.source,
            sink.name,
            value,
            sink.kind,
            is_engine=sink.name in ENGINES,
            settings=frozenset({sink.setting} - {""}),
            in_settings=sink.in_settings,
            constant=part,
            doubt=sink.doubt or doubt,
            refusal=refusal,
        )
        found.append(named)
    yield from each_once(found)


class _Sinks:
    """Finds the expressions of a module that name a database."""

    def __init__(self, module: Module) -> None:
        self.module = module

    @cached_property
    def _classes(self) -> dict[str, cst.ClassDef]:
        return {node.name.value: node for node in nodes(self.module.tree) if isinstance(node, cst.ClassDef)}

    def found(self) -> Iterator[_Sink]:
        yield from self._below(self.module.tree, (), None, None)

    def _below(
        self, node: cst.CSTNode, around: tuple[cst.CSTNode, ...], holder: cst.ClassDef | None, doubt: str | None
    ) -> Iterator[_Sink]:
        """The sinks at the node and below it; `around` are the nodes above it, `holder` is the class around it."""
        is_field = len(around) > 2 and isinstance(around[-3], cst.ClassDef)
        for sink in _named_here(node, around):
            variables = self._settings(holder, sink) if is_field and holder else frozenset()
            yield replace(sink, variables=variables, doubt=doubt)
        if isinstance(node, cst.ClassDef):
            if "test" in node.name.value.lower():
                return
            holder = node
        if isinstance(node, CONDITIONS):
            doubt = "the code uses this value only under a condition"
        for child in below(node):
            yield from self._below(child, (*around, node), holder, doubt)

    def _settings(self, holder: cst.ClassDef, sink: _Sink) -> frozenset[str]:
        """The environment variables that set a field of pydantic's BaseSettings; none for a plain class."""
        if self._is_plain(holder):
            return frozenset()
        prefix = ""
        for node in nodes(holder.body):
            if isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value == "env_prefix":
                prefix = string(node.value) or ""
            for key, value in assigned(node):
                prefix = (string(value) or "") if key == "env_prefix" else prefix
        names = {prefix + sink.name}
        for item in sink.expression.args if isinstance(sink.expression, cst.Call) else ():
            if item.keyword is not None and item.keyword.value in ("env", "alias", "validation_alias"):
                names |= {text for node in nodes(item.value) if (text := string(node))}
        return frozenset(names | {each.upper() for each in names})

    def _is_plain(self, holder: cst.ClassDef, depth: int = 0) -> bool:
        """Whether the class has no base class from another module."""
        bases = [last_name(base.value) for base in holder.bases]
        return depth < len(self._classes) + 1 and all(
            base == "object" or (base in self._classes and self._is_plain(self._classes[base], depth + 1))
            for base in bases
        )


def _named_here(node: cst.CSTNode, around: tuple[cst.CSTNode, ...]) -> Iterator[_Sink]:
    if isinstance(node, cst.Call):
        yield from _in_call(node, around)
    elif isinstance(node, cst.Dict):
        yield from _in_dictionary(node, around)
    elif isinstance(node, cst.Return):
        function = next((each for each in reversed(around) if isinstance(each, cst.FunctionDef)), None)
        name = function.name.value if function is not None else ""
        if node.value is not None and variable_kind(name.upper().strip("_").removeprefix("GET_")) == "url":
            yield _Sink(name, node.value, "url", name)
    elif isinstance(node, cst.Assign) and isinstance(node.targets[0].target, cst.Subscript):
        target = node.targets[0].target
        index = target.slice[0].slice
        key = string(index.value) if isinstance(index, cst.Index) else None
        if key and key.isupper() and variable_kind(key) == "url":
            yield _Sink(key, node.value, "url", key, in_settings=True)
    for name, expression in assigned(node):
        kind = variable_kind(name.upper().lstrip("_"))
        if expression is not None and (kind == "url" or (kind == "file" and _is_path(name))):
            yield _Sink(name, expression, kind, name)


def _is_path(name: str) -> bool:
    """Whether the name promises a whole path, not a file name that is joined to a directory later."""
    return name.lower().endswith(("path", "filepath"))


def _in_call(node: cst.Call, around: tuple[cst.CSTNode, ...]) -> Iterator[_Sink]:
    name = last_name(node.func)
    of = last_name(node.func.value) if isinstance(node.func, cst.Attribute) else ""
    kind = "url" if name in ENGINES else "file" if name in FILES or (name == "connect" and of in CONNECTING) else None
    for number, item in enumerate(node.args):
        keyword = item.keyword.value if item.keyword else None
        if kind and ((number == 0 and keyword is None and not item.star) or keyword in KEYWORDS):
            yield _Sink(name, item.value, kind)
        elif keyword == "db_url":
            yield _Sink(keyword, item.value, "url")
        elif keyword and keyword.isupper() and variable_kind(keyword) == "url":
            yield _Sink(keyword, item.value, "url", keyword, in_settings=True)
    variable = looked_up(node)
    kind = variable_kind(variable.upper()) if variable else None
    is_whole = bool(around) and isinstance(around[-1], cst.Return)
    if variable and (kind == "url" or (kind == "file" and is_whole and _is_path(variable))):
        yield _Sink(variable, node, kind, _set_around(around))


def _in_dictionary(node: cst.Dict, around: tuple[cst.CSTNode, ...]) -> Iterator[_Sink]:
    entries = {string(item.key): item.value for item in node.elements if isinstance(item, cst.DictElement)}
    if "ENGINE" in entries and "NAME" in entries:
        yield _Sink("NAME", entries["NAME"], "file", _set_around(around), engine=entries["ENGINE"])
    for key, value in entries.items():
        if key and key.isupper() and variable_kind(key) == "url":
            yield _Sink(key, value, "url", key, in_settings=True)
        if key == "connections" and isinstance(value, cst.Dict):  # Tortoise's
            for item in value.elements:
                yield _Sink("connections", item.value, "url")


def _set_around(around: tuple[cst.CSTNode, ...]) -> str:
    """The variable of the module whose value contains the expression, such as `DATABASES`; empty if there is none."""
    names = [name for node in around for name, _ in assigned(node)]
    return names[0] if names else ""


def _field_default(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The default in pydantic's or dataclasses' `Field(...)`, None without a default; other expressions unchanged."""
    if isinstance(node, cst.Call) and last_name(node.func) in ("Field", "field", "mapped_column"):
        for item in node.args:
            if item.keyword is None or item.keyword.value == "default":
                return item.value
        return None
    return node
