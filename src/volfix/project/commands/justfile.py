"""The recipes of a justfile. Source: just manual."""

from __future__ import annotations

import re

from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.source import Source

JUST_RECIPE = re.compile(r"@?([A-Za-z_][\w-]*)(?:\s+[^:=\n]*)?:(?!=)\s*([^\n#]*)")
JUST_VARIABLE = re.compile(r"(?m)^(?:export\s+)?(\w+)\s*:=\s*([^\n#]*)")
JUST_PART = re.compile(
    r"\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<said>[a-z_]+\(\)|`pwd`)|`(?P<command>[^`\n]+)`|(?P<name>\w+)"
)
"""A part of an expression; parts are joined with `+`, paths with `/`."""
JUST_DIRECTORIES = ("justfile_directory()", "invocation_directory()", "`pwd`")
"""Expressions for the directory of the justfile, if just is called there."""
JUST_EXPORT = re.compile(r"(?m)^set\s+export\s*(?::=\s*true\s*)?$")
JUST_REFERENCE = re.compile(r"\{\{\s*(.*?)\s*\}\}")


def just_recipes(source: Source) -> list[Entry]:
    """The recipes of a justfile. A recipe that begins with `#!` is one script; otherwise each line has a new shell."""
    text = source.text
    variables = dict.fromkeys(JUST_DIRECTORIES, str(source.path.parent))
    for found in JUST_VARIABLE.finditer(text):
        variables[found[1]] = _evaluated(found[1], found[2].strip(), variables)
    everything = JUST_EXPORT.search(text) is not None
    given_at = {
        found[1]: (source, found.start())
        for found in JUST_VARIABLE.finditer(text)
        if everything or found[0].startswith("export")
    }
    environment = {name: variables[name] for name in given_at}
    entries: list[Entry] = []
    lines: list[tuple[int, int]] = []
    header: re.Match[str] | None = None

    def close() -> None:
        if header is None:
            return
        script = bool(lines) and text[lines[0][0] : lines[0][1]].lstrip().startswith("#!")
        parts = [(lines[0][0], lines[-1][1])] if script else lines
        fragments = tuple(_just_fragment(source, start, end, variables) for start, end in parts)
        needs = tuple(re.findall(r"[A-Za-z_][\w-]*", header[2]))
        entries.append(
            Entry(
                "recipe",
                source,
                header[1],
                fragments,
                source.path.parent,
                labels=(header[1],),
                separate=True,
                needs=needs,
                environment=environment,
                given_at=given_at,
            )
        )

    for start, end in source.logical_lines():
        line = text[start:end]
        if line[:1] in (" ", "\t"):
            if header is not None and line.strip():
                lines.append((start, end))
        elif line.strip() and not line.startswith(("#", "[")):
            close()
            header, lines = JUST_RECIPE.match(text, start, end), []
    close()
    return entries


def _evaluated(name: str, expression: str, variables: dict[str, str]) -> str:
    """The value of the variable `name`, with commands in it as `$(...)`; `${name}` if volfix cannot evaluate it."""
    value, at = "", 0
    while found := JUST_PART.match(expression, at):
        text = found["double"] if found["double"] is not None else found["single"]
        if text is None:
            known = variables.get(found["said"] or found["name"] or "")
            text = f"$({found['command']})" if found["command"] else known
        if text is None:
            break
        joint = re.compile(r"\s*([+/])\s*").match(expression, found.end())
        value, at = value + text + ("/" if joint and joint[1] == "/" else ""), joint.end() if joint else found.end()
        if joint is None:
            return value if at == len(expression) else f"${{{name}}}"
    return f"${{{name}}}"


def _just_fragment(source: Source, start: int, end: int, variables: dict[str, str]) -> Fragment:
    text, found = source.text, list[Character]()
    while start < end and text[start] in " \t@-":
        start += 1
    at = start
    while at < end:
        reference = JUST_REFERENCE.match(text, at, end)
        if reference is None:
            found.append((text[at], at, at + 1))
            at += 1
            continue
        value = variables.get(reference[1], "${" + (re.sub(r"\W", "_", reference[1]) or "_") + "}")
        found += [(char, at, reference.end()) for char in value]
        at = reference.end()
    return Fragment.of(source, found)
