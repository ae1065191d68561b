"""Commands in Makefiles, justfiles, package.json and cron tables.

Sources: GNU make manual (5.1 Recipe Syntax, 6 How to Use Variables), just manual, npm scripts, crontab(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
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
"""`.PHONY` and its kin, which are no files."""
REFERENCE = re.compile(r"\$(?:\$|\(([^()]*(?:\([^()]*\)[^()]*)*)\)|\{([^{}]*)\}|(.))", re.DOTALL)
MAKEFILE_DIRECTORY = re.compile(
    r"\$\((?:shell dirname|dir) (?:\$\((?:realpath|abspath) )?\$\((?:lastword|firstword) \$\(MAKEFILE_LIST\)\)+"
)
"""How a Makefile asks for the directory that it lies in."""
CALL_ARGUMENT = re.compile(r"\$[({]?([1-9])[)}]?")
JUST_RECIPE = re.compile(r"@?([A-Za-z_][\w-]*)(?:\s+[^:=\n]*)?:(?!=)\s*([^\n#]*)")
JUST_VARIABLE = re.compile(r"(?:export\s+)?(\w+)\s*:=\s*(?:\"([^\"\n]*)\"|'([^'\n]*)'|([a-z_]+\(\))|(`pwd`))")
JUST_DIRECTORIES = ("justfile_directory()", "invocation_directory()", "`pwd`")
"""What just says for the directory of the justfile, where it is called there."""
JUST_EXPORT = re.compile(r"(?m)^set\s+export\s*(?::=\s*true\s*)?$")
JUST_REFERENCE = re.compile(r"\{\{\s*(.*?)\s*\}\}")
JSON_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
JSON_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
CRON = re.compile(r"[ \t]*(?:@\w+|(?:[\d*/,A-Za-z-]+[ \t]+){4}[\d*/,A-Za-z-]+)[ \t]+(?P<command>[^\n]+)")


def make_includes(source: Source) -> list[Path]:
    """The files that a Makefile includes, its own variables expanded; nothing for those that it cannot name."""
    found = [found for start, end in _logical_lines(source) if (found := MAKE_INCLUDE.match(source.text[start:end]))]
    if not found:
        return []
    variables = _make_lines(source)[0]
    paths: list[Path] = []
    for name in (name for each in found for name in each[1].replace("\\\n", " ").split()):
        path = source.path.parent / REFERENCE.sub(lambda inner: _make_value(inner, variables, 0), name)
        paths += disk.matching(path.parent, path.name) if "*" in path.name and disk.is_inside(path) else [path]
    return paths


def make_targets(source: Source, included: Iterable[Source] = ()) -> list[Entry]:
    """The targets of a Makefile, with the variables of those that it includes; each line of a recipe has its shell."""
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
"""The targets of a rule, its prerequisites, and where the lines of its recipe stand."""


def _make_lines(source: Source) -> tuple[dict[str, str], list[Rule]]:
    """The variables and the rules of a Makefile."""
    variables = dict.fromkeys(("CURDIR", "PWD", "shell pwd"), str(source.path.parent))
    rules: list[Rule] = []
    defining: str | None = None
    for start, end in _logical_lines(source):
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
    """The variables that the recipes' commands get, with where each is written: `export NAME = x`, `export`."""
    assigned: dict[str, tuple[Source, int]] = {}
    exported: set[str] = set()
    everything = False
    for source in sources:
        for start, end in _logical_lines(source):
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
    """A variable's value, what it refers to expanded."""
    return value and REFERENCE.sub(lambda found: _make_value(found, variables, 0), value)


def _logical_lines(source: Source) -> Iterator[tuple[int, int]]:
    """The lines of a file, those that a backslash continues as one."""
    text, at = source.text, 0
    while at < len(text):
        end = source.line_end(at)
        while end < len(text) and text[at:end].rstrip("\r\n").endswith("\\"):
            end = source.line_end(end)
        yield at, end
        at = end


def _make_fragment(source: Source, start: int, end: int, variables: dict[str, str]) -> Fragment:
    """A recipe's line as the shell gets it: variables expanded, the tab behind a continued line end gone."""
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
    """What a reference stands for; a shell variable of unknown value where it is not written in the file."""
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
    if value is None or depth > 8:
        return "${" + (re.sub(r"\W", "_", name) or "_") + "}"
    if is_call:
        value = CALL_ARGUMENT.sub(lambda found: "".join(arguments[int(found[1]) - 1 : int(found[1])]), value)
    return REFERENCE.sub(lambda inner: _make_value(inner, variables, depth + 1), value)


def just_recipes(source: Source) -> list[Entry]:
    """The recipes of a justfile; a recipe that begins with `#!` is one script, else each line has its own shell."""
    text = source.text
    variables = dict.fromkeys(JUST_DIRECTORIES, str(source.path.parent))
    for found in JUST_VARIABLE.finditer(text):
        said = found[4] or found[5]
        variables[found[1]] = found[2] or found[3] or (variables.get(said, f"${{{found[1]}}}") if said else "")
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

    for start, end in _logical_lines(source):
        line = text[start:end]
        if line[:1] in (" ", "\t"):
            if header is not None and line.strip():
                lines.append((start, end))
        elif line.strip() and not line.startswith(("#", "[")):
            close()
            header, lines = JUST_RECIPE.match(text, start, end), []
    close()
    return entries


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


def npm_scripts(source: Source) -> list[Entry]:
    """The scripts of a package.json; `prename` and `postname` run around `name`."""
    text = source.text
    section = re.search(r'"scripts"\s*:\s*\{', text)
    if section is None:
        return []
    entries: list[Entry] = []
    at = section.end()
    while name := re.compile(r"[\s,]*").match(text, at):
        key = JSON_STRING.match(text, name.end())
        colon = re.compile(r"\s*:\s*").match(text, key.end()) if key else None
        value = JSON_STRING.match(text, colon.end()) if colon else None
        if key is None or value is None:
            break
        fragment = Fragment.of(source, _json_characters(text, value.start(1), value.end(1)))
        script = key[1]
        own = Entry("npm", source, script, (fragment,), source.path.parent, labels=(script,))
        entries.append(replace(own, needs=(f"pre{script}",), brings=(f"post{script}",)))
        at = value.end()
    return entries


def _json_characters(text: str, at: int, end: int) -> Iterator[Character]:
    while at < end:
        if text[at] != "\\":
            yield text[at], at, at + 1
            at += 1
        elif text[at + 1] == "u":
            yield chr(int(text[at + 2 : at + 6], 16)), at, at + 6
            at += 6
        else:
            yield JSON_ESCAPES.get(text[at + 1], text[at + 1]), at, at + 2
            at += 2


def cron_lines(source: Source) -> list[Entry]:
    """The commands of a cron table; those in /etc/cron.d name a user first."""
    entries = []
    for line in re.finditer(r"^[^\n]*", source.text, re.MULTILINE):
        found = CRON.match(source.text, line.start(), line.end())
        if found is None or line[0].lstrip().startswith("#"):
            continue
        start = found.start("command")
        if source.path.parent.name == "cron.d":
            start += len(re.match(r"\S+\s+|", found["command"])[0])  # type: ignore[index]
        fragment = Fragment.part(source, start, line.end())
        entries.append(Entry("cron", source, "", (fragment,), source.path.parent, labels=(source.path.stem,)))
    return entries
