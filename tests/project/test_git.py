"""Which work tree, what git tracks, what is not committed - and that asking git runs nothing of the repository."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from volfix.project import git
from volfix.project.git import GitUnavailable, WorkTree, tracked, tracked_below, uncommitted, work_tree
from volfix.syntax import disk
from volfix.syntax.disk import forget

Git = Callable[..., str]


@pytest.fixture(autouse=True)
def _quiet_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    forget()
    yield
    forget()


def run_git(root: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]
    command = ["git", "-C", str(root), *settings, *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
    ).stdout


def put(path: Path, content: str = "content\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    run_git(root, "init", "-q", "-b", "main")
    put(root / "compose.yml", "services: {}\n")
    run_git(root, "add", "-A")
    run_git(root, "commit", "-q", "-m", "one")
    return root


def tree_of(path: Path) -> WorkTree:
    tree = work_tree(path)
    assert tree is not None
    return tree


# Which work tree


def test_each_path_below_lies_in_the_work_tree_whether_or_not_it_exists(repo: Path) -> None:
    put(repo / "deploy" / "compose.yml")
    for path in (
        repo,
        repo / "compose.yml",
        repo / "deploy" / "compose.yml",
        repo / "not" / "there",
        repo / "a" / "..",
    ):
        forget()
        assert work_tree(path) == WorkTree(repo, repo / ".git")


def test_no_process_is_started_to_find_it(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: pytest.fail("a process was started"))
    assert work_tree(repo) is not None


def test_outside_of_any_there_is_none(tmp_path: Path) -> None:
    assert work_tree(tmp_path) is None


def test_a_git_directory_without_head_is_no_repository(repo: Path) -> None:
    (repo / "sub" / ".git").mkdir(parents=True)
    assert tree_of(repo / "sub").root == repo


def test_a_repository_that_only_another_user_may_read_is_one_that_git_refuses(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what git tracks would count as not tracked, and `undo` would look elsewhere."""
    lstat = os.lstat

    def without_rights(path: Path) -> os.stat_result:
        if Path(path).name == "HEAD":
            raise PermissionError(13, "Permission denied", str(path))
        return lstat(path)

    monkeypatch.setattr(os, "lstat", without_rights)
    assert tree_of(repo / "sub").root == repo


