"""Jenkins: the commands of the stages of a Jenkinsfile.

Source: jenkins.io, pipeline syntax, pipeline steps reference (sh, bat, dir, deleteDir) and Workspace Cleanup (cleanWs);
groovy-lang.org, syntax (strings).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from volfix.knowledge.systems import system
from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.source import Source

QUOTED = r"'''.*?'''|\"\"\".*?\"\"\"|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
GROOVY = re.compile(
    r"//[^\n]*|/\*.*?\*/|\bstage\s*\(\s*(?P<stage>'[^'\n]*'|\"[^\"\n]*\")"
    r"|(?P<sh>\b(?:sh|bat|pwsh|powershell)\b\s*\(?\s*(?:[^'\"\n()]*\bscript\s*:\s*)?)(?P<quote>'''|\"\"\"|'|\")"
    rf"|(?P<wipes>\b(?:cleanWs|deleteDir)\s*\((?P<given>[^()]*)\))|{QUOTED}",
    re.DOTALL,
)
BLOCK = re.compile(
    r"\bdir\s*\(\s*(?:'(?P<single>[^'\n]*)'|\"(?P<double>[^\"\n]*)\")\s*\)\s*\{|\b(?P<failure>failure|aborted|unstable)\s*\{"
)
"""A block whose commands run in another directory, or only after a failure."""
BRACE = re.compile(rf"//[^\n]*|/\*.*?\*/|{QUOTED}|(?P<brace>[{{}}])", re.DOTALL)
VARIABLE = re.compile(
    r"(?m)(?:^|\benvironment[ \t]*\{)[ \t]*(?P<local>def[ \t]+)?(?:env\.)?(?P<name>[A-Za-z_]\w*)[ \t]*="
    r"[ \t]*(?:'(?P<single>[^'\n]*)'|\"(?P<double>[^\"\n]*)\"|credentials\()"
)
"""A Groovy variable or an entry of an `environment` block. If a name is set several times, the last value counts."""
OF_GROOVY = re.compile(r"(\$\{(?:env|params))\.(?=\w+\})")
"""A Groovy variable with a dot (`${env.NAME}`); names in the shell have no dot."""
SPARES = re.compile(r"patterns|deleteDirs\s*:\s*false|clean\w+\s*:\s*false")
"""Arguments with which cleanWs does not delete everything."""


def is_named(path: Path) -> bool:
    """Whether the path is that of a Jenkinsfile."""
    return path.name.lower().startswith("jenkinsfile")


def entries(source: Source) -> Iterator[Entry]:
    """The steps of a Jenkinsfile that run commands or delete the workspace (as `rm -rf .`), with their stage's name."""
    text = source.text
    stage, at = "", 0
    given_at = {found["name"]: (source, found.start("name")) for found in VARIABLE.finditer(text)}
    values = {found["name"]: _value(found) for found in VARIABLE.finditer(text)}
    exported = {found["name"] for found in VARIABLE.finditer(text) if not found["local"]}
    blocks = list(_blocks(text))
    workspace = dict.fromkeys(system("jenkins").workspace_variables, str(source.path.parent))
    while found := GROOVY.search(text, at):
        at = found.end()
        if found["stage"]:
            stage = found["stage"][1:-1]
            continue
        around = [(name, is_failure) for start, end, name, is_failure in blocks if start < found.start() < end]
        if found["sh"]:
            quote = found["quote"]
            end = at
            while end < len(text) and not text.startswith(quote, end):
                end += 2 if text[end] == "\\" else 1
            fragment = Fragment.of(source, _groovy_characters(text, at, end))
            if quote.startswith('"'):
                shell = OF_GROOVY.sub(lambda found: f"{found[1]}_", fragment.text)
                fragment = Fragment(source, shell, fragment.starts, fragment.ends)
            seen = values if quote.startswith('"') else {name: values[name] for name in exported}
            at = end + len(quote)
        elif found["wipes"] and not SPARES.search(found["given"]):
            fragment, seen = Fragment.of(source, ((char, *found.span("wipes")) for char in "rm -rf .")), {}
        else:
            continue
        yield Entry(
            *("pipeline", source, stage, (fragment,), source.path.parent.joinpath(*(name for name, _ in around))),
            step=stage or None,
            labels=(stage,),
            environment=workspace | seen,
            given_at=given_at,
            after_failure=any(is_failure for _, is_failure in around),
        )


def _blocks(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """The `dir` and failure blocks: start, end, directory ("" if unknown), and whether it runs only after a failure."""
    for found in BLOCK.finditer(text):
        depth, end = 1, len(text)
        for brace in BRACE.finditer(text, found.end()):
            depth += {"{": 1, "}": -1}.get(brace["brace"] or "", 0)
            if depth == 0:
                end = brace.start()
                break
        directory = found["single"] or found["double"] or ""
        yield found.end(), end, "" if "$" in directory else directory, found["failure"] is not None


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
    """The value that a variable is set to; None for a credential."""
    return found["single"] if found["single"] is not None else found["double"]
