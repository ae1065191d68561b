"""Pipelines as people write them: the deployment that is understood (step, daemon, project) and what is found in it.

The stack keeps PostgreSQL in the volume `rows`, so that whatever is found is about the pipeline and its commands.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.project.ci.load import load
from volfix.project.deployments.deployment import Checkout, deployments

STACK = (
    "services:\n  db:\n    image: postgres:16\n    volumes:\n      - rows:/var/lib/postgresql/data\n"
    "volumes:\n  rows:\n    driver: local\n"
)
BOUND = "services:\n  app:\n    build: .\n    volumes:\n      - ./uploads:/app/uploads\n"
UP = "docker compose up -d"
NAMED = "docker compose -p shop up -d"
SOCKET = "    volumes:\n      - name: sock\n        path: /var/run/docker.sock\n"
DECLARED = "volumes:\n  - name: sock\n    host:\n      path: /var/run/docker.sock\n"
DIND = "services:\n  - name: docker\n    image: docker:27-dind\n    privileged: true\n"


def drone(
    *commands: str, kind: str = "docker", image: str = "docker:27-cli", step: str = SOCKET, tail: str = DECLARED
) -> str:
    """A pipeline of Drone 1 with one step, `deploy`; `step` are more lines of it, `tail` of the pipeline."""
    lines = "".join(f"      - {command}\n" for command in commands)
    image = f"    image: {image}\n" if kind in ("docker", "kubernetes") else ""
    return (
        f"kind: pipeline\ntype: {kind}\nname: main\nsteps:\n  - name: deploy\n{image}{step}    commands:\n{lines}{tail}"
    )


def plugin(image: str, settings: str, more: str = "") -> str:
    """A pipeline of Drone 1 with one plugin, `deploy`."""
    lines = "".join(f"      {line}\n" for line in settings.splitlines())
    return f"kind: pipeline\nname: main\nsteps:\n  - name: deploy\n    image: {image}\n    settings:\n{lines}{more}"


def older(*commands: str, image: str = "docker:27-cli", key: str = "pipeline", more: str = "") -> str:
    """Drone 0.8, or Woodpecker with `steps`: a map of steps, volumes as strings."""
    lines = "".join(f"      - {command}\n" for command in commands)
    socket = "    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n"
    return f"{key}:\n  deploy:\n    image: {image}\n{socket}{more}    commands:\n{lines}"


def woodpecker(*commands: str, image: str = "docker:27-cli", more: str = "") -> str:
    return older(*commands, image=image, key="steps", more=more)


SSH = "appleboy/drone-ssh"
HOST = "host: web\nusername: app\n"
NONE: list[str] = []
CASES = [
    # Drone 1, docker runner
    ("the host's socket, no name", drone(UP), ("host-socket", "src"), ["VF303"]),
    ("the host's socket, -p", drone(NAMED), ("host-socket", "shop"), NONE),
    (
        "a name in the step",
        drone(UP, step=SOCKET + "    environment:\n      COMPOSE_PROJECT_NAME: shop\n"),
        ("host-socket", "shop"),
        NONE,
    ),
    ("a name exported", drone("export COMPOSE_PROJECT_NAME=shop", UP), ("host-socket", "shop"), NONE),
    (
        "a name of the pipeline",
        drone(UP, tail=DECLARED + "environment:\n  COMPOSE_PROJECT_NAME: shop\n"),
        ("host-socket", "shop"),
        NONE,
    ),
    (
        "a name that only the server knows",
        drone("docker compose -p ${DRONE_REPO_NAME} up -d"),
        ("host-socket", None),
        NONE,
    ),
    (
        "`${...}` that the server does not know is empty",
        drone("docker compose ${FLAGS} up -d"),
        ("host-socket", "src"),
        ["VF303"],
    ),
    ("the name `src` by intent", drone("docker compose -p src up -d"), ("host-socket", "src"), NONE),
    (
        "a workspace of its own",
        drone(NAMED.replace("-p shop ", ""), tail=DECLARED + "workspace:\n  path: /drone/src/shop\n"),
        ("host-socket", "shop"),
        NONE,
    ),
    (
        "a workspace elsewhere that is called like everybody's",
        drone(NAMED.replace("-p shop ", ""), tail=DECLARED + "workspace:\n  path: /srv/drone/src\n"),
        ("host-socket", "src"),
        ["VF303"],
    ),
    ("no socket", drone(NAMED, step="", tail=""), ("none", "shop"), ["VF301"]),
    ("no socket, no name", drone(UP, step="", tail=""), ("none", "src"), ["VF301", "VF303"]),
    ("mounted, not declared", drone(NAMED, tail=""), ("none", "shop"), ["VF305"]),
    ("declared, not mounted", drone(NAMED, step=""), ("none", "shop"), ["VF305"]),
    ("declared without what it is", drone(NAMED, tail="volumes:\n  - name: sock\n"), ("none", "shop"), ["VF305"]),
    (
        "declared as a temporary directory",
        drone(NAMED, tail="volumes:\n  - name: sock\n    temp: {}\n"),
        ("none", "shop"),
        ["VF301"],
    ),
    ("mounted elsewhere", drone(NAMED, step=SOCKET.replace("/var/run", "/tmp")), ("none", "shop"), ["VF305"]),
    (
        "all of /run",
        drone(NAMED, step=SOCKET.replace("/docker.sock", ""), tail=DECLARED.replace("/docker.sock", "")),
        ("host-socket", "shop"),
        NONE,
    ),
    (
        "docker/compose without the plugin",
        drone(NAMED, image="docker/compose:1.29.2"),
        ("host-socket", "shop"),
        ["VF307"],
    ),
    (
        "docker/compose as it is",
        drone("docker-compose -p shop up -d", image="docker/compose:1.29.2"),
        ("host-socket", "shop"),
        NONE,
    ),
    ("an image without Docker", drone(NAMED, image="alpine:3.20"), ("host-socket", "shop"), ["VF307"]),
    (
        "Compose is installed first",
        drone("apk add docker-cli docker-cli-compose", NAMED, image="alpine:3.20"),
        ("host-socket", "shop"),
        NONE,
    ),
    ("an image of somebody's", drone(NAMED, image="registry.example.com/tools:1"), ("host-socket", "shop"), NONE),
    (
        "two pipelines, one deploys",
        drone("make test", step="", tail="") + "---\n" + drone(NAMED).replace("main", "cd"),
        ("host-socket", "shop"),
        NONE,
    ),
    (
        "a secret document behind it",
        drone(NAMED) + "---\nkind: secret\nname: key\nget: {path: a, name: b}\n",
        ("host-socket", "shop"),
        NONE,
    ),
    ("what is behind the end is not read", drone(NAMED) + "...\n: [\n", ("host-socket", "shop"), NONE),
    (
        "an anchor",
        drone(NAMED, step="    volumes: &v\n      - name: sock\n        path: /var/run/docker.sock\n"),
        ("host-socket", "shop"),
        NONE,
    ),
    (
        "the clone is off, and a step clones",
        drone("git clone $DRONE_GIT_HTTP_URL .", NAMED, tail=DECLARED + "clone:\n  disable: true\n"),
        ("host-socket", "shop"),
        NONE,
    ),
    (
        "detached from a here-document",
        drone("|\n        docker compose -p shop -f - up -d <<EOF\n        services: {}\n        EOF"),
        ("host-socket", "shop"),
        NONE,
    ),
    ("a Swarm stack is no Compose project", drone("docker stack deploy -c compose.yaml shop"), None, ["VF310"]),
    ("only built", drone("docker compose build", "docker compose push"), None, NONE),
    # what deletes
    ("down -v before up", drone("docker compose -p shop down -v", NAMED), ("host-socket", "shop"), ["VF401"]),
    (
        "down in one step, up in the next",
        drone(
            "docker compose -p shop down -v --rmi all",
            tail="  - name: up\n    image: docker:27-cli\n" + SOCKET + f"    commands: [{NAMED}]\n" + DECLARED,
        ),
        ("host-socket", "shop"),
        ["VF401"],
    ),
    (
        "a prune between",
        drone("docker compose -p shop down", "docker volume prune -f", NAMED),
        ("host-socket", "shop"),
        ["VF401"],
    ),
    ("in a make target", drone("make deploy"), ("host-socket", "shop"), ["VF401"]),
    ("in a script", drone("sh ops/deploy.sh"), ("host-socket", "shop"), ["VF401"]),
    (
        "in a shell in a shell",
        drone("""sh -c "docker compose -p shop down -v && docker compose -p shop up -d" """),
        ("host-socket", "shop"),
        ["VF401"],
    ),
    (
        "git clean in a container: what the stack has is on the host",
        drone("git clean -ffdx", NAMED),
        ("host-socket", "shop"),
        NONE,
    ),
    (
        "git clean on the host itself",
        drone("git clean -ffdx", NAMED, kind="exec", step="", tail=""),
        ("exec", "shop"),
        ["VF309", "VF402"],
    ),
    (
        "git clean in a directory of the host",
        drone(
            "cd /srv/shop",
            "git clean -ffdx",
            NAMED,
            step=SOCKET + "      - name: srv\n        path: /srv\n",
            tail=DECLARED + "  - name: srv\n    host:\n      path: /srv\n",
        ),
        ("host-socket", "shop"),
        ["VF402"],
    ),
    (
        "a rollback where something failed",
        drone(
            NAMED,
            tail="  - name: rollback\n    image: docker:27-cli\n"
            + SOCKET
            + "    commands: [docker compose -p shop down -v]\n    when:\n      status: [failure]\n"
            + DECLARED,
        ),
        ("host-socket", "shop"),
        ["VF401"],
    ),
    ("a function in a script that another one reads", drone("./ops/release.sh"), ("host-socket", "shop"), ["VF401"]),
    (
        "a name in an env file that the call names",
        drone("docker compose --env-file ops/prod.env up -d"),
        ("host-socket", "shop"),
        NONE,
    ),
    (
        "a test in a pipeline of its own",
        drone("docker compose -p shop up -d", "docker compose -p shop down -v").replace("deploy", "test", 1)
        + f"---\n{drone(NAMED)}".replace("main", "cd"),
        ("host-socket", "shop"),
        NONE,
    ),
    (
        "a test takes the stack down that is deployed next",
        drone(
            NAMED,
            "docker compose -p shop down -v",
            tail="  - name: deploy\n    image: docker:27-cli\n" + SOCKET + f"    commands: [{NAMED}]\n" + DECLARED,
        ).replace("deploy", "test", 1),
        ("host-socket", "shop"),
        ["VF401"],
    ),
    ("a pull without --delete", drone("git pull", "git reset --hard", NAMED), ("host-socket", "shop"), NONE),
    # tests
    ("a test goes down again", drone(NAMED, "make test", "docker compose -p shop down -v"), "test", NONE),
    (
        "a test's file",
        drone("docker compose -f docker-compose.test.yml up -d", "docker compose -f docker-compose.test.yml down -v"),
        "test",
        NONE,
    ),
    ("until a container ends", drone("docker compose up --exit-code-from app"), "test", NONE),
    ("pull requests alone", drone(UP, step=SOCKET + "    when:\n      event: [pull_request]\n"), "test", NONE),
    (
        "a pipeline for pull requests",
        drone(UP, tail=DECLARED + "trigger:\n  event:\n    - pull_request\n"),
        "test",
        NONE,
    ),
    (
        "pushes and pull requests",
        drone(UP, tail=DECLARED + "trigger:\n  event: [push, pull_request]\n"),
        ("host-socket", "src"),
        ["VF303"],
    ),
    # other daemons
    (
        "a dind service",
        drone(NAMED, step="    environment:\n      DOCKER_HOST: tcp://docker:2375\n", tail=DIND),
        ("dind", "shop"),
        ["VF304"],
    ),
    (
        "a dind service, no name: nobody shares it",
        drone(UP, step="    environment:\n      DOCKER_HOST: tcp://docker:2375\n", tail=DIND),
        ("dind", "src"),
        ["VF304"],
    ),
    (
        "dind as a detached step",
        drone(
            NAMED, step="", tail="  - name: docker\n    image: docker:dind\n    privileged: true\n    detach: true\n"
        ),
        ("dind", "shop"),
        ["VF304"],
    ),
    (
        "dind as the step's own image",
        drone(NAMED, step="", tail="", image="docker:27-dind"),
        ("none", "shop"),
        ["VF301"],
    ),
    ("a test in dind", drone(NAMED, "docker compose -p shop down", step="", tail=DIND), "test", NONE),
    (
        "a daemon over ssh",
        drone(UP, step="    environment:\n      DOCKER_HOST: ssh://app@web\n", tail=""),
        ("remote", "src"),
        ["VF303"],
    ),
    (
        "a daemon whose address is a secret",
        drone(NAMED, step="    environment:\n      DOCKER_HOST: {from_secret: host}\n", tail=""),
        ("remote", "shop"),
        NONE,
    ),
    ("a context", drone("docker context use web", NAMED, step="", tail=""), ("remote", "shop"), NONE),
    # other runners
    ("the exec runner", drone(UP, kind="exec", step="", tail=""), ("exec", "src"), ["VF303"]),
    ("the exec runner, named", drone(NAMED, kind="exec", step="", tail=""), ("exec", "shop"), NONE),
    (
        "the ssh runner",
        drone(UP, kind="ssh", step="", tail="server: {host: web, user: app}\n"),
        ("ssh", "src"),
        ["VF303"],
    ),
    ("kubernetes", drone(NAMED, kind="kubernetes"), ("host-socket", "shop"), NONE),
    ("kubernetes without a socket", drone(NAMED, kind="kubernetes", step="", tail=""), ("none", "shop"), ["VF301"]),
    ("digitalocean", drone(NAMED, kind="digitalocean", step="", tail=""), ("throw-away", "shop"), ["VF304"]),
    ("aws", drone(UP, kind="aws", step="", tail=""), ("throw-away", "src"), ["VF304"]),
    # over ssh, and plugins
    ("ssh in a step", drone("ssh web 'cd /opt/shop && docker compose up -d'", step="", tail=""), ("ssh", "shop"), NONE),
    (
        "ssh with a here-document",
        drone(
            "|\n        ssh web <<'EOF'\n        cd /opt/shop\n        docker compose down -v\n        docker compose up -d\n        EOF",
            step="",
            tail="",
        ),
        ("ssh", "shop"),
        ["VF401"],
    ),
    ("an ssh plugin", plugin(SSH, HOST + "script:\n  - cd /opt/shop\n  - docker compose up -d"), ("ssh", "shop"), NONE),
    (
        "an ssh plugin, one block of text",
        plugin(SSH, HOST + "script: |\n  cd /opt/shop\n  docker compose down -v\n  docker compose up -d"),
        ("ssh", "shop"),
        ["VF401"],
    ),
    (
        "an ssh plugin cleans the checkout",
        plugin(SSH, HOST + "script:\n  - cd /opt/shop && git clean -fdx && git pull\n  - docker compose up -d"),
        ("ssh", "shop"),
        ["VF402"],
    ),
    (
        "drone-rsync that deletes",
        plugin(
            "drillster/drone-rsync",
            "hosts: [web]\ntarget: /opt/shop\nsource: ./\ndelete: true\nscript:\n  - cd /opt/shop\n  - docker compose up -d",
        ),
        ("ssh", "shop"),
        ["VF402"],
    ),
    (
        "drone-rsync that does not",
        plugin(
            "drillster/drone-rsync",
            "hosts: [web]\ntarget: /opt/shop\nsource: ./\nscript:\n  - cd /opt/shop\n  - docker compose up -d",
        ),
        ("ssh", "shop"),
        NONE,
    ),
    (
        "drone-rsync that leaves it out",
        plugin(
            "drillster/drone-rsync",
            "hosts: [web]\ntarget: /opt/shop\nsource: ./\ndelete: true\nexclude: [uploads]\nscript:\n  - cd /opt/shop\n  - docker compose up -d",
        ),
        ("ssh", "shop"),
        NONE,
    ),
    (
        "scp that empties the target first",
        plugin(
            "appleboy/drone-scp",
            HOST + "source: .\ntarget: /opt/shop\nrm: true",
            f"  - name: up\n    image: {SSH}\n    settings:\n      script: ['cd /opt/shop && docker compose up -d']\n",
        ),
        ("ssh", "shop"),
        ["VF402"],
    ),
    (
        "scp that does not",
        plugin(
            "appleboy/drone-scp",
            HOST + "source: .\ntarget: /opt/shop",
            f"  - name: up\n    image: {SSH}\n    settings:\n      script: ['cd /opt/shop && docker compose up -d']\n",
        ),
        ("ssh", "shop"),
        NONE,
    ),
    ("an image is built and pushed", plugin("plugins/docker", "repo: acme/shop\ntags: latest"), None, NONE),
    ("a webhook", plugin("plugins/webhook", "urls: https://portainer.example.com/api/webhooks/x"), None, NONE),
]
OLDER = [
    ("Drone 0.8: the project is the repository's", older(UP), ".drone.yml", ("host-socket", "shop"), NONE),
    ("Drone 0.8: down -v", older("docker compose down -v", UP), ".drone.yml", ("host-socket", "shop"), ["VF401"]),
    ("Drone 0.8: ssh at step level", f"pipeline:\n  deploy:\n    image: {SSH}\n    host: web\n    script:\n      - cd /opt/a && docker compose up -d\n", ".drone.yml", ("ssh", "a"), NONE),
    ("Drone 0.8: a workspace", "workspace:\n  base: /srv\n  path: src\n" + older(UP), ".drone.yml", ("host-socket", "src"), NONE),
    ("Woodpecker: a map of steps", woodpecker(UP), ".woodpecker.yml", ("host-socket", "shop"), NONE),
    ("Woodpecker: in its directory", woodpecker(UP), ".woodpecker/deploy.yaml", ("host-socket", "shop"), NONE),
    ("Woodpecker: `kind` from its ancestor", "kind: pipeline\nwhen:\n  - event: push\n" + woodpecker(UP), ".woodpecker.yml", ("host-socket", "shop"), NONE),
    ("Woodpecker: no socket", woodpecker(UP).replace("    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n", ""), ".woodpecker.yml", ("none", "shop"), ["VF301"]),
    ("Woodpecker: the local backend", "steps:\n  deploy:\n    image: bash\n    commands:\n      - docker compose up -d\n", ".woodpecker.yml", ("exec", "workspace"), ["VF303"]),
    ("Woodpecker: down -v", woodpecker("docker compose down -v", UP), ".woodpecker.yml", ("host-socket", "shop"), ["VF401"]),
    ("Woodpecker: pull requests alone", woodpecker(UP, more="    when:\n      - event: pull_request\n"), ".woodpecker.yml", "test", NONE),
    ("Woodpecker: a Drone file's name", "when:\n  event: push\n" + woodpecker(UP), ".drone.yml", ("host-socket", "shop"), NONE),
]  # fmt: skip
DEPLOY = ("docker compose -p shop down --volumes", "docker compose -p shop up -d")


def placed(directory: Path, name: str, text: str) -> Path:
    root = directory / "shop"
    bound = any(word in text for word in ("git clean", "rsync", "scp"))
    files = {
        "compose.yaml": BOUND if bound else STACK,
        "docker-compose.test.yml": "services:\n  db:\n    image: postgres:16\n",
        name: text,
    }
    if "make deploy" in text:
        files["Makefile"] = f"deploy:\n\t{DEPLOY[0]}\n\t{DEPLOY[1]}\n"
    if "ops/release.sh" in text:
        files["ops/release.sh"] = "#!/bin/bash\n. ./ops/lib.sh\nrelease\n"
        files["ops/lib.sh"] = f"release() {{\n  {DEPLOY[0]}\n  {DEPLOY[1]}\n}}\n"
    if "ops/prod.env" in text:
        files["ops/prod.env"] = "COMPOSE_PROJECT_NAME=shop\n"
    if "ops/deploy.sh" in text:
        files["ops/deploy.sh"] = "\n".join(["#!/bin/sh", *DEPLOY, ""])
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    return root


def check(directory: Path, name: str, text: str, deploys: object, codes: list[str]) -> None:
    root = placed(directory, name, text)
    found = list(deployments(load(root / name), Checkout(root)))
    if deploys == "test":
        assert [one.is_test for one in found] == [True]
    elif deploys is None:
        assert found == []
    else:
        assert {(one.target, one.project) for one in found if not one.is_test} == {deploys}
    plan = volfix.plan(root, trusted=False)
    assert not plan.result.errors
    assert [finding.code for finding in plan.findings if finding.code[:3] in ("VF3", "VF4")] == codes


@pytest.mark.parametrize(("text", "deploys", "codes"), [pytest.param(*rest, id=title) for title, *rest in CASES])
def test_drone(text: str, deploys: object, codes: list[str], tmp_path: Path) -> None:
    check(tmp_path, ".drone.yml", text, deploys, codes)


@pytest.mark.parametrize(
    ("text", "name", "deploys", "codes"), [pytest.param(*rest, id=title) for title, *rest in OLDER]
)
def test_older_and_sibling_dialects(text: str, name: str, deploys: object, codes: list[str], tmp_path: Path) -> None:
    check(tmp_path, name, text, deploys, codes)


def test_there_are_enough_of_them() -> None:
    assert len(CASES) + len(OLDER) >= 60


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ('[remote "origin"]\n\turl = git@git.example.org:acme/Web-Shop.git\n', "web-shop"),
        ('[core]\n\tbare = false\n[remote "origin"]\n\tfetch = x\n\turl = https://example.org/acme/web.git/\n', "web"),
        ('[remote "fork"]\n\turl = https://example.org/me/mine.git\n', "shop"),
        ("", "shop"),
    ],
)
def test_the_project_gets_the_name_of_the_repository_s_remote(config: str, name: str, tmp_path: Path) -> None:
    root = placed(tmp_path, ".drone.yml", drone(UP))
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (root / ".git" / "config").write_text(config)
    plan = volfix.plan(root, select=["VF303"], unsafe_fixes=True)
    assert f"+name: {name}\n" in plan.diff
