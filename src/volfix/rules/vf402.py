"""VF402: a command of the deployment deletes the files behind a bind mount."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context
from volfix.rules.findings import Finding
from volfix.rules.rule import Rule, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every command that deletes mounted files: see `bind_deletions.py`, imported only if a file has
    commands.
    """
    if context.commands is not None:
        from volfix.rules.evidence.bind_deletions import bind_deletion_findings
        from volfix.rules.remedies.cleaned_checkouts import is_converted

        yield from bind_deletion_findings(context, context.commands, is_converted)


STACK = (
    "services:\n  db:\n    image: mongo:7\n    volumes:\n"
    "      - ./state/db:/data/db  # volfix: ignore[VF101] the host's snapshots need the files\n"
)

RULE = Rule(
    code="VF402",
    name="command-deletes-bind-data",
    summary="A command of the deployment deletes the files behind a bind mount.",
    why=(
        "A bind mount is an ordinary directory of the host: `git clean -fdx`, `rm -rf data`, `find data -delete` and "
        "`rsync --delete` delete the database in it."
    ),
    fix=(
        "None: volfix does not know the purpose of the command. The finding says which path the command must leave out."
    ),
    sources=("git: git-clean", "rsync(1): --delete, FILTER RULES", "Drillster/drone-rsync: DOCS.md"),
    examples=(
        reported(
            "a script that empties the data directory before it starts the stack",
            {"compose.yaml": STACK, "run.sh": "rm -rf ./state/*\ndocker compose up -d\n"},
        ),
        reported(
            "`find -delete`",
            {"compose.yaml": STACK, "run.sh": "find ./state -mindepth 1 -delete\ndocker compose up -d\n"},
        ),
        reported(
            "a container that mounts the directory",
            {
                "compose.yaml": STACK,
                "run.sh": "docker run --rm -v ./state:/v alpine sh -c 'rm -rf /v/*'\ndocker compose up -d\n",
            },
        ),
        untouched(
            "`find -delete` with a test, which spares files",
            {"compose.yaml": STACK, "run.sh": "find ./state -name '*.tmp' -delete\ndocker compose up -d\n"},
        ),
        reported(
            "on a server, where the checkout is in another directory",
            {
                "compose.yaml": STACK,
                "deploy.sh": "ssh app@host 'cd /srv/shop && docker compose down && rm -rf /srv/shop/state && docker compose up -d'\n",
            },
        ),
        reported(
            "a clean checkout at every push",
            {
                "compose.yaml": STACK,
                ".gitlab-ci.yml": "deploy:\n  script:\n    - git clean -ffdx\n    - docker compose up -d\n",
            },
        ),
        reported(
            "rsync deletes on the server what the repository does not have",
            {
                "compose.yaml": STACK,
                "deploy.sh": "rsync -az --delete --exclude .git ./ app@host:/srv/shop/\n"
                "ssh app@host 'cd /srv/shop && docker compose up -d'\n",
            },
        ),
        untouched(
            "commands that exclude the data directory or delete other paths",
            {
                "compose.yaml": STACK,
                "deploy.sh": "rsync -az --delete --exclude=/state ./ app@host:/srv/shop/\nrm -rf dist /tmp/shop state.bak\n"
                "git clean -fdx -e state\nrsync -a --delete build/ app@host:/srv/shop/static/\n"
                "ssh app@host 'cd /srv/shop && docker compose up -d'\n",
            },
        ),
        untouched(
            "a target that people call by hand, and a deletion inside a container",
            {
                "compose.yaml": STACK,
                "Makefile": "clean:\n\trm -rf state\nup:\n\tdocker compose run --rm db rm -rf state\n\tdocker compose up -d\n",
            },
        ),
        untouched(
            "`git clean` without -d, or with -n, deletes no untracked directory",
            {
                "compose.yaml": STACK,
                "deploy.sh": "git clean -fx\ngit clean -ndx\ngit checkout -- .\ngit reset --hard origin/main\ngit pull\n"
                "docker compose up -d\n",
            },
        ),
        untouched(
            "rsync with -n, and rsync from the server to a backup",
            {
                "compose.yaml": STACK,
                "deploy.sh": "rsync -an --delete ./ app@host:/srv/shop/\nrsync -a --delete app@host:/srv/shop/state/ /backup/state/\n"
                "ssh app@host 'cd /srv/shop && docker compose up -d'\n",
            },
        ),
        untouched(
            "a named volume, which deleting files of the checkout does not touch",
            {
                "compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: [rows:/data/db]\nvolumes:\n  rows:\n",
                "deploy.sh": "git clean -ffdx\nrm -rf rows\ndocker compose up -d\n",
            },
        ),
    ),
    check=check,
)
