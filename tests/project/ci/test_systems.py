"""A CI system is one module: rules ask for what it does, and a system that they never heard of gets its findings."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import volfix
from volfix.knowledge.systems import Place, System
from volfix.project.ci import load
from volfix.project.ci.nodes import scalars, text
from volfix.project.ci.pipeline import Pipeline, PipelineFile, Step, StepMount
from volfix.project.ci.steps import entries
from volfix.project.ci.substitution import commands
from volfix.project.commands.command_files import CommandFile
from volfix.project.commands.names import has_commands
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Document, Mapping, resolved

PACKAGE = Path(volfix.__file__).parent
SYSTEMS = {
    "drone",
    "drone_08",
    "woodpecker",
    "github_actions",
    "gitlab_ci",
    "circleci",
    "ansible",
    "code_deploy",
    "jenkins",
}
HUT = System(name="Hut", workspace="/hut/work", workspace_variables=("HUT_HOME",))
FILE = "hut: deploy\nsocket: /var/run/docker.sock\nrun:\n  - docker compose up -d\n"
COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"


@dataclass(frozen=True)
class Hut:
    """A system that nobody has: the two functions of its module."""

    system: System = HUT
    place: Place = Place.CONTAINER

    def recognises(self, _path: Path, roots: Sequence[Mapping]) -> bool:
        return roots[0].get("hut") is not None

    def read(self, source: Source, documents: tuple[Document, ...]) -> PipelineFile:
        root = resolved(documents[0].root)
        assert isinstance(root, Mapping)
        mounts = tuple(StepMount(item, None, item.value, item.value) for item in scalars(root.get("socket")))
        step = Step(
            "deploy",
            root,
            "docker:27-cli",
            commands(source, scalars(root.get("run")), self.system.server_variables),
            (),
            {},
            mounts,
        )
        name, workspace = text(root, "hut") or "", "/hut/work"
        pipeline = Pipeline(self.system, self.place, self.place.value, name, documents[0], root, (step,), (), workspace)
        return PipelineFile(source, self.system, documents, (pipeline,))


def codes(root: Path, system: Hut, monkeypatch: pytest.MonkeyPatch, pipeline: str = FILE) -> dict[str, str]:
    """The findings about the pipeline of a repository, with their messages."""
    monkeypatch.setattr(load, "SYSTEMS", (system, *load.SYSTEMS))
    (root / ".drone.yml").write_text(pipeline, encoding="utf-8")
    (root / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    found = (reported.finding for project in volfix.plan(root).projects for reported in project.findings)
    return {finding.code: finding.danger for finding in found if finding.code.startswith("VF3")}


def test_a_workspace_that_is_called_the_same_everywhere_is_reported_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = codes(tmp_path, Hut(), monkeypatch)
    assert found.keys() == {"VF303"}
    assert "every repository that Hut deploys from its workspace becomes the project `work`" in found["VF303"]


def test_a_workspace_called_after_the_repository_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(tmp_path, Hut(replace(HUT, workspace="/hut/{repository}")), monkeypatch) == {}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place.CONTAINER, {"VF301", "VF303"}),
        (Place.HOST, {"VF303"}),
        (Place.OTHER_HOST, {"VF303"}),
        (Place.THROWN_AWAY, {"VF304"}),
        (Place.UNKNOWN, {"VF303"}),
    ],
)
def test_where_the_steps_run_says_which_daemon_they_reach(
    place: Place, expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = FILE.replace("socket: /var/run/docker.sock\n", "")
    assert codes(tmp_path, Hut(place=place), monkeypatch, without).keys() == expected


def test_only_an_editable_system_gets_a_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes(tmp_path, Hut(), monkeypatch, FILE.replace("socket: /var/run/docker.sock\n", ""))
    reasons = {each.finding.code: each.finding.reason or "" for each in volfix.plan(tmp_path).projects[0].findings}
    assert reasons["VF301"].startswith("volfix edits only pipelines of Drone 1 and later")


@pytest.mark.parametrize(
    ("known", "expected"), [(None, "echo ${A:-b} $${C}"), (("A",), "echo ${A} ${C}"), ((), "echo b ${C}")]
)
def test_the_server_puts_in_what_it_knows_before_the_shell_reads_it(
    known: tuple[str, ...] | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = Hut(replace(HUT, server_variables=known))
    monkeypatch.setattr(load, "SYSTEMS", (system,))
    path = tmp_path / ".drone.yml"
    path.write_text("hut: deploy\nrun: 'echo ${A:-b} $${C}'\n", encoding="utf-8")
    (entry,) = entries(load.load(path))
    assert [fragment.text for fragment in entry.fragments] == [expected]
    assert entry.environment == {"HUT_HOME": "/hut/work"}


def test_no_other_module_names_a_system() -> None:
    """The registry alone knows which systems there are; between them, one may stand on another."""
    asked = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("volfix.project.ci"):
                names = {*node.module.split("."), *(name.name for name in node.names)}
                asked |= {path.relative_to(PACKAGE).as_posix()} if names & SYSTEMS else set()
    systems = {f"project/ci/{name}.py" for name in SYSTEMS}
    assert asked - systems == {"project/ci/load.py", "project/ci/command_systems.py"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (".github/workflows/a.yml", "on: push\njobs: {go: {steps: [{run: make up}]}}\n", ["make up"]),
        (".forgejo/workflows/a.yaml", "on: push\njobs: {go: {steps: [{run: make up}]}}\n", ["make up"]),
        (".github/workflows/a.sh", "make up\n", ["make up\n"]),
        (".gitlab-ci.yml", "go: {script: [make up, [make down]]}\n", ["make up", "make down"]),
        ("appspec.yaml", "hooks: {Start: [{location: up.sh}]}\n", ["up.sh"]),
        ("Jenkinsfile.prod", "stage('go') { sh 'make up' }\n", ["make up"]),
        ("Taskfile.yml", "tasks: {go: {cmds: [make up]}}\n", ["make up"]),
        ("compose.yaml", COMPOSE, []),
    ],
)
def test_the_commands_of_each_file_are_read_by_its_own_system(
    name: str, content: str, expected: list[str], tmp_path: Path
) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(content, encoding="utf-8")
    found = CommandFile(tmp_path / name).entries
    assert [fragment.text for entry in found for fragment in entry.fragments] == expected
    assert has_commands(str(tmp_path / name)) == bool(expected)


@pytest.mark.parametrize("name", [".drone.jsonnet", ".drone.yml.sig", "ci/workflows/a.yml", ".drone.star"])
def test_what_generates_or_signs_a_pipeline_has_no_commands(name: str) -> None:
    assert not has_commands(f"/shop/{name}")
