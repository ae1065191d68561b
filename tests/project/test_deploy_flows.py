"""What is a deployment: which scripts, targets and steps are, and what they call."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.project.commands.names import has_commands
from volfix.project.deployments.flows import CommandFiles
from volfix.project.deployments.row_wipes import row_wipes


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


def workflow(job: str, machine: str, run: str, event: str = "push") -> str:
    steps = f"    steps:\n      - name: x\n        run: {run}\n"
    return f"on: {event}\njobs:\n  {job}:\n    runs-on: {machine}\n{steps}"


GUARDED = (
    "deploy:\n  script:\n    - if [ $MODE = {} ]; then\n    - docker compose down -v\n    - fi\n"
    "    - docker compose up -d\n"
)


def chain(number: int) -> str:
    """A Makefile in which so many targets need each other, and the last of them deletes the volumes."""
    targets = "".join(f"t{each}: t{each + 1}\n" for each in range(number))
    return f"deploy: t0\n\tdocker compose up -d\n{targets}t{number}:\n\tdocker compose down -v\n"


BEHIND = "      - name: deploy\n        run: docker compose up -d\n"


def with_tests(run: str, name: str = "test") -> str:
    """A workflow that deploys behind a step of tests."""
    return workflow("ship", "self-hosted", run).replace("name: x", f"name: {name}") + BEHIND


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
        ({"stop.sh": "docker compose --file=/srv/app/docker-compose.yml down -v\n"}, 1),
        ({"stop.sh": "docker buildx build --file=/srv/app/Dockerfile .\ndocker compose down -v\n"}, 0),
        ({"try.sh": "docker compose up -d\n./x\ndocker compose down -v\n"}, 0),
        ({"try.sh": "docker compose up -d\n./x\ndocker volume rm app_rows\n"}, 1),
        # what it calls
        ({"up.sh": "./wipe.sh\ndocker compose up -d\n", "wipe.sh": "docker compose down -v\n"}, 1),
        ({"deploy.sh": "make wipe\n", "Makefile": "wipe:\n\tdocker compose down -v\n"}, 1),
        ({"deploy.sh": "make other\n", "Makefile": "wipe:\n\tdocker compose down -v\nother:\n\ttrue\n"}, 0),
        ({"deploy.sh": "bash ops/wipe\n", "ops/wipe": "docker compose down -v\n"}, 1),
        ({"deploy.sh": "cd ops && . ./wipe.sh\n", "ops/wipe.sh": "docker compose down -v\n"}, 1),
        ({"deploy.sh": ". wipe\n", "wipe": "docker compose down -v\n"}, 1),
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
        ({"Makefile": chain(9)}, 1),
        ({"Makefile": chain(1200)}, 0),  # followed so far and no further
        # the other runners
        ({"justfile": "dc := 'docker compose'\nup:\n  {{dc}} down -v {{args}}\n  {{dc}} up -d\n"}, 1),
        ({"justfile": "deploy:\n  #!/usr/bin/env bash\n  docker compose down -v\n  docker compose up -d\n"}, 1),
        ({"package.json": '{"scripts": {"up": "docker compose down -v && docker compose up"}}'}, 1),
        ({"package.json": '{"scripts": {"up": "sh -c \\"docker compose down -v\\" && docker compose up"}}'}, 1),
        ({"package.json": '{"scripts": {"up": "exit", "postup": "docker compose down -v && docker compose up"}}'}, 1),
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
        ({".gitlab-ci.yml": "nightly:\n  script:\n    - docker compose down -v\n"}, 0),
        ({".github/workflows/d.yml": workflow("deploy", "self-hosted", "docker compose down -v") + BEHIND}, 1),
        ({".github/workflows/d.yml": with_tests("docker compose down -v")}, 1),
        ({".github/workflows/d.yml": with_tests("docker compose down -v", "dev")}, 0),
        ({".github/workflows/d.yml": with_tests("docker compose --project-name=other down -v")}, 0),
        ({".github/workflows/d.yml": with_tests("docker compose --file=x.yaml down -v")}, 0),
        ({".github/workflows/d.yml": with_tests("cd other && docker compose down -v")}, 0),
        (
            {
                "appspec.yml": "version: 0.0\nhooks:\n  ApplicationStop:\n    - location: ops/stop.sh\n",
                "ops/stop.sh": "docker compose down -v\n",
            },
            1,
        ),
        ({".gitlab-ci.yml": "deploy:\n  script:\n    - docker compose down -v\n    - docker compose up -d\n"}, 1),
        # the items of a list are one script, unless they are none together
        ({".gitlab-ci.yml": GUARDED.format("deploy")}, 1),
        ({".gitlab-ci.yml": GUARDED.format("test")}, 0),
        ({".gitlab-ci.yml": "deploy:\n  script: ['echo ((', docker compose down -v, docker compose up -d]\n"}, 1),
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
                ".woodpecker/deploy.yml": "steps:\n  deploy:\n    image: docker\n"
                "    commands: [docker compose down -v]\n"
            },
            1,
        ),
        (
            {
                ".drone.yml": "kind: pipeline\nsteps:\n- name: tests\n  image: docker\n"
                "  commands: [docker compose down -v]\n"
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
        ({".github/workflows/d.yml": workflow("deploy", "ubuntu-latest", "docker compose down -v")}, 0),
        ({".github/workflows/d.yml": workflow("deploy", "self-hosted", "docker compose down -v")}, 1),
        ({".gitea/workflows/d.yml": workflow("deploy", "ubuntu-latest", "docker compose down -v")}, 1),
        ({".github/workflows/d.yml": workflow("deploy", "ubuntu-22.04", "ssh h 'docker compose down -v'")}, 1),
        ({".github/workflows/d.yml": workflow("e2e", "self-hosted", "docker compose up; docker compose down -v")}, 0),
        ({".github/workflows/d.yml": workflow("deploy", "self-hosted", "docker compose down -v", "pull_request")}, 0),
    ],
)
def test_what_is_a_deployment(files: dict[str, str], count: int, tmp_path: Path) -> None:
    assert len(deletions(tmp_path, files)) == count


@pytest.mark.parametrize(
    ("makefile", "count"),
    [
        ("up:\n\tdocker compose up -d\nclean:\n\tdocker compose down -v\n", 1),
        ("up:\n\tdocker compose up -d\nclean:\n\tdocker compose -f compose.test.yaml down -v\n", 0),
        ("up:\n\tdocker compose up -d\nclean:\n\tdocker volume rm rows\n", 1),
        ("up: down\n\tdocker compose up -d\ndown:\n\tdocker compose down -v\n", 0),  # the deployment deletes them
        ("up: down\n\tdocker compose up -d\ndown:\n\tdocker compose down -v\nclean:\n\tdocker compose down -v\n", 1),
    ],
)
def test_what_somebody_asks_for(makefile: str, count: int, tmp_path: Path) -> None:
    placed(tmp_path, {"Makefile": makefile})
    assert len(CommandFiles(tmp_path, (tmp_path / "Makefile",)).asked_for) == count


CLEARED = """\
if {test}; then
  docker compose down --volumes
