"""What a run over many repositories reads: the tree of HEAD, and nothing else on the machine."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from bulk_factory import COMPOSE, FIXED, TASK, WRITE, done, result, source
from repository_factory import checked_out, git

from volfix.bulk.checkout import checkout
from volfix.bulk.git import Git
from volfix.bulk.records import Status
from volfix.bulk.repository import opened
from volfix.project import children
from volfix.project.git import know, tracked, work_tree
from volfix.syntax import disk
from volfix.syntax.disk import LARGEST

ONE_COMMIT = ["rev-parse", "config", "ls-tree", "read-tree"]
"""What git is asked about a repository without former commits, and in which nothing is written."""
COMMANDS = frozenset({*ONE_COMMIT, "ls-files", "log", "cat-file", "hash-object"})


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


def with_link(path: Path, name: str, goal: str) -> Path:
    """A repository in whose commit `name` is a link to `goal`."""
    checked_out(path, {"compose.yaml": COMPOSE})
    (path / name).unlink(missing_ok=True)
    (path / name).symlink_to(goal)
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "link")
    return path


@pytest.mark.parametrize("name", ["compose.override.yaml", ".env", "deploy.sh", "Makefile", ".drone.yml", "README.md"])
@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        ("{tmp_path}/secret", "leads out of the repository"),
        (".git/config", "lies in git's own directory"),
        ("/dev/zero", "not a regular file"),
    ],
)
def test_a_link_in_the_commit_leads_nowhere(name: str, goal: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("services: {}\nA=b\n")
    outcome = done(with_link(tmp_path / "shop", name, goal.format(tmp_path=tmp_path)), WRITE)
    assert outcome.commit is None
    assert reason in str(result(outcome)["errors"])


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    ("role", "line"),
    [
        ("app.env", "env_file: {tmp_path}/app.env"),
        ("base.yaml", "extends: {{file: {tmp_path}/base.yaml, service: x}}"),
        ("Dockerfile", "build: {tmp_path}"),
    ],
)
def test_what_a_compose_file_names_outside_is_as_if_it_were_not_there(
    role: str, line: str, there: bool, tmp_path: Path
) -> None:
    if there:
        (tmp_path / role).write_text("services: {x: {environment: {PGDATA: /elsewhere}}}\n")
    compose = COMPOSE + f"    {line.format(tmp_path=tmp_path)}\n".encode()
    outcome = done(checked_out(tmp_path / "shop", {"compose.yaml": compose}), TASK)
    found = result(outcome)
    assert (outcome.status, found["errors"]) == (Status.FINDINGS, [])
    (finding,) = (each for each in found["projects"][0]["findings"] if each["code"] == "VF101")
    assert finding["applicability"] != "safe"


@pytest.mark.parametrize("source", ["/srv/pg", "{tmp_path}/pg"])
def test_a_directory_of_the_machine_changes_nothing(source: str, tmp_path: Path) -> None:
    compose = COMPOSE.replace(b"./pg", source.format(tmp_path=tmp_path).encode())
    clone = checked_out(tmp_path / "shop", {"compose.yaml": compose})
    before = result(done(clone, TASK))
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "PG_VERSION").write_text("16")
    assert result(done(clone, TASK)) == before


@pytest.mark.parametrize(
    ("name", "start"),
    [("compose.override.yaml", b"services: {}\n#"), ("deploy.sh", b"docker compose down -v\n#"), (".env", b"A=b\n#")],
)
def test_a_file_that_is_too_large_is_named_and_nothing_is_written(name: str, start: bytes, tmp_path: Path) -> None:
    files = {"compose.yaml": COMPOSE, name: start + b"x" * LARGEST}
    outcome = done(checked_out(tmp_path / "shop", files), WRITE)
    assert outcome.commit is None
    assert "larger than volfix reads" in str(result(outcome)["errors"])


def test_a_large_file_that_nobody_reads_is_in_the_way_of_nothing(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE, "film/a.bin": b"x" * (LARGEST + 1)})
    outcome = done(clone, WRITE)
    assert outcome.status is Status.WRITTEN
    assert git(clone, "diff", "--name-only", "main", str(outcome.commit)) == "compose.yaml"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands of git that volfix runs, in order."""
    words: list[str] = []
    run = children.run

    def seen(command: Sequence[str], *rest: Any, **more: Any) -> children.Ended:
        words.extend(word for word in command if word in COMMANDS)
        return run(command, *rest, **more)

    monkeypatch.setattr(children, "run", seen)
    return words


