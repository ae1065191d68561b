"""Values with which code and start scripts override the container's environment: env files and assignments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from volfix.knowledge.env_files import override_patterns
from volfix.knowledge.variables import variable_kind
from volfix.project.code.deployed_code import DeployedCode
from volfix.project.code.named_database import NamedDatabase
from volfix.syntax import disk
from volfix.syntax.pieces import Piece, Value
from volfix.syntax.source import FileProblem, Source, Span

ENV_FILE = re.compile(r"""["']([\w./-]*\.env(?:[.-][\w.-]+)?)["']""")
ASSIGNED = re.compile(
    r"""(?m)^[ \t]*(?:if\b[^\n;]*;[ \t]*then[ \t]+|:[ \t]+)?(?:export[ \t]+)?["']?(?:\$\{)?(?P<name>\w+)(?::?=)"""
    r"""["']?(?:\$\{(?P=name):?[-=])?(?P<value>[\w./:+?=&%~-]+)\}?["']?[ \t;]*(?:fi\b[ \t]*)?(?:#[^\n]*)?$"""
)
"""An assignment: `export X=value`, `X="${X:-value}"`, `: "${X:=value}"`."""


@dataclass(frozen=True, slots=True)
class LoadedEnvFile:
    """An env file with which a module overrides the environment; `path` is None if it is not in the repository."""

    module: Path
    path: Path | None


@disk.remembered(4)
def env_files_loaded_over(code: DeployedCode) -> tuple[LoadedEnvFile, ...]:
    """The env files with which the code overrides the environment, if the image may contain them."""
    return tuple(_loaded_over(code))


def _loaded_over(code: DeployedCode) -> Iterator[LoadedEnvFile]:
    for module in code.matching(override_patterns()):
        try:
            named = ENV_FILE.findall(Source.read(module).text) or [".env"]
        except FileProblem:  # not a module that could be run
            continue
        found = False
        for name in dict.fromkeys(named):
            for directory in (module.parent, *module.parent.parents):
                path = directory / name
                if directory.is_relative_to(code.directory) and disk.is_file(path) and code.is_deployed(path):
                    found = True
                    yield LoadedEnvFile(module, path)
                    break
        if not found and code.is_deployed(code.directory / ".env"):
            yield LoadedEnvFile(module, None)


def script_databases(path: Path) -> Iterator[NamedDatabase]:
    """The databases that a start script sets; a value that is only a default (`${X:-...}`) names the variable too."""
    try:
        source = Source.read(path)
    except FileProblem:  # a shell could not read it either
        return
    for found in ASSIGNED.finditer(source.text):
        name, written = found["name"], found[0]
        kind = variable_kind(name)
        if kind not in ("url", "file"):
            continue
        before = source.text[max(0, found.start() - 200) : found.start()]
        is_default = f"${{{name}" in written or re.search(rf"-z +[\"']?\$\{{?{name}\b", before + written) is not None
        value = Value((Piece(found["value"], Span(*found.span("value"))),), frozenset({name} if is_default else ()))
        refusal = f"volfix does not edit {path.name}: set {name} in the Compose file to a file in a named volume"
        yield NamedDatabase(source, name, value, kind, is_engine=False, refusal=refusal)
