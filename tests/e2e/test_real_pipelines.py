"""`--write --trusted --unsafe-fixes` over real pipelines and scripts: what is edited stays valid, the rest stays.

The files are those of VOLFIX_SHARED, or of a directory `shared` beside this one; skipped where neither is.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import volfix
from volfix.project.ci.documents import documents_of
from volfix.project.ci.drone import SYSTEM
from volfix.project.ci.load import load
from volfix.project.ci.names import is_pipeline_name
from volfix.project.ci.substitution import substituted
from volfix.project.compose.compose_file import NotForVolfix
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_plain import plain

SHARED = Path(os.environ.get("VOLFIX_SHARED") or Path(__file__).parents[3] / "shared")
pytestmark = pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason="the corpus is not at hand (VOLFIX_SHARED)")
EDITABLE = frozenset({"volumes", "image", "environment", "commands", "settings"})
"""What of a pipeline or its steps a fix may change."""


@dataclass(frozen=True, repr=False)  # a test that fails shows its arguments: all that was read of a corpus
class Run:
    """One write over a copy: the bytes before and after, the files that the plan was to edit, and a second plan."""

    before: dict[Path, bytes]
    after: dict[Path, bytes]
    edited: frozenset[Path]
    failures: list[str]
    again: volfix.Plan

    def pipelines(self, *, of_drone: bool) -> list[Path]:
        """The edited pipelines of Drone, or of all others."""
        edited = [path for path in sorted(self.edited) if is_pipeline_name(str(path))]
        return [path for path in edited if (load(path).system is SYSTEM) == of_drone]


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".volfix" not in path.parts}


@pytest.fixture(scope="module", params=["pipelines", "commands"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("real") / request.param
    shutil.copytree(SHARED / "corpus" / request.param, root)
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    before = contents(root)
    plan = volfix.plan(root, trusted=True, unsafe_fixes=True)
    edited = frozenset(edit.path for edit in plan.edits)
    result = plan.write()
    failures = [project.failure for project in result.projects if project.failure]
    return Run(before, contents(root), edited, failures, volfix.plan(root, trusted=True, unsafe_fixes=True))


def test_something_is_edited_and_nothing_fails(run: Run) -> None:
    assert run.edited
    assert not run.failures


def test_every_other_file_is_byte_for_byte_what_it_was(run: Run) -> None:
    assert run.before.keys() == run.after.keys()
    assert {path for path in run.before if run.before[path] != run.after[path]} <= run.edited


def test_a_second_run_changes_nothing(run: Run) -> None:
    assert not run.again.edits


def test_every_edited_pipeline_is_one_by_drones_rules(run: Run) -> None:
    """As many documents, the same steps; also once the server has put its variables in, which it does first."""
    for path in run.pipelines(of_drone=True):
        before, after = load(path, Source.of(path, run.before[path])), load(path)
        assert before.system is after.system
        assert len(before.documents) == len(after.documents)
        text = "".join(char for char, _, _ in substituted(run.after[path].decode(), SYSTEM.server_variables or ()))
        seen = Source.of(path, text.encode())
        assert len(documents_of(seen)) == len(after.documents)
        for old, new in zip(before.pipelines, after.pipelines, strict=True):
            assert changed(plain(old.node), plain(new.node)) <= EDITABLE
            assert [step.name for step in old.steps] == [step.name for step in new.steps]
            declared = {volume.name for volume in new.volumes}
            assert {mount.name for step in new.steps for mount in step.mounts if mount.name} - declared <= {
                mount.name for step in old.steps for mount in step.mounts
            }


def changed(before: object, after: object) -> set[str]:
    """The keys, of a pipeline or of its steps, under which something differs."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: set[str] = set()
        for key in before.keys() | after.keys():
            if before.get(key) == after.get(key):
                continue
            inner = changed(before.get(key), after.get(key)) if key in ("steps", "services") else set()
            found |= inner or {str(key)}
        return found
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return set().union(*(changed(*pair) for pair in zip(before, after, strict=True)))
    return set()


def test_of_other_systems_only_what_the_shell_gets_is_edited(run: Run) -> None:
    for path in run.pipelines(of_drone=False):
        before, after = load(path, Source.of(path, run.before[path])), load(path)
        for old, new in zip(before.pipelines, after.pipelines, strict=True):
            for step, other in zip(old.steps, new.steps, strict=True):
                assert (step.name, step.image, step.events) == (other.name, other.image, other.events)
                assert step.environment == other.environment
                assert len(step.commands) == len(other.commands)


def test_no_other_pipeline_is_edited(run: Run) -> None:
    """Older dialects, Woodpecker, templates, broken files: they are read, if at all."""
    for path in run.before:
        if is_pipeline_name(str(path)):
            try:
                editable = load(path, Source.of(path, run.before[path])).system.edits_commands
            except (FileProblem, NotForVolfix):
                editable = False
            assert editable or path not in run.edited
