"""`volfix bulk` as a person uses it."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from pathlib import Path

import pytest
from bulk_factory import BRANCH, COMPOSE
from click.testing import CliRunner, Result
from repository_factory import checked_out, git, repository

from campaign.forked_workers import forked_workers
from volfix.bulk.state import State
from volfix.cli.bulk_progress import duration, progress_line
from volfix.cli.main import volfix
from volfix.report.bulk_summary import RunRequest, render

STATE = ("--state", "volfix-bulk.sqlite")


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    checked_out(tmp_path / "estate" / "shop", {"compose.yaml": COMPOSE})
    checked_out(tmp_path / "estate" / "docs", {"README.md": b"# docs\n"})
    git(tmp_path, "init", "-q", "estate/empty")
    return tmp_path / "estate"


def bulk(*arguments: str, stdin: str | None = None) -> Result:
    with forked_workers():
        result = CliRunner().invoke(volfix, ["bulk", "--jobs", "1", *STATE, *arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_look_write_and_look_again(estate: Path) -> None:
    looked = bulk("estate")
    assert looked.exit_code == 1
    assert looked.stdout.splitlines() == [
        "# 3 repositories: 1 clean, 1 with findings, 1 skipped",
        "#   VF101  1 finding in 1 repository, 1 can be fixed",
        "# with findings:",
        "#   estate/shop",
        "# skipped:",
        "#   estate/empty: it has no commit yet",
        "# Nothing is written yet. Next: the same command with --write",
        "# state: volfix-bulk.sqlite (for --resume, --only-failed and --only)",
    ]
    assert git(estate / "shop", "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    wrote = bulk("estate", "--write")
    assert wrote.stdout.splitlines() == [
        "# 3 repositories: 1 clean, 1 written, 1 skipped",
        "#   VF101  1 finding in 1 repository, 1 fixed",
        f"# written on the branch {BRANCH}:",
        "#   estate/shop",
        "# skipped:",
        "#   estate/empty: it has no commit yet",
        "# Next: look at a branch (git show), then the same command with --push",
        "# state: volfix-bulk.sqlite (for --resume, --only-failed and --only)",
    ]
    commit = git(estate / "shop", "rev-parse", BRANCH)
    again = bulk("estate", "--write")
    assert again.stdout == wrote.stdout
    assert git(estate / "shop", "rev-parse", BRANCH) == commit


def test_what_failed_goes_back_in_as_a_source(estate: Path) -> None:
    (estate / "broken" / ".git").mkdir(parents=True)
    first = bulk("estate")
    assert first.exit_code == 2
    assert first.stdout.splitlines()[-1] == "estate/broken"
    (estate / "broken" / ".git").rmdir()
    git(estate, "init", "-q", "broken")
    again = bulk("-", stdin=first.stdout)
    assert again.stdout.splitlines()[0] == "# 1 repository: 1 skipped"


def test_a_terminal_obeys_no_name_of_a_repository_that_failed(estate: Path) -> None:
    (estate / "a\x1b[2Jb" / ".git").mkdir(parents=True)
    assert bulk("estate", "--state", "known").stdout.splitlines()[-1] == "estate/a\x1b[2Jb"
    with State(estate.parent / "known") as state:
        shown = render(state, (), RunRequest(wrote=False, on_terminal=True))
    assert shown.splitlines()[-1] == r"estate/a\x1b[2Jb"


def test_a_repository_with_a_file_that_cannot_be_read_is_not_clean_and_named(estate: Path) -> None:
    checked_out(estate / "torn", {"compose.yaml": b"services:\n  db: [\n"})
    checked_out(estate / "half", {"a/compose.yaml": COMPOSE, "b/compose.yaml": b"services:\n  db: [\n"})
    result = bulk("estate")
    assert result.exit_code == 2
    lines = result.stdout.splitlines()
    assert lines[0] == "# 5 repositories: 1 clean, 2 with findings, 1 skipped, 1 failed"
    at = lines.index("# not complete: some files could not be read, proven or written:")
    assert lines[at + 1].startswith("#   estate/half: cannot be read: b/compose.yaml:3:1: ")
    assert lines[-2].startswith("# failed: cannot be read: compose.yaml:3:1: ")
    assert lines[-1] == "estate/torn"
    assert bulk("estate", "--report", "report").exit_code == 2
    summary = json.loads((estate.parent / "report" / "estate.json").read_text())["summary"]
    assert summary["repositories"]["by_status"]["failed"] == 1
    assert {
        left["status"]: left["repositories"] for left in summary["left_out"] if left["reason"] == "cannot be read"
    } == {"failed": 1}


def test_only_what_failed_and_only_what_has_a_finding(estate: Path) -> None:
    (estate / "broken" / ".git").mkdir(parents=True)
    bulk("estate")
    with sqlite3.connect("volfix-bulk.sqlite") as state:
        state.execute("UPDATE repositories SET finished = 0")
    bulk("--only-failed")
    bulk("--only", "VF1", "--write")
    with sqlite3.connect("volfix-bulk.sqlite") as state:
        again = {row[0] for row in state.execute("SELECT source FROM repositories WHERE finished > 0")}
    assert again == {"estate/broken", "estate/shop"}
    assert git(estate / "shop", "rev-parse", "--verify", BRANCH)


def test_a_part_says_how_much_of_the_estate_it_was(estate: Path) -> None:
    bulk("estate")
    for words, said in ((["--only-failed"], "failed"), (["--only", "VF201"], "had findings of VF201")):
        assert bulk(*words).stdout.splitlines() == [f"# nothing {said}: nothing to do"]
    first, second, *_ = bulk("--only", "VF101").stdout.splitlines()
    assert first == "# 1 of 3 repositories looked at again; with what earlier runs found:"
    assert second == "# 3 repositories: 1 clean, 1 with findings, 1 skipped"


def test_a_message_of_ones_own(estate: Path, tmp_path: Path) -> None:
    (tmp_path / "message").write_text("OPS-7: volumes for $repository\n\n$findings\n$$\n")
    bulk("estate", "--write", "--message-file", "message", "--branch", "ops/volumes")
    message = git(estate / "shop", "log", "-1", "--format=%B", "ops/volumes")
    assert message.splitlines()[0] == "OPS-7: volumes for shop"
    assert "VF101" in message
    (tmp_path / "message").write_text("$whatever")
    wrong = bulk("estate", "--message-file", "message")
    assert wrong.exit_code == 2
    assert "there is no $whatever" in wrong.output


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (b'ignore = ["VF101"]\n', False),
        (b'[per-file-ignores]\n"compose.yaml" = ["VF1"]\n', False),
        (b'exclude = ["*"]\nselect = ["VF2"]\nmin-severity = "error"\nwrite = 1\n', True),
        (b'ignore = ["VF1O1"]\n', False),
    ],
)
def test_of_a_repositorys_own_file_only_what_it_ignores_counts(text: bytes, written: bool, estate: Path) -> None:
    checked_out(estate / "own", {"compose.yaml": COMPOSE, ".volfix.toml": text})
    bulk("estate/own", "--write")
    assert (BRANCH in git(estate / "own", "branch")) == written


def test_one_file_for_all_repositories(estate: Path, tmp_path: Path) -> None:
    checked_out(estate / "own", {"compose.yaml": COMPOSE, ".volfix.toml": b'ignore = ["VF101"]\n'})
    config = tmp_path / "ours.toml"
    config.write_text('[volumes]\n"./pg" = "rows"\n"./data" = "rows"\n"db:/var/lib/mysql" = "rows"\n')
    bulk("estate", "--write", "--config", str(config))
    assert "rows:" in git(estate / "shop", "show", f"{BRANCH}:compose.yaml")
    assert BRANCH not in git(estate / "own", "branch")
    config.write_text("unsafe-fixes = true\n")
    assert bulk("estate", "--config", str(config)).exit_code == 2


def test_patches_are_for_their_owner_alone(estate: Path, tmp_path: Path) -> None:
    bulk("estate", "--patches", "patches")
    (patch,) = (tmp_path / "patches").iterdir()
    assert patch.name.startswith("shop-")
    assert stat.S_IMODE(patch.stat().st_mode) == 0o600
    git(estate / "shop", "apply", str(patch))
    assert b"db-data:" in (estate / "shop" / "compose.yaml").read_bytes()
    assert git(estate / "shop", "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_report_has_every_repository(estate: Path, tmp_path: Path) -> None:
    assert "# report: report/estate.html" in bulk("estate", "--report", "report").stdout.splitlines()
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["estate.csv", "estate.html", "estate.json"]
    assert "estate/shop" in (tmp_path / "report" / "estate.csv").read_text()
    (tmp_path / "file").write_text("x")
    wrong = bulk("estate", "--report", "file/below")
    assert wrong.exit_code != 0
    assert "file/below" in wrong.output


def test_a_push_prints_where_to_open_the_request(estate: Path, tmp_path: Path) -> None:
    server = repository(tmp_path / "server.git", {"compose.yaml": COMPOSE}, bare=True)
    (server / "hooks").mkdir()
    (server / "hooks" / "post-receive").write_text(
        "#!/bin/sh\necho 'Create a new pull request:' >&2\necho '  https://git.example.org/x/compare/a...b' >&2\n"
    )
    (server / "hooks" / "post-receive").chmod(0o755)
    git(tmp_path, "clone", "-q", str(server), "clone")
    result = bulk("clone", "--push", "--local-remote", "server.git")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    at = lines.index("# open a request for each branch:")
    assert f"# pushed on the branch {BRANCH}:" in lines[:at]
    assert lines[at : at + 2] == [
        "# open a request for each branch:",
        "#   https://git.example.org/x/compare/a...b  (clone)",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "which repositories?"),
        (("--resume",), "has no earlier run"),
        (("no-such",), "no such directory or file"),
        (("estate", "--branch", "a..b"), "cannot be a branch's name"),
        (("estate", "--resume", "--only-failed"), "--resume continues the last run"),
        (("estate", "--scheduler", "tcp://127.0.0.1:1", "--write"), "--push"),
        (("estate", "--state", "estate/shop/compose.yaml"), "not the state of a volfix bulk run"),
        (("estate", "--only", "VF999"), "there is no rule VF999"),
    ],
)
def test_bad_input_is_named(arguments: tuple[str, ...], said: str, estate: Path) -> None:
    result = bulk(*arguments)
    assert result.exit_code != 0
    assert said in result.output


@pytest.mark.parametrize("option", ["--patches", "--report", "--cache"])
def test_a_directory_that_cannot_be_written_is_refused_before_the_run(option: str, estate: Path) -> None:
    done = bulk("estate", "--write", option, "/proc/x")
    assert done.exit_code == 2
    assert f"{option}: /proc/x cannot be written: No such file or directory" in done.output
    assert not (estate.parent / "volfix-bulk.sqlite").exists()
    assert git(estate / "shop", "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_patch_that_cannot_be_kept_ends_the_run_with_the_reason(estate: Path, tmp_path: Path) -> None:
    bulk("estate", "--patches", "patches")
    (patch,) = (tmp_path / "patches").iterdir()
    patch.unlink()
    patch.mkdir()
    done = bulk("estate", "--patches", "patches")
    assert done.exit_code == 1
    assert f"Error: patches/{patch.name}: Is a directory; type the same with --resume to continue" in done.output


def test_a_report_without_its_library_is_refused_before_the_run(estate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volfix.cli.bulk_options.find_spec", lambda name: None)
    done = bulk("estate", "--report", "report")
    assert done.exit_code == 2
    assert "volfix[report]" in done.output
    assert not (estate.parent / "volfix-bulk.sqlite").exists()


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (["--write"], [], "begun with --write:"),
        ([], ["--push"], "begun without --push:"),
        (["--branch", "a", "--ignore", "VF101"], [], "begun with --branch a and with --ignore VF101:"),
        ([], ["--exclude", "old", "--patches", "p"], "begun without --exclude and without --patches:"),
    ],
)
def test_other_options_are_another_run_and_named(before: list[str], now: list[str], said: str, estate: Path) -> None:
    bulk("estate", *before)
    assert said in " ".join(bulk("--resume", *now).output.split())


def test_a_run_that_wrote_goes_on_with_its_options_and_resume(estate: Path) -> None:
    bulk("estate", "--write")
    assert bulk("--write", "--resume").exit_code == 1


def test_progress_has_a_rate_and_the_time_that_is_left() -> None:
    assert progress_line(1000, 800, 10) == "200 of 1000 repositories, 20.0/s, 40 s left"
    assert progress_line(10, 10, 0) == "0 of 10 repositories"
    assert [duration(seconds) for seconds in (59.4, 200, 7500)] == ["59 s", "3 min 20 s", "2 h 5 min"]


@pytest.mark.parametrize("given", [True, False])
def test_the_state_lies_under_the_platforms_directory(
    given: bool, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = estate.parent / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "x") if given else "relative")
    words = ["bulk", "--jobs", "1", "estate"]
    looked = CliRunner().invoke(volfix, words)
    (state,) = (home / ("x" if given else ".local/state") / "volfix" / "bulk").glob("*.sqlite")
    assert f"# state: {state} " in looked.stdout
    assert not list(estate.parent.glob("*.sqlite"))
    monkeypatch.chdir(estate)
    assert CliRunner().invoke(volfix, ["bulk", "--resume"]).exit_code == 2, "each directory has a run of its own"
