"""The databases that Python code names, and which variables of the environment would replace them.

Source: sqlalchemy (create_engine), pydantic-settings (BaseSettings), django (DATABASES), pallets-eco/flask-sqlalchemy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import libcst as cst

from volfix.knowledge.variables import variable_kind
from volfix.syntax.python_source import Module, nodes
from volfix.syntax.python_values import Evaluation, Value, assigned, last_name, string
from volfix.syntax.source import FileProblem, Source

ENGINES = frozenset({"create_engine", "create_async_engine"})
FILES = frozenset({"SqliteDatabase", "SqliteExtDatabase", "SqliteQueueDatabase", "APSWDatabase"})
CONNECTING = frozenset({"sqlite3", "aiosqlite"})
KEYWORDS = frozenset({"db_url", "url", "database"})


@dataclass(frozen=True, slots=True)
class Named:
    """A database in code: `name` is the variable or function that takes the value, `is_engine` whether SQLAlchemy does.

    `doubt` says why it may not be what counts.
    """

    source: Source
    name: str
    value: Value
    kind: str
    is_engine: bool
    creates_directory: bool
    doubt: str | None


@lru_cache(maxsize=512)
def _module(path: Path, _state: tuple[int, int]) -> Module | None:
    try:
        return Module(Source.read(path))
    except FileProblem:  # Python of another version, or no Python: the application could not run it either
        return None


def named_databases(path: Path, file: str | None, directory: str | None) -> Iterator[Named]:
    """The databases that the module at `path` names; `file` is its place in the container.

    `directory` is where the process works.
    """
    status = path.stat()
    module = _module(path, (status.st_mtime_ns, status.st_size))
    if module is None:
        return
    evaluation = Evaluation(module, file, directory)
    creates = re.search(r"\bmkdir|makedirs\(", module.source.text) is not None
    for name, expression, kind, variables, doubt in _places(module.tree, ()):
        value = evaluation.value(_field_default(expression))
        if value is None or not any(piece.span for piece in value.pieces):
            continue
        value = Value(value.pieces, value.variables | variables, value.names)
        again = next((each for each in value.names if evaluation.uses.get(each, 0) > 2), None)
        doubt = doubt or (f"{again} is used elsewhere in the module too" if again and _is_written_in(value) else None)
        yield Named(module.source, name, value, kind, name in ENGINES, creates, doubt)


def _is_written_in(value: Value) -> bool:
    return len(value.pieces) > 1


Place = tuple[str, cst.BaseExpression, str, frozenset[str], "str | None"]


def _places(node: cst.CSTNode, around: tuple[cst.CSTNode, ...]) -> Iterator[Place]:
    """The expressions that say a database: what takes it, the expression, url or file, variables that replace it."""
    doubt = None
    if any(isinstance(each, cst.If | cst.Try | cst.IfExp) for each in around):
        doubt = "it stands under a condition"
    holder = next((each for each in reversed(around) if isinstance(each, cst.ClassDef)), None)
    if holder is None or "test" not in holder.name.value.lower():
        for name, expression, kind in _named_here(node):
            inside = isinstance(around[-3] if len(around) > 2 else None, cst.ClassDef)
            yield (
                name,
                expression,
                kind,
                _settings(holder, name, expression) if inside and holder else frozenset(),
                doubt,
            )
        for child in node.children:
            yield from _places(child, (*around, node))


def _named_here(node: cst.CSTNode) -> Iterator[tuple[str, cst.BaseExpression, str]]:
    if isinstance(node, cst.Call):
        yield from _called(node)
    elif isinstance(node, cst.Dict):
        yield from _entries(node)
    elif isinstance(node, cst.Assign) and isinstance(node.targets[0].target, cst.Subscript):
        target = node.targets[0].target
        index = target.slice[0].slice
        key = string(index.value) if isinstance(index, cst.Index) else None
        if key and key.isupper() and variable_kind(key) == "url":
            yield key, node.value, "url"
    for name, expression in assigned(node):
        kind = variable_kind(name.upper().lstrip("_"))
        if expression is not None and (kind == "url" or (kind == "file" and _is_path(name))):
            yield name, expression, kind


def _is_path(name: str) -> bool:
    """Whether the name promises a whole path, not a file's name that is put behind a directory later."""
    return name.lower().endswith(("path", "filepath"))


def _called(node: cst.Call) -> Iterator[tuple[str, cst.BaseExpression, str]]:
    name = last_name(node.func)
    of = last_name(node.func.value) if isinstance(node.func, cst.Attribute) else ""
    kind = "url" if name in ENGINES else "file" if name in FILES or (name == "connect" and of in CONNECTING) else None
    for number, item in enumerate(node.args):
        keyword = item.keyword.value if item.keyword else None
        if kind and ((number == 0 and keyword is None and not item.star) or keyword in KEYWORDS):
            yield name, item.value, kind
        elif keyword == "db_url" or (keyword and keyword.isupper() and variable_kind(keyword) == "url"):
            yield keyword, item.value, "url"


def _entries(node: cst.Dict) -> Iterator[tuple[str, cst.BaseExpression, str]]:
    entries = {string(item.key): item.value for item in node.elements if isinstance(item, cst.DictElement)}
    if (string(entries.get("ENGINE")) or "").endswith("sqlite3") and "NAME" in entries:
        yield "NAME", entries["NAME"], "file"
    for key, value in entries.items():
        if key and key.isupper() and variable_kind(key) == "url":
            yield key, value, "url"


def _field_default(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The default of pydantic's and dataclasses' `Field(...)`; any other expression as it is."""
    if isinstance(node, cst.Call) and last_name(node.func) in ("Field", "field", "mapped_column"):
        for item in node.args:
            if item.keyword is None or item.keyword.value == "default":
                return item.value
        return None
    return node


def _settings(holder: cst.ClassDef, name: str, expression: cst.BaseExpression) -> frozenset[str]:
    """The variables that give a field of pydantic's BaseSettings another value; none for other classes."""
    if not any("Settings" in last_name(base.value) for base in holder.bases):
        return frozenset()
    prefixes = {""}
    for node in nodes(holder.body):
        if isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value == "env_prefix":
            prefixes = {string(node.value) or ""}
        for key, value in assigned(node):
            if key == "env_prefix":
                prefixes = {string(value) or ""}
    names = {prefix + name for prefix in prefixes}
    for item in expression.args if isinstance(expression, cst.Call) else ():
        if item.keyword is not None and item.keyword.value in ("env", "alias", "validation_alias"):
            names |= {text for node in nodes(item.value) if (text := string(node))}
    return frozenset(names | {each.upper() for each in names})
