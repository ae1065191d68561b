"""Repositories by URL: clones in a cache, pushes, and the credentials in addresses, which nobody sees."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from bulk_factory import BRANCH, COMPOSE, FIXED, TASK, WRITE, done, result
from repository_factory import checked_out, git, repository

from volfix.bulk.git import Git
from volfix.bulk.publish import links
from volfix.bulk.records import Status
from volfix.bulk.worker import Task

PUSH = replace(WRITE, push=True, local_remotes=("/",))
HOOK = """#!/bin/sh
echo "Create a pull request for 'x' on GitHub by visiting:" >&2
echo "     https://git.example.org/shop/pull/new/x" >&2
"""


@pytest.fixture(autouse=True)
def _own_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def server(tmp_path: Path) -> Path:
    bare = repository(
        tmp_path / "server" / "shop.git", {"compose.yaml": COMPOSE, "big.bin": b"x" * 9_000_000}, bare=True
    )
    git(bare, "config", "uploadpack.allowFilter", "true")
    return bare


def cached(tmp_path: Path, task: Task) -> Task:
    return replace(task, cache=str(tmp_path / "cache"))


def test_a_url_is_cloned_into_the_cache_without_what_is_not_read(server: Path, tmp_path: Path) -> None:
    outcome = done(f"file://{server}", cached(tmp_path, TASK))
    assert (outcome.status, outcome.reason) == (Status.FINDINGS, None)
    (project,) = result(outcome)["projects"]
    assert (project["root"], project["name"]) == (f"file://{server}", "shop")
    (clone,) = (tmp_path / "cache").iterdir()
    assert sum(path.stat().st_size for path in clone.rglob("*") if path.is_file()) < 1_000_000
    assert git(server, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_new_commit_is_fetched(server: Path, tmp_path: Path) -> None:
    first = done(f"file://{server}", cached(tmp_path, TASK))
    git(tmp_path, "clone", "-q", str(server), "work")
    (tmp_path / "work" / "compose.yaml").write_bytes(FIXED)
    git(tmp_path / "work", "commit", "-qam", "fixed")
    git(tmp_path / "work", "push", "-q")
    second = done(f"file://{server}", cached(tmp_path, TASK), known_head=first.head)
    assert (second.status, second.unchanged) == (Status.CLEAN, False)
    assert done(f"file://{server}", cached(tmp_path, TASK), known_head=second.head).unchanged


def test_a_push_makes_the_branch_and_returns_the_link(server: Path, tmp_path: Path) -> None:
    (server / "hooks").mkdir()
    (server / "hooks" / "post-receive").write_text(HOOK)
    (server / "hooks" / "post-receive").chmod(0o755)
    outcome = done(f"file://{server}", cached(tmp_path, PUSH))
    assert (outcome.status, outcome.reason) == (Status.PUSHED, None)
    assert outcome.links == ("https://git.example.org/shop/pull/new/x",)
    assert git(server, "rev-parse", BRANCH) == outcome.commit
    assert git(server, "rev-parse", f"{BRANCH}^") == git(server, "rev-parse", "main")
    again = done(f"file://{server}", cached(tmp_path, PUSH))
    assert (again.status, again.commit) == (Status.PUSHED, outcome.commit)


def test_a_branch_on_the_server_is_left_as_it_is(server: Path, tmp_path: Path) -> None:
    git(server, "branch", BRANCH, "main")
    outcome = done(f"file://{server}", cached(tmp_path, PUSH))
    assert outcome.status is Status.SKIPPED
    assert outcome.reason is not None
    assert "at another commit" in outcome.reason
    assert git(server, "rev-parse", BRANCH) == git(server, "rev-parse", "main")


def test_a_clone_is_pushed_to_where_it_comes_from(server: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(server), "clone")
    refs = git(tmp_path / "clone", "for-each-ref")
    outcome = done(tmp_path / "clone", PUSH)
    assert (outcome.status, outcome.reason) == (Status.PUSHED, None)
    assert git(server, "rev-parse", BRANCH) == outcome.commit
    git(tmp_path / "clone", "branch", "-D", BRANCH)
    assert git(tmp_path / "clone", "for-each-ref") == refs, "nothing but the new branch"


def test_a_clone_without_a_remote_is_written_and_fails_to_be_pushed(tmp_path: Path) -> None:
    outcome = done(checked_out(tmp_path / "alone", {"compose.yaml": COMPOSE}), PUSH)
    assert outcome.status is Status.FAILED
    assert outcome.reason is not None
    assert "no remote" in outcome.reason
    assert outcome.commit


def test_an_empty_repository_is_skipped(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    outcome = done(f"file://{tmp_path / 'empty.git'}", cached(tmp_path, TASK))
    assert (outcome.status, outcome.reason) == (Status.SKIPPED, "it has no commit yet, or no default branch")


def test_a_server_that_does_not_answer_is_the_reason(tmp_path: Path) -> None:
    outcome = done("https://ada:hunter2@127.0.0.1:9/shop.git", cached(tmp_path, TASK))
    assert outcome.status is Status.FAILED
    assert outcome.reason is not None
    assert "127.0.0.1" in outcome.reason
    assert "hunter2" not in outcome.reason


def test_no_list_of_processes_shows_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "git"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {seen}\nenv | grep hunter2 >> {seen}.environment\nexit 128\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    outcome = done("https://ada:hunter2@git.example.org/shop.git", cached(tmp_path, TASK))
    assert outcome.status is Status.FAILED
    assert "hunter2" not in seen.read_text()
    assert (
        "insteadOf" in Path(f"{seen}.environment").read_text() or "hunter2" in Path(f"{seen}.environment").read_text()
    )


def test_the_state_and_the_output_have_no_credentials(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "volfix", "bulk", "https://ada:hunter2@127.0.0.1:9/shop.git", "--cache", "cache"]
    words += ["--state", "volfix-bulk.sqlite"]
    ran = subprocess.run([*words, "--jobs", "1"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stdout.splitlines()[-1] == "https://127.0.0.1:9/shop.git", "it goes back in as a source"
    assert "hunter2" not in ran.stdout + ran.stderr
    everything = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"hunter2" in content for content in everything)
    with sqlite3.connect(tmp_path / "volfix-bulk.sqlite") as state:
        assert state.execute("SELECT source FROM repositories").fetchall() == [("https://127.0.0.1:9/shop.git",)]


@pytest.mark.parametrize(
    ("said", "link"),
    [
        (
            "remote: Create a pull request for 'x' on GitHub by visiting:\nremote:      https://github.com/o/r/pull/new/x\n",
            "https://github.com/o/r/pull/new/x",
        ),
        (
            "remote: \nremote: To create a merge request for x, visit:\nremote:   https://gitlab.com/o/r/-/merge_requests/new?a=x",
            "https://gitlab.com/o/r/-/merge_requests/new?a=x",
        ),
        (
            "remote: Create a new pull request for 'x':\nremote:   https://codeberg.org/o/r/compare/main...x\n",
            "https://codeberg.org/o/r/compare/main...x",
        ),
        (
            "remote: Create pull request for x:\nremote:   https://bitbucket.org/o/r/pull-requests/new?source=x&t=1",
            "https://bitbucket.org/o/r/pull-requests/new?source=x&t=1",
        ),
    ],
)
def test_the_links_of_the_forges(said: str, link: str) -> None:
    assert list(links(said)) == [link]


def test_other_addresses_are_no_requests() -> None:
    assert list(links("remote: Found 3 vulnerabilities: https://github.com/o/r/security/dependabot\n")) == []
    assert list(links("To https://github.com/o/r/pull/1\n")) == []


def test_git_reaches_no_network_from_a_repository_that_it_was_given(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE})
    done_ = Git(time.monotonic() + 60).call("ls-remote", f"file://{clone}", at=clone)
    assert done_.returncode != 0
    assert b"not allowed" in done_.stderr
