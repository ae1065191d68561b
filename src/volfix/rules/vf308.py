"""VF308: the name of the project or a volume changes at each deployment, so each starts with an EMPTY volume."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context
from volfix.rules.examples.deployed_database import COMPOSE
from volfix.rules.findings import Finding
from volfix.rules.remedies.changing_volumes import changing_volume_findings
from volfix.rules.rule import Rule, fixed_unsafe, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every changing name: see `changing_volumes.py`."""
    yield from changing_volume_findings(context)


DRONE = """\
kind: pipeline
type: exec
name: deploy
steps:
  - name: deploy
    commands:
      - docker compose -p shop-${DRONE_BUILD_NUMBER} up -d
"""
GITLAB = """\
deploy:
  variables:
    COMPOSE_PROJECT_NAME: shop-$CI_COMMIT_SHORT_SHA
  script:
    - docker compose up -d
"""
WORKFLOW = """\
on: push
jobs:
  deploy:
    runs-on: self-hosted
    env:
      COMPOSE_PROJECT_NAME: "shop_${{ github.run_number }}"
    steps:
      - run: docker compose up -d
"""

RULE = Rule(
    code="VF308",
    name="changing-project-name",
    summary=(
        "The name of the project or of a volume changes at each deployment: each deployment starts with EMPTY volumes."
    ),
    why=(
        "Compose names a volume after the project. If the project's name contains a build number, a commit or a date,"
        " the next deployment looks for a volume that does not exist, creates an EMPTY volume, and leaves the rows in"
        " the old volume."
    ),
    fix=(
        "volfix removes the part of the name that changes, if a valid name is left. Unsafe: the volume with the fixed "
        "name starts EMPTY too, until the rows of the last deployment are carried into it."
    ),
    sources=("compose-spec/compose-go: cli/options.go", "docker/compose: pkg/api/labels.go"),
    examples=(
        fixed_unsafe(
            "the number of the build in -p",
            {"compose.yaml": COMPOSE, ".drone.yml": DRONE},
            {".drone.yml": DRONE.replace("-${DRONE_BUILD_NUMBER}", "")},
        ),
        fixed_unsafe(
            "the commit in a job's variable",
            {"compose.yaml": COMPOSE, ".gitlab-ci.yml": GITLAB},
            {".gitlab-ci.yml": GITLAB.replace("-$CI_COMMIT_SHORT_SHA", "")},
        ),
        fixed_unsafe(
            "an expression of GitHub Actions",
            {"compose.yaml": COMPOSE, ".github/workflows/ship.yml": WORKFLOW},
            {".github/workflows/ship.yml": WORKFLOW.replace("_${{ github.run_number }}", "")},
        ),
        fixed_unsafe(
            "in the Compose file",
            {"compose.yaml": "name: shop-${GIT_SHA:-dev}\n" + COMPOSE},
            {"compose.yaml": "name: shop\n" + COMPOSE},
        ),
        fixed_unsafe(
            "the volume's own name",
            {"compose.yaml": COMPOSE.replace("rows:\n", "rows:\n    name: 'pg-${APP_VERSION}'\n")},
            {"compose.yaml": COMPOSE.replace("rows:\n", "rows:\n    name: 'pg'\n")},
        ),
        reported(
            "every part of the name changes",
            {"compose.yaml": COMPOSE, "deploy.sh": 'docker compose -p "$(git rev-parse --short HEAD)" up -d\n'},
        ),
        untouched(
            "a fixed name",
            {"compose.yaml": COMPOSE, ".gitlab-ci.yml": GITLAB.replace("-$CI_COMMIT_SHORT_SHA", "-live")},
        ),
        untouched(
            "a stack for each branch keeps its name",
            {"compose.yaml": COMPOSE, ".gitlab-ci.yml": GITLAB.replace("SHORT_SHA", "REF_SLUG")},
        ),
        untouched(
            "the volume has a name of its own",
            {"compose.yaml": COMPOSE.replace("rows:\n", "rows:\n    name: shop-rows\n"), ".gitlab-ci.yml": GITLAB},
        ),
        untouched(
            "only a cache is in the volume",
            {
                "compose.yaml": "services:\n  app:\n    image: example/app\n    volumes: [npm-cache:/cache]\n"
                "volumes:\n  npm-cache:\n",
                ".gitlab-ci.yml": GITLAB,
            },
        ),
        untouched(
            "the stack of a test goes down again",
            {
                "compose.yaml": COMPOSE,
                "test.sh": "docker compose -p shop-$RANDOM up -d\npytest\ndocker compose -p shop-$RANDOM down\n",
            },
        ),
    ),
    check=check,
)
