"""Given a pipeline, what it deploys: with which daemon, under which name, from which files; or that it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.knowledge.systems import System
from volfix.project.ci.drone import SYSTEM as DRONE
from volfix.project.ci.drone_08 import SYSTEM as DRONE_08
from volfix.project.ci.load import load
from volfix.project.ci.pipeline import PipelineFile
from volfix.project.ci.woodpecker import SYSTEM as WOODPECKER
from volfix.project.compose.compose_file import NotForVolfix
from volfix.project.deployments.deployment import Checkout, Deployment, deployments
from volfix.syntax.source import FileProblem, Span

HEAD = "kind: pipeline\ntype: docker\nname: default\n"
SOCKET = "volumes: [{name: socket, host: {path: /var/run/docker.sock}}]\n"
MOUNT = "    volumes: [{name: socket, path: /var/run/docker.sock}]\n"


def drone(
    *commands: str, head: str = HEAD, mount: str = MOUNT, socket: str = SOCKET, image: str = "docker:27-cli"
) -> str:
    """A Drone pipeline with one step, `deploy`."""
    lines = "".join(f"    - {command}\n" for command in commands)
    return f"{head}steps:\n  - name: deploy\n    image: {image}\n{mount}    commands:\n{lines}{socket}"


def woodpecker(*commands: str, image: str = "docker:27-cli", more: str = "") -> str:
    lines = "".join(f"      - {command}\n" for command in commands)
    mount = "    volumes: [/var/run/docker.sock:/var/run/docker.sock]\n"
    return f"steps:\n  deploy:\n    image: {image}\n{mount}{more}    commands:\n{lines}"


def read(directory: Path, text: str, name: str = ".drone.yml") -> PipelineFile:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load(path)


def deployed(directory: Path, text: str, name: str = ".drone.yml", **files: str) -> list[Deployment]:
    root = directory / "shop"
    for path, content in {"compose.yaml": "services: {}\n", **files}.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")
    return list(deployments(read(root, text, name), Checkout(root)))


UP = "docker compose up -d"

DEPLOYS = [
    pytest.param(drone(UP), "host-socket", "src", ["/drone/src/compose.yaml"], id="the host's socket"),
    pytest.param(drone("docker-compose up -d"), "host-socket", "src", ["/drone/src/compose.yaml"], id="version 1"),
    pytest.param(drone(UP, mount="", socket=""), "none", "src", ["/drone/src/compose.yaml"], id="no socket"),
    pytest.param(drone(UP, mount=""), "none", "src", None, id="declared, not mounted"),
    pytest.param(drone(UP, socket=""), "none", "src", None, id="mounted, not declared"),
    pytest.param(
        drone(UP, socket="volumes: [{name: socket, temp: {}}]\n"), "none", "src", None, id="a temporary volume"
    ),
    pytest.param(drone(UP, socket="volumes: [{name: socket, path: /x}]\n"), "none", "src", None, id="no host path"),
    pytest.param(
        drone(UP, mount=MOUNT.replace("docker.sock", ""), socket=SOCKET.replace("docker.sock", "")),
        "host-socket",
        "src",
        None,
        id="all of /var/run",
    ),
    pytest.param(
        drone(UP, head=HEAD.replace("type: docker\n", "")), "host-socket", "src", None, id="docker by default"
    ),
    pytest.param(drone(UP, head=HEAD.replace("docker", "kubernetes")), "host-socket", "src", None, id="kubernetes"),
    pytest.param(drone(UP, head=HEAD.replace("docker", "exec"), mount=""), "exec", "src", None, id="the exec runner"),
    pytest.param(drone(UP, head=HEAD.replace("docker", "ssh"), mount=""), "ssh", "src", None, id="the ssh runner"),
    pytest.param(
        drone(UP, head=HEAD.replace("docker", "vm"), mount=""), "throw-away", "src", None, id="a machine a build"
    ),
    pytest.param(
        drone(UP, head=HEAD.replace("docker", "digitalocean"), mount=""), "throw-away", "src", None, id="digitalocean"
    ),
    pytest.param(
        drone(UP, mount="    environment: {DOCKER_HOST: 'tcp://docker:2375'}\n", socket="")
        + "services: [{name: docker, image: 'docker:dind', privileged: true}]\n",
        "dind",
        "src",
        None,
        id="a dind service by its address",
    ),
    pytest.param(
        drone(UP, mount="", socket="") + "services: [{name: docker, image: 'docker:27-dind'}]\n",
        "dind",
        "src",
        None,
        id="a dind service by a shared directory",
    ),
    pytest.param(
        drone(UP, mount="", socket="", image="docker:dind"), "none", "src", None, id="dind as the step's image"
    ),
    pytest.param(drone("dockerd &", UP, mount="", socket=""), "dind", "src", None, id="a daemon that the step starts"),
    pytest.param(
        drone(UP, mount="    environment: {DOCKER_HOST: 'ssh://deploy@web'}\n", socket=""),
        "remote",
        "src",
        None,
        id="DOCKER_HOST over ssh",
    ),
    pytest.param(
        drone(UP, mount="    environment: {DOCKER_HOST: {from_secret: host}}\n", socket=""),
        "remote",
        "src",
        None,
        id="DOCKER_HOST is a secret",
    ),
    pytest.param(
        drone(UP, head=HEAD + "environment: {DOCKER_HOST: 'tcp://10.0.0.2:2376'}\n", mount="", socket=""),
        "remote",
        "src",
        None,
        id="DOCKER_HOST of the pipeline",
    ),
    pytest.param(drone("export DOCKER_HOST=ssh://web", UP, mount=""), "remote", "src", None, id="DOCKER_HOST exported"),
    pytest.param(
        drone(f"DOCKER_HOST=ssh://web {UP}", mount=""), "remote", "src", None, id="DOCKER_HOST of the command"
    ),
    pytest.param(drone("docker -H tcp://web:2375 compose up -d", mount=""), "remote", "src", None, id="docker -H"),
    pytest.param(drone("docker --context prod compose up -d", mount=""), "remote", "src", None, id="a context"),
    pytest.param(drone("docker context use prod", UP, mount=""), "remote", "src", None, id="a context in use"),
    pytest.param(
        drone("export DOCKER_HOST=unix:///var/run/docker.sock", UP), "host-socket", "src", None, id="unix://, mounted"
    ),
    pytest.param(
        drone("export DOCKER_HOST=unix:///run/x.sock", UP), "none", "src", None, id="unix:// that nothing is mounted at"
    ),
    pytest.param(drone("ssh web 'cd /opt/shop && docker compose up -d'", mount=""), "ssh", "shop", [], id="ssh"),
    pytest.param(
        drone('ssh -i key -p 22 "$USER@$HOST" "docker compose -p x up -d"', mount=""),
        "ssh",
        "x",
        [],
        id="ssh with options",
    ),
    pytest.param(
        drone("|\n      ssh web <<EOF\n      cd /opt/shop\n      docker compose up -d\n      EOF"),
        "ssh",
        "shop",
        [],
        id="ssh with a here-document",
    ),
    pytest.param(
        HEAD + "steps:\n  - name: deploy\n    image: appleboy/drone-ssh\n    settings:\n      host: web\n"
        "      script: [cd /srv/shop, docker compose up -d]\n",
        "ssh",
        "shop",
        [],
        id="an ssh plugin",
    ),
    pytest.param(drone("docker compose -p Shop up -d"), "host-socket", "shop", None, id="-p"),
    pytest.param(drone("docker compose --project-name=shop up"), "host-socket", "shop", None, id="--project-name="),
    pytest.param(
        drone("docker-compose --project-name down up -d"), "host-socket", "down", None, id="a name like a verb"
    ),
    pytest.param(drone("docker compose -p $NAME up -d"), "host-socket", None, None, id="-p of unknown value"),
    pytest.param(
        drone("NAME=shop", "docker compose -p $NAME up -d"), "host-socket", "shop", None, id="-p of known value"
    ),
    pytest.param(
        drone("docker compose -p ${DRONE_REPO_NAME} up -d"),
        "host-socket",
        None,
        None,
        id="-p from the server's variables",
    ),
    pytest.param(
        drone("COMPOSE_PROJECT_NAME=shop docker compose up"), "host-socket", "shop", None, id="by the environment"
    ),
    pytest.param(drone("cd deploy", UP), "host-socket", "deploy", ["/drone/src/deploy/compose.yml"], id="cd"),
    pytest.param(drone("cd deploy && docker compose up -d"), "host-socket", "deploy", None, id="cd &&"),
    pytest.param(drone("(cd deploy && true)", UP), "host-socket", "src", None, id="cd in a subshell"),
    pytest.param(drone("pushd deploy", "popd", UP), "host-socket", "src", None, id="pushd and popd"),
    pytest.param(
        drone("cd empty", UP), "host-socket", "src", ["/drone/src/compose.yaml"], id="the file of a directory above"
    ),
    pytest.param(drone("cd $ELSEWHERE", UP), "host-socket", None, [], id="cd to an unknown place"),
    pytest.param(
        drone("docker compose -f deploy/compose.yml up -d"),
        "host-socket",
        "deploy",
        ["/drone/src/deploy/compose.yml"],
        id="-f in another directory",
    ),
    pytest.param(
        drone("docker compose --file=deploy/compose.yml up -d"),
        "host-socket",
        "deploy",
        ["/drone/src/deploy/compose.yml"],
        id="--file",
    ),
    pytest.param(
        drone("docker compose -f /drone/src/compose.yaml -f prod.yml up -d"),
        "host-socket",
        "src",
        ["/drone/src/compose.yaml", "/drone/src/prod.yml"],
        id="two -f",
    ),
    pytest.param(
        drone("docker compose --project-directory /opt/a up"), "host-socket", "a", None, id="--project-directory"
    ),
    pytest.param(drone("docker compose --workdir /opt/a up"), "host-socket", "a", None, id="its older name"),
    *(
        pytest.param(drone(f"{words} up -d"), "remote", "src", None, id=words)
        for words in (
            "docker -H tcp://h.example.org:2375 compose",
            "docker --host=ssh://h compose",
            "docker-compose -H h:2375",
            "docker-compose --host ssh://h",
            "docker -c far compose",
            "docker --context far compose",
        )
    ),
    pytest.param(
        drone("export COMPOSE_FILE=compose.yaml:prod.yml", UP),
        "host-socket",
        "src",
        ["/drone/src/compose.yaml", "/drone/src/prod.yml"],
        id="COMPOSE_FILE",
    ),
    pytest.param(
        drone("docker compose -f $FILE up -d"), "host-socket", None, [], id="-f with a file that is not known"
    ),
    pytest.param(
        drone(UP, "cd empty && docker compose -f x.yml down"), "host-socket", "src", None, id="down elsewhere"
    ),
    pytest.param(drone("sh -c 'docker compose up -d'"), "host-socket", "src", None, id="sh -c"),
    pytest.param(drone("bash -lc 'cd deploy && docker compose up -d'"), "host-socket", "deploy", None, id="bash -lc"),
    pytest.param(drone("sudo -E docker compose up -d"), "host-socket", "src", None, id="sudo"),
    pytest.param(drone("env A=b timeout 60 docker compose up -d"), "host-socket", "src", None, id="env and timeout"),
    pytest.param(drone("./deploy.sh"), "host-socket", "src", None, id="a script"),
    pytest.param(drone("sh deploy.sh"), "host-socket", "src", None, id="a script for a shell"),
    pytest.param(drone("/bin/bash /drone/src/deploy.sh"), "host-socket", "src", None, id="a script by its path"),
    pytest.param(drone("make deploy"), "host-socket", "src", ["/drone/src/compose.yaml"], id="a make target"),
    pytest.param(drone("make"), "host-socket", "src", None, id="a Makefile's first target, which needs another"),
    pytest.param(
        drone("cd deploy && make -C .. deploy"), "host-socket", "src", ["/drone/src/compose.yaml"], id="make -C"
    ),
    pytest.param(drone("npm run deploy"), "host-socket", "src", None, id="an npm script"),
    pytest.param(
        drone('|\n      if [ -n "$X" ]; then\n        docker compose up -d\n      fi'),
        "host-socket",
        "src",
        None,
        id="if",
    ),
    pytest.param(drone("docker compose up -d || true"), "host-socket", "src", None, id="|| true"),
    pytest.param(drone(UP, "docker compose down", UP), "host-socket", "src", None, id="down between"),
    pytest.param(drone("docker compose down", UP), "host-socket", "src", None, id="down before"),
    pytest.param(
        drone(UP, head=HEAD + "workspace: {path: /drone/src/shop}\n"),
        "host-socket",
        "shop",
        None,
        id="another workspace",
    ),
    pytest.param(
        drone(UP, head=HEAD + "workspace: {base: /go, path: src/shop}\n"),
        "host-socket",
        "shop",
        None,
        id="base and path",
    ),
    pytest.param(
        drone(UP, head=HEAD + "trigger: {event: [push, pull_request]}\n"),
        "host-socket",
        "src",
        None,
        id="also pull requests",
    ),
]


@pytest.mark.parametrize(("text", "target", "project", "files"), DEPLOYS)
def test_a_drone_pipeline_deploys(
    text: str, target: str, project: str | None, files: list[str] | None, tmp_path: Path
) -> None:
    (tmp_path / "shop" / "empty").mkdir(parents=True)
    script = "#!/bin/sh\nset -e\ndocker compose up -d\n"
    beside = {
        "deploy/compose.yml": "services: {}\n",
        "deploy.sh": script,
        "prod.yml": "",
        "Makefile": "UP := up -d\nall: deploy\ndeploy:\n\t@cd . && \\\n\t\tdocker compose $(UP)\n",
        "package.json": '{"scripts": {"deploy": "docker compose up -d"}}',
    }
    found = deployed(tmp_path, text, **beside)
    last = found[-1]
    assert (last.target, last.project, last.is_test, last.step_name) == (target, project, False, "deploy")
    assert files is None or list(last.files) == files


NOT_DEPLOYS = [
    pytest.param(drone("docker compose build"), id="build"),
    pytest.param(drone("docker compose run --rm app pytest"), id="run"),
    pytest.param(drone("docker compose config > x.yml", "docker stack deploy -c x.yml shop"), id="swarm"),
    pytest.param(drone("echo docker compose up -d"), id="echo"),
    pytest.param(drone("'# docker compose up -d'"), id="a comment"),
    pytest.param(drone("docker compose --help"), id="help"),
    pytest.param(drone("docker compose up --help"), id="help for the verb"),
    pytest.param(drone("docker compose up --no-start"), id="containers that are made and not started"),
    pytest.param(drone("up -d"), id="no program"),
    pytest.param(drone("docker compose logs up"), id="a service called up"),
    pytest.param(drone("./missing.sh"), id="a script that is not there"),
    pytest.param(drone("python deploy.py"), id="a program"),
    pytest.param(
        drone(UP, socket="").replace("    commands", "    when: {}\n    command"), id="commands by another name"
    ),
]


@pytest.mark.parametrize("text", NOT_DEPLOYS)
def test_a_pipeline_does_not_deploy(text: str, tmp_path: Path) -> None:
    assert deployed(tmp_path, text, **{"deploy.py": "import os\n"}) == []


TESTS = [
    pytest.param(drone("docker compose -f docker-compose.test.yml up -d"), id="the file's name"),
    pytest.param(drone("docker compose -f compose.ci.yaml up -d"), id="ci"),
    pytest.param(drone("docker compose up --abort-on-container-exit"), id="until a container ends"),
    pytest.param(drone("docker compose up --exit-code-from=app"), id="with its exit status"),
    pytest.param(drone(UP, head=HEAD + "trigger: {event: pull_request}\n"), id="pull requests"),
    pytest.param(drone(UP, head=HEAD + "trigger: {event: {include: [pull_request]}}\n"), id="pull requests, included"),
    pytest.param(drone(UP, mount="    when: {event: [pull_request]}\n" + MOUNT), id="a step for pull requests"),
    pytest.param(drone(UP, "sleep 10", "docker compose down"), id="down behind it"),
    pytest.param(
        drone("docker compose -f /drone/src/compose.yaml up", "cd / && docker compose -f /drone/src/compose.yaml down"),
        id="down of the same files",
    ),
    pytest.param(drone("docker compose -p a up -d", "docker compose -p a down -v"), id="down -v behind it"),
    pytest.param(
        drone(UP).replace(SOCKET, "  - name: down\n    image: docker\n    commands: [docker compose down]\n" + SOCKET),
        id="down in a later step",
    ),
]


@pytest.mark.parametrize("text", TESTS)
def test_a_test_is_no_deployment(text: str, tmp_path: Path) -> None:
    assert [deployment.is_test for deployment in deployed(tmp_path, text)] == [True]


NAMES = {
    "docker compose up -d": "dot",
    "docker compose --env-file prod.env up -d": "prod",
    "docker compose --env-file .env --env-file prod.env up -d": "prod",
    "docker compose --env-file prod.env --env-file x.env up -d": "prod",
    "docker compose --env-file x.env up -d": "src",
    "COMPOSE_PROJECT_NAME=own docker compose --env-file prod.env up -d": "own",
    "COMPOSE_PROJECT_NAME=own docker compose -p option up -d": "option",
}


@pytest.mark.parametrize(("signal", "number"), [("EXIT", 1), ("ERR", 0), ("INT", 0)])
def test_a_trap_deploys_where_it_runs_at_the_end_in_any_case(signal: str, number: int, tmp_path: Path) -> None:
    assert len(deployed(tmp_path, drone(f"trap 'docker compose up -d' {signal}", "make migrate"))) == number


def test_commands_that_are_no_shell_are_remembered(tmp_path: Path) -> None:
    unread: dict[tuple[Path, int], Span] = {}
    file = read(tmp_path, drone("docker compose up -d", "echo $(("))
    assert len(list(deployments(file, Checkout(tmp_path), unread))) == 1
    assert [path.name for path, _ in unread] == [".drone.yml"]


@pytest.mark.parametrize("command", NAMES)
def test_an_env_file_names_the_project(command: str, tmp_path: Path) -> None:
    beside = {".env": "COMPOSE_PROJECT_NAME=dot\n", "prod.env": "A=b\nexport COMPOSE_PROJECT_NAME = 'Prod' # name\n"}
    assert [found.project for found in deployed(tmp_path, drone(command), **beside)] == [NAMES[command]]


OLDER = [
    pytest.param(woodpecker(UP), ".woodpecker.yml", WOODPECKER, "host-socket", "shop", id="a map of steps"),
    pytest.param(
        woodpecker(UP).replace("steps:\n  deploy:\n    image", "steps:\n  - name: deploy\n    image"),
        ".woodpecker/deploy.yaml",
        WOODPECKER,
        "host-socket",
        "shop",
        id="a list of steps",
    ),
    pytest.param(
        woodpecker(UP).replace("steps:", "when: {event: push}\npipeline:"),
        ".drone.yml",
        WOODPECKER,
        "host-socket",
        "shop",
        id="`pipeline:` with `when:` is Woodpecker's whatever the file's name",
    ),
    pytest.param(
        "kind: pipeline\n" + woodpecker(UP), ".woodpecker.yml", WOODPECKER, "host-socket", "shop", id="kind, too"
    ),
    pytest.param(
        woodpecker(UP).replace("steps:", "pipeline:"), ".drone.yml", DRONE_08, "host-socket", "shop", id="Drone 0.8"
    ),
    pytest.param(
        woodpecker(UP).replace("steps:", "workspace: {base: /drone, path: src/a/b}\npipeline:"),
        ".drone.yml",
        DRONE_08,
        "host-socket",
        "b",
        id="a workspace of its own",
    ),
    pytest.param(
        woodpecker(UP, image="bash"), ".woodpecker.yml", WOODPECKER, "exec", "workspace", id="the local backend"
    ),
    pytest.param(
        woodpecker(UP, more="    environment: [DOCKER_HOST=ssh://web]\n"),
        ".woodpecker.yml",
        WOODPECKER,
        "remote",
        "shop",
        id="environment as a list",
    ),
    pytest.param(
        "pipeline:\n  deploy:\n    image: appleboy/drone-ssh\n    host: web\n    script:\n      - cd /opt/x\n      - "
        + UP
        + "\n",
        ".drone.yml",
        DRONE_08,
        "ssh",
        "x",
        id="an ssh plugin without settings",
    ),
    pytest.param(drone(UP), ".woodpecker.yml", DRONE, "host-socket", "src", id="Drone's text in Woodpecker's file"),
]


@pytest.mark.parametrize(("text", "name", "system", "target", "project"), OLDER)
def test_systems_are_told_apart(
    text: str, name: str, system: System, target: str, project: str, tmp_path: Path
) -> None:
    (found,) = deployed(tmp_path, text, name)
    assert (found.file.system, found.target, found.project) == (system, target, project)
    assert found.file.is_editable == (system == DRONE)


class TestDocuments:
    """Drone splits a file by lines, before YAML."""

    def test_each_document_is_a_pipeline_and_names_its_steps(self, tmp_path: Path) -> None:
        text = drone(UP) + "---\n" + drone(UP, head=HEAD.replace("default", "second"))
        found = deployed(tmp_path, text)
        assert [deployment.step_name for deployment in found] == ["default/deploy", "second/deploy"]

    def test_places_are_those_of_the_whole_file(self, tmp_path: Path) -> None:
        text = "---\n" + drone("true") + "---\n" + drone(UP)
        (found,) = deployed(tmp_path, text)
        span = found.command.origin
        assert found.file.source.text[span.start : span.end] == UP
        assert found.file.source.place(span.start)[0] == text[: text.index(UP)].count("\n") + 1

    def test_anchors_do_not_cross_documents(self, tmp_path: Path) -> None:
        with pytest.raises(FileProblem, match="no anchor"):
            read(tmp_path, HEAD + "steps: &s []\n---\n" + HEAD + "steps: *s\n")

    def test_the_first_line_of_dots_ends_the_file(self, tmp_path: Path) -> None:
        assert len(read(tmp_path, drone(UP) + "...\n---\n" + drone(UP)).pipelines) == 1

    def test_dashes_with_text_behind_them_separate_too(self, tmp_path: Path) -> None:
        assert len(read(tmp_path, drone(UP) + "--- # the other one\n" + drone(UP)).pipelines) == 2

    def test_crlf_and_no_final_newline(self, tmp_path: Path) -> None:
        text = (drone("true") + "---\n" + drone(UP, socket="")).replace("\n", "\r\n").rstrip()
        (found,) = deployed(tmp_path, text)
        assert found.step_name == "default/deploy"

    def test_other_kinds_are_left_alone(self, tmp_path: Path) -> None:
        others = "---\nkind: secret\nname: a\ndata: x\n---\nkind: cron\nname: c\n---\nkind: unheard-of\n"
        found = read(tmp_path, drone(UP) + others)
        assert (len(found.pipelines), len(found.documents), found.signed) == (1, 4, False)

    def test_a_signature_is_seen(self, tmp_path: Path) -> None:
        assert read(tmp_path, drone(UP) + "---\nkind: signature\nhmac: 0\n").signed

    def test_volumes_belong_to_one_pipeline(self, tmp_path: Path) -> None:
        text = drone(UP) + "---\n" + drone(UP, head=HEAD.replace("default", "second"), socket="")
        assert [deployment.target for deployment in deployed(tmp_path, text)] == ["host-socket", "none"]


class TestSubstitution:
    """`${...}` is replaced before the shell sees it, `$NAME` is not."""

    def test_a_name_that_the_server_does_not_know_is_empty(self, tmp_path: Path) -> None:
        (found,) = deployed(tmp_path, drone("docker compose ${NOTHING} up -d"))
        assert (found.call.verb, found.project) == ("up", "src")

    def test_a_default_takes_its_place(self, tmp_path: Path) -> None:
        (found,) = deployed(tmp_path, drone("docker compose -p ${NAME:-shop} up -d"))
        assert found.project == "shop"

    def test_two_dollars_leave_it_to_the_shell(self, tmp_path: Path) -> None:
        (found,) = deployed(tmp_path, drone("NAME=web", "docker compose -p $${NAME} up -d"))
        assert found.project == "web"


class TestNotForVolfix:
    @pytest.mark.parametrize(
        ("name", "text", "reason"),
        [
            (".drone.jsonnet", "{kind: 'pipeline'}", "Jsonnet"),
            (".drone.star", "def main(ctx):\n  return {}\n", "Starlark"),
            (".drone.yml.sig", "eyJhbGciOiJIUzI1NiJ9", "signature"),
            (".drone.yml", "kind: template\nload: deploy.yaml\ndata: {}\n", "template"),
            (".drone.yml", "build:\n  image: golang\n  commands: [make]\n", "0.4"),
            (".drone.yml", "kind: secret\nname: x\n", "no pipeline"),
            (".drone.yml", "kind: pipeline\n{% if x %}\nsteps: []\n{% endif %}\n", "template"),
            (".drone.yml", "- a\n- b\n", "not a mapping"),
            (".woodpecker.yml", "labels: {}\n", "no steps"),
        ],
    )
    def test_it_is_named_in_one_line(self, name: str, text: str, reason: str, tmp_path: Path) -> None:
        with pytest.raises(NotForVolfix, match=reason) as raised:
            read(tmp_path, text, name)
        assert "\n" not in str(raised.value)

    @pytest.mark.parametrize("text", [HEAD + "steps:\n\t- a\n", HEAD + "steps: [\n", drone(UP) + "---\n* * *\n"])
    def test_what_is_broken_is_an_error(self, text: str, tmp_path: Path) -> None:
        with pytest.raises(FileProblem):
            read(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD + "steps:\n",
        HEAD + "steps: text\n",
        HEAD + "steps: [text, [list], {image: x}]\n",
        HEAD + "steps: [{name: [a], commands: {a: b}, volumes: x, environment: 1, when: [1]}]\nvolumes: {a: b}\n",
        HEAD + "workspace: x\nclone: y\ntrigger: z\nservices: 1\nsteps: []\n",
        HEAD
        + "steps: [{name: a, commands: ['$(', \"'\", 'cd', 'docker compose', 'ssh', 'sh -c', '.', 'env', 'popd']}]\n",
        HEAD + "steps: [{name: a, commands: [up, ~, 3, true, {a: b}]}]\n",
    ],
)
def test_odd_shapes_are_no_deployments(text: str, tmp_path: Path) -> None:
    assert deployed(tmp_path, text) == []


def test_a_script_that_calls_itself_ends(tmp_path: Path) -> None:
    assert deployed(tmp_path, drone("sh a.sh"), **{"a.sh": "sh a.sh\nsh a.sh\n"}) == []


def test_scripts_that_call_each_other_end_soon(tmp_path: Path) -> None:
    lines = "sh a.sh\nsh b.sh\n" * 200
    assert (
        deployed(tmp_path, drone("sh a.sh"), **{"a.sh": lines, "b.sh": "f() {\n" + "f\n" * 200 + "}\nf\n" + lines})
        == []
    )


def test_a_script_outside_the_repository_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "deploy.sh").write_text("docker compose up -d\n", encoding="utf-8")
    assert deployed(tmp_path, drone("sh ../deploy.sh")) == []


def test_steps_of_drone_08_that_share_a_name_all_run_in_order(tmp_path: Path) -> None:
    step = "  deploy:\n    image: docker\n    commands: [{}]\n"
    texts = ["docker compose pull", "docker compose down", UP]
    file = read(tmp_path, "pipeline:\n" + "".join(map(step.format, texts)))
    assert file.system is DRONE_08
    assert [text.text for each in file.pipelines[0].steps for text in each.commands] == texts


def test_services_of_drone_08_that_share_a_name_are_all_there(tmp_path: Path) -> None:
    service = "  db:\n    image: {}\n"
    services = "".join(map(service.format, ("postgres", "docker:dind")))
    file = read(tmp_path, f"pipeline:\n  deploy:\n    image: docker\n    commands: [{UP}]\nservices:\n{services}")
    assert [each.image for each in file.pipelines[0].services] == ["postgres", "docker:dind"]


@pytest.mark.parametrize("repeated", ["    image: a\n    image: b\n", "    commands: [a]\n    commands: [b]\n"])
def test_any_other_key_that_stands_twice_is_a_mistake(repeated: str, tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="twice in this mapping"):
        read(tmp_path, f"pipeline:\n  deploy:\n{repeated}")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/drone/src", "."),
        ("/drone/src/compose.yaml", "compose.yaml"),
        ("/drone/src-old/compose.yaml", None),
        ("/drone", None),
        ("/srv/compose.yaml", None),
    ],
)
def test_a_path_below_the_workspace_is_one_of_the_repository(path: str, place: str | None, tmp_path: Path) -> None:
    (pipeline,) = read(tmp_path, drone(UP)).pipelines
    assert Checkout(tmp_path).find(pipeline, path) == (None if place is None else tmp_path / place)
