"""VF402: a command of the deployment deletes the files behind a bind mount."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context
from volfix.rules.findings import Finding
from volfix.rules.rule import Rule, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """See bind_deletions; nothing of it is imported where no file has a command that deletes."""
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
            "find, which deletes what it finds",
            {"compose.yaml": STACK, "run.sh": "find ./state -mindepth 1 -delete\ndocker compose up -d\n"},
        ),
        reported(
            "a container that has the directory mounted",
            {
                "compose.yaml": STACK,
                "run.sh": "docker run --rm -v ./state:/v alpine sh -c 'rm -rf /v/*'\ndocker compose up -d\n",
            },
        ),
        untouched(
            "find with a test, which says that it spares some",
            {"compose.yaml": STACK, "run.sh": "find ./state -name '*.tmp' -delete\ndocker compose up -d\n"},
        ),
        reported(
            "on the server, where the checkout lies elsewhere",
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
            "a copy that deletes what the repository does not hold",
            {
                "compose.yaml": STACK,
                "deploy.sh": "rsync -az --delete --exclude .git ./ app@host:/srv/shop/\n"
                "ssh app@host 'cd /srv/shop && docker compose up -d'\n",
            },
        ),
        untouched(
            "the data directory is left out, or is not reached",
            {
                "compose.yaml": STACK,
                "deploy.sh": "rsync -az --delete --exclude=/state ./ app@host:/srv/shop/\nrm -rf dist /tmp/shop state.bak\n"
                "git clean -fdx -e state\nrsync -a --delete build/ app@host:/srv/shop/static/\n"
                "ssh app@host 'cd /srv/shop && docker compose up -d'\n",
            },
        ),
        untouched(
            "a target that is called by hand, and a deletion inside a container",
            {
                "compose.yaml": STACK,
                "Makefile": "clean:\n\trm -rf state\nup:\n\tdocker compose run --rm db rm -rf state\n\tdocker compose up -d\n",
            },
        ),
        untouched(
            "git keeps untracked directories without -d, and with -n all of them; tracked files are no data",
            {
                "compose.yaml": STACK,
                "deploy.sh": "git clean -fx\ngit clean -ndx\ngit checkout -- .\ngit reset --hard origin/main\ngit pull\n"
                "docker compose up -d\n",
            },
        ),
        untouched(
            "a copy that only says what it would delete, and one that goes the other way",
            {
                "compose.yaml": STACK,
                "deploy.sh": "rsync -an --delete ./ app@host:/srv/shop/\nrsync -a --delete app@host:/srv/shop/state/ /backup/state/\n"
                "ssh app@host 'cd /srv/shop && docker compose up -d'\n",
            },
        ),
        untouched(
            "a named volume is not reached by deleting files",
            {
                "compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: [rows:/data/db]\nvolumes:\n  rows:\n",
                "deploy.sh": "git clean -ffdx\nrm -rf rows\ndocker compose up -d\n",
            },
        ),
    ),
    check=check,
)
