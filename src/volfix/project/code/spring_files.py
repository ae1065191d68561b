"""The database in Spring's settings: `spring.datasource.url` in application.yml or application.properties.

volfix does not edit these files. Source: spring-projects/spring-boot, reference: Externalized Configuration (nested and
dotted keys, profiles, several documents, placeholders with defaults; SPRING_DATASOURCE_URL wins over all files).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path

from volfix.knowledge.switches import Environment
from volfix.project.code.named_database import NamedDatabase
from volfix.syntax import disk, listing
from volfix.syntax.pieces import Piece, Value
from volfix.syntax.source import FileProblem, Source, Span
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, parse, resolved

FILE_NAME = re.compile(r"application(?:-(?P<profile>[\w-]+))?\.(?:ya?ml|properties)\Z")
RESOURCES = ("src/main/resources", "config", "src/main/resources/config")
"""The directories of Spring's settings below a project; they become part of its archive."""
URL = "spring.datasource.url"
ACTIVE = ("spring.profiles.active", "spring.profiles.default")
FOR = ("spring.config.activate.on-profile", "spring.profiles")
PLACEHOLDER = re.compile(r"\$\{([\w.-]+)(?::([^{}]*))?\}")
PROPERTY = re.compile(r"(?m)^[ \t]*([\w.-]+)[ \t]*[=:][ \t]*([^\r\n]*?)[ \t]*\r?$")
SEPARATOR = re.compile(r"(?m)^[#!]---[ \t]*\r?$")

Settings = dict[str, tuple[str, Span]]
"""The settings of one document by dotted name, each with its text and position."""


def settings_files(directory: str, names: Container[str]) -> Iterator[Path]:
    """Spring's settings files of the project in `directory`, which has entries with these names."""
    for place in RESOURCES:
        if place.partition("/")[0] in names:
            yield from _files_in(f"{directory}/{place}")


def spring_databases(path: Path, environment: Environment) -> Iterator[NamedDatabase]:
    """The database that the file at `path` names; none if a file for an active profile names another."""
    own = FILE_NAME.match(path.name)
    beside = [each for each in _files_in(path.parent) if each != path]
    try:
        source = Source.read(path)
        documents = _documents(source)
        others = {each: _documents(Source.read(each)) for each in beside}
    except FileProblem:  # Spring could not read it either
        return
    base = [each for file, each in {**others, path: documents}.items() if not _profile(file)]
    profiles = _active(environment, [document for each in base for document in each])
    if own is None or (own["profile"] and own["profile"] not in profiles):
        return
    stronger = [each for file, each in others.items() if not own["profile"] and _profile(file) in profiles]
    if any(_counting(each, profiles) for each in stronger):
        return
    if (found := _counting(documents, profiles)) is None or (value := _value(*found)) is None:
        return
    advice = "set SPRING_DATASOURCE_URL to a file in a named volume"
    refusal = f"volfix does not edit {path.name}: {advice}"
    yield NamedDatabase(source, URL, value, "url", is_engine=False, refusal=refusal)


def _files_in(directory: Path | str) -> Iterator[Path]:
    for entry in listing.entries_or_none(directory):
        if FILE_NAME.match(entry.name) and disk.is_file(entry.path):
            yield Path(entry.path)


def _profile(path: Path) -> str:
    found = FILE_NAME.match(path.name)
    return (found["profile"] or "") if found else ""


def _active(environment: Environment, documents: list[Settings]) -> frozenset[str]:
    """The active profiles: from SPRING_PROFILES_ACTIVE, otherwise from the files."""
    said = environment.get("SPRING_PROFILES_ACTIVE")
    for name in ACTIVE if not said else ():
        said = said or next((each[name][0] for each in documents if name in each), None)
    return frozenset(part.strip() for part in (said or "default").split(",") if part.strip())


def _counting(documents: list[Settings], profiles: frozenset[str]) -> tuple[str, Span] | None:
    """The URL in the last document that applies to the active profiles."""
    found = None
    for document in documents:
        wanted = next((document[name][0] for name in FOR if name in document), None)
        if wanted is None or any(part.strip() in profiles for part in re.split(r"[,|]", wanted)):
            found = document.get(URL, found)
    return found


def _documents(source: Source) -> list[Settings]:
    if source.path.suffix == ".properties":
        return list(_properties(source.text))
    return [dict(_below(document.root, "", source.text)) for document in parse(source)]


def _properties(text: str) -> Iterator[Settings]:
    start = 0
    for end in [*(found.start() for found in SEPARATOR.finditer(text)), len(text)]:
        lines = PROPERTY.finditer(text, start, end)
        yield {found[1]: (found[2], Span(*found.span(2))) for found in lines if not found[0].lstrip().startswith("#")}
        start = end


def _below(node: Node, prefix: str, text: str) -> Iterator[tuple[str, tuple[str, Span]]]:
    """The settings below a node, with nested keys joined by dots."""
    node = resolved(node)
    if isinstance(node, Mapping):
        for name, pair in node.items():
            yield from _below(pair.value, f"{prefix}.{name}" if prefix else name, text)
    elif isinstance(node, Scalar):
        start = text.find(node.value, node.span.start, node.span.end)
        if start >= 0:
            yield prefix, (node.value, Span(start, start + len(node.value)))


def _value(text: str, span: Span) -> Value | None:
    """The URL with its placeholders replaced by their defaults; None if a placeholder has no default."""
    pieces: list[Piece] = []
    variables = {"SPRING_DATASOURCE_URL"}
    end = 0
    for found in PLACEHOLDER.finditer(text):
        if found[2] is None:
            return None
        variables |= {found[1], re.sub(r"[.-]", "_", found[1]).upper()}
        pieces.append(Piece(text[end : found.start()], Span(span.start + end, span.start + found.start())))
        pieces.append(Piece(found[2], Span(span.start + found.start(2), span.start + found.end(2))))
        end = found.end()
    pieces.append(Piece(text[end:], Span(span.start + end, span.end)))
    kept = tuple(piece for piece in pieces if piece.text)
    whole = "".join(piece.text for piece in kept)
    return Value(kept, frozenset(variables)) if whole.startswith("jdbc:") and "${" not in whole else None
