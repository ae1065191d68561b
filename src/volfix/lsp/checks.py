"""One run over a repository that reads the text of the editor's open documents instead of what is saved."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import volfix
from volfix.api import root_of
from volfix.configuration.nearest import Configuration
from volfix.fixes.results import RunResult
from volfix.rules.findings import Finding
from volfix.syntax import disk
from volfix.syntax.failures import failure
from volfix.syntax.pasted import pasted
from volfix.syntax.roots import is_of_host


class NotChecked(Exception):
    """A document whose repository volfix does not read; the message is the reason, with what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """An open document: what the editor calls it, and its text in one version."""

    uri: str
    path: Path
    version: int | None
    text: str


Documents = Mapping[str, Document]
"""Open documents by the real paths of their files."""


@dataclass(frozen=True, slots=True, order=True)
class Choice:
    """The fixes of a rule in one line of a file, as `--select VF101@compose.yaml:9` names them."""

    code: str
    path: Path
    line: int

    @classmethod
    def of(cls, finding: Finding) -> Choice:
        return cls(finding.code, finding.location.path, finding.location.line)


@dataclass(frozen=True, slots=True)
class Check:
    """The findings of a run over the documents as they were; `read` are the documents that it read."""

    root: Path
    documents: Documents
    result: RunResult
    read: frozenset[str]

    def is_of(self, documents: Documents) -> bool:
        """Whether a run with these documents would find the same: no document that was read has changed."""
        return documents.keys() == self.documents.keys() and all(
            documents[name] == self.documents[name] for name in self.read
        )


def repository_of(path: Path, folders: Iterable[Path]) -> Path:
    """The root of the run that checks a file: its git work tree, else the folder of the workspace.

    Raises NotChecked where that would read outside of the workspace, or all of a machine or of a person's files.
    """
    folder = next((each for each in sorted(folders, reverse=True) if path.is_relative_to(each)), None)
    if folder is None:
        raise NotChecked(f"{path} is in no folder of the workspace, and volfix reads nothing else: open its folder")
    root, real = root_of(path), os.path.realpath(folder)
    if Path(real).is_relative_to(os.path.realpath(root)) and os.path.realpath(root) != real:
        raise NotChecked(
            f"{folder} is only a part of the repository {root}, and volfix reads nothing outside of the workspace: "
            f"open {root}, or type `{pasted(['volfix', folder])}`"
        )
    root = folder if root == path.parent and not (root / ".git").exists() else root
    if is_of_host(os.path.realpath(root)):
        raise NotChecked(f"{root} is a directory of the machine, not a project: open the folder of the project")
    return root


def check(root: Path, documents: Documents, *, unsafe: bool = False, chosen: Choice | None = None) -> Check:
    """What `volfix` finds in a repository, and the fixes it would write: all safe ones, or what is chosen.

    One run at a time: the roots and the unsaved text are those of the whole process. Raises nothing.
    """
    try:
        plan = volfix.plan(
            root,
            unsafe_fixes=unsafe,
            outside=False,
            configuration=Configuration(),
            unsaved={each.path: each.text.encode("utf-8", "surrogatepass") for each in documents.values()},
            confirm=None if chosen is None else lambda finding: Choice.of(finding) == chosen,
        )
        result = plan.result
    except Exception as error:  # noqa: BLE001 - whatever happens in a run, the server goes on
        result = RunResult((), (failure(root, error),), ())
    return Check(root, documents, result, disk.read_unsaved() & documents.keys())
