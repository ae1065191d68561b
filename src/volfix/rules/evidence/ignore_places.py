"""The ignore comments in the files of a stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from volfix.rules.context import Context
from volfix.rules.evidence.code_doubts import code_of
from volfix.rules.ignores import MARK, Ignore, ignores_in
from volfix.syntax import disk
from volfix.syntax.source import FileProblem, Source


def ignores_of(context: Context) -> Iterator[Ignore]:
    """The ignore comments in the stack's Compose and env files, Dockerfiles, code, and the other files that its plan
    closes.
    """
    sources = {file.path: file.source for file in context.stack.files}
    for path in dict.fromkeys((*_beside(context), *context.closed)):
        if path not in sources and (source := _marked(path)) is not None:
            sources[path] = source
    for source in sources.values():
        yield from ignores_in(source)


def _beside(context: Context) -> Iterator[Path]:
    for project in context.stack.projects:
        yield from sorted(project.env_paths)
        for service in project.services.values():
            if service.build is not None and service.build.context is not None:
                yield service.build.context / service.build.dockerfile
                yield from code_of(context, service.build).marked(MARK)


def _marked(path: Path) -> Source | None:
    """The file, if it has an ignore comment; None if it has none or cannot be read."""
    try:
        return Source.read(path) if MARK in disk.read_or_nothing(path) else None
    except FileProblem:
        return None
