"""Given what volfix 0.1.0 left on a machine, when this volfix is called there, then nothing of it is lost.

The texts here are as 0.1.0 wrote them; they never change.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from volfix.cli.main import volfix

BEFORE = "services:\n  db:\n    image: postgres:16\n    volumes: [./pgdata:/var/lib/postgresql/data]\n"
AFTER = (
    "services:\n  db:\n    image: postgres:16\n    volumes: [db-data:/var/lib/postgresql/data]\n"
    "volumes:\n  db-data:\n    driver: local\n"
)
STATE = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE repositories (
    id INTEGER PRIMARY KEY, source NOT NULL, place NOT NULL UNIQUE, is_url INTEGER NOT NULL, current INTEGER NOT NULL,
    todo INTEGER NOT NULL, status TEXT, reason TEXT, head TEXT, branch TEXT, commit_id TEXT, seconds REAL, links TEXT,
    result BLOB, identity TEXT, options TEXT, finished REAL);
CREATE INDEX repositories_todo ON repositories (todo, id) WHERE todo > 0;
CREATE TABLE causes (repository INTEGER NOT NULL, code TEXT NOT NULL, found INTEGER NOT NULL, fixed INTEGER NOT NULL,
    open INTEGER NOT NULL, PRIMARY KEY (repository, code)) WITHOUT ROWID;
CREATE TABLE facts (repository INTEGER NOT NULL, kind TEXT NOT NULL, key, after, host TEXT NOT NULL);
CREATE INDEX facts_of ON facts (repository);
INSERT INTO meta VALUES ('format', '1'), ('started', '1700000000.0'), ('options', '0123');
"""
BRANCH = "volfix/persistent-databases"


def git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), "-c", "user.email=a@b", "-c", "user.name=a", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def called(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(volfix, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A repository that 0.1.0 has written, and that nobody has carried."""
    root = tmp_path / "shop"
    (root / "pgdata").mkdir(parents=True)
    (root / "pgdata" / "PG_VERSION").write_text("16\n")
    (root / "compose.yaml").write_text(BEFORE)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "compose.yaml")
    git(root, "commit", "-qm", "before")
    (root / "compose.yaml").write_text(AFTER)
    old, new = (hashlib.sha256(text.encode()).hexdigest() for text in (BEFORE, AFTER))
    file = {"path": "compose.yaml", "before": old, "after": new, "mode": 420, "temporary": ".volfix-0.tmp"}
    journal = root / ".git" / "volfix"
    (journal / "old").mkdir(parents=True)
    (journal / "old" / old).write_text(BEFORE)
    run = {"version": 1, "root": str(root), "started": 1700000000.0, "transactions": [[file]], "undo": False}
    (journal / "last.json").write_text(json.dumps(run, indent=1))
    return root


def test_a_write_that_was_never_carried_is_reported(written: Path) -> None:
    status, said = called(str(written))
    assert status == 1
    assert "warning[VF112] " in said
    assert said.splitlines()[-1] == "NOT CARRIED: ./pgdata -> shop_db-data (it is still in its old place)"


def test_its_undo_journal_puts_the_files_back(written: Path) -> None:
    status, said = called("undo", str(written))
    assert status == 0
    assert "put back" in said
    assert "carry" not in said, "nothing was carried"
    assert (written / "compose.yaml").read_text() == BEFORE


def test_its_state_of_a_bulk_run_is_read_and_its_open_branch_stays(written: Path, tmp_path: Path) -> None:
    git(written, "stash", "-q")
    git(written, "checkout", "-qb", BRANCH)
    (written / "compose.yaml").write_text(AFTER)
    git(written, "commit", "-qam", "Keep the databases")
    open_branch = git(written, "rev-parse", BRANCH)
    git(written, "checkout", "-q", "main")
    state = tmp_path / "volfix-bulk.sqlite"
    with sqlite3.connect(state) as database:
        database.executescript(STATE)
        row = (str(written), str(written), git(written, "rev-parse", "main"), BRANCH, open_branch)
        database.execute(
            "INSERT INTO repositories (source, place, is_url, current, todo, status, head, branch, commit_id, links,"
            " options) VALUES (?, ?, 0, 1, 0, 'pushed', ?, ?, ?, '[]', '0123')",
            row,
        )
    status, said = called("bulk", str(written), "--write", "--state", str(state), "--jobs", "1", "-q")
    assert status in (0, 1), said
    assert git(written, "rev-parse", BRANCH) == open_branch
    assert (written / "compose.yaml").read_text() == BEFORE