def test_a_disk_that_fails_does_not_say_that_there_is_no_repository(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_dir = Path.is_dir

    def failing(path: Path) -> bool:
        if path == repo / ".git":
            raise OSError(errno.EIO, "Input/output error", str(path))
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", failing)
    assert tree_of(repo / "sub").root == repo


def test_a_git_file_that_only_another_user_may_read_is_a_work_tree_too(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(repo / "sub" / ".git", "gitdir: elsewhere\n")

    def without_rights(path: Path, size: int) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(disk, "read_for_git", without_rights)
    assert tree_of(repo / "sub").root == repo / "sub"


def test_a_file_called_git_with_other_content_is_no_repository(repo: Path) -> None:
    put(repo / "sub" / ".git", "something else\n")
    assert tree_of(repo / "sub").root == repo


def test_a_relative_path_is_one_of_the_current_directory(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo)
    assert tree_of(Path()).root == repo
    monkeypatch.chdir(repo.parent)
    assert work_tree(Path()) is None


def test_a_linked_work_tree_has_its_own_git_directory(repo: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked tree"
    run_git(repo, "worktree", "add", "-q", "--detach", str(linked))
    assert work_tree(linked) == WorkTree(linked, repo / ".git" / "worktrees" / "linked-tree")
    assert tracked(tree_of(linked)) == ("compose.yml",)


def submodule(repo: Path, tmp_path: Path, name: str = "data") -> Path:
    inner = tmp_path / "inner"
    inner.mkdir()
    run_git(inner, "init", "-q", "-b", "main")
    put(inner / "pg" / "seed.sql")
    run_git(inner, "add", "-A")
    run_git(inner, "commit", "-q", "-m", "one")
    run_git(repo, "submodule", "--quiet", "add", str(inner), name)
    run_git(repo, "commit", "-q", "-m", "submodule")
    return repo / name


def test_a_submodule_is_a_work_tree_with_a_relative_git_file(repo: Path, tmp_path: Path) -> None:
    path = submodule(repo, tmp_path)
    assert work_tree(path / "pg") == WorkTree(path, repo / ".git" / "modules" / "data")


def test_a_link_into_a_repository_leads_there(repo: Path, tmp_path: Path) -> None:
    put(repo / "deploy" / "compose.yml")
    (tmp_path / "link").symlink_to(repo / "deploy")
    assert tree_of(tmp_path / "link").root == repo


def test_a_link_from_one_repository_into_another_leads_to_the_other_as_for_git(repo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run_git(other, "init", "-q")
    (repo / "link").symlink_to(other)
    assert tree_of(repo / "link").git_dir == other / ".git"


def test_the_root_keeps_the_name_by_which_it_was_reached(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(repo)
    put(repo / "deploy" / "compose.yml")
    assert tree_of(tmp_path / "alias" / "deploy").root == tmp_path / "alias"


def test_a_git_file_that_leads_nowhere_is_a_work_tree_that_git_refuses(repo: Path) -> None:
    put(repo / "sub" / ".git", "gitdir: ../gone\n")
    tree = tree_of(repo / "sub")
    assert tree == WorkTree(repo / "sub", repo / "gone")
    with pytest.raises(GitUnavailable, match="not a git repository"):
        tracked(tree)


# What git tracks


def test_tracked_paths_come_as_they_are_whatever_their_names(repo: Path) -> None:
    names = ["with space", "new\nline", "ümlaut", 'quo"te', "tab\t", os.fsdecode(b"raw\xff\xfe"), "-dash", "*"]
    for name in names:
        put(repo / name)
    run_git(repo, "add", "-A")
    assert tracked(tree_of(repo)) == tuple(sorted(["compose.yml", *names]))


def test_untracked_and_ignored_files_are_not_tracked(repo: Path) -> None:
    put(repo / ".git" / "info" / "exclude", "*.db\n")
    put(repo / "data" / "app.db")
    put(repo / "data" / "notes")
    assert tracked_below(tree_of(repo), repo / "data") is None


def test_git_is_asked_once_until_the_cache_is_cleared(repo: Path) -> None:
    tree = tree_of(repo)
    before = tracked(tree)
    put(repo / "new")
    run_git(repo, "add", "-A")
    assert tracked(tree) is before
    forget()
    assert "new" in tracked(tree)


def test_the_first_tracked_file_below_a_directory_is_named(repo: Path) -> None:
    put(repo / "data" / "sub" / "seed.sql")
    put(repo / "data2" / "x")
    run_git(repo, "add", "-A")
    tree = tree_of(repo)
    assert tracked_below(tree, repo / "data") == "data/sub/seed.sql"
    assert tracked_below(tree, repo / "data" / ".." / "data" / "sub") == "data/sub/seed.sql"
    assert tracked_below(tree, repo) == "compose.yml"


def test_a_sibling_that_begins_with_the_same_letters_does_not_count(repo: Path) -> None:
    for name in ("data2/x", "data.sql", "data-old/x", "mydata/x"):
        put(repo / name)
    run_git(repo, "add", "-A")
    assert tracked_below(tree_of(repo), repo / "data") is None


@pytest.mark.parametrize(
    "name", [".gitkeep", ".keep", ".gitignore", ".gitattributes", "README", "README.md", "readme.txt"]
)
def test_placeholders_do_not_count_at_any_depth(repo: Path, name: str) -> None:
    put(repo / "data" / name)
    put(repo / "data" / "sub" / name)
    run_git(repo, "add", "-A")
    assert tracked_below(tree_of(repo), repo / "data") is None
    put(repo / "data" / "zz.sql")
    run_git(repo, "add", "-A")
    forget()
    assert tracked_below(tree_of(repo), repo / "data") == "data/zz.sql"


def test_a_tracked_file_that_is_gone_from_the_disk_still_counts(repo: Path) -> None:
    put(repo / "data" / "seed.sql")
    run_git(repo, "add", "-A")
    (repo / "data" / "seed.sql").unlink()
    assert tracked_below(tree_of(repo), repo / "data") == "data/seed.sql"


def test_a_directory_outside_the_tree_is_not_tracked_even_through_a_tracked_link(repo: Path, tmp_path: Path) -> None:
    put(tmp_path / "srv" / "db")
    (repo / "data").symlink_to(tmp_path / "srv")
    run_git(repo, "add", "-A")
    tree = tree_of(repo)
    assert tracked_below(tree, repo / "data") is None
    assert tracked_below(tree, tmp_path) is None


def test_a_link_to_a_tracked_directory_is_followed(repo: Path) -> None:
    put(repo / "real" / "seed.sql")
    run_git(repo, "add", "-A")
    (repo / "data").symlink_to("real")
    assert tracked_below(tree_of(repo), repo / "data") == "real/seed.sql"


def test_a_submodule_is_tracked_as_itself_and_within(repo: Path, tmp_path: Path) -> None:
    path = submodule(repo, tmp_path)
    tree = tree_of(repo)
    assert tracked_below(tree, path) == "data/pg/seed.sql"
    assert tracked_below(tree, path / "pg") == "data/pg/seed.sql"
    assert tracked_below(tree, path / "other") is None


def test_a_submodule_that_is_not_checked_out_is_tracked(repo: Path, tmp_path: Path) -> None:
    path = submodule(repo, tmp_path)
    run_git(repo, "submodule", "--quiet", "deinit", "-f", "data")
    assert path.is_dir()
    assert tracked_below(tree_of(repo), path) == "data"


def test_a_repository_without_a_commit_tracks_what_is_staged(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q")
    put(tmp_path / "data" / "seed.sql")
    assert tracked(tree_of(tmp_path)) == ()
    run_git(tmp_path, "add", "-A")
    forget()
    assert tracked_below(tree_of(tmp_path), tmp_path / "data") == "data/seed.sql"


# Where git does not answer


def test_without_git_there_is_a_reason(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitUnavailable, match="git is not installed") as raised:
        tracked(tree_of(repo))
    assert raised.value.reason == str(raised.value)
    with pytest.raises(GitUnavailable, match="git is not installed"):
        uncommitted(tree_of(repo), [repo / "compose.yml"])


def test_a_bare_repository_has_no_work_tree(repo: Path) -> None:
    run_git(repo, "config", "core.bare", "true")
    with pytest.raises(GitUnavailable, match="repository is bare"):
        tracked(tree_of(repo))
    with pytest.raises(GitUnavailable, match="repository is bare"):
        uncommitted(tree_of(repo), [repo / "compose.yml"])


def test_a_configured_work_tree_elsewhere_is_not_read_as_this_one(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    run_git(repo, "config", "core.worktree", str(tmp_path / "elsewhere"))
    put(tmp_path / "elsewhere" / "compose.yml", "services: {}\n")
    with pytest.raises(GitUnavailable, match="another work tree"):
        uncommitted(tree_of(repo), [repo / "compose.yml"])
    with pytest.raises(GitUnavailable, match="another work tree"):
        tracked(tree_of(repo))


def test_a_damaged_index_is_a_reason(repo: Path) -> None:
    (repo / ".git" / "index").write_bytes(b"nonsense" * 20)
    with pytest.raises(GitUnavailable, match="index"):
        tracked(tree_of(repo))


def test_git_that_hangs_is_left_after_a_while_and_not_asked_again(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    fake = put(tmp_path / "bin" / "git", f"#!/bin/sh\necho x >> '{calls}'\nexec sleep 30\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(git, "TIMEOUT", 0.5)
    for _ in range(3):
        with pytest.raises(GitUnavailable, match="did not answer"):
            tracked(tree_of(repo))
    assert calls.read_text() == "x\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_a_repository_of_somebody_else_is_a_reason_that_says_how_to_trust_it(repo: Path) -> None:
    for path in (repo, repo / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(GitUnavailable, match=r"another user.*safe\.directory"):
        tracked(tree_of(repo))
    with pytest.raises(GitUnavailable, match=r"another user.*safe\.directory"):
        uncommitted(tree_of(repo), [repo / "compose.yml"])


# What is not committed


def how(repo: Path, *names: str) -> dict[str, str]:
    found = uncommitted(tree_of(repo), [repo / name for name in names])
    return {str(path.relative_to(repo)): text for path, text in found.items()}


def test_a_clean_file_is_not_named_and_no_paths_ask_nothing(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert how(repo, "compose.yml") == {}
    monkeypatch.setenv("PATH", "")
    assert how(repo) == {}


def test_each_way_of_not_being_committed_has_its_name(repo: Path) -> None:
    for name in ("modified", "staged", "both", "clean", "removed"):
        put(repo / name)
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "two")
    for name in ("staged", "both"):
        put(repo / name, "changed\n")
    run_git(repo, "add", "-A")
    for name in ("modified", "both"):
        put(repo / name, "changed again\n")
    put(repo / "new")
    put(repo / "dir" / "deep" / "new")
    run_git(repo, "rm", "-q", "--cached", "removed")
    assert how(repo, "modified", "staged", "both", "clean", "new", "dir/deep/new") == {
        "modified": "modified",
        "staged": "staged",
        "both": "staged and modified",
        "new": "untracked",
        "dir/deep/new": "untracked",
    }
    assert how(repo, "removed")["removed"]


def test_a_change_of_the_same_length_at_the_same_time_is_seen(repo: Path) -> None:
    path = repo / "compose.yml"
    times = path.stat()
    path.write_text("services: []\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert how(repo, "compose.yml") == {"compose.yml": "modified"}


def test_changes_of_other_files_are_not_named(repo: Path) -> None:
    put(repo / "compose.yml.bak")
    put(repo / "other")
    assert how(repo, "compose.yml") == {}


def test_names_are_not_patterns(repo: Path) -> None:
    put(repo / "a.yml")
    put(repo / "[a].yml")
    put(repo / ":(top)x")
    run_git(repo, "--literal-pathspecs", "add", "[a].yml", ":(top)x")
    run_git(repo, "commit", "-q", "-m", "two")
    assert how(repo, "[a].yml", ":(top)x") == {}
    assert how(repo, "a.yml", "[a].yml") == {"a.yml": "untracked"}


@pytest.mark.parametrize(
    "name", ["with space", "new\nline", "ümlaut", os.fsdecode(b"raw\xff"), "-n", "? odd", "1 .M x"]
)
def test_odd_names_are_found_again(repo: Path, name: str) -> None:
    put(repo / name)
    assert how(repo, name) == {name: "untracked"}
    run_git(repo, "add", "-A")
    assert how(repo, name) == {name: "staged"}


def test_an_ignored_file_is_not_guarded(repo: Path) -> None:
    put(repo / ".git" / "info" / "exclude", ".env\n")
    put(repo / ".env", "A=1\n")
    assert how(repo, ".env") == {}


def test_a_tracked_file_that_is_ignored_too_is_guarded(repo: Path) -> None:
    put(repo / ".git" / "info" / "exclude", "compose.yml\n")
    put(repo / "compose.yml", "changed\n")
    assert how(repo, "compose.yml") == {"compose.yml": "modified"}


@pytest.mark.parametrize("bit", ["assume-unchanged", "skip-worktree"])
def test_a_file_that_git_was_told_not_to_look_at_counts(repo: Path, bit: str) -> None:
    run_git(repo, "update-index", f"--{bit}", "compose.yml")
    put(repo / "compose.yml", "changed\n")
    assert how(repo, "compose.yml") == {"compose.yml": bit}


def test_a_conflict_counts(repo: Path) -> None:
    run_git(repo, "checkout", "-q", "-b", "side")
    put(repo / "compose.yml", "side\n")
    run_git(repo, "commit", "-q", "-am", "side")
    run_git(repo, "checkout", "-q", "main")
    put(repo / "compose.yml", "main\n")
    run_git(repo, "commit", "-q", "-am", "main")
    with pytest.raises(subprocess.CalledProcessError):
        run_git(repo, "merge", "-q", "side")
    assert how(repo, "compose.yml") == {"compose.yml": "in conflict"}


def test_before_the_first_commit_everything_is_uncommitted(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q")
    put(tmp_path / "staged")
    run_git(tmp_path, "add", "-A")
    put(tmp_path / "new")
    assert how(tmp_path, "staged", "new") == {"staged": "staged", "new": "untracked"}


def test_a_link_stands_for_its_file_and_files_elsewhere_are_left_out(repo: Path, tmp_path: Path) -> None:
    (repo / "link.yml").symlink_to("compose.yml")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "link")
    put(repo / "compose.yml", "changed\n")
    (repo / "out.yml").symlink_to(put(tmp_path / "out.yml"))
    assert how(repo, "link.yml", "out.yml") == {"link.yml": "modified"}


def test_many_files_are_asked_about_in_several_calls(repo: Path) -> None:
    names = [f"{number:03}.yml" for number in range(2 * git.BATCH + 1)]
    for name in names:
        put(repo / name)
    assert sorted(how(repo, *names)) == names


# What asking must not do


def marker(tmp_path: Path) -> tuple[Path, str]:
    """A file that exists once the command has run."""
    path = tmp_path / "was-run"
    script = put(tmp_path / "evil.sh", f"#!/bin/sh\ntouch '{path}'\nexit 1\n")
    script.chmod(0o755)
    return path, str(script)


def ask_everything(repo: Path) -> None:
    forget()
    tracked(tree_of(repo))
    uncommitted(tree_of(repo), [repo / "compose.yml", repo / "new.yml"])


@pytest.mark.parametrize("kind", ["clean", "process"])
def test_no_filter_of_the_repository_is_run_and_the_file_counts_as_modified(
    repo: Path, tmp_path: Path, kind: str
) -> None:
    path, script = marker(tmp_path)
    run_git(repo, "config", f"filter.e.vil.{kind}", script)
    run_git(repo, "config", "filter.e.vil.required", "true")
    put(repo / ".gitattributes", "* filter=e.vil\n")
    put(repo / "compose.yml", "services: []\n")
    ask_everything(repo)
    assert how(repo, "compose.yml") == {"compose.yml": "modified"}
    assert not path.exists()
    # The test can fail: git itself runs it.
    subprocess.run(
        ["git", "-C", str(repo), "status"], capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=60
    )
    assert path.exists()


def test_a_filter_that_cannot_be_switched_off_is_a_reason(repo: Path) -> None:
    run_git(repo, "config", "filter.a=b.clean", "cat")
    with pytest.raises(GitUnavailable, match="a=b"):
        uncommitted(tree_of(repo), [repo / "compose.yml"])


def test_no_monitor_hook_or_pager_of_the_repository_is_run(repo: Path, tmp_path: Path) -> None:
    path, script = marker(tmp_path)
    for key in ("core.fsmonitor", "core.pager", "pager.status", "core.sshCommand", "core.editor", "diff.external"):
        run_git(repo, "config", key, script)
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit"):
        put(repo / ".git" / "hooks" / hook, f"#!/bin/sh\ntouch '{path}'\n").chmod(0o755)
    put(repo / "compose.yml", "changed\n")
    path.unlink(missing_ok=True)
    ask_everything(repo)
    assert not path.exists()


def test_no_monitor_of_a_submodule_is_run(repo: Path, tmp_path: Path) -> None:
    inner = submodule(repo, tmp_path)
    path, script = marker(tmp_path)
    run_git(inner, "config", "core.fsmonitor", script)
    path.unlink(missing_ok=True)
    ask_everything(repo)
    uncommitted(tree_of(repo), [repo / "data", inner / "pg" / "seed.sql"])
    assert not path.exists()


def test_nothing_is_fetched_for_a_partial_clone(repo: Path, tmp_path: Path) -> None:
    path, script = marker(tmp_path)
    settings = {
        "url": "ssh://example.invalid/x",
        "promisor": "true",
        "partialCloneFilter": "tree:0",
        "uploadpack": script,
    }
    for key, value in settings.items():
        run_git(repo, "config", f"remote.origin.{key}", value)
    run_git(repo, "config", "extensions.partialClone", "origin")
    run_git(repo, "config", "core.sshCommand", script)
    tree = run_git(repo, "rev-parse", "HEAD^{tree}").strip()
    (repo / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    (repo / ".git" / "index").unlink()
    with pytest.raises(GitUnavailable):
        uncommitted(tree_of(repo), [repo / "compose.yml"])
    assert not path.exists()
    subprocess.run(
        ["git", "-C", str(repo), "status"], capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=60
    )
    assert path.exists()


def test_the_index_is_not_written(repo: Path) -> None:
    index = repo / ".git" / "index"
    before = index.read_bytes()
    os.utime(repo / "compose.yml")
    ask_everything(repo)
    assert index.read_bytes() == before
    assert not (repo / ".git" / "index.lock").exists()


def test_an_environment_that_points_git_elsewhere_is_not_followed(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run_git(other, "init", "-q")
    put(repo / "compose.yml", "changed\n")
    tree = tree_of(repo)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    monkeypatch.setenv("GIT_PREFIX", "sub/")
    assert tracked(tree) == ("compose.yml",)
    assert uncommitted(tree, [repo / "compose.yml"]) == {repo / "compose.yml": "modified"}


def test_messages_do_not_depend_on_the_language(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    run_git(repo, "config", "core.bare", "true")
    with pytest.raises(GitUnavailable, match="repository is bare"):
        tracked(tree_of(repo))


def test_importing_the_module_starts_nothing_heavy() -> None:
    code = "import sys, volfix.project.git; print('subprocess' in sys.modules, 'shlex' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