fi
if [ "$MODE" = detached ]; then
  docker compose up -d
fi
"""


@pytest.mark.parametrize(
    ("test", "is_found"),
    [
        ("[ -f compose.yaml ]", True),
        ('[[ -f "$COMPOSE_FILE" ]]', True),
        ("[ ! -d node_modules ]", True),
        ("[ -S /var/run/docker.sock ] && [ -e compose.yaml ]", True),
        ("command -v docker", True),
        ("[ -f reset ]", False),
        ('[ "$1" = "-r" ]', False),
        ('[ -n "$WIPE" ]', False),
    ],
)
def test_a_test_of_what_is_there_asks_for_nothing(test: str, is_found: bool, tmp_path: Path) -> None:
    found = deletions(tmp_path, {"compose.yaml": "", "deploy.sh": CLEARED.format(test=test)})
    assert found == (["down --volumes"] if is_found else [])


WIPES = "python manage.py flush --noinput\n"


def test_what_wipes_rows_is_named_once_however_many_flows_run_it(tmp_path: Path) -> None:
    calls = "./ops/wipe.sh\ndocker compose up -d\n"
    files = {"compose.yaml": "", "deploy.sh": calls, "release.sh": calls, "ops/wipe.sh": WIPES + WIPES}
    placed(tmp_path, files)
    found = list(row_wipes(CommandFiles(tmp_path, tuple(tmp_path / name for name in files if name.endswith("sh")))))
    assert [item.command.fragment.source.place(item.command.place.start)[0] for item in found] == [1, 2]


@pytest.mark.parametrize("test", ['[ -n "$RESET" ]', '[ ! -e "$STAMP" ]', "[[ $1 == fresh ]]", "[ $MODE = fresh ]"])
def test_rows_that_a_test_spares_are_not_wiped_by_each_deployment(test: str, tmp_path: Path) -> None:
    text = f"if {test}; then\n  {WIPES}fi\ndocker compose up -d\n"
    root = placed(tmp_path, {"compose.yaml": "", "deploy.sh": text})
    assert not list(row_wipes(CommandFiles(root, (root / "deploy.sh",))))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("echo $((\ndocker compose down -v\n", [":1:6:"]),
        ("echo $((\nmake build\n", []),
        ("docker compose up -d\n", []),
    ],
)
def test_commands_that_are_no_shell_are_named_where_they_may_delete(
    text: str, places: list[str], tmp_path: Path
) -> None:
    root = placed(tmp_path, {"compose.yaml": "services: {db: {image: 'postgres:16'}}\n", "deploy.sh": text})
    notes = [note for note in volfix.plan(root).result.notes if "does not understand" in note]
    assert [note.removeprefix(str(root / "deploy.sh")).split(" ")[0] for note in notes] == places
