"""The message of the commit: what was changed and why, and what must be carried before anybody deploys it."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from volfix.bulk.records import DO_NOT_MERGE
from volfix.fixes.masking.messages import scrub
from volfix.fixes.results import ProjectResult, RunResult
from volfix.project.compose.host_directories import relative
from volfix.rules.findings import Move
from volfix.syntax.pasted import pasted
from volfix.syntax.visible import visible

DEFAULT = """\
Keep the databases where a deployment does not lose them

The next deployment could lose data, and this closes the ways that were found:
$findings
$moves
Found and fixed by volfix; `volfix explain CODE` says why each of these matters.
"""
FIELDS = ("branch", "findings", "head", "moves", "repository")
LONGEST = 400
"""Characters of one line of a finding: a message is read in a log."""


class BadTemplate(Exception):
    """A template that names an unknown field, or is empty; the message is one line."""


def check(template: str) -> None:
    """Raise BadTemplate where the template cannot be filled in, or is empty."""
    try:
        filled = string.Template(template).substitute(dict.fromkeys(FIELDS, ""))
    except KeyError as error:
        known = ", ".join(f"${name}" for name in FIELDS)
        raise BadTemplate(f"there is no ${error.args[0]}: {known} can be used, and $$ for a dollar sign") from None
    except ValueError as error:
        raise BadTemplate(f"{error}; $$ stands for a dollar sign") from None
    if not filled.strip():
        raise BadTemplate("the message would be empty")


def commit_message(template: str, result: RunResult, *, repository: str, branch: str, head: str) -> str:
    """The message of the commit that holds what was written of `result`, without secrets."""
    text = string.Template(template).substitute(
        branch=branch,
        findings="\n".join(_findings(result)),
        head=head,
        moves="".join(f"{line}\n" for line in _moves(result)),
        repository=repository,
    )
    left = any(project.left for project in _written(result))
    return f"{DO_NOT_MERGE}: {text.strip()}\n" if left else text.strip() + "\n"


def _written(result: RunResult) -> Iterator[ProjectResult]:
    return (project for project in result.projects if project.changes and project.failure is None)


def _findings(result: RunResult) -> Iterator[str]:
    for project in result.projects:
        for item in project.findings if project.failure is None else ():
            if item.fixed:
                place = item.finding.location
                yield _line(
                    f"- {relative(place.path, project.root)}:{place.line} {item.finding.code} {item.finding.message}"
                )


def _moves(result: RunResult) -> Iterator[str]:
    moves = [(project, move) for project in result.projects if project.failure is None for move in project.moves]
    carried = [(project, move) for project, move in moves if move not in project.left]
    left = [(project, move) for project, move in moves if move in project.left]
    if carried:
        yield ""
        yield "The deployment of this carries the data itself, before the databases start:"
        yield from _each_once(carried)
        yield "A revert hides the rows that were written since: before it, type `volfix carry --back --write`."
        yield "Where an old directory is in the way, that prints the `mv` to type first. Deploy only after that copy."
    if left:
        yield ""
        commands = dict.fromkeys(_carry(project) for project, _ in left)
        typed = " and ".join(f"`{command}`" for command in commands)
        yield f"The new volumes start empty. Carry the data on the host before this is deployed ({typed}):"
        yield from _each_once(left)


def _carry(project: ProjectResult) -> str:
    """The command that carries the data of a project; where it has to name sources, with the project's directory."""
    words: list[str | PurePath] = ["volfix", "carry", *(["--from-project", project.name] if project.renamed else [])]
    words += [item for pair in project.maps for item in ("--map", pair)]
    place = relative(project.files[0].parent, project.root) if project.maps and project.files else "."
    return pasted([*words, *([] if place == "." else [PurePath(place)])])


def _each_once(moves: Iterable[tuple[ProjectResult, Move]]) -> Iterator[str]:
    """The lines, each once: two Compose files of one directory may mount the same data."""
    lines = []
    for project, move in moves:
        carriage, real = project.carriage(move), project.real_volumes.get(move.volume, move.volume)
        said = "; ".join(filter(None, (carriage.carrier, carriage.reason, carriage.unkept)))
        how = f" ({said})" if said else ""
        lines.append(_line(f"- {move.source} of {move.service} into the volume {real}{how}"))
    return iter(dict.fromkeys(lines))


def _line(text: str) -> str:
    clean = visible(scrub(text)).replace("\n", "\\n")
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 3] + "..."
