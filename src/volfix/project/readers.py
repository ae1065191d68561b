"""Which library reads a service's database address: the one whose package its build context names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from volfix.knowledge.readers import Reader, readers
from volfix.project.model import Service
from volfix.syntax.source import FileProblem, Source

DEPENDENCY_FILES = (
    "requirements*.txt",
    "requirements/*.txt",
    "pyproject.toml",
    "Pipfile",
    "setup.py",
    "setup.cfg",
    "package.json",
    "go.mod",
    "Cargo.toml",
    "composer.json",
)


def reader_of(service: Service) -> Reader | None:
    """The reader that the service's build context names; None where there is none, or several that read differently."""
    build = service.build
    if build is None or build.context is None:
        return None
    found = _named_in(build.context)
    replaced = {name for reader in found for name in reader.over}
    left = [reader for reader in found if reader.name not in replaced]
    alike = {(reader.three_slashes, reader.relative_to) for reader in left}
    return left[0] if len(alike) == 1 else None


@cache
def _named_in(context: Path) -> tuple[Reader, ...]:
    texts = []
    for pattern in DEPENDENCY_FILES:
        for path in sorted(context.glob(pattern)):
            try:
                texts.append(Source.read(path).text.lower())
            except FileProblem:  # not a dependency file that a package manager could read either
                continue
    return tuple(
        reader for reader in readers() if any(_names(text, package) for text in texts for package in reader.packages)
    )


def _names(text: str, package: str) -> bool:
    """Whether a dependency file names the package itself, not one whose name merely begins or ends with it."""
    return package in text and re.search(rf"(?<![\w.@/-]){re.escape(package)}(?![\w./-])", text) is not None
