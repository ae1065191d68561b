"""Which libraries read a service's database address: those in its dependency files, otherwise those it imports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from volfix.knowledge.readers import Reader, readers
from volfix.project.code.package_versions import MANIFESTS, named, packages_in, versions_of
from volfix.project.code.source_files import source_files
from volfix.project.compose.service import Service
from volfix.syntax import disk

SOURCES = {"python": (".py",), "node": (".js", ".ts", ".mjs", ".cjs", ".tsx")}
FLASK = re.compile(rb"\bFlask\(([^)]*)\)")


def reader_of(service: Service) -> tuple[Reader, ...]:
    """The known libraries that the service's build context names, without those that another of them uses inside."""
    build = service.build
    if build is None or build.context is None:
        return ()
    return _readers_in(build.context)


@disk.remembered(4096)
def _readers_in(context: Path) -> tuple[Reader, ...]:
    found = _named_in(context, locked=False) or _named_in(context, locked=True) or _imported_in(context)
    replaced = {name for reader in found for name in reader.over}
    return tuple(_placed(context, reader) for reader in found if reader.name not in replaced)


def _named_in(context: Path, *, locked: bool) -> list[Reader]:
    texts = {ecosystem: packages_in(context, ecosystem, locked=locked) for ecosystem in MANIFESTS}
    return [reader for reader in readers() if _is_named(context, reader, texts[reader.ecosystem])]


def _is_named(context: Path, reader: Reader, texts: Sequence[str]) -> bool:
    packages = [name for name in reader.packages if any(True for text in texts for _ in named(text, name))]
    if not packages:
        return False
    if not reader.since and not reader.before:
        return True
    # Only the first package has the library's own version; the others are its companions.
    return versions_of(context, reader.ecosystem, reader.packages[0]).may_be(reader.since, reader.before)


def _imported_in(context: Path) -> list[Reader]:
    """The readers that the sources import, of any version; used if no dependency file names a reader."""
    found: dict[str, Reader] = {}
    for ecosystem, suffixes in SOURCES.items():
        known = [reader for reader in readers() if reader.ecosystem == ecosystem and reader.imports]
        patterns = [(reader, _import_of(reader, ecosystem)) for reader in known]
        for path in source_files(context, suffixes):
            data = disk.read_or_nothing(path)
            for reader, pattern in patterns:
                if pattern.search(data):
                    found[reader.name + reader.since] = reader
    return list(found.values())


def _import_of(reader: Reader, ecosystem: str) -> re.Pattern[bytes]:
    names = "|".join(map(re.escape, reader.imports)).encode()
    if ecosystem == "python":
        return re.compile(rb"(?m)^\s*(?:from|import)\s+(?:%s)\b" % names)
    return re.compile(rb"""(?:\bfrom|\brequire\(|\bimport\(|^import)\s*["'](?:%s)["']""" % names, re.MULTILINE)


def _placed(context: Path, reader: Reader) -> Reader:
    """The reader with the folder that its relative paths start from; the folder is None if it is unknown."""
    if reader.relative_to == "instance folder":
        return replace(reader, folder=_instance_folder(context))
    if reader.relative_to == "schema directory":
        return replace(reader, folder=_schema_directory(context))
    if reader.relative_to == "application root":
        return replace(reader, folder="" if disk.is_file(context / "config" / "application.rb") else None)
    return reader


def _instance_folder(context: Path) -> str | None:
    """Flask's instance folder: `instance` beside the module or package that creates the application.

    None if it is unknown: for a module in a subdirectory (`src/app.py`) it depends on how the program is started.
    """
    makers: set[str] = set()
    for path in source_files(context, (".py",)):
        for call in FLASK.findall(disk.read_or_nothing(path)):
            if b"instance" in call or b"__name__" not in call:
                return None
            makers.add(path.relative_to(context).as_posix())
    if not makers or any(name.count("/") > 1 for name in makers):
        return None
    if all("/" not in name or name.endswith("/__init__.py") for name in makers):
        return "instance"
    return None


def _schema_directory(context: Path) -> str | None:
    """The directory of Prisma's schema relative to the context, from package.json or the file; None if unknown."""
    import json

    try:
        settings = json.loads(disk.read(context / "package.json"))
    except (OSError, ValueError):
        settings = {}
    prisma = settings.get("prisma") if isinstance(settings, dict) else None
    schema = prisma.get("schema") if isinstance(prisma, dict) else None
    if isinstance(schema, str):
        path = Path(schema)
        return None if path.is_absolute() else str(path.parent if path.suffix else path)
    places = [name for name in ("prisma/schema.prisma", "schema.prisma") if disk.is_file(context / name)]
    return str(Path(places[0]).parent) if len(places) == 1 else None
