"""The commands of a deployment that delete volumes: what is found in which file, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.project.commands.names import has_commands
from volfix.project.deployments.flows import CommandFiles


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


CLOSING = ("then", "elif", "else", "fi", "do", "done", "esac")
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
    ("docker compose --workdir /srv/app down -v", "down -v"),
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
    ("./wait-for-it.sh db:5432 -t 9 -- docker compose down -v", "down -v"),
    ("wait-for db:5432 -- sudo -u deploy docker compose down -v", "down -v"),
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
    ("$SUDO docker compose down -v", "down -v"),
    ("${AS_ROOT:-} docker compose down -v", "down -v"),
    ("env $(cat .env) docker compose down -v", "down -v"),
    ("$(which docker) compose down -v", "down -v"),
    ("$(command -v docker) compose down -v", "down -v"),
    ("D=$(type -P docker-compose); $D down -v", "down -v"),
    ("DC='docker compose'; $DC down -v", "down -v"),
    ('DC=(docker compose -f a.yml)\n"${DC[@]}" down -v', "down -v"),
    ("FLAGS=-v\ndocker compose down $FLAGS", "down -v"),
    ("docker compose $FILES down -v", "down -v"),
    ("$DOCKER_COMPOSE down -v", "down -v"),
    ('"$dc" down -v', "down -v"),
    # an end that may stand elsewhere: the words around it are not where a shell has them
    *((f"exit\n{word} true\ndocker compose down -v", "down -v") for word in CLOSING),
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
    "exit\ndocker compose down -v",
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
    "wait-for-it.sh docker compose down -v",
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
    "docker compose --project-directory e2e down -v",
    "docker compose --workdir e2e down -v",
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
