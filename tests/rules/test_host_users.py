"""Who uses a directory on the host is named before it becomes a volume, with file and line; prose and others are not."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

PG = "services:\n  db:\n    image: postgres:16\n    volumes: ['{source}:/var/lib/postgresql/data']\n"


def laid(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def evidence(directory: Path) -> list[str]:
    plan = volfix.plan(directory, select=("VF101", "VF103"))
    return [line for finding in plan.findings for line in finding.evidence]


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("Makefile", "backup:\n\ttar czf b.tgz ./data/pg", "Makefile:2: `tar` uses ./data/pg"),
        ("backup.sh", "rsync -a --delete data/pg/ nas:/pg", "backup.sh:1: `rsync` uses ./data/pg"),
        ("scripts/copy.sh", "cp -r ../data/pg /mnt", "scripts/copy.sh:1: `cp` uses ./data/pg"),
        ("ops/nightly.cron", "0 3 * * * root tar cf /b data/pg", "ops/nightly.cron:1: `tar` uses ./data/pg"),
        ("look.sh", 'sqlite3 "$PWD/data/pg/app.db" .dump', "look.sh:1: `sqlite3` uses ./data/pg"),
        (
            ".github/workflows/w.yml",
            "jobs: {a: {steps: [{run: 'ls data/pg'}]}}",
            ".github/workflows/w.yml:1: `ls` uses",
        ),
        ("README.md", "Rows\n====\nThey are in `./data/pg`.", "README.md:3: names ./data/pg"),
        (".gitignore", "*.log\n/data/pg/", ".gitignore:2: `/data/pg/` is unused after the fix"),
    ],
)
def test_what_uses_the_directory_is_named(name: str, line: str, said: str, tmp_path: Path) -> None:
    laid(tmp_path, {"compose.yaml": PG.format(source="./data/pg"), name: line + "\n"})
    assert any(text.startswith(said) for text in evidence(tmp_path))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("README.md", "All data is kept for a year, and data. Data, too."),
        ("get.sh", "curl --data @body.json https://example.org/data/x"),
        ("run.sh", "echo data; cp -r src/data build"),
        ("run.sh", "cp $data /mnt; tar cf x mydata data.old data-2"),
        ("other/README.md", "Here, too, `./data` has the rows: of this project."),
        (".gitignore", "*.data\n/src/data/"),
    ],
)
def test_what_only_sounds_alike_is_not(name: str, line: str, tmp_path: Path) -> None:
    other = "services: {web: {image: nginx}}\n"
    laid(tmp_path, {"compose.yaml": PG.format(source="./data"), "other/compose.yaml": other, name: line + "\n"})
    found = evidence(tmp_path)
    assert found
    assert not [text for text in found if text.startswith(name)]


def test_the_compose_file_that_the_fix_changes_is_no_other_user(tmp_path: Path) -> None:
    laid(tmp_path, {"ansible/templates/compose.yaml": PG.format(source="./data/pg")})
    assert not [line for line in evidence(tmp_path) if "compose.yaml" in line]


def test_an_ignored_directory_that_holds_other_mounts_is_not_idle(tmp_path: Path) -> None:
    web = "  web:\n    image: nginx\n    volumes: ['./data/site:/usr/share/nginx/html']\n"
    laid(tmp_path, {"compose.yaml": PG.format(source="./data/pg") + web, ".gitignore": "/data/\n"})
    assert not [text for text in evidence(tmp_path) if "gitignore" in text]


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    laid(tmp_path, {"compose.yaml": PG.format(source="./data"), "a.sh": "ls data\n" * 8})
    assert "3 more lines of the repository name ./data on the host" in evidence(tmp_path)


def test_no_line_is_printed_for_it_may_hold_a_password(tmp_path: Path) -> None:
    laid(tmp_path, {"compose.yaml": PG.format(source="./data"), "a.sh": "PGPASSWORD=hunter2 tar cf x data\n"})
    assert "hunter2" not in str(evidence(tmp_path))


def test_who_opens_a_mounted_file_on_the_host_is_named(tmp_path: Path) -> None:
    compose = (
        "services:\n  app:\n    image: acme/app\n    environment: {DATABASE_URL: 'sqlite:////srv/app.db'}\n"
        "    volumes: ['./app.db:/srv/app.db']\n"
    )
    laid(tmp_path, {"compose.yaml": compose, "rows.sh": "sqlite3 app.db 'select count(*) from orders'\n"})
    assert "rows.sh:1: `sqlite3` uses ./app.db on the host: it will not see the volume" in evidence(tmp_path)
