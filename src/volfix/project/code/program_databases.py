"""The databases that modules in Go, JavaScript and TypeScript open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from volfix.project.code.go_databases import GoModule
from volfix.project.code.named_database import NamedDatabase, each_once
from volfix.project.code.script_databases import HERE, ScriptModule
from volfix.syntax import disk
from volfix.syntax.code_tree import GO, TYPESCRIPT, CodeTree
from volfix.syntax.source import FileProblem, Source

COMPILED = "TypeScript is compiled, so the module may be elsewhere in the image"


@disk.remembered(256)
def _tree(path: Path, _state: tuple[int, int]) -> CodeTree | None:
    try:
        return CodeTree(Source.read(path))
    except FileProblem:  # no text: neither can a compiler read it
        return None


def program_databases(path: Path, file: str | None, directory: str | None) -> Iterator[NamedDatabase]:
    """The databases that the module at `path` opens, each once.

    `file` is the module's path in the container, `directory` its process's working directory; None if unknown.
    """
    status = path.stat()
    tree = _tree(path, (status.st_mtime_ns, status.st_size))
    if tree is None:
        return
    module = GoModule(tree) if path.suffix in GO else ScriptModule(tree, file, directory)
    refusal = f"volfix cannot parse all of {path.name}" if tree.has_error else None
    for named in each_once(module.databases()):
        pieces = named.value.pieces
        is_of_module = path.suffix in TYPESCRIPT and HERE in named.value.names
        constant = next((piece.name for piece in pieces if piece.span), "") if len(pieces) > 1 else ""
        yield replace(
            named, refusal=refusal, constant=constant, doubt=named.doubt or (COMPILED if is_of_module else None)
        )
