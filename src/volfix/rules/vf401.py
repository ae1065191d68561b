"""VF401: a command of the deployment deletes volumes."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context
from volfix.rules.findings import Finding
from volfix.rules.rule import Rule, fixed, fixed_unsafe, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every command that deletes volumes: see `volume_deletions.py`, imported only if a file has
    commands.
    """
    if context.commands is not None:
        from volfix.rules.remedies.volume_deletions import volume_findings

        yield from volume_findings(context, context.commands)


STACK = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - rows:/var/lib/postgresql/data\nvolumes:\n  rows:\n    driver: local\n"
BIND = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./rows:/var/lib/postgresql/data\n"
MOVED = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - db-data:/var/lib/postgresql/data\n\nvolumes:\n  db-data:\n    driver: local\n"
PUSH = """\
kind: pipeline
type: docker
name: default
steps:
  - name: deploy
    image: docker:27
    volumes: [{name: socket, path: /var/run/docker.sock}]
    commands:
      - docker compose -p shop {down} && docker compose -p shop up -d  # every push
volumes:
  - name: socket
    host: {path: /var/run/docker.sock}
"""

RULE = Rule(
    code="VF401",
    name="command-deletes-volumes",
    summary="A command of the deployment deletes volumes.",
    why=(
        "A named volume survives its containers, but not `down -v`: Compose removes every volume that the project "
        "declares, and does not ask. In a deployment script this makes the database EMPTY each time. volfix follows "
        "what a step or script calls, as bash does: functions, variables, `eval`, ssh, other scripts, make targets."
    ),
    fix=(
        "volfix removes the option that deletes. If the command does nothing else, volfix removes the whole command, if "
        "the rest of the script works without it. Safe where a safe fix of the same run creates the volume that the "
        "command would delete; the removal is then a part of that fix. Else unsafe: someone may want a reset at each "
        "deployment. If the command has to stay (`--ignore VF401`, a comment, a form that volfix does not edit), the "
        "fix that creates the volume is unsafe and names the command."
    ),
    sources=(
        "docker/compose: compose_down.md, compose_rm.md, compose_up.md",
        "docker/cli: volume_rm.md, volume_prune.md, system_prune.md, container_rm.md",
    ),
    examples=(
        fixed(
            "the pipeline would delete the volume that VF101's fix creates",
            {"compose.yaml": BIND, ".drone.yml": PUSH.replace("{down}", "down -v --remove-orphans")},
            {"compose.yaml": MOVED, ".drone.yml": PUSH.replace("{down}", "down --remove-orphans")},
        ),
        fixed_unsafe(
            "-v in a cluster of options (`-vt 5`)",
            {
                "compose.yaml": STACK,
                "deploy.sh": "#!/bin/sh\nset -e\ndocker-compose down -vt 5 \\\n  --rmi all\ndocker-compose up -d\n",
            },
            {"deploy.sh": "#!/bin/sh\nset -e\ndocker-compose down -t 5 \\\n  --rmi all\ndocker-compose up -d\n"},
        ),
        fixed_unsafe(
            "a make target that the deploying target depends on",
            {
                "compose.yaml": STACK,
                "Makefile": "DC = docker compose\n\nwipe:\n\t@$(DC) down --volumes --remove-orphans || true\n\nup: wipe\n\t$(DC) up -d\n",
            },
            {
                "Makefile": "DC = docker compose\n\nwipe:\n\t@$(DC) down --remove-orphans || true\n\nup: wipe\n\t$(DC) up -d\n"
            },
        ),
        fixed_unsafe(
            "over ssh, in quotes within quotes",
            {
                "compose.yaml": STACK,
                "release.sh": "ssh app@host \"cd /srv/app && sudo sh -c 'docker compose down --volumes; docker compose up -d'\"\n",
            },
            {"release.sh": "ssh app@host \"cd /srv/app && sudo sh -c 'docker compose down; docker compose up -d'\"\n"},
        ),
        fixed_unsafe(
            "a command that does nothing but delete",
            {"compose.yaml": STACK, "deploy.sh": "docker compose down\ndocker volume prune -f\ndocker compose up -d\n"},
            {"deploy.sh": "docker compose down\ndocker compose up -d\n"},
        ),
        fixed(
            "a whole command is removed by the fix whose volume it would delete",
            {
                "compose.yaml": BIND,
                "deploy.sh": "docker compose down && docker volume prune -af && docker compose up -d\n",
            },
            {"compose.yaml": MOVED, "deploy.sh": "docker compose down && docker compose up -d\n"},
        ),
        untouched(
            "targets that people call by hand",
            {
                "compose.yaml": STACK,
                "Makefile": "up:\n\tdocker compose up -d\ndown:\n\tdocker compose down -v\nclean: down\n\tdocker volume prune -af\n",
            },
        ),
        untouched(
            "a stack for tests, and text that only mentions the command",
            {
                "compose.yaml": STACK,
                "docker-compose.test.yml": "services:\n  db:\n    image: postgres:16\n",
                "deploy.sh": "# docker compose down -v\necho 'run docker compose down -v to start anew'\n"
                "docker compose -f docker-compose.test.yml up -d\ndocker compose -f docker-compose.test.yml down -v\n"
                "docker compose -v\ndocker run -v a:/b app\ndocker compose up -d\n",
            },
        ),
        untouched(
            "a script that brings a stack up and takes it down again",
            {
                "compose.yaml": STACK,
                "demo.sh": "trap 'docker compose down -v' EXIT\ndocker compose up -d\n./try.py\ndocker compose down -v\n",
            },
        ),
        untouched(
            "commands that delete containers, images and networks, but no volumes",
            {
                "compose.yaml": STACK,
                "deploy.sh": "docker compose down --remove-orphans --rmi local -t 5\ndocker rm -f old\n"
                "docker system prune -af\ndocker compose up -d --force-recreate\n",
            },
        ),
        untouched(
            "a job on a temporary machine",
            {
                "compose.yaml": STACK,
                ".github/workflows/deploy.yml": "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-24.04\n    steps:\n"
                "      - run: docker compose up -d && ./smoke.sh\n      - run: docker compose down -v && docker compose up -d\n",
            },
        ),
        untouched(
            "a script deletes volumes only with an argument",
            {
                "compose.yaml": STACK,
                "deploy.sh": 'case "$1" in\n  purge) docker compose down -v ;;\n  *) docker compose up -d ;;\nesac\n',
            },
        ),
    ),
    check=check,
)
