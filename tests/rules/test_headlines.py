"""The headlines of VF105, VF308, VF309, VF310 and VF403: the danger first, on one line; what is wrong, in the evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Finding

DB = "services:\n  db:\n    image: postgres:16\n{}"
ROWS = DB.format("    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n")
BUILT = "services:\n  db: {build: .}\n"
RESET = "docker compose up -d\ndocker compose exec -T app php artisan migrate:fresh --force --database=shop\n"
URL = "psql postgres://shop:hunter2@db.example.org:5432/a-database-with-a-long-name -c 'DROP DATABASE shop'"
GITLAB = "deploy:\n  script: [docker compose up -d]\n"
UPLOADS = "services:\n  app:\n    image: example/shop\n    volumes: [./uploads:/app/uploads]\n"

CASES = [
    ("VF105", {}, DB.format(""), "db starts EMPTY after `down`: no volume at /var/lib/postgresql/data"),
    (
        "VF105",
        {},
        DB.format("    volumes: [/var/lib/postgresql/data]\n"),
        "db starts EMPTY after `down`: its volume is anonymous",
    ),
    (
        "VF105",
        {"deploy.sh": "docker stack deploy -c compose.yaml shop\n"},
        DB.format(""),
        "db starts EMPTY at each update: no volume at /var/lib/postgresql/data",
    ),
    (
        "VF308",
        {"deploy.sh": "docker compose -p shop-$(date +%s) up -d\n"},
        ROWS,
        "each deployment starts with an EMPTY volume: -p changes",
    ),
    ("VF308", {}, f"name: shop-${{GIT_SHA}}\n{ROWS}", "each deployment starts with an EMPTY volume: `name:` changes"),
    (
        "VF308",
        {},
        ROWS.replace("rows:\n", "rows: {name: 'pg-${APP_VERSION}'}\n"),
        "each deployment starts with an EMPTY volume",
    ),
    ("VF309", {".gitlab-ci.yml": GITLAB}, UPLOADS, "each deployment deletes what containers wrote"),
    (
        "VF310",
        {"deploy.sh": "docker stack deploy -c compose.yaml shop\n"},
        ROWS,
        "on another node db starts with an EMPTY volume: nothing pins it",
    ),
    (
        "VF403",
        {"deploy.sh": RESET},
        ROWS,
        "each deployment drops the tables with their rows",
    ),
    (
        "VF403",
        {"deploy.sh": f"docker compose up -d\n{URL}\n"},
        ROWS,
        "each deployment drops or empties what holds the rows",
    ),
    (
        "VF403",
        {},
        ROWS.replace("postgres:16\n", "postgres:16\n    command: sh -c 'dropdb shop; postgres'\n"),
        "db drops the database at each start: `dropdb shop`",
    ),
]


def only(root: Path, code: str, files: dict[str, str]) -> Finding:
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    found = [item.finding for project in volfix.plan(root).projects for item in project.findings]
    (finding,) = (each for each in found if each.code == code)
    return finding


@pytest.mark.parametrize(("code", "files", "compose", "expected"), CASES)
def test_a_headline_is_the_danger(
    code: str, files: dict[str, str], compose: str, expected: str, tmp_path: Path
) -> None:
    finding = only(tmp_path, code, {"compose.yaml": compose, **files})
    assert finding.message == expected
    assert len(expected) <= 72


def test_a_headline_leaves_out_what_it_has_no_room_for(tmp_path: Path) -> None:
    name = "a-database-with-a-name-of-many-words"
    finding = only(tmp_path, "VF105", {"compose.yaml": DB.format("").replace("  db:", f"  {name}:")})
    assert finding.message == f"{name} starts EMPTY after `down`"
    assert any("/var/lib/postgresql/data" in line for line in finding.evidence)


def test_the_evidence_says_what_the_headline_leaves_out(tmp_path: Path) -> None:
    files = {"compose.yaml": ROWS, "deploy.sh": RESET + "docker compose -p shop-$(date +%s) up -d\n"}
    wiped = only(tmp_path, "VF403", files).evidence
    assert wiped[0].startswith("`docker compose exec -T app php artisan migrate:fresh --force --database=shop` drops")
    assert "-p gives `shop-$(date +%s)`, which changes at each deployment" in only(tmp_path, "VF308", files).evidence
    cleaned = only(tmp_path, "VF309", {"compose.yaml": UPLOADS, ".gitlab-ci.yml": GITLAB}).evidence
    assert cleaned[0] == "GitLab runs `git clean -ffdx` before each job"
