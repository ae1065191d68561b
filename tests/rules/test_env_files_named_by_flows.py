"""Given an env file that no Compose file names, when a deploying flow names it, then the evidence says where."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

FILES = {
    "compose.yaml": "services:\n  app:\n    build: .\n    environment: {DATABASE_URL: '${DATABASE_URL}'}\n"
    "    volumes: [data:/app/data]\nvolumes:\n  data:\n    driver: local\n",
    "app.py": "import os\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ['DATABASE_URL'])\n",
    "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD python app.py\n",
    ".env.prod": "DATABASE_URL=sqlite:////app/app.db\n",
}
NOT_NAMED = "if a deployment loads this env file, this URL misses the volume"


def evidence(root: Path, path: str, text: str) -> tuple[str, ...]:
    for name, content in {**FILES, path: text}.items():
        (root / name).write_text(content)
    (finding,) = [each for each in volfix.plan(root).findings if each.code == "VF201"]
    return finding.evidence


@pytest.mark.parametrize(
    ("path", "text", "line", "started"),
    [
        ("deploy.sh", "set -a\nsource .env.prod\nset +a\ndocker compose up -d\n", 2, 4),
        ("deploy.sh", "set -a; . ./.env.prod\ndocker compose up -d\n", 1, 2),
        ("Makefile", "include .env.prod\nexport\ndeploy:\n\tdocker compose up -d\n", 1, 4),
        (".gitlab-ci.yml", "deploy:\n  script:\n    - set -a; . ./.env.prod\n    - docker compose up -d\n", 3, 4),
    ],
)
def test_a_script_that_reads_it_is_named(path: str, text: str, line: int, started: int, tmp_path: Path) -> None:
    says = f"{path}:{line} reads this file and passes DATABASE_URL to `docker compose up -d` ({path}:{started})"
    found = evidence(tmp_path, path, text)
    assert says in found
    assert NOT_NAMED not in found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("deploy.sh", "export $(grep -v '^#' .env.prod | xargs)\ndocker compose up -d\n"),
        ("deploy.sh", "env $(cat .env.prod) docker compose up -d\n"),
    ],
)
def test_what_a_line_does_with_it_is_not_claimed_where_it_is_not_known(path: str, text: str, tmp_path: Path) -> None:
    (line,) = [each for each in evidence(tmp_path, path, text) if "docker compose" in each]
    assert line.startswith(f"{path}:1 names this file, and runs with `docker compose up -d`")


@pytest.mark.parametrize(
    "text",
    ["# .env.prod is for others\ndocker compose up -d\n", "cat .env.production my.env.prod\ndocker compose up -d\n"],
)
def test_another_file_and_a_comment_are_no_use(text: str, tmp_path: Path) -> None:
    assert NOT_NAMED in evidence(tmp_path, "deploy.sh", text)
