"""Jenkins: the commands of the stages of a Jenkinsfile.

Source: jenkins.io, pipeline syntax (sh); groovy-lang.org, syntax (strings).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.source import Source

GROOVY = re.compile(
    r"//[^\n]*|/\*.*?\*/|\bstage\s*\(\s*(?P<stage>'[^'\n]*'|\"[^\"\n]*\")"
    r"|(?P<sh>\bsh\b\s*\(?\s*(?:[^'\"\n()]*\bscript\s*:\s*)?)(?P<quote>'''|\"\"\"|'|\")"
    r"|'''.*?'''|\"\"\".*?\"\"\"|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"",
    re.DOTALL,
)

ENVIRONMENT = re.compile(
    r"(?m)^[ \t]*(?P<name>[A-Z_]\w*)[ \t]*=[ \t]*(?:'(?P<single>[^'\n]*)'|\"(?P<double>[^\"\n]*)\"|credentials\()"
)
"""An entry of a block `environment`; of several stages' the last one is taken for all."""


def is_named(path: Path) -> bool:
    """Whether a file at this path is a Jenkinsfile."""
    return path.name.lower().startswith("jenkinsfile")


def entries(source: Source) -> Iterator[Entry]:
    """The `sh` steps of a Jenkinsfile, each with the name of the stage that it stands in."""
    text = source.text
    stage, at = "", 0
    given_at = {found["name"]: (source, found.start("name")) for found in ENVIRONMENT.finditer(text)}
    environment = {found["name"]: _value(found) for found in ENVIRONMENT.finditer(text)}
    while found := GROOVY.search(text, at):
        at = found.end()
        if found["stage"]:
            stage = found["stage"][1:-1]
        elif found["sh"]:
            quote = found["quote"]
            end = at
            while end < len(text) and not text.startswith(quote, end):
                end += 2 if text[end] == "\\" else 1
            fragment = Fragment.of(source, _groovy_characters(text, at, end))
            yield Entry(
                *("pipeline", source, stage, (fragment,), source.path.parent),
                step=stage or None,
                labels=(stage,),
                environment=environment,
                given_at=given_at,
            )
            at = end + len(quote)


def _groovy_characters(text: str, at: int, end: int) -> Iterator[Character]:
    while at < end:
        if text[at] == "\\" and at + 1 < end:
            if text[at + 1] != "\n":
                yield {"n": "\n", "t": "\t"}.get(text[at + 1], text[at + 1]), at, at + 2
            at += 2
        else:
            yield text[at], at, at + 1
            at += 1


def _value(found: re.Match[str]) -> str | None:
    """What an entry of a block `environment` says; None for a credential."""
    return found["single"] if found["single"] is not None else found["double"]