def test_git_is_asked_once_what_the_commit_tracks(tmp_path: Path, asked: list[str]) -> None:
    committed = {"compose.yaml": COMPOSE, "pg/PG_VERSION": b"16", "ä b/c": b"", ".gitignore": b"pg\n"}
    outcome = done(checked_out(tmp_path / "shop", committed), WRITE)
    assert [word for word in asked if word.startswith("ls-")] == ["ls-tree"]
    assert "git tracks" in str(result(outcome))


def test_git_is_asked_for_former_files_where_a_clone_has_former_commits(tmp_path: Path, asked: list[str]) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": FIXED, ".env": b"A=b/c\n"})
    done(clone, TASK)
    assert asked == ONE_COMMIT
    git(clone, "commit", "-q", "--allow-empty", "-m", "second")
    asked.clear()
    done(clone, TASK)
    assert asked == [*ONE_COMMIT, "log", "cat-file"]


def test_one_process_stores_all_files_that_change_whatever_they_are_called(tmp_path: Path, asked: list[str]) -> None:
    names = ["a/compose.yaml", '"ä\\n" b/compose.yaml', "x\ny/compose.yaml"]
    clone = checked_out(tmp_path / "shop", {"README.md": b""})
    for name in names:
        (clone / name).parent.mkdir()
        (clone / name).write_bytes(COMPOSE)
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "files")
    outcome = done(clone, WRITE)
    assert asked.count("hash-object") == 1
    assert git(clone, "diff", "--name-only", "-z", "HEAD", str(outcome.commit)).strip("\0").split("\0") == sorted(names)
    assert {git(clone, "show", f"{outcome.commit}:{name}") for name in names} == {FIXED.decode().strip()}


def test_of_a_repository_that_an_earlier_run_has_read_git_is_asked_for_its_commit(
    tmp_path: Path, asked: list[str]
) -> None:
    clone = checked_out(tmp_path / "shop", {"compose.yaml": COMPOSE})
    assert done(clone, TASK, known_head=git(clone, "rev-parse", "HEAD")).unchanged
    assert asked == ["rev-parse"]


def test_of_a_clone_with_one_commit_git_is_asked_for_no_former_files(tmp_path: Path, asked: list[str]) -> None:
    whole = checked_out(tmp_path / "shop", {"compose.yaml": FIXED})
    git(whole, "commit", "-q", "--allow-empty", "-m", "second")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{whole}", "shallow")
    done(tmp_path / "shallow", TASK)
    assert asked == ONE_COMMIT


def test_the_paths_that_a_checkout_knows_are_those_that_git_lists(tmp_path: Path) -> None:
    clone = checked_out(tmp_path / "shop", {"b": b"", "a/b": b"", "a.b": b"", "ä b": b""})
    (clone / "link").symlink_to("/nowhere")
    git(clone, "add", "link")
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{git(clone, 'rev-parse', 'HEAD')},inner")
    git(clone, "commit", "-q", "-m", "more")
    asked = Git(time.monotonic() + 60)
    with checkout(opened(source(clone), tmp_path, asked), tmp_path / "scratch", asked) as files:
        tree = work_tree(files.root)
        assert tree is not None
        know({})
        disk.forget()
        listed = tracked(tree)
        know({files.root: files.known})
        disk.forget()
        assert listed == tracked(tree)
        assert {"link", "inner", "ä b", "a/b"} <= {*listed}
    know({})
