"""The targets of a Makefile.

Source: GNU make manual (5.1 Recipe Syntax, 6 How to Use Variables).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from volfix.project.shell.entry import Entry
from volfix.syntax import disk
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.source import Source

MAKE_VARIABLE = re.compile(r"(?:export\s+|override\s+)*([\w.-]+)\s*(?::{0,3}|\?|\+|!)=\s*(.*)\Z", re.DOTALL)
MAKE_EXPORT = re.compile(r"(?:export\b|\.EXPORT_ALL_VARIABLES\s*:)([^#=]*)")
MAKE_INCLUDE = re.compile(r"[-s]?include\s+([^#]*)")
MAKE_RULE = re.compile(r"([^\s#:=][^:=#]*?)\s*::?(?!=)\s*([^=;#]*)(?:[;#].*)?\Z", re.DOTALL)
SPECIAL_TARGET = re.compile(r"\.[A-Z_]+\Z")
"""Special targets such as `.PHONY`, which are not files."""
REFERENCE = re.compile(r"\$(?:\$|\(([^()]*(?:\([^()]*\)[^()]*)*)\)|\{([^{}]*)\}|(.))", re.DOTALL)
MAKEFILE_DIRECTORY = re.compile(
    r"\$\((?:shell dirname|dir) (?:\$\((?:realpath|abspath) )?\$\((?:lastword|firstword) \$\(MAKEFILE_LIST\)\)+"
)
"""Expressions for the Makefile's own directory."""
CALL_ARGUMENT = re.compile(r"\$[({]?([1-9])[)}]?")


def make_includes(source: Source) -> list[Path]:
    """The paths that a Makefile includes, with its variables expanded; `*` is expanded inside the repository."""
    found = [found for start, end in source.logical_lines() if (found := MAKE_INCLUDE.match(source.text[start:end]))]
    if not found:
        return []
    variables = _make_lines(source)[0]
    paths: list[Path] = []
    for name in (name for each in found for name in each[1].replace("\\\n", " ").split()):
        path = source.path.parent / REFERENCE.sub(lambda inner: _make_value(inner, variables, 0), name)
        paths += disk.matching(path.parent, path.name) if "*" in path.name and disk.is_inside(path) else [path]
    return paths


def make_targets(source: Source, included: Iterable[Source] = ()) -> list[Entry]:
    """The targets of a Makefile. Each line of a recipe has its own shell.

    `included` are the files that it includes: their variables are known too.
    """
    variables, rules = _make_lines(source)
    sources = [source]
    for other in included:
        variables = {**_make_lines(other)[0], **variables}
        sources.append(other)
    given_at = _make_exports(sources)
    environment = {name: _make_text(variables.get(name), variables) for name in given_at}
    found: list[Entry] = []
    for names, needs, lines in rules:
        needed = tuple(word for word in needs.split() if "$" not in word and word != "|")
        for name in names.split():
            if not SPECIAL_TARGET.match(name):
                automatic = {"@": name, "<": " ".join(needed[:1]), "^": " ".join(needed)}
                known = {**variables, **automatic}
                fragments = tuple(_make_fragment(source, start, end, known) for start, end in lines)
                parent = source.path.parent
                found.append(
                    Entry(
                        *("target", source, name, fragments, parent),
                        labels=(name,),
                        separate=True,
                        needs=needed,
                        environment=environment,
                        given_at=given_at,
                    )
                )
    return found


Rule = tuple[str, str, list[tuple[int, int]]]
"""The targets of a rule, its prerequisites, and the positions of its recipe's lines."""


def _make_lines(source: Source) -> tuple[dict[str, str], list[Rule]]:
    """The variables and the rules of a Makefile."""
    variables = dict.fromkeys(("CURDIR", "PWD", "shell pwd"), str(source.path.parent))
    rules: list[Rule] = []
    defining: str | None = None
    for start, end in source.logical_lines():
        line = source.text[start:end].rstrip("\r\n")
        if defining is not None:
            if line.strip() == "endef":
                defining = None
            else:
                variables[defining] = f"{variables[defining]}\n{line}".strip("\n")
        elif line.startswith("\t"):
            if rules and line.strip():
                rules[-1][2].append((start + 1, end))
        elif found := re.match(r"define\s+([\w.-]+)", line):
            defining = found[1]
            variables[defining] = ""
        elif assigned := MAKE_VARIABLE.match(line):
            value = assigned[2].replace("\\\n", " ").strip()
            variables[assigned[1]] = MAKEFILE_DIRECTORY.sub("$(CURDIR)", value)
        elif rule := MAKE_RULE.match(line):
            rules.append((rule[1], rule[2].replace("\\\n", " "), []))
    return variables, rules


def _make_exports(sources: Sequence[Source]) -> dict[str, tuple[Source, int]]:
    """The variables in the environment of the recipes (`export NAME = x`, `export`), each with file and offset."""
    assigned: dict[str, tuple[Source, int]] = {}
    exported: set[str] = set()
    everything = False
    for source in sources:
        for start, end in source.logical_lines():
            line = source.text[start:end].rstrip("\r\n")
            found = MAKE_VARIABLE.match(line)
            if found:
                assigned.setdefault(found[1], (source, start))
            if (export := MAKE_EXPORT.match(line)) is not None:
                names = [found[1]] if found else export[1].split()
                everything = everything or not names
                exported.update(names)
    return {name: place for name, place in assigned.items() if everything or name in exported}


def _make_text(value: str | None, variables: dict[str, str]) -> str | None:
    """The value of a variable with all references in it expanded."""
    return value and REFERENCE.sub(lambda found: _make_value(found, variables, 0), value)


def _make_fragment(source: Source, start: int, end: int, variables: dict[str, str]) -> Fragment:
    """A line of a recipe as the shell sees it: variables expanded, the tab after a continued line removed."""
    text = source.text
    while start < end and text[start] in "@+- \t":
        start += 1
    found: list[Character] = []
    at = start
    while at < end:
        reference = REFERENCE.match(text, at, end)
        if reference:
            found += [(char, at, reference.end()) for char in _make_value(reference, variables, 0)]
            at = reference.end()
            continue
        if not (text[at] == "\t" and text[at - 1] == "\n"):
            found.append((text[at], at, at + 1))
        at += 1
    return Fragment.of(source, found)


def _make_value(reference: re.Match[str], variables: dict[str, str], depth: int) -> str:
    """The value of a reference; a shell variable of unknown value if the file does not define it."""
    if reference[0] == "$$":
        return "$"
    name = reference[1] or reference[2] or reference[3] or ""
    if name == "MAKE":
        return "make"
    arguments: list[str] = []
    is_call = name.startswith("call ")
    if is_call:
        name, *arguments = (part.strip() for part in name[5:].split(","))
    value = variables.get(name)
    if value is None and name.startswith("shell ") and depth <= 8:
        return f"$({REFERENCE.sub(lambda inner: _make_value(inner, variables, depth + 1), name[6:].strip())})"
    if value is None or depth > 8:
        return "${" + (re.sub(r"\W", "_", name) or "_") + "}"
    if is_call:
        value = CALL_ARGUMENT.sub(lambda found: "".join(arguments[int(found[1]) - 1 : int(found[1])]), value)
    return REFERENCE.sub(lambda inner: _make_value(inner, variables, depth + 1), value)
