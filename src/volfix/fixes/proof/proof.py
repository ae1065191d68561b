"""The proof: the changed files, read again, mean exactly what the fixes declare, or nothing is written.

It is made twice over: each file's tree must be the old tree with the operations applied, and the projects that are
built from the changed files must be the old projects with the declared changes applied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volfix.edits.operation import Operation
from volfix.edits.yaml_meaning import expected
from volfix.fixes.changes import ModelChange
from volfix.fixes.proof.declared import declared_model
from volfix.fixes.proof.differences import differences
from volfix.fixes.proof.model_changes import told
from volfix.fixes.proof.project_model import model
from volfix.fixes.render import by_file
from volfix.project.compose.compose_file import ComposeFile, is_empty
from volfix.project.compose.merging import build_project
from volfix.project.compose.model import Project
from volfix.project.loader import Loader
from volfix.project.stack import Stack
from volfix.rules.findings import Change, MountChange, VolumeChange
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import parse

if TYPE_CHECKING:
    from volfix.project.ci.pipeline import PipelineFile


class ProofFailed(Exception):
    """The change does not mean what it is meant to; the text shows the difference."""


def prove(
    stack: Stack,
    operations: Sequence[Operation],
    changes: Sequence[Change],
    after: Mapping[Path, Source],
    loader: Loader,
) -> dict[tuple[Path, ...], tuple[ModelChange, ...]]:
    """Raise ProofFailed unless the files in `after` differ from the stack's in meaning by exactly the `changes`.

    Returns what Compose will see: for the Compose files of each project that changes, how its resolved model does.
    """
    compose_files = {file.path: file for file in stack.files}
    pipelines = {workflow.file.path: workflow.file for workflow in stack.workflows}
    edited = by_file(operations)
    for path, source in after.items():
        own = edited.get(path, [])
        try:
            if path in compose_files:
                _prove_tree(compose_files[path], own, source)
            elif path in pipelines:
                _prove_pipeline(pipelines[path], own, source)
            else:
                before, meaning = own[0].source, own[0].meaning
                _prove_equal(path.name, meaning(before, own), meaning(source, ()))
            _prove_commands(own, source)
        except FileProblem as problem:
            raise ProofFailed(f"{problem.path}: the changed file cannot be read: {problem.message}") from problem
    changed = loader.overlaid(after)
    seen, of_files = {}, _of_files(changes)
    for project in stack.projects:
        paths = {file.path for file in project.loaded}
        if after.keys() & (paths | project.env_paths):
            numbered = [each for path in (None, *paths) for each in of_files.get(path, ())]
            own_changes = [change for _, change in sorted(numbered, key=itemgetter(0))]
            seen[tuple(file.path for file in project.files)] = _prove_project(project, own_changes, changed)
    return seen


def _of_files(changes: Sequence[Change]) -> dict[Path | None, list[tuple[int, Change]]]:
    """The changes, numbered, by the Compose file that a project must have for them to count; None where any may."""
    found: dict[Path | None, list[tuple[int, Change]]] = {}
    for number, change in enumerate(changes):
        path = change.path if isinstance(change, MountChange | VolumeChange) else None
        found.setdefault(path, []).append((number, change))
    return found


def _prove_project(project: Project, changes: Sequence[Change], changed: Loader) -> tuple[ModelChange, ...]:
    """The resolved model afterwards must be the one of now with the declared changes made: no more and no less."""
    loaded = [changed.compose(file.path) for file in project.files]
    files = tuple(file for file in loaded if file is not None)
    again = build_project(project.root, project.directory, files, changed, project.called_in)
    if changed.problems or None in loaded:
        raise ProofFailed("; ".join(map(str, changed.problems)) or "a changed file is no longer a Compose file")
    before, after, declared = model(project), model(again), declared_model(project, changes)
    if after != declared:
        found, wanted = differences(before, after), differences(before, declared)
        undeclared = [each.place for each in found if each not in wanted]
        missing = [each.place for each in wanted if each not in found]
        said = [
            *_named("would change without being declared", undeclared),
            *_named("would not be as declared", missing),
        ]
        raise ProofFailed(f"project {project.name}: the change would do something else than it says: {'; '.join(said)}")
    return told(before, after)


def _named(what: str, places: Sequence[str]) -> Iterator[str]:
    if places:
        yield f"{', '.join(dict.fromkeys(places))} {what}"  # the places alone: a value may be a credential


def _prove_equal(what: str, expected: Any, actual: Any) -> None:
    if wrong := differences(expected, actual):
        places = ", ".join(dict.fromkeys(each.place for each in wrong))
        raise ProofFailed(f"{what}: the change would do something else than it says, at {places}")


def _prove_tree(before: ComposeFile, operations: Sequence[Operation], after: Source) -> None:
    again = [document for document in parse(after) if not is_empty(document)]
    _prove_equal(before.path.name, expected(before.documents, operations), expected(again, ()))


def _prove_pipeline(before: PipelineFile, operations: Sequence[Operation], after: Source) -> None:
    """The documents as the CI server splits them, each the old one with its operations; still as many pipelines."""
    from volfix.project.ci.load import load

    again = load(before.path, after)
    _prove_equal(before.path.name, expected(before.documents, operations), expected(again.documents, ()))
    _prove_equal(before.path.name, [each.name for each in before.pipelines], [each.name for each in again.pipelines])


def _prove_commands(operations: Sequence[Operation], after: Source) -> None:
    """Where commands are edited, every word of every command is as before, but those that the operations name."""
    replaced = [found for operation in operations if (found := operation.in_commands()) is not None]
    if not replaced or any(operation.hides_words for operation in operations):
        return
    from volfix.fixes.proof.command_words import expected_words, words_of

    _prove_equal(f"commands of {after.path.name}", expected_words(operations[0].source, replaced), words_of(after))
