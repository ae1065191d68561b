"""What a flow makes for a while and takes away again is no loss; a name for cleaning hides no deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Finding, Severity

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: ['pg:/var/lib/postgresql/data']\nvolumes: {pg: }\n"
WIPES = "docker compose down -v\ndocker compose up -d\n"


def deletions(directory: Path, files: dict[str, str]) -> list[Finding]:
    for name, text in {"compose.yaml": COMPOSE, **files}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [each for each in volfix.plan(directory).findings if each.code == "VF401"]


def job(*commands: str) -> str:
    steps = "\n".join(f"          {command}" for command in commands)
    return f"on: push\njobs:\n  release:\n    runs-on: self-hosted\n    steps:\n      - run: |\n{steps}\n"


OWN = {
    "a volume of unknown name": ("docker volume create $cache", "build", "docker volume rm $cache"),
    "in braces, with --name": ('docker volume create --name "${CACHE}"', "build", 'docker volume rm -f "${CACHE}"'),
    "of a name put together": ("V=ci-$GITHUB_RUN_ID", "docker volume create $V", "docker volume rm $V"),
    "of the name that Docker gives": ("v=$(docker volume create)", "docker run -v $v:/w x", "docker volume rm $v"),
    "two of them": ("docker volume create $a", "docker volume create $b", "docker volume rm $a $b"),
    "a stack that -p names": (
        "docker compose -p smoke-$SHA up -d",
        "./smoke",
        "docker compose -p smoke-$SHA down -v",
    ),
    "with files of its own": (
        "docker compose -p once -f compose.yaml up -d",
        "docker compose -p once -f compose.yaml down --volumes",
    ),
    "with files of its own, in full": (
        "docker compose --project-name once --file compose.yaml up -d",
        "docker compose --project-name once --file compose.yaml down --volumes",
    ),
    "a stack for tests": ("docker compose -p test-$ID up -d", "docker compose -p test-$ID down -v"),
}


@pytest.mark.parametrize("commands", OWN.values(), ids=OWN)
def test_what_the_job_has_made_itself_may_go(commands: tuple[str, ...], tmp_path: Path) -> None:
    deploy = "docker compose up -d"
    assert not deletions(tmp_path / "workflow", {".github/workflows/a.yml": job(*commands, deploy)})
    assert not deletions(tmp_path / "script", {"deploy.sh": "\n".join((*commands, deploy, ""))})


OTHERS = {
    "made behind": ("docker volume rm $cache", "docker volume create $cache"),
    "another one": ("docker volume create $cache", "docker volume rm $data"),
    "another one, too": ("docker volume create $cache", "docker volume rm $cache $data"),
    "one that a container of the job mounts": ("docker run -v $data:/d x", "docker volume rm $data"),
    "of a name that the shell finds": ("docker volume create a", "docker volume rm $(docker volume ls -q)"),
    "of a name with more before it": ("docker volume rm keep-$(docker volume create)",),
    "the stack's own": ("docker volume create pg", "docker volume rm shop_pg"),
    "another -p": ("docker compose -p smoke up -d", "docker compose -p shop down -v"),
    "no -p": ("docker compose -p smoke up -d", "docker compose down -v"),
    "the -p of the deployment": (
        "docker compose -p a up -d",
        "docker compose -p a down -v",
        "docker compose -p a up -d",
    ),
}


@pytest.mark.parametrize("commands", OTHERS.values(), ids=OTHERS)
def test_what_was_there_before_is_lost(commands: tuple[str, ...], tmp_path: Path) -> None:
    assert deletions(tmp_path, {"deploy.sh": "\n".join((*commands, "docker compose up -d", ""))})


def test_the_only_stack_of_a_deployment_is_lost(tmp_path: Path) -> None:
    assert deletions(tmp_path, {"deploy.sh": "docker compose -p shop up -d\ndocker compose -p shop down -v\n"})


@pytest.mark.parametrize(
    "name", ["clean.sh", "docker-clean-start.sh", "cleanup_deploy.sh", "remove-old.sh", "prune.sh"]
)
def test_a_script_that_brings_the_stack_up_is_none_that_only_cleans(name: str, tmp_path: Path) -> None:
    assert len(deletions(tmp_path / "up", {name: WIPES})) == 1
    assert not deletions(tmp_path / "clean", {name: "docker compose down -v\n"})


@pytest.mark.parametrize("name", ["reset.sh", "wipe-all.sh", "destroy.sh", "recreate_db.sh", "restore.sh"])
def test_a_script_whose_name_says_that_it_begins_anew_is_asked_for(name: str, tmp_path: Path) -> None:
    assert not deletions(tmp_path / "up", {name: WIPES})
    assert not deletions(tmp_path / "down", {name: "docker compose down -v\n"})


@pytest.mark.parametrize("label", ["cleanup", "Clear and start", "prune"])
def test_a_job_that_brings_the_stack_up_is_a_deployment_whatever_its_name(label: str, tmp_path: Path) -> None:
    text = job("docker compose down -v", "docker compose up -d").replace(
        "    runs-on", f"    name: {label}\n    runs-on"
    )
    assert len(deletions(tmp_path / "up", {".github/workflows/a.yml": text})) == 1
    only = text.replace("          docker compose up -d\n", "")
    assert not deletions(tmp_path / "down", {".github/workflows/a.yml": only})


@pytest.mark.parametrize("target", ["clean", "clean-up", "teardown"])
def test_a_make_target_that_brings_the_stack_up(target: str, tmp_path: Path) -> None:
    makefile = f"{target}:\n\tdocker compose down -v\n\tdocker compose up -d\n"
    assert len(deletions(tmp_path / "up", {"Makefile": makefile})) == 1
    assert not deletions(tmp_path / "down", {"Makefile": makefile.replace("\tdocker compose up -d\n", "")})


PRUNED = {
    "after a down": ("docker compose down\ndocker volume prune -f\ndocker compose up -d\n", "after `down`", "error"),
    "after docker rm": (
        "docker rm -f shop-db-1\ndocker volume prune -af\ndocker compose up -d\n",
        "after `docker rm`",
        "error",
    ),
    "after docker container rm": (
        "docker container rm -f shop-db-1\ndocker volume prune -af\ndocker compose up -d\n",
        "after `docker container rm`",
        "error",
    ),
    "after docker stack rm": (
        "docker stack rm shop\ndocker volume prune -af\ndocker compose up -d\n",
        "after `docker stack rm`",
        "error",
    ),
    "after a prune of containers": (
        "docker container prune -f\ndocker volume prune -f\ndocker compose up -d\n",
        "has no containers at that time",
        "error",
    ),
    "nothing before": ("docker volume prune -af\ndocker compose up -d\n", "has no containers at that time", "error"),
    "a stack that is up": ("docker compose up -d\ndocker system prune -f --volumes\n", "runs at that time", "warning"),
    "that a prune leaves": (
        "docker compose up -d\ndocker container prune -f\ndocker volume prune -f\n",
        "runs at that time",
        "warning",
    ),
}


@pytest.mark.parametrize(("text", "words", "severity"), PRUNED.values(), ids=PRUNED)
def test_a_prune_says_what_makes_the_volumes_unused(text: str, words: str, severity: str, tmp_path: Path) -> None:
    (finding,) = deletions(tmp_path, {"deploy.sh": text})
    assert words in finding.evidence[1]
    assert finding.severity is Severity(severity)
    assert ("down" in finding.evidence[1]) == ("down" in text)


def test_a_script_that_only_starts_the_stack_prunes_nothing_of_it_behind(tmp_path: Path) -> None:
    assert not deletions(tmp_path / "a", {"start.sh": "docker compose up -d\ndocker volume prune -f\n"})
    behind = "docker compose up -d\ndocker compose down\ndocker volume prune -f\n"
    assert deletions(tmp_path / "b", {"start.sh": behind})


@pytest.mark.parametrize("command", ["docker volume prune -af", "docker volume rm -f $(docker volume ls -q)"])
def test_a_command_that_names_no_stack_is_about_those_of_its_flow(command: str, tmp_path: Path) -> None:
    deploy = f"docker compose -f a/compose.yaml down\n{command}\ndocker compose -f a/compose.yaml up -d\n"
    for name, text in {"a/compose.yaml": COMPOSE, "b/compose.yaml": COMPOSE, "deploy.sh": deploy}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    named = [
        project.files
        for project in volfix.plan(tmp_path).projects
        if any(item.finding.code == "VF401" for item in project.findings)
    ]
    assert named == [(tmp_path / "a" / "compose.yaml",)]
