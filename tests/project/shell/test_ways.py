"""One deployment in many writings: what a real shell runs is what volfix reads, and every family of rules sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from real_shell import calls
from ways import DOWN, WAYS, Way

import volfix
from volfix.project.ci.load import load
from volfix.project.ci.steps import entries
from volfix.project.commands.command_resolver import CommandResolver
from volfix.project.deployments.deployment import Checkout, deployments
from volfix.project.shell.interpreter import Interpreter

COMPOSE = """\
services:
  app:
    image: acme/app:1
    volumes:
      - rows:/var/lib/app
volumes:
  rows:
    driver: local
"""
PROGRAMS = ("docker", "docker-compose")


def pipeline(way: Way) -> str:
    """The `.drone.yml` of a way: each command in a block of its own."""
    items = ["  - |\n" + "".join(f"    {line}\n" for line in text.splitlines()) for text in way.commands]
    head = "kind: pipeline\ntype: docker\nname: default\nsteps:\n- name: ship\n  image: docker:27\n  commands:\n"
    return head + "".join(items)


def placed(way: Way, root: Path) -> Path:
    root.mkdir()
    for name, text in {"compose.yaml": COMPOSE, ".drone.yml": pipeline(way), **way.files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return root


def read(root: Path, place: Path) -> list[tuple[list[str], str]]:
    """The calls of Docker that volfix reads, each with its directory."""
    file = load(root / ".drone.yml")
    interpreter = Interpreter(CommandResolver(root, {}))
    found = [command for entry in entries(file) for command in interpreter.commands(entry)]
    home = str(place / "remote")
    return [
        ([command.program, *command.values[1:]], command.directory.replace("~", home))
        for command in found
        if command.program in PROGRAMS
    ]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_real_shell_runs_what_volfix_reads(way: Way, tmp_path: Path) -> None:
    root = placed(way, tmp_path / "app")
    said = read(root, tmp_path)
    for shell in way.shells:
        assert shutil.which(shell)
        ran = calls(shell, way.commands, root, tmp_path)
        assert [(words if words[-1] != "web" else [*words[:-1], "$(xargs)"], at) for words, at in ran] == said
    verbs = [word for words, _ in said for word in words if word in ("down", "up")]
    assert verbs == ["down", "up"]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_every_family_of_rules_sees_the_deployment(way: Way, tmp_path: Path) -> None:
    root = placed(way, tmp_path / "app")
    findings = volfix.plan(root, select=["VF3", "VF4"]).findings
    codes = [finding.code for finding in findings]
    assert codes.count("VF401") == 1
    if not way.remote:
        assert {"VF301", "VF303"} <= set(codes)
    (deployed,) = deployments(load(root / ".drone.yml"), Checkout(root))
    assert (deployed.target, deployed.is_test) == ("ssh" if way.remote else "none", False)
    for finding in findings:
        line = finding.location.path.read_text().splitlines()[finding.location.line - 1]
        if finding.code == "VF401":
            assert way.where in line
        elif finding.code == "VF301":
            assert finding.location.path == root / ".drone.yml"
            assert any(line.strip() in text for text in way.commands)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_edit_takes_the_option_out_and_nothing_else(way: Way, tmp_path: Path) -> None:
    root = placed(way, tmp_path / "app")
    shell = way.shells[0]
    before = calls(shell, way.commands, root, tmp_path)
    plan = volfix.plan(root, unsafe_fixes=True, select=["VF401"])
    assert not [project.failure for project in plan.projects if project.failure]
    (finding,) = plan.findings
    if finding.fix is None:
        assert finding.reason
        return
    plan.write()
    assert not volfix.plan(root, select=["VF401"]).findings
    step = load(root / ".drone.yml").pipelines[0].steps[0]
    after = calls(shell, [command.text for command in step.commands], root, tmp_path)
    assert after == [([word for word in words if word not in ("-v", "--volumes")], at) for words, at in before]


DATABASE = """\
services:
  db:
    image: postgres:16
    volumes:
      - ./data:/var/lib/postgresql/data
"""
DELETING = [way for way in WAYS if DOWN in "".join((*way.commands, *way.files.values())) and not way.remote]


@pytest.mark.parametrize("way", DELETING, ids=lambda way: way.name)
def test_a_directory_that_is_deleted_in_the_same_way_is_seen(way: Way, tmp_path: Path) -> None:
    root = placed(way, tmp_path / "app")
    for path in (root / ".drone.yml", *(root / name for name in way.files)):
        text = path.read_text().replace(DOWN, "rm -rf ./data")
        path.write_text(text.replace("type: docker\n", "type: exec\n"))
    (root / "compose.yaml").write_text(DATABASE)
    (finding,) = volfix.plan(root, select=["VF402"]).findings
    line = finding.location.path.read_text().splitlines()[finding.location.line - 1]
    assert "rm -rf ./data" in line or way.where in line
