"""Given a play, a systemd unit or a PowerShell script: what of it volfix takes for commands of a deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.project.commands.command_files import CommandFile
from volfix.project.commands.names import has_commands

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"
BIND = (
    "services:\n  db:\n    image: mongo:7\n    volumes:\n"
    "      - ./state/db:/data/db  # volfix: ignore[VF101] the host's snapshots need the files\n"
)


def codes(root: Path, compose: str = COMPOSE, **files: str) -> list[tuple[str, str]]:
    """The findings on commands, with the text in them."""
    for name, content in {"compose.yaml": compose, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    found = volfix.plan(root, select=["VF4", "VF308"]).findings
    return [(finding.code, finding.message) for finding in found]


def play(*tasks: str, head: str = "hosts: shop") -> str:
    return f"- name: Deploy the shop\n  {head}\n  tasks:\n" + "".join(f"    - {task}\n" for task in tasks)


UP = "community.docker.docker_compose_v2: {project_src: /srv/shop, state: present}"
PLAYS = [
    ("VF401", "community.docker.docker_compose_v2: {project_src: /srv/shop, state: absent, remove_volumes: true}"),
    ("VF401", "docker_compose: {project_src: /srv/shop, state: absent, remove_volumes: yes}"),
    ("VF401", "shell: docker compose down -v\n      args: {chdir: /srv/shop}"),
    ("VF401", "ansible.builtin.command: {cmd: docker compose down --volumes, chdir: /srv/shop}"),
    ("VF401", "community.docker.docker_volume: {name: shop_rows, state: absent}"),
    ("VF403", "shell: docker compose exec -T db dropdb -U postgres shop"),
]


@pytest.mark.parametrize(("code", "task"), PLAYS)
def test_a_task_that_deletes_is_found(code: str, task: str, tmp_path: Path) -> None:
    found = codes(tmp_path, **{"ansible/deploy.yml": play(task, UP)})
    assert [each for each, _ in found] == [code]


@pytest.mark.parametrize(
    "task",
    [
        "community.docker.docker_compose_v2: {project_src: /srv/shop, state: absent}",
        "shell: docker compose down -v\n      tags: [never, reset]",
        "shell: docker compose down -v\n      when: reset_everything",
        "community.docker.docker_volume: {name: shop_rows}",
        "file: {path: /srv/shop/tmp, state: absent}",
    ],
)
def test_a_task_that_keeps_or_is_asked_for_is_none(task: str, tmp_path: Path) -> None:
    assert codes(tmp_path, **{"playbooks/deploy.yml": play(task, UP)}) == []


@pytest.mark.parametrize(
    "task",
    [
        "file: {path: /srv/shop/state, state: absent}",
        "ansible.posix.synchronize: {src: ../, dest: /srv/shop/, delete: true}",
        "shell: git clean -ffdx\n      args: {chdir: /srv/shop}",
    ],
)
def test_a_task_that_deletes_the_files_of_a_mount_is_found(task: str, tmp_path: Path) -> None:
    assert [code for code, _ in codes(tmp_path, BIND, **{"ansible/site.yml": play(task, UP)})] == ["VF402"]


def test_the_tasks_of_a_role_are_read_with_its_blocks(tmp_path: Path) -> None:
    tasks = f"- block:\n    - shell: docker compose down -v\n    - {UP}\n"
    assert [code for code, _ in codes(tmp_path, **{"roles/shop/tasks/main.yml": tasks})] == ["VF401"]


@pytest.mark.parametrize("text", ["a: [\n", "hosts: all\n", "- 1\n- [2]\n", ""])
def test_a_file_that_holds_no_play_has_no_commands(text: str, tmp_path: Path) -> None:
    (tmp_path / "playbook.yml").write_text(text, encoding="utf-8")
    assert CommandFile(tmp_path / "playbook.yml").entries == ()


UNIT = """\
[Service]
WorkingDirectory=/opt/shop
Environment="COMPOSE_PROJECT_NAME=shop" MODE=live
ExecStartPre=-/usr/bin/docker compose pull
ExecStart=/usr/bin/docker compose up
ExecStop=/usr/bin/docker compose down{}
"""


def test_what_stops_a_unit_runs_before_it_starts_again(tmp_path: Path) -> None:
    (found,) = codes(tmp_path, **{"shop.service": UNIT.format(" -v")})
    assert found[0] == "VF401"
    assert codes(tmp_path, **{"shop.service": UNIT.format("")}) == []


def test_the_fix_of_a_unit_changes_its_option_alone(tmp_path: Path) -> None:
    codes(tmp_path, **{"shop.service": UNIT.format(" -v")})
    volfix.plan(tmp_path, unsafe_fixes=True).write()
    assert (tmp_path / "shop.service").read_text() == UNIT.format("")


SCRIPT = "param($Tag)\nWrite-Host 'Deploying'\n{}\n& docker compose up -d\n"


@pytest.mark.parametrize(
    "command", ["docker compose down -v", "docker-compose.exe down --volumes", "& docker compose down -v"]
)
def test_docker_in_a_powershell_script_is_read(command: str, tmp_path: Path) -> None:
    found = codes(tmp_path, **{"deploy.ps1": SCRIPT.format(command)})
    assert [code for code, _ in found] == ["VF401"]


@pytest.mark.parametrize(
    "command", ["docker compose down", "Write-Host 'docker compose down -v'", "# docker compose down -v"]
)
def test_what_a_powershell_script_only_says_is_none(command: str, tmp_path: Path) -> None:
    assert codes(tmp_path, **{"deploy.ps1": SCRIPT.format(command)}) == []


def test_a_variable_of_powershell_is_not_known(tmp_path: Path) -> None:
    found = codes(tmp_path, **{"deploy.ps1": "docker compose -p shop-$env:BUILD_NUMBER up -d\n"})
    assert [code for code, _ in found] == ["VF308"]


@pytest.mark.parametrize("name", ["ansible/deploy.yml", "roles/db/tasks/main.yml", "site.yml", "shop.service", "a.ps1"])
def test_these_files_hold_commands(name: str) -> None:
    assert has_commands(f"/shop/{name}")


@pytest.mark.parametrize("name", ["tasks/main.yml", "roles/db/defaults/main.yml", "website.yml"])
def test_these_hold_none(name: str) -> None:
    assert not has_commands(f"/shop/{name}")


JENKINS = """\
pipeline {{
  agent any
  stages {{
    stage('Deploy') {{
      steps {{
        {}
        sh 'docker compose up -d'
      }}
    }}
  }}
}}
"""


@pytest.mark.parametrize(
    ("compose", "step", "code"),
    [
        (COMPOSE, "sh 'docker compose down -v'", "VF401"),
        (COMPOSE, "bat 'docker compose down -v'", "VF401"),
        (COMPOSE, "script { def name = 'shop'\n sh \"docker compose -p ${name} down -v\" }", "VF401"),
        (COMPOSE, 'sh "docker compose -p shop-${BUILD_NUMBER} up -d"', "VF308"),
        (BIND, "deleteDir()", "VF402"),
        (BIND, "cleanWs()", "VF402"),
        (BIND, "dir('state') { deleteDir() }", "VF402"),
        (BIND, "dir('state') { sh 'rm -rf db' }", "VF402"),
    ],
)
def test_what_a_stage_of_jenkins_deletes_is_found(compose: str, step: str, code: str, tmp_path: Path) -> None:
    assert [each for each, _ in codes(tmp_path, compose, Jenkinsfile=JENKINS.format(step))] == [code]


@pytest.mark.parametrize(
    "step",
    [
        "cleanWs(patterns: [[pattern: 'build/**', type: 'INCLUDE']])",
        "dir('build') { deleteDir() }",
        "// deleteDir()",
        "echo 'deleteDir()'",
        "dir('state') { sh 'rm -rf tmp' }",
    ],
)
def test_a_stage_that_leaves_the_data_is_none(step: str, tmp_path: Path) -> None:
    assert codes(tmp_path, BIND, Jenkinsfile=JENKINS.format(step)) == []
