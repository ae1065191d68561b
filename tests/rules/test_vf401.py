"""VF401: the option goes and nothing else, or the reason is said why it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

COMPOSE = (
    "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\n"
    "volumes: {rows: {driver: local}}\n"
)


def placed(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("docker compose down -v", "docker compose down"),
        ("docker compose down -v --remove-orphans", "docker compose down --remove-orphans"),
        ("docker compose   down    -v   || true", "docker compose   down   || true"),
        ("docker compose down \\\n  -v \\\n  --rmi all", "docker compose down \\\n  --rmi all"),
        ("docker compose rm -fsv", "docker compose rm -fs"),
        ("docker compose down -vt 1", "docker compose down -t 1"),
        ("docker system prune -a --volumes -f", "docker system prune -a -f"),
        ("docker compose up -d -V", "docker compose up -d"),
        (
            "sudo sh -c 'cd /x && docker compose down --volumes; ls -v'",
            "sudo sh -c 'cd /x && docker compose down; ls -v'",
        ),
        ("ssh h <<EOF\n\tdocker compose down -v # é\nEOF", "ssh h <<EOF\n\tdocker compose down # é\nEOF"),
        ("docker compose down -v; echo 'docker compose down -v'", "docker compose down; echo 'docker compose down -v'"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_option_goes_and_nothing_else(before: str, after: str, newline: str, tmp_path: Path) -> None:
    if newline == "\r\n" and "\\" in before + after:
        pytest.skip("a backslash before a carriage return continues no line")
    text = f"#!/bin/sh\n\n{before}\ndocker compose up -d  # down -v\n".replace("\n", newline)
    wanted = f"#!/bin/sh\n\n{after}\ndocker compose up -d  # down -v\n".replace("\n", newline)
    placed(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": text})
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=["VF401"])
    assert not [project.failure for project in plan.projects if project.failure]
    plan.write()
    assert (tmp_path / "deploy.sh").read_bytes().decode() == wanted
    assert (tmp_path / "compose.yaml").read_text() == COMPOSE


@pytest.mark.parametrize(
    "text",
    [
        "FLAGS=-v\ndocker compose down $FLAGS\n",
        "docker compose down '-v'\n",
        'DOWN="down -v"\ndocker compose $DOWN\n',
        "docker volume rm shop_rows && ./seed.sh\n",
        "docker volume prune -f | tee prune.log\n",
    ],
)
def test_what_is_not_written_in_the_command_itself_is_reported_without_a_fix(text: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": text + "docker compose up -d\n"})
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=["VF401"])
    (finding,) = plan.findings
    assert finding.fix is None
    assert finding.reason


@pytest.mark.parametrize(
    "command",
    [
        "docker volume prune -af",
        "docker volume prune --filter all=1 -f",
        "docker volume prune -f || true",
        "docker volume rm shop_rows",
        "echo y | docker volume prune",
        "sudo docker volume rm -f shop_rows 2>/dev/null",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_command_that_does_nothing_else_goes(command: str, newline: str, tmp_path: Path) -> None:
    text = f"#!/bin/sh\n\ndocker compose down\n{command}  # wipe\ndocker compose up -d\n".replace("\n", newline)
    placed(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": text})
    volfix.plan(tmp_path, select=["VF401"]).write()
    assert (tmp_path / "deploy.sh").read_bytes().decode() == text
    volfix.plan(tmp_path, unsafe_fixes=True, select=["VF401"]).write()
    wanted = "#!/bin/sh\n\ndocker compose down\ndocker compose up -d\n".replace("\n", newline)
    assert (tmp_path / "deploy.sh").read_bytes().decode() == wanted


TWO = "docker volume prune -af", "docker volume prune -f"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if [ -d x ]; then\n  {}\n  {}\nfi\n", "if [ -d x ]; then\n  :\nfi\n"),
        ("wipe() {{\n  {}\n  {}\n}}\nwipe\n", "wipe() {\n  :\n}\nwipe\n"),
        ("{}\n{}\n", ""),
    ],
)
def test_a_block_of_which_both_commands_go_stays_a_block(before: str, after: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": before.format(*TWO) + "docker compose up -d\n"})
    volfix.plan(tmp_path, unsafe_fixes=True, select=["VF401"]).write()
    assert (tmp_path / "deploy.sh").read_text() == after + "docker compose up -d\n"


def test_a_list_of_which_both_commands_would_go_is_left(tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": " && ".join(TWO) + "\ndocker compose up -d\n"})
    findings = volfix.plan(tmp_path, unsafe_fixes=True, select=["VF401"]).findings
    assert [(each.fix, each.reason) for each in findings] == [
        (None, "another command of the same list must be removed too")
    ] * 2


def test_a_finding_names_the_command_and_the_volume_that_goes(tmp_path: Path) -> None:
    text = "set -e\ncd app; sudo docker compose down --volumes && docker compose up -d\n"
    placed(tmp_path, {"app/compose.yaml": COMPOSE, "other/compose.yaml": COMPOSE, "deploy.sh": text})
    (finding,) = volfix.plan(tmp_path, select=["VF401"]).findings
    assert finding.location.path == tmp_path / "deploy.sh"
    assert (finding.location.line, finding.location.column) == (2, 14)
    assert "this deletes volumes of the stack app: app_rows" in finding.evidence
    assert "docker compose down --volumes" in finding.danger
    assert finding.service is None


def test_a_step_names_itself(tmp_path: Path) -> None:
    text = (
        "kind: pipeline\nname: a\nsteps:\n- name: ship\n  image: docker\n"
        "  commands: [docker compose down -v, docker compose up -d]\n"
    )
    placed(tmp_path, {"compose.yaml": COMPOSE, ".drone.yml": text})
    (finding,) = volfix.plan(tmp_path, select=["VF401"]).findings
    assert finding.step == "ship"
    assert (finding.location.line, finding.location.column) == (6, 14)


def test_a_repository_without_a_compose_file_is_a_project_of_its_own(tmp_path: Path) -> None:
    placed(tmp_path, {"deploy.sh": "docker compose down -v\ndocker compose up -d\n"})
    (project,) = volfix.plan(tmp_path, select=["VF401"]).projects
    assert project.files == (tmp_path / "deploy.sh",)
    assert [item.finding.code for item in project.findings] == ["VF401"]


def test_a_comment_keeps_a_command(tmp_path: Path) -> None:
    text = "# volfix: ignore[VF401] a demo\ndocker compose down -v\ndocker compose up -d\n"
    placed(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": text})
    assert not volfix.plan(tmp_path, select=["VF401"]).findings


def test_another_stacks_volume_is_no_finding(tmp_path: Path) -> None:
    text = "docker volume rm build-cache\ndocker compose up -d\n"
    placed(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": text})
    assert not volfix.plan(tmp_path, select=["VF401"]).findings


def test_two_commands_in_one_scalar_are_edited_together(tmp_path: Path) -> None:
    text = (
        "kind: pipeline\nsteps:\n- name: x\n  image: docker\n  commands:\n"
        "  - >-\n    docker compose down -v &&\n    docker compose up -V -d\n"
    )
    placed(tmp_path, {"compose.yaml": COMPOSE, ".drone.yml": text})
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=["VF401"])
    assert not [project.failure for project in plan.projects if project.failure]
    plan.write()
    assert (tmp_path / ".drone.yml").read_text() == text.replace(" -v", "").replace(" -V", "")


@pytest.mark.parametrize(
    "text", ["", "\0", "\xff", "#!/usr/bin/env python3\nprint('docker compose down -v')\n", "if [ docker down -v"]
)
def test_a_file_that_is_no_script_stops_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "deploy.sh").write_bytes(text.encode("latin-1"))
    placed(tmp_path, {"compose.yaml": COMPOSE})
    assert not volfix.plan(tmp_path, select=["VF4"]).findings


def test_what_somebody_asks_for_is_named_where_data_moves_into_a_volume(tmp_path: Path) -> None:
    bind = COMPOSE.replace("rows:/", "./pg:/")
    makefile = (
        "up:\n\tdocker compose up -d\nclean:\n\tdocker compose down -v\ntest:\n\tdocker compose -p test down -v\n"
    )
    placed(tmp_path, {"compose.yaml": bind, "Makefile": makefile})
    (finding,) = volfix.plan(tmp_path, select=["VF101", "VF401"]).findings
    assert finding.code == "VF101"
    (named,) = (line for line in finding.evidence if "clean" in line)
    assert named.startswith("Makefile:4: `docker compose down -v` in clean spares ./pg")


@pytest.mark.parametrize(
    "text",
    [
        'both() { docker compose down "$@"; docker run "$@" acme/tool; }\nboth -v\n',
        'each() { for i in "$@"; do :; done; docker compose rm -f "$@"; docker compose logs "$@"; }\neach -v\n',
    ],
)
def test_an_option_that_other_commands_get_too_stays(text: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": text + "docker compose up -d\n"})
    (finding,) = volfix.plan(tmp_path, unsafe_fixes=True, select=["VF401"]).findings
    assert finding.fix is None
    assert finding.reason == "other commands use this -v too"


def test_a_file_on_the_server_is_known_by_its_name(tmp_path: Path) -> None:
    text = "docker compose -f /srv/b/compose.prod.yaml down -v\ndocker compose -f /srv/b/compose.prod.yaml up -d\n"
    placed(tmp_path, {"a/compose.yaml": COMPOSE, "b/compose.prod.yaml": COMPOSE, "deploy.sh": text})
    found = {project.files[0].parent.name: project.findings for project in volfix.plan(tmp_path).projects}
    assert [each.finding.code for each in found["b"]] == ["VF401"]


ROWS = COMPOSE.replace("rows", "pgdata")
NAMED = {
    "the last part of the directory on the server": (
        "${DIR##*/}_pgdata",
        "this deletes volumes of the stack shop: blog_pgdata",
    ),
    "the directory's name": ("$(basename $DIR)_pgdata", "this deletes volumes of the stack shop: blog_pgdata"),
    "what stands before a dot": ("${HOST%%.*}_pgdata", "this deletes volumes of the stack shop: blog_pgdata"),
    "without the shortest end": ("${HOST%.example.org}_pgdata", "this deletes volumes of the stack shop: blog_pgdata"),
    "without the beginning": ("${DIR#/srv/}_pgdata", "this deletes volumes of the stack shop: blog_pgdata"),
    "a part replaced": ("${DIR/\\/srv\\//}_pgdata", "this deletes volumes of the stack shop: blog_pgdata"),
    "a part cut out": ("${DIR:5}_pgdata", "this deletes volumes of the stack shop: blog_pgdata"),
    "a default": ("${NAME:-blog}_pgdata", "this deletes volumes of the stack shop: blog_pgdata"),
    "a variable that nothing sets": ("${PROJECT}_pgdata", "this may delete volumes of the stack shop: shop_pgdata"),
    "its last part": ("${PROJECT##*/}_pgdata", "this may delete volumes of the stack shop: shop_pgdata"),
    "all of the name": ("$OLD", "this may delete volumes of the stack shop: shop_pgdata"),
    "what a command says": ("$(docker volume ls -q)", "this may delete volumes of the stack shop: shop_pgdata"),
    "the end of the name": ("blog_${KEY}", "this may delete volumes of the stack shop: shop_pgdata"),
}


def in_shop(root: Path, script: str) -> list[tuple[str, ...]]:
    root = placed(root / "shop", {"compose.yaml": ROWS, "deploy.sh": script})
    return [each.evidence for each in volfix.plan(root, select=["VF401"]).findings]


@pytest.mark.parametrize(("name", "says"), NAMED.values(), ids=NAMED)
def test_a_name_that_the_shell_puts_together(name: str, says: str, tmp_path: Path) -> None:
    script = f"DIR=/srv/blog\nHOST=blog.example.org\ncd $DIR\ndocker compose down\ndocker volume rm {name}\ndocker compose up -d\n"
    (evidence,) = in_shop(tmp_path, script)
    assert says in evidence


def test_a_name_that_cannot_be_one_of_the_stack(tmp_path: Path) -> None:
    assert not in_shop(tmp_path, "docker compose down\ndocker volume rm ${APP}_cache\ndocker compose up -d\n")


ANOTHER = {
    "cloned": "git clone https://example.org/other.git && cd other && docker compose down -v\n",
    "by its path": "git clone https://example.org/other.git\ndocker compose --project-directory other down -v\n",
    "in a subshell": "git clone https://example.org/other.git\n(cd other && docker compose down -v)\n",
    "unpacked": "tar xzf other.tgz\ncd other/stack\ndocker compose down -v\ncd ../..\n",
}


@pytest.mark.parametrize("script", ANOTHER.values(), ids=ANOTHER)
def test_a_directory_that_the_checkout_does_not_have_is_another_project(script: str, tmp_path: Path) -> None:
    (evidence,) = in_shop(tmp_path, script + "docker compose up -d\n")
    assert "volfix cannot tell which stack this command is for" in evidence


def test_a_directory_of_the_checkout_has_the_stack_above_it(tmp_path: Path) -> None:
    placed(tmp_path / "shop", {"tools/readme": ""})
    (evidence,) = in_shop(tmp_path, "cd tools && docker compose down -v && docker compose up -d\n")
    assert "this deletes volumes of the stack shop: shop_pgdata" in evidence
