"""The commands of a deployment that delete volumes: what is found in which file, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.project.command_names import has_commands
from volfix.project.deploy_flows import CommandFiles

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes: {rows: {driver: local}}\n"


def placed(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


def deletions(root: Path, files: dict[str, str]) -> list[str]:
    """What is found, as `verb flag`, in the files below a root without looking at any Compose file."""
    placed(root, files)
    paths = tuple(root / name for name in files if has_commands(f"{root}/{name}"))
    homes = frozenset((root / name).parent for name in files if name.endswith("compose.yaml"))
    found = CommandFiles(root, paths, homes).volume_deletions
    return [f"{item.call.verb} {item.option.name if item.option else ''}".strip() for item in found]


FOUND = [
    ("docker compose down -v", "down -v"),
    ("docker-compose down --volumes", "down --volumes"),
    ("docker compose down --volume", "down --volume"),
    ("docker compose down --volumes=true", "down --volumes"),
    ("docker compose down -vt 1", "down -v"),
    ("docker compose down -t 1 -v", "down -v"),
    ("docker compose down --rmi all -v", "down -v"),
    ("docker compose down -v db cache", "down -v"),
    ("docker compose down db -v", "down -v"),
    ("docker compose -f compose.yaml -p shop down -v", "down -v"),
    ("docker compose --project-name down down -v", "down -v"),
    ("docker compose --env-file .env --profile all down -v", "down -v"),
    ("docker -H tcp://host:2375 compose down -v", "down -v"),
    ("docker --context far compose down -v", "down -v"),
    ("/usr/local/bin/docker-compose down -v", "down -v"),
    ("podman-compose down -v", "down -v"),
    ("podman compose down -v", "down -v"),
    ("sudo docker compose down -v", "down -v"),
    ("sudo -u deploy -E docker compose down -v", "down -v"),
    ("env A=1 B=2 docker compose down -v", "down -v"),
    ("A=1 docker compose down -v", "down -v"),
    ("nohup docker compose down -v &", "down -v"),
    ("time nice -n 5 docker compose down -v", "down -v"),
    ("timeout 60 docker compose down -v", "down -v"),
    ("timeout -s KILL 60 docker compose down -v", "down -v"),
    ("docker compose down -v || true", "down -v"),
    ("docker compose down -v 2>/dev/null", "down -v"),
    ("docker compose down -v >log 2>&1", "down -v"),
    ("true && docker compose down -v && true", "down -v"),
    ("if docker compose down -v; then :; fi", "down -v"),
    ("if ! docker compose down -v; then exit 1; fi", "down -v"),
    ("while ! docker compose down -v; do sleep 1; done", "down -v"),
    ("for p in a b; do docker compose -p $p down -v; done", "down -v"),
    ("{ docker compose down -v; }", "down -v"),
    ("( cd app && docker compose down -v )", "down -v"),
    ("yes | docker compose down -v", "down -v"),
    ("echo $(docker compose down -v)", "down -v"),
    ("x=`docker compose down -v`", "down -v"),
    ("docker compose \\\n  -f compose.yaml \\\n  down \\\n  -v", "down -v"),
    ("docker compose 'down' \"-v\"", "down -v"),
    ("sh -c 'docker compose down -v'", "down -v"),
    ('bash -lc "cd app && docker compose down -v"', "down -v"),
    ("bash -e -c 'docker compose down -v' _ arg", "down -v"),
    ("sh <<EOF\ndocker compose down -v\nEOF", "down -v"),
    ("eval 'docker compose down -v'", "down -v"),
    ("eval docker compose down -v", "down -v"),
    ("ssh host 'docker compose down -v'", "down -v"),
    ("ssh -p 22 -i key user@host docker compose down -v", "down -v"),
    ("ssh -o A=b host <<'EOF'\ncd /srv/app\ndocker compose down -v\nEOF", "down -v"),
    ("ssh host <<-EOF\n\tdocker compose down -v\n\tEOF", "down -v"),
    ("ssh host \"sudo sh -c 'docker compose down -v'\"", "down -v"),
    ('ssh host "cd \\"$DIR\\" && docker compose down -v"', "down -v"),
    ("su - app -c 'docker compose down -v'", "down -v"),
    ("DC='docker compose'; $DC down -v", "down -v"),
    ('DC=(docker compose -f a.yml)\n"${DC[@]}" down -v', "down -v"),
    ("FLAGS=-v\ndocker compose down $FLAGS", "down -v"),
    ("docker compose $FILES down -v", "down -v"),
    ("$DOCKER_COMPOSE down -v", "down -v"),
    ('"$dc" down -v', "down -v"),
    ("stop() { docker compose down -v; }\nstop", "down -v"),
    ('run() { echo "$@"; "$@"; }\nrun docker compose down -v', "down -v"),
    ("function all { stop; }\nfunction stop { docker compose down -v; }\nall", "down -v"),
    ("docker compose rm -v", "rm -v"),
    ("docker compose rm -fsv web", "rm -v"),
    ("docker compose rm --stop --force --volumes", "rm --volumes"),
    ("docker compose up -d -V", "up -V"),
    ("docker compose up -dV --build", "up -V"),
    ("docker compose up --renew-anon-volumes -d", "up --renew-anon-volumes"),
    ("docker compose up -d -y", "up -y"),
    ("docker compose up --scale a=2 --yes", "up --yes"),
    ("docker compose create -y", "create -y"),
    ("docker volume rm shop_rows", "volume rm"),
    ("docker volume rm -f $(docker volume ls -q)", "volume rm"),
    ("docker volume remove a b", "volume remove"),
    ("docker volume ls -q | xargs docker volume rm", "volume rm"),
    ("docker volume ls -q | xargs -r -n 1 sudo docker volume rm -f", "volume rm"),
    ("docker volume prune -f", "volume prune"),
    ("docker volume prune -af", "volume prune -a"),
    ("docker volume prune --all --force", "volume prune --all"),
    ("docker volume prune --filter all=1", "volume prune --filter"),
    ("docker volume prune --filter=all=true -f", "volume prune --filter"),
    ("docker system prune -af --volumes", "system prune --volumes"),
    ("podman system prune --volumes", "system prune --volumes"),
    ("docker rm -fv shop-db-1", "rm -v"),
    ("docker container rm --volumes x", "container rm --volumes"),
]

LEFT_ALONE = [
    "docker compose down",
    "docker compose down --remove-orphans",
    "docker compose down --rmi all",
    "docker compose down --volumes=false",
    "docker compose down -t 5",
    "docker compose down -V",
    "docker compose -v",
    "docker compose version -v",
    "docker compose --verbose down",
    "docker compose -p -v down",
    "docker compose --env-file --volumes down",
    "docker compose down -- -v",
    "docker compose logs -f -v",
    "docker compose run -v a:/b app",
    "docker compose run --rm app down -v",
    "docker compose exec app docker compose down -v",
    "docker compose exec db rm -rf -v /x",
    "docker compose up -d",
    "docker compose up -d --force-recreate --remove-orphans --build",
    "docker compose up --scale y=2",
    "docker compose up -t 5",
    "docker compose rm -f",
    "docker compose rm -fs web",
    "docker compose build -V",
    "docker compose pull && docker compose ps -v",
    "docker run -v a:/b app",
    "docker run --rm -v $(pwd):/app -w /app app sh -c 'docker compose down -v'",
    "docker exec app sh -c 'docker compose down -v'",
    "docker run app down -v",
    "docker build -t down -v .",
    "docker volume ls -q",
    "docker volume create rows",
    "docker volume inspect rows",
    "docker volume",
    "docker system prune -af",
    "docker system df -v",
    "docker image prune -af",
    "docker container prune -f",
    "docker network rm a",
    "docker builder prune -a",
    "docker rm -f app",
    "docker container rm app",
    "docker stack rm shop",
    "docker info -v",
    "docker -v",
    "docker",
    "echo docker compose down -v",
    'echo "run docker compose down -v to start anew"',
    "printf '%s\\n' 'docker volume prune -f'",
    "# docker compose down -v",
    "true # docker compose down -v",
    ": 'docker compose down -v'",
    "cat <<EOF\ndocker compose down -v\nEOF",
    "cat > reset.sh <<'EOF'\ndocker compose down -v\nEOF",
    "cat <<EOF | tee note.txt\ndocker volume prune -f\nEOF",
    "X='docker compose down -v'",
    'HELP="docker compose down -v"; echo "$HELP"',
    "export CMD='docker compose down -v'",
    "git commit -m 'docker compose down -v'",
    "grep -r 'docker compose down -v' .",
    "ssh host 'echo docker compose down -v'",
    "sh -c 'echo \"docker compose down -v\"'",
    "log 'docker compose down -v'",
    "stop() { docker compose down; }; stop -v",
    "trap 'docker compose down -v' EXIT",
    "cleanup() { docker compose down -v; }\ntrap cleanup EXIT",
    "trap 'docker compose down -v' ERR INT TERM",
    'if [ "$1" = "reset" ]; then docker compose down -v; fi',
    '[ "$1" = clean ] && docker compose down -v',
    'if [[ $ACTION == "destroy" ]]; then docker volume prune -f; fi',
    "case $1 in wipe|clean) docker compose down -v ;; esac",
    "never_called() { docker compose down -v; }",
    "docker compose -f docker-compose.test.yml down -v",
    "docker compose -f docker/compose.dev.yml down -v",
    "docker compose --file e2e/compose.yaml down -v",
    "docker compose -p shop-test down -v",
    "docker compose --profile test down -v",
    "docker-compose-viewer down -v",
    "mydocker compose down -v",
    "./docker-compose.yml down -v",
    "down -v",
    "helm down -v && terraform down --volumes",
    "vagrant up -V",
    "npm run compose:down -v",
    "tar -cvf volume.tar rm -v",
    "rm -v file",
]


def test_there_are_enough_fragments_and_half_of_them_stay_untouched() -> None:
    assert len(FOUND) + len(LEFT_ALONE) >= 150
    assert len(LEFT_ALONE) >= 75


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_a_command_that_deletes_is_found_in_a_script_that_deploys(text: str, expected: str, tmp_path: Path) -> None:
    assert deletions(tmp_path, {"deploy.sh": f"#!/bin/sh\n{text}\ndocker compose up -d\n"}) == [expected]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_deletes_nothing_is_left_alone(text: str, tmp_path: Path) -> None:
    assert deletions(tmp_path, {"deploy.sh": f"#!/bin/sh\n{text}\ndocker compose up -d\n"}) == []


STEP = "    steps:\n      - name: {name}\n        run: {run}\n"
WORKFLOW = "on: push\njobs:\n  {job}:\n    runs-on: {machine}\n" + STEP


@pytest.mark.parametrize(
    ("files", "count"),
    [
        # by its name, or since it brings the stack up
        ({"run.sh": "docker compose down -v\ndocker compose up -d\n"}, 1),
        ({"scripts/release.sh": "docker compose down -v\n"}, 1),
        ({"stop.sh": "docker compose down -v\n"}, 0),
        ({"reset.sh": "docker compose down -v\ndocker compose up -d\n"}, 0),
        ({"run_tests.sh": "docker compose down -v\ndocker compose up -d\n"}, 0),
        ({"tests/run.sh": "docker compose down -v\ndocker compose up -d\n"}, 0),
        ({"dev/run.sh": "docker compose down -v\ndocker compose up -d\n"}, 0),
        ({"undeploy.sh": "docker compose down -v\n"}, 0),
        ({"stop.sh": "docker-compose -f /srv/app/docker-compose.yml down -v\n"}, 1),
        ({"try.sh": "docker compose up -d\n./x\ndocker compose down -v\n"}, 0),
        # what it calls
        ({"up.sh": "./wipe.sh\ndocker compose up -d\n", "wipe.sh": "docker compose down -v\n"}, 1),
        ({"deploy.sh": "make wipe\n", "Makefile": "wipe:\n\tdocker compose down -v\n"}, 1),
        ({"deploy.sh": "make other\n", "Makefile": "wipe:\n\tdocker compose down -v\nother:\n\ttrue\n"}, 0),
        ({"deploy.sh": "bash ops/wipe\n", "ops/wipe": "docker compose down -v\n"}, 1),
        ({"deploy.sh": "cd ops && . ./wipe.sh\n", "ops/wipe.sh": "docker compose down -v\n"}, 1),
        ({"deploy.sh": "npm run wipe\n", "package.json": '{"scripts": {"wipe": "docker compose down -v"}}'}, 1),
        ({"deploy.sh": "just wipe\n", "justfile": "wipe:\n  docker compose down -v\n"}, 1),
        ({"deploy.sh": "task wipe\n", "Taskfile.yml": "tasks:\n  wipe:\n    cmds: [docker compose down -v]\n"}, 1),
        ({"deploy.sh": "./deploy.sh\ndocker compose down -v\n"}, 1),
        ({"a.sh": "./b.sh; docker compose up\n", "b.sh": "./a.sh; docker compose down -v\n"}, 1),
        # make
        ({"Makefile": "up: down\n\tdocker compose up -d\ndown:\n\tdocker compose down -v\n"}, 1),
        ({"Makefile": "up:\n\tdocker compose up -d\ndown:\n\tdocker compose down -v\n"}, 0),
        ({"Makefile": "DC := docker compose\nup:\n\t@-$(DC) down -v\n\t${DC} up -d\n"}, 1),
        (
            {"Makefile": "define DOWN\ndocker compose down $(1)\nendef\nup:\n\t$(call DOWN,-v)\n\tdocker compose up\n"},
            1,
        ),
        ({"Makefile": "up:\n\tdocker compose down \\\n\t\t-v && \\\n\tdocker compose up -d\n"}, 1),
        ({"Makefile": "up:\n\t@echo docker compose down -v\n\tdocker compose up -d\n"}, 0),
        ({"Makefile": "release:\n\tfor i in $$(ls); do docker compose -p $$i down -v; done\n"}, 1),
        # the other runners
        ({"justfile": "dc := 'docker compose'\nup:\n  {{dc}} down -v {{args}}\n  {{dc}} up -d\n"}, 1),
        ({"justfile": "deploy:\n  #!/usr/bin/env bash\n  docker compose down -v\n  docker compose up -d\n"}, 1),
        ({"package.json": '{"scripts": {"up": "docker compose down -v && docker compose up"}}'}, 1),
        ({"package.json": '{"scripts": {"up": "sh -c \\"docker compose down -v\\" && docker compose up"}}'}, 1),
        ({"package.json": '{"scripts": {"clean": "docker compose down -v"}}'}, 0),
        ({"Jenkinsfile": "stage('Deploy') {\n  sh 'docker compose down -v'\n  sh \"docker compose up -d\"\n}\n"}, 1),
        ({"Jenkinsfile": "stage('Deploy') {\n sh '''\n docker compose down -v\n docker compose up -d\n'''\n}\n"}, 1),
        ({"Jenkinsfile": "stage('Test') {\n  sh 'docker compose down -v'\n}\n"}, 0),
        (
            {"Jenkinsfile": "// sh 'docker compose down -v'\nstage('Deploy') { sh(script: 'docker compose up -d') }\n"},
            0,
        ),
        ({"crontab": "0 4 * * * cd /srv/app && docker compose down -v && docker compose up -d\n"}, 1),
        ({"crontab": "# 0 4 * * * docker compose down -v && docker compose up -d\n"}, 0),
        # hooks and pipelines
        (
            {
                "appspec.yml": "version: 0.0\nhooks:\n  ApplicationStop:\n    - location: ops/stop.sh\n",
                "ops/stop.sh": "docker compose down -v\n",
            },
            1,
        ),
        ({".gitlab-ci.yml": "deploy:\n  script:\n    - docker compose down -v\n    - docker compose up -d\n"}, 1),
        ({".gitlab-ci.yml": "test:\n  script:\n    - docker compose up -d\n    - docker compose down -v\n"}, 0),
        (
            {
                ".gitlab-ci.yml": "deploy:\n  services: ['docker:27-dind']\n"
                "  script: [docker compose down -v, docker compose up -d]\n"
            },
            0,
        ),
        (
            {
                ".woodpecker/deploy.yml": "steps:\n  deploy:\n    image: docker\n    commands: [docker compose down -v]\n"
            },
            1,
        ),
        (
            {
                ".drone.yml": "kind: pipeline\nsteps:\n- name: tests\n  image: docker\n  commands: [docker compose down -v]\n"
            },
            0,
        ),
        (
            {
                ".drone.yml": "kind: pipeline\nname: deploy\ntrigger: {event: [pull_request]}\nsteps:\n"
                "- name: x\n  image: docker\n  commands: [docker compose down -v, docker compose up]\n"
            },
            0,
        ),
        (
            {
                ".drone.yml": "kind: pipeline\nname: a\nsteps:\n- name: deploy\n  image: appleboy/drone-ssh\n"
                "  settings:\n    script:\n      - docker compose down -v\n      - docker compose up -d\n"
            },
            1,
        ),
        # GitHub's own machines are thrown away, another machine that is reached from there is not
        (
            {
                ".github/workflows/d.yml": WORKFLOW.format(
                    job="deploy", machine="ubuntu-latest", name="x", run="docker compose down -v"
                )
            },
            0,
        ),
        (
            {
                ".github/workflows/d.yml": WORKFLOW.format(
                    job="deploy", machine="self-hosted", name="x", run="docker compose down -v"
                )
            },
            1,
        ),
        (
            {
                ".gitea/workflows/d.yml": WORKFLOW.format(
                    job="deploy", machine="ubuntu-latest", name="x", run="docker compose down -v"
                )
            },
            1,
        ),
        (
            {
                ".github/workflows/d.yml": WORKFLOW.format(
                    job="deploy", machine="ubuntu-22.04", name="x", run="ssh h 'docker compose down -v'"
                )
            },
            1,
        ),
        (
            {
                ".github/workflows/d.yml": WORKFLOW.format(
                    job="e2e", machine="self-hosted", name="x", run="docker compose down -v; docker compose up"
                )
            },
            0,
        ),
    ],
)
def test_what_is_a_deployment(files: dict[str, str], count: int, tmp_path: Path) -> None:
    assert len(deletions(tmp_path, files)) == count


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("docker compose down -v", "docker compose down"),
        ("docker compose down -v --remove-orphans", "docker compose down --remove-orphans"),
        ("docker compose   down    -v   || true", "docker compose   down   || true"),
        ("docker compose down \\\n  -v \\\n  --rmi all", "docker compose down \\\n  --rmi all"),
        ("docker compose rm -fsv", "docker compose rm -fs"),
        ("docker compose down -vt 1", "docker compose down -t 1"),
        ("docker volume prune -af", "docker volume prune -f"),
        ("docker volume prune --filter all=1 -f", "docker volume prune -f"),
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
        "docker volume rm shop_rows\n",
        "docker volume prune -f\n",
    ],
)
def test_what_is_not_written_in_the_command_itself_is_reported_without_a_fix(text: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": text + "docker compose up -d\n"})
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=["VF401"])
    (finding,) = plan.findings
    assert finding.fix is None
    assert finding.reason


def test_a_finding_names_the_command_and_the_volume_that_goes(tmp_path: Path) -> None:
    text = "set -e\ncd app; sudo docker compose down --volumes && docker compose up -d\n"
    placed(tmp_path, {"app/compose.yaml": COMPOSE, "other/compose.yaml": COMPOSE, "deploy.sh": text})
    (finding,) = volfix.plan(tmp_path, select=["VF401"]).findings
    assert finding.location.path == tmp_path / "deploy.sh"
    assert (finding.location.line, finding.location.column) == (2, 14)
    assert "of the stack app: app_rows" in finding.evidence
    assert "docker compose down --volumes" in finding.message
    assert finding.service is None


def test_a_step_names_itself(tmp_path: Path) -> None:
    text = "kind: pipeline\nname: a\nsteps:\n- name: ship\n  image: docker\n  commands: [docker compose down -v, docker compose up -d]\n"
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
    text = "kind: pipeline\nsteps:\n- name: x\n  image: docker\n  commands:\n  - >-\n    docker compose down -v &&\n    docker compose up -V -d\n"
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
