"""Given a flow that copies a Compose file under another name, then the file that Compose reads there is the one."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix


def stack(volume: str) -> str:
    return (
        f"services:\n  db:\n    image: postgres:16\n    volumes: [{volume}:/var/lib/postgresql/data]\n"
        f"volumes:\n  {volume}:\n    driver: local\n"
    )


COMPOSE = (
    "community.docker.docker_compose_v2: {project_src: /srv/app, state: absent, remove_volumes: true}",
    "community.docker.docker_compose_v2: {project_src: /srv/app}",
)


def play(*copies: str) -> str:
    return "- hosts: web\n  tasks:\n" + "".join(f"    - {task}\n" for task in (*copies, *COMPOSE))


def role(*copies: str) -> str:
    return "".join(f"- {task}\n" for task in (*copies, *COMPOSE))


def copy(source: str, target: str = "/srv/app/docker-compose.yml", module: str = "ansible.builtin.copy") -> str:
    return f"{module}: {{src: {source}, dest: {target}}}"


DOWN_UP = "docker compose down -v && docker compose up -d"
PROD = {"compose.prod.yml": stack("live"), "compose.yml": stack("local")}
ROLE = {"roles/app/files/live.yml": stack("live"), "compose.yml": stack("local")}
CASES = {
    "Ansible's copy": ({**PROD, "site.yml": play(copy("compose.prod.yml"))}, ["app_live"]),
    "into a directory, under its name": ({**PROD, "site.yml": play(copy("compose.yml", "/srv/app/"))}, ["app_local"]),
    "the playbook's directory": (
        {**PROD, "site.yml": play(copy("'{{ playbook_dir }}/compose.prod.yml'"))},
        ["app_live"],
    ),
    "variables of the play": (
        {
            **PROD,
            "site.yml": play(copy("'{{ file }}'", "'{{ target }}/compose.yml'"))
            .replace(
                "  tasks",
                "  vars:\n    base: /srv\n    target: '{{ base }}/app'\n    file: '{{playbook_dir}}/compose.prod.yml'\n  tasks",
            )
            .replace("project_src: /srv/app", "project_src: '{{ target }}'"),
        },
        ["app_live"],
    ),
    "the role's files": ({**ROLE, "roles/app/tasks/main.yml": role(copy("live.yml"))}, ["app_live"]),
    "a template that is a Compose file": (
        {
            "roles/app/templates/live.yml": stack("live"),
            "roles/app/tasks/main.yml": role(copy("live.yml", module="template")),
        },
        ["app_live"],
    ),
    "the name that comes first counts": (
        {**PROD, "site.yml": play(copy("compose.yml"), copy("compose.prod.yml", "/srv/app/compose.yaml"))},
        ["app_live"],
    ),
    "another directory": (
        {**PROD, "site.yml": play(copy("compose.prod.yml", "/srv/other/compose.yml"))},
        ["app_local"],
    ),
    "scp": (
        {
            **PROD,
            "deploy.sh": f"scp compose.prod.yml ops@web:/srv/app/compose.yml\nssh ops@web 'cd /srv/app && {DOWN_UP}'\n",
        },
        ["app_live"],
    ),
    "scp, by the name": (
        {
            **PROD,
            "deploy.sh": "scp compose.prod.yml ops@web:/srv/app/stack.yml\n"
            "ssh ops@web 'cd /srv/app && docker compose -f stack.yml down -v && docker compose -f stack.yml up -d'\n",
        },
        ["app_live"],
    ),
    "cp on the machine itself": (
        {**PROD, "deploy.sh": f"cp compose.prod.yml /srv/app/compose.yml\ncd /srv/app\n{DOWN_UP}\n"},
        ["app_live"],
    ),
    "rsync": (
        {
            **PROD,
            "deploy.sh": f"rsync -a compose.prod.yml web:/srv/app/compose.yml\nssh web 'cd /srv/app && {DOWN_UP}'\n",
        },
        ["app_live"],
    ),
    "a copy behind the call": (
        {**PROD, "deploy.sh": f"ssh web 'cd /srv/app && {DOWN_UP}'\nscp compose.prod.yml web:/srv/app/compose.yml\n"},
        ["app_local"],
    ),
    "a template that is none": (
        {
            "compose.yml": stack("local"),
            "roles/app/templates/compose.yml.j2": stack("live").replace("16", "{{ version }}"),
            "roles/app/tasks/main.yml": role(copy("compose.yml.j2", module="template")),
        },
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_volumes_that_are_deleted_are_those_of_the_file_that_is_there(name: str, tmp_path: Path) -> None:
    files, volumes = CASES[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (finding,) = [each for each in volfix.plan(tmp_path).findings if each.code == "VF401"]
    expected = (
        f"this deletes volumes of the stack app: {', '.join(volumes)}"
        if volumes
        else "volfix cannot tell which stack this command is for"
    )
    assert expected in finding.evidence


def test_a_directory_that_only_the_inventory_knows_is_one_place_all_the_same(tmp_path: Path) -> None:
    text = play(copy("compose.prod.yml", "'{{ target }}/compose.yml'")).replace("/srv/app", "'{{ target }}'")
    for path, content in {**PROD, "site.yml": text}.items():
        (tmp_path / path).write_text(content)
    (finding,) = [each for each in volfix.plan(tmp_path).findings if each.code == "VF401"]
    assert any(line.endswith("_live") for line in finding.evidence)
