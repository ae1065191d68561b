"""VF309: before each deployment the CI system cleans the checkout that a bind mount lies in."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context
from volfix.rules.findings import Finding
from volfix.rules.rule import Rule, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every bind mount that is cleaned: see `cleaned_checkouts.py`."""
    if context.stack.workflows:
        from volfix.rules.remedies.cleaned_checkouts import cleaned_checkout_findings

        yield from cleaned_checkout_findings(context)


COMPOSE = "services:\n  app:\n    image: example/shop:1\n    volumes:\n      - ./uploads:/app/uploads\n"
WORKFLOW = """\
on: push
jobs:
  deploy:
    runs-on: self-hosted
    steps:
      - uses: actions/checkout@v4
      - run: docker compose up -d
"""
GITLAB = "deploy:\n  script:\n    - docker compose up -d\n"
EXEC = (
    "kind: pipeline\ntype: exec\nname: deploy\nsteps:\n  - name: deploy\n    commands: [docker compose -p shop up -d]\n"
)
PINNED = (
    "services:\n  db:\n    image: postgres:16\n    volumes:\n"
    "      - ./pgdata:/var/lib/postgresql/data  # volfix: ignore[VF101] the host's snapshots need the files\n"
)

RULE = Rule(
    code="VF309",
    name="checkout-cleaned",
    summary="The CI system cleans the checkout before each deployment, and a writable bind mount lies in it.",
    why=(
        "A runner on the host deploys from its own checkout, and cleans the checkout first: actions/checkout and GitLab"
        " run `git clean -ffdx`, Drone's exec runner deletes the directory. This deletes the files that containers "
        "wrote there, and the deployment looks like any other."
    ),
    fix=(
        "None: volfix does not know the purpose of the directory. If it holds a database, VF101 makes it a named "
        "volume."
    ),
    sources=(
        "actions/checkout: README.md (clean)",
        "GitLab documentation: CI/CD variables, GIT_CLEAN_FLAGS",
        "drone/docs: pipeline/exec/syntax/workspace.md",
    ),
    examples=(
        reported("a self-hosted runner", {"compose.yaml": COMPOSE, ".github/workflows/ship.yml": WORKFLOW}),
        reported("GitLab's default", {"compose.yaml": COMPOSE, ".gitlab-ci.yml": GITLAB}),
        reported("Drone's exec runner", {"compose.yaml": COMPOSE, ".drone.yml": EXEC}),
        reported(
            "a database whose bind mount is kept by a comment", {"compose.yaml": PINNED, ".gitlab-ci.yml": GITLAB}
        ),
        untouched(
            "the checkout is kept",
            {
                "compose.yaml": COMPOSE,
                ".github/workflows/ship.yml": WORKFLOW.replace(
                    "checkout@v4\n", "checkout@v4\n        with:\n          clean: false\n"
                ),
            },
        ),
        untouched(
            "the flags of `git clean` spare the directory",
            {"compose.yaml": COMPOSE, ".gitlab-ci.yml": "variables:\n  GIT_CLEAN_FLAGS: -ffdx -e uploads/\n" + GITLAB},
        ),
        untouched(
            "git tracks the directory",
            {"compose.yaml": COMPOSE, "uploads/logo.svg": "<svg/>\n", ".gitlab-ci.yml": GITLAB},
        ),
        untouched(
            "a host directory outside the checkout",
            {"compose.yaml": COMPOSE.replace("./uploads", "/srv/uploads"), ".gitlab-ci.yml": GITLAB},
        ),
        untouched(
            "a checkout on another host, which nothing cleans",
            {
                "compose.yaml": COMPOSE,
                ".gitlab-ci.yml": "deploy:\n  script:\n    - ssh ops@shop 'cd /srv/shop && git pull && docker compose up -d'\n",
            },
        ),
        untouched(
            "a temporary machine that only runs tests",
            {
                "compose.yaml": COMPOSE,
                ".github/workflows/ci.yml": WORKFLOW.replace("self-hosted", "ubuntu-latest").replace(
                    "deploy:", "build:"
                ),
            },
        ),
    ),
    check=check,
)
