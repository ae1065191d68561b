"""Given what names a project: whether the next deployment gives another name, and the name that stays."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"


def written(root: Path, path: str, text: str, compose: str = COMPOSE) -> tuple[bool, str]:
    """Whether VF308 speaks, and the file after its fix."""
    for name, content in (("compose.yaml", compose), (path, text)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    plan = volfix.plan(root, unsafe_fixes=True, select=["VF308"])
    found = bool(plan.findings)
    plan.write()
    return found, (root / path).read_text(encoding="utf-8")


def step(command: str, env: str = "") -> str:
    return f"on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n{env}    steps:\n      - run: {command}\n"


WORKFLOW = ".github/workflows/ship.yml"
CHANGED = [
    (WORKFLOW, step("docker compose -p shop-${{ github.sha }} up -d"), "-${{ github.sha }}"),
    (WORKFLOW, step("docker compose --project-name shop_$GITHUB_RUN_ID up -d"), "_$GITHUB_RUN_ID"),
    (WORKFLOW, step("docker compose -p $GITHUB_SHA-shop up -d"), "$GITHUB_SHA-"),
    (WORKFLOW, step("docker compose up -d", '    env: {COMPOSE_PROJECT_NAME: "shop-${{ github.run_number }}"}\n'), "-${{ github.run_number }}"),
    (".gitlab-ci.yml", "deploy:\n  script: COMPOSE_PROJECT_NAME=shop-$CI_PIPELINE_IID docker compose up -d\n", "-$CI_PIPELINE_IID"),
    ("deploy.sh", "docker compose -p shop -p web-$BUILD_ID up -d\n", "-$BUILD_ID"),
    ("deploy.sh", "export COMPOSE_PROJECT_NAME=shop-$(date +%s)\ndocker compose up -d\n", "-$(date +%s)"),
    ("deploy.sh", 'docker compose -p "shop-$BUILD_ID-live" up -d\n', "-$BUILD_ID"),
    ("deploy.sh", 'docker compose -p "shop-$(git rev-parse --short HEAD)" up -d\n', None),
    ("Makefile", "deploy:\n\tdocker compose -p shop-$(GIT_SHA) up -d\n", None),
    ("deploy.sh", "cd releases/$(date +%Y%m%d)\ndocker compose up -d\n", None),
    ("deploy.sh", "docker compose --project-directory /srv/shop/$GIT_SHA up -d\n", None),
    ("site.yml", "- hosts: shop\n  tasks:\n    - docker_compose_v2: {project_src: '/srv/{{ release_id }}'}\n", None),
    ("site.yml", "- hosts: shop\n  tasks:\n    - command: docker compose up -d chdir=/srv/{{ git_sha }}\n", None),
    ("deploy.sh", "docker compose -p $BUILD_NUMBER up -d\n", None),
    ("deploy.sh", "docker compose -p shop-$BRANCH-$BUILD_NUMBER up -d\n", None),
]  # fmt: skip
KEPT = [
    (WORKFLOW, step("docker compose -p shop-${{ github.ref_name }} up -d")),
    (WORKFLOW, step("docker compose -p shop-${{ inputs.environment }} up -d")),
    ("deploy.sh", "docker compose -p shop-$USER up -d\n"),
    ("deploy.sh", "docker compose -p web-$BUILD_ID -p shop up -d\n"),
    ("site.yml", "- hosts: shop\n  tasks:\n    - docker_compose_v2: {project_src: '/srv/{{ release_id }}/shop'}\n"),
    ("deploy.sh", "docker compose -p shop-${ENVIRONMENT:-live} up -d\n"),
    ("deploy.sh", 'cd "$(git rev-parse --show-toplevel)"\ndocker compose up -d\n'),
    ("deploy.sh", "export TAG=$(git rev-parse HEAD)\ndocker compose -p shop up -d\n"),
]


@pytest.mark.parametrize(("path", "text", "part"), CHANGED)
def test_a_name_that_changes_is_found_and_pinned_where_a_name_stays(
    path: str, text: str, part: str | None, tmp_path: Path
) -> None:
    found, after = written(tmp_path, path, text)
    assert found
    assert after == (text.replace(part, "") if part else text)


@pytest.mark.parametrize(("path", "text"), KEPT)
def test_a_name_that_stays_is_none(path: str, text: str, tmp_path: Path) -> None:
    assert written(tmp_path, path, text) == (False, text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pg-${APP_VERSION}", "pg"),
        ("${CI_COMMIT_SHA}_pg", "pg"),
        ("pg-${BUILD_ID}-rows", "pg-rows"),
        ("pg-${POSTGRES_VERSION}", None),
        ("${PREFIX}-pg", None),
    ],
)
def test_a_volume_s_own_name(name: str, expected: str | None, tmp_path: Path) -> None:
    compose = COMPOSE.replace("rows:\n", f"rows:\n    name: {name}\n")
    found, _ = written(tmp_path, "README", "", compose)
    assert found == (expected is not None)
    assert (tmp_path / "compose.yaml").read_text() == compose.replace(name, expected or name)


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        (WORKFLOW, step("docker compose -p shop-${{ github.sha }} up -d"), "shop-${{ github.sha }}"),
        (WORKFLOW, step("docker compose up -d", "    env: {COMPOSE_PROJECT_NAME: 'a.${{github.run_id}}'}\n"), "a.${{github.run_id}}"),
        ("site.yml", "- hosts: shop\n  tasks:\n    - docker_compose_v2: {project_src: '/srv/{{ release_id }}'}\n", "{{ release_id }}"),
        (".gitlab-ci.yml", "deploy:\n  script: docker compose -p shop-${CI_JOB_ID} up -d\n", "shop-${CI_JOB_ID}"),
    ],
)  # fmt: skip
def test_the_evidence_says_the_name_as_it_is_written(path: str, text: str, name: str, tmp_path: Path) -> None:
    written(tmp_path, path, text)
    (tmp_path / path).write_text(text)
    (finding,) = volfix.plan(tmp_path, select=["VF308"]).findings
    assert any(f"{name}_rows" in line for line in finding.evidence)
