"""Where the repository gives a variable of a mount's source another value than the one that is read from its files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from volfix.project.commands.host_users import files_of
from volfix.project.compose.host_directories import host_directory, relative
from volfix.project.compose.interpolation import REFERENCE, InterpolationError, interpolate
from volfix.project.compose.mounts import source_kind
from volfix.project.compose.unreferenced_env_files import assignments_in, directories, env_files_in
from volfix.project.stack import Use
from volfix.rules.context import Context

OF_THE_SHELL = frozenset({"PWD", "HOME", "USER"})
VALUE = r"""(?P<quote>["']?)(?P<value>[^\s"'`;|&]+)(?P=quote)"""


def set_elsewhere(context: Context, use: Use) -> Iterator[str]:
    """The lines of env files, examples, documents and scripts that set a variable of the source to another place."""
    for name in dict.fromkeys(REFERENCE.findall(use.mount.raw_source)):
        if name in OF_THE_SHELL:
            continue
        for path, line, value in (*_in_env_files(use, name), *_in_texts(context, use, name)):
            if _is_another(context, use, name, value):
                yield f"{relative(path, context.root)}, line {line}, sets {name} to another directory"


def _is_another(context: Context, use: Use, name: str, value: str) -> bool:
    """Whether the source would be another place with this value; a variable in it stands for nobody knows what."""

    def lookup(other: str) -> str | None:
        return value if other == name else use.service.lookup(other)

    try:
        found = interpolate(use.mount.raw_source, lookup)
    except InterpolationError:
        return True
    if source_kind(found) != use.mount.kind:
        return True
    there = host_directory(replace(use.mount, source=found.value), context.root)
    return there.path is None or there.path != context.host_of(use.mount).path


def _in_env_files(use: Use, name: str) -> Iterator[tuple[Path, int, str]]:
    """Env files beside the Compose files, but for the one that Compose reads: examples say what others may set."""
    for directory in directories(use.project):
        for path in env_files_in(directory):
            for item, source in assignments_in(path) if path not in use.project.env_paths else ():
                if item.name == name and item.value:
                    yield path, source.place(item.span.start)[0], item.value


def _in_texts(context: Context, use: Use, name: str) -> Iterator[tuple[Path, int, str]]:
    """`NAME=value` in scripts, Makefiles, pipelines and documents, `NAME: value` in YAML; comments do not count."""
    sets = re.compile(rf"(?<![\w$-]){re.escape(name)}\s*[?:]?=\s*{VALUE}")
    in_yaml = re.compile(rf"^\s*(?:-\s+)?{re.escape(name)}:\s+{VALUE}")
    for path, data in files_of(use.project.directory, context.root):
        if name.encode() not in data:
            continue
        is_yaml = path.suffix in (".yml", ".yaml")
        for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
            found = sets.search(line) or (in_yaml.match(line) if is_yaml else None)
            if found and not line.lstrip().startswith(("#", "//")) and f"{{{name}" not in found["value"]:
                yield path, number, found["value"]
