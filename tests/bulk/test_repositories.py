"""One repository in a bulk run, whatever state it is in: nothing but the new branch is ever changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from bulk_factory import BRANCH, COMPOSE, FIXED, TASK, WRITE, done, picture, result
from repository_factory import checked_out, git, repository

from volfix.bulk.records import Status

PROFILE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture(autouse=True)
def _own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in PROFILE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE})


def file_on_branch(clone: Path, name: str = "compose.yaml") -> bytes:
    words = ["git", "-C", str(clone), "cat-file", "blob", f"{BRANCH}:{name}"]
    return subprocess.run(words, check=True, capture_output=True).stdout


def test_a_dry_run_says_what_volfix_says_and_changes_nothing(clone: Path) -> None:
    before, objects = picture(clone), git(clone, "count-objects", "-v")
    outcome = done(clone, TASK)
    assert (outcome.status, outcome.reason, outcome.head) == (Status.FINDINGS, None, git(clone, "rev-parse", "HEAD"))
    (project,) = result(outcome)["projects"]
    assert (project["root"], project["name"], project["written"]) == (str(clone), "shop", False)
    assert "+      - db-data:/var/lib/postgresql/data" in project["diff"]
    assert picture(clone) == before
    assert git(clone, "count-objects", "-v") == objects


def test_a_write_makes_a_branch_with_one_commit_that_says_why(clone: Path) -> None:
    outcome = done(clone)
    assert (outcome.status, outcome.branch) == (Status.WRITTEN, BRANCH)
    assert git(clone, "rev-parse", BRANCH) == outcome.commit
    assert git(clone, "rev-parse", f"{BRANCH}^") == git(clone, "rev-parse", "main")
    assert file_on_branch(clone) == FIXED
    message = git(clone, "log", "-1", "--format=%B", BRANCH)
    assert "- compose.yaml:5 VF101 " in message
    assert "- ./pg of db into the volume shop_db-data" in message
    assert result(outcome)["projects"][0]["written"] is True


def test_data_that_two_compose_files_mount_is_named_once(tmp_path: Path) -> None:
    files = {"docker-compose.yml": COMPOSE, "docker-compose.prod.yml": COMPOSE}
    done(checked_out(tmp_path / "shop", files))
    message = git(tmp_path / "shop", "log", "-1", "--format=%B", BRANCH)
    assert message.count("- ./pg of db into the volume shop_db-data") == 1


@pytest.mark.parametrize("task", [TASK, WRITE])
def test_a_dirty_checkout_stays_as_it_is_and_out_of_the_branch(clone: Path, task: object) -> None:
    (clone / "compose.yaml").write_bytes(COMPOSE + b"# not committed\n")
    (clone / "staged.txt").write_text("x")
    git(clone, "add", "staged.txt")
    before = picture(clone)
    assert done(clone, task).status in (Status.WRITTEN, Status.FINDINGS)  # type: ignore[arg-type]
    assert picture(clone) == before
    if task is WRITE:
        assert file_on_branch(clone) == FIXED
        assert git(clone, "diff", "--name-only", "main", BRANCH) == "compose.yaml"


def test_nothing_of_the_repository_is_executed(clone: Path, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    script.chmod(0o755)
    for hook in ("post-checkout", "pre-commit", "commit-msg", "post-commit", "reference-transaction", "pre-push"):
        (clone / ".git/hooks").mkdir(exist_ok=True)
        shutil.copy(script, clone / ".git/hooks" / hook)
    for key in (
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "core.fsmonitor",
        "core.editor",
        "diff.x.textconv",
        "gpg.program",
        "credential.helper",
        "core.sshCommand",
        "core.alternateRefsCommand",
    ):
        git(clone, "config", key, str(script))
    git(clone, "config", "commit.gpgSign", "true")
    git(clone, "config", "core.splitIndex", "true")
    (clone / ".gitattributes").write_text("* filter=x diff=x text eol=crlf ident\n")
    safe = (
        "core.fsmonitor=false",
        "core.hooksPath=/dev/null",
        "filter.x.clean=cat",
        "filter.x.process=",
        "commit.gpgSign=false",
    )
    words = [word for setting in safe for word in ("-c", setting)]
    git(clone, *words, "add", ".gitattributes")
    git(clone, *words, "commit", "-qm", "attributes")
    trap.unlink(missing_ok=True)
    before = picture(clone)
    assert done(clone).status is Status.WRITTEN
    assert not trap.exists()
    assert picture(clone) == before
    assert file_on_branch(clone) == FIXED, "the bytes are those that were committed"


def test_a_detached_head_is_looked_at_and_not_written(clone: Path) -> None:
    git(clone, "checkout", "-q", "--detach")
    assert done(clone, TASK).status is Status.FINDINGS
    outcome = done(clone)
    assert outcome.status is Status.SKIPPED
    assert outcome.reason is not None
    assert "detached" in outcome.reason
    assert git(clone, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_branch_that_is_there_already_is_left_as_it_is(clone: Path) -> None:
    git(clone, "branch", BRANCH)
    before = git(clone, "rev-parse", BRANCH)
    outcome = done(clone)
    assert outcome.status is Status.SKIPPED
    assert outcome.reason is not None
    assert "--branch" in outcome.reason
    assert git(clone, "rev-parse", BRANCH) == before
    assert result(outcome)["projects"][0]["written"] is False


def test_the_branch_of_a_run_that_was_killed_is_found_again(clone: Path) -> None:
    first = done(clone)
    again = done(clone, replace(WRITE, date=1_800_000_000))
    assert (again.status, again.commit) == (Status.WRITTEN, first.commit)


def test_a_branch_cannot_stand_where_a_directory_of_branches_is(clone: Path) -> None:
    git(clone, "branch", "volfix")
    outcome = done(clone)
    assert outcome.status is Status.FAILED
    assert outcome.reason is not None
    assert "volfix" in outcome.reason


def test_submodules_are_left_alone(clone: Path, tmp_path: Path) -> None:
    inner = checked_out(tmp_path / "inner", {"compose.yaml": COMPOSE})
    git(clone, "submodule", "add", "-q", str(inner), "sub")
    git(clone, "commit", "-qm", "submodule")
    outcome = done(clone)
    assert outcome.status is Status.WRITTEN
    assert git(clone, "diff", "--name-only", "main", BRANCH) == "compose.yaml"


def test_files_in_lfs_stay_pointers(clone: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n"
    (clone / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (clone / "big.bin").write_bytes(pointer)
    git(clone, "-c", "filter.lfs.clean=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false", "add", "-A")
    git(clone, "commit", "-qm", "lfs")
    git(clone, "config", "filter.lfs.smudge", "false")
    git(clone, "config", "filter.lfs.required", "true")
    assert done(clone).status is Status.WRITTEN
    assert file_on_branch(clone, "big.bin") == pointer


def test_a_bare_repository_gets_the_branch_too(tmp_path: Path) -> None:
    bare = repository(tmp_path / "shop.git", {"compose.yaml": COMPOSE}, bare=True)
    assert done(bare).status is Status.WRITTEN
    assert file_on_branch(bare) == FIXED
    assert result(done(bare, TASK))["projects"][0]["name"] == "shop"


def test_a_linked_work_tree_counts_with_its_own_head(clone: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(clone, "worktree", "add", "-q", "-b", "other", str(linked))
    (linked / "compose.yaml").write_bytes(COMPOSE.replace(b"./pg", b"./other"))
    git(linked, "commit", "-qam", "other")
    outcome = done(linked)
    assert outcome.head == git(linked, "rev-parse", "HEAD")
    assert git(clone, "rev-parse", f"{BRANCH}^") == outcome.head


def test_what_has_no_commit_is_skipped_with_the_reason(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "empty")
    outcome = done(tmp_path / "empty")
    assert (outcome.status, outcome.reason) == (Status.SKIPPED, "it has no commit yet")
    clone = checked_out(tmp_path / "odd", {"compose.yaml": COMPOSE})
    git(clone, "symbolic-ref", "HEAD", "refs/heads/gone")
    outcome = done(clone)
    assert outcome.status is Status.SKIPPED
    assert outcome.reason is not None
    assert "refs/heads/gone, which does not exist" in outcome.reason


def test_what_is_no_repository_fails_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "list").write_text(f"{tmp_path / 'missing'}\n")
    outcome = done(tmp_path / "list")
    assert (outcome.status, outcome.reason) == (Status.FAILED, "no such directory")
    (tmp_path / "broken" / ".git").mkdir(parents=True)
    assert done(tmp_path / "broken").status is Status.FAILED


def test_a_shallow_clone_is_as_good_as_a_whole_one(clone: Path, tmp_path: Path) -> None:
    (clone / "more").write_text("x")
    git(clone, "add", "more")
    git(clone, "commit", "-qm", "more")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{clone}", "shallow")
    outcome = done(tmp_path / "shallow")
    assert (outcome.status, outcome.reason) == (Status.WRITTEN, None)


def test_a_clone_that_misses_a_file_which_nobody_reads_is_looked_at(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE, "logo.png": b"x" * 2000})
    git(clone, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:limit=1k", f"file://{clone}", "partial")
    outcome = done(tmp_path / "partial")
    assert (outcome.status, outcome.reason) == (Status.WRITTEN, None)


def test_a_clone_that_misses_a_file_which_is_read_is_looked_at_and_the_file_named(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE, "deploy.sh": b"#!/bin/sh\n" + b"# x\n" * 2000})
    git(clone, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:limit=1k", f"file://{clone}", "partial")
    outcome = done(tmp_path / "partial")
    assert outcome.reason is not None
    assert "deploy.sh: its content is not in the clone" in outcome.reason


def test_a_clone_that_misses_files_is_not_guessed_at(clone: Path, tmp_path: Path) -> None:
    git(clone, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{clone}", "partial")
    outcome = done(tmp_path / "partial")
    assert outcome.status is Status.FAILED
    assert outcome.reason is not None
    assert "give the URL of the repository" in outcome.reason


def test_a_name_of_any_bytes_is_no_obstacle(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "a 'b\" \u202e<script>", {"sp ace/ü/compose.yaml": COMPOSE})
    outcome = done(clone)
    assert (outcome.status, outcome.reason) == (Status.WRITTEN, None)
    assert git(clone, "-c", "core.quotePath=false", "diff", "--name-only", "main", BRANCH) == "sp ace/ü/compose.yaml"


def test_the_mode_of_a_file_stays(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE})
    (clone / "compose.yaml").chmod(0o755)
    git(clone, "commit", "-qam", "executable")
    done(clone)
    assert git(clone, "ls-tree", BRANCH, "compose.yaml").startswith("100755")


def test_who_commits_is_who_the_clone_says(clone: Path) -> None:
    done(clone)
    assert git(clone, "log", "-1", "--format=%an <%ae> %cn", BRANCH) == "volfix <volfix@localhost> volfix"
    git(clone, "branch", "-D", BRANCH)
    git(clone, "config", "user.name", "Ops")
    git(clone, "config", "user.email", "ops@example.org")
    done(clone)
    assert git(clone, "log", "-1", "--format=%an <%ae> %cn", BRANCH) == "Ops <ops@example.org> Ops"


def test_the_same_run_makes_the_same_commit(clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(clone), "copies/shop")
    assert done(clone).commit == done(tmp_path / "copies/shop").commit


def test_a_patch_has_the_true_bytes(clone: Path) -> None:
    (clone / "compose.yaml").write_bytes(COMPOSE + b"    environment:\n      POSTGRES_PASSWORD: s3cret-value\n")
    git(clone, "commit", "-qam", "secret")
    outcome = done(clone, replace(TASK, patches=True))
    assert outcome.patch is not None
    assert b"s3cret-value" in outcome.patch
    assert "s3cret-value" not in str(result(outcome))
    git(clone, "apply", "-", data=outcome.patch)
    assert b"db-data:/var/lib/postgresql/data" in (clone / "compose.yaml").read_bytes()


def test_what_did_not_change_is_not_looked_at_again(clone: Path) -> None:
    first = done(clone)
    again = done(clone, known_head=first.head, known_commit=first.commit)
    assert again.unchanged
    git(clone, "branch", "-D", BRANCH)
    assert not done(clone, known_head=first.head, known_commit=first.commit).unchanged


def test_an_error_of_volfix_is_the_reason_of_one_repository(clone: Path) -> None:
    def broken(_: object) -> str:
        raise ZeroDivisionError("password=hunter2")

    outcome = done(clone, replace(TASK, render=broken))
    assert outcome.status is Status.FAILED
    assert outcome.reason is not None
    assert "ZeroDivisionError" in outcome.reason
    assert "hunter2" not in outcome.reason
