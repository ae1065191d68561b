"""A stack whose files have uncommitted changes is not written, unless somebody says so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from volfix.fixes.changes import FileChange
from volfix.fixes.write.guards import refusal
from volfix.syntax.disk import forget
from volfix.syntax.source import Source


@pytest.fixture(autouse=True)
def _quiet_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    forget()
    yield
    forget()


def git(root: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]
    command = ["git", "-C", str(root), *settings, *arguments]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def commit(root: Path, *names: str) -> Path:
    root.mkdir(exist_ok=True)
    if not (root / ".git").exists():
        git(root, "init", "-q")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("old: 1\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    return root


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return commit(tmp_path / "repo", "compose.yml", "deploy/.env", "other.yml")


def changes(root: Path, *names: str) -> list[FileChange]:
    return [FileChange(source := Source.read(root / name), Source.of(source.path, b"new: 1\n")) for name in names]


def test_committed_files_may_be_written(repo: Path) -> None:
    assert refusal(changes(repo, "compose.yml", "deploy/.env"), repo) is None


def test_the_files_are_named_with_what_is_not_committed_and_the_way_out(repo: Path) -> None:
    (repo / "compose.yml").write_text("mine: 1\n")
    (repo / "deploy" / "new.yml").write_text("mine: 1\n")
    assert refusal(changes(repo, "compose.yml", "deploy/.env", "deploy/new.yml"), repo) == (
        "uncommitted changes in compose.yml (modified), deploy/new.yml (untracked): "
        "commit or stash them, or pass --allow-dirty"
    )


def test_changes_of_files_that_are_not_edited_do_not_matter(repo: Path) -> None:
    (repo / "other.yml").write_text("mine: 1\n")
    (repo / "new.yml").write_text("mine: 1\n")
    assert refusal(changes(repo, "compose.yml"), repo) is None


def test_an_ignored_env_file_may_be_written(repo: Path) -> None:
    (repo / ".gitignore").write_text(".env\n")
    (repo / ".env").write_text("A=1\n")
    assert refusal(changes(repo, ".env"), repo) is None


def test_outside_git_nothing_is_refused_and_git_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "compose.yml").write_text("old: 1\n")
    monkeypatch.setenv("PATH", "")
    assert refusal(changes(tmp_path, "compose.yml"), tmp_path) is None


def test_without_git_a_work_tree_is_refused_with_the_reason_and_the_way_out(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    reason = refusal(changes(repo, "compose.yml"), repo)
    assert reason is not None
    assert "git is not installed" in reason
    assert "--allow-dirty" in reason
    assert "\n" not in reason


def test_a_repository_that_git_does_not_read_is_refused_in_one_line(repo: Path) -> None:
    (repo / ".git" / "index").write_bytes(b"nonsense" * 20)
    reason = refusal(changes(repo, "compose.yml"), repo)
    assert reason is not None
    assert "--allow-dirty" in reason
    assert "\n" not in reason


def test_a_link_is_guarded_by_the_file_that_it_leads_to(repo: Path) -> None:
    (repo / "link.yml").symlink_to("compose.yml")
    commit(repo)
    assert refusal(changes(repo, "link.yml"), repo) is None
    (repo / "compose.yml").write_text("mine: 1\n")
    reason = refusal(changes(repo, "link.yml"), repo)
    assert reason is not None
    assert reason.startswith("uncommitted changes in compose.yml (modified)")


def test_files_of_a_submodule_are_asked_of_the_submodule(repo: Path, tmp_path: Path) -> None:
    commit(tmp_path / "inner", "compose.yml")
    git(repo, "submodule", "--quiet", "add", str(tmp_path / "inner"), "sub")
    git(repo, "commit", "-q", "-m", "submodule")
    assert refusal(changes(repo, "compose.yml", "sub/compose.yml"), repo) is None
    (repo / "sub" / "compose.yml").write_text("mine: 1\n")
    reason = refusal(changes(repo, "compose.yml", "sub/compose.yml"), repo)
    assert reason is not None
    assert reason.startswith("uncommitted changes in sub/compose.yml (modified):")


@pytest.mark.parametrize("name", ["new\nline.yml", "tab\t.yml", os.fsdecode(b"raw\xff.yml"), "\x1b[31m.yml"])
def test_the_reason_is_one_printable_line_whatever_the_file_is_called(repo: Path, name: str) -> None:
    (repo / name).write_text("mine: 1\n")
    reason = refusal(changes(repo, name), repo)
    assert reason is not None
    assert reason.isprintable()


def test_before_the_first_commit_the_files_are_uncommitted(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "compose.yml").write_text("old: 1\n")
    reason = refusal(changes(tmp_path, "compose.yml"), tmp_path)
    assert reason is not None
    assert "compose.yml (untracked)" in reason


def test_no_changes_need_no_git(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert refusal([], repo) is None
