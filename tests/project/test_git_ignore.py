"""What `.gitignore` files ignore: as `git check-ignore` says."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from volfix.project import git_ignore

NAMES = ("data", "pg", "a", "b", "app.db", "x y", ".env", "keep", "data ")
GLOBS = ("*", "*.db", "d*", "**", "?", "[ab]", "[!a]", "data\\ ", "\\#x", "dat[a]")
CASES = 300


def pattern(choice: random.Random) -> str:
    parts = [choice.choice(NAMES + GLOBS) for _ in range(choice.choice([1, 1, 1, 2, 2, 3]))]
    text = "/" * (choice.random() < 0.25) + "/".join(parts) + "/" * (choice.random() < 0.3)
    text = "!" * (choice.random() < 0.25) + text + "  " * (choice.random() < 0.1)
    return "#" * (choice.random() < 0.05) + text + "\r" * (choice.random() < 0.05)


def lay_out(root: Path, choice: random.Random) -> None:
    """Files and directories at random, and a `.gitignore` in some of them."""
    for _ in range(10):
        path = root.joinpath(*(choice.choice(NAMES) for _ in range(choice.randint(1, 4))))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(exist_ok=True) if choice.random() < 0.5 else path.touch()
        except OSError:  # there is a file where a directory would be, or the reverse
            continue
    places = sorted([root, *(path for path in root.rglob("*") if path.is_dir())])
    for place in choice.sample(places, min(3, len(places))):
        lines = [pattern(choice) for _ in range(choice.randint(1, 5))]
        (place / ".gitignore").write_bytes("\n".join([*lines, ""]).encode())


def ignored_by_git(root: Path, paths: list[str]) -> set[str]:
    git = ["git", "-C", str(root), "-c", "core.excludesFile=/dev/null"]
    command = [*git, "check-ignore", "--no-index", "--stdin", "-z"]
    done = subprocess.run(command, input="\0".join(paths), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return set(done.stdout.split("\0")) - {""}


def test_as_git_does(tmp_path: Path) -> None:
    """Nested files, negation, anchors, directories alone, escaped blanks, what lies in an ignored directory."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for case in range(CASES):
        root = tmp_path / f"case{case}"
        root.mkdir()
        lay_out(root, random.Random(case))
    paths = [str(path.relative_to(tmp_path)) for root in tmp_path.glob("case*") for path in root.rglob("*")]
    git = ignored_by_git(tmp_path, paths)
    mine = {
        path
        for path in paths
        if git_ignore.is_ignored(
            tmp_path / path, tmp_path / path.partition("/")[0], directory=(tmp_path / path).is_dir()
        )
    }
    assert len(git) > CASES and len(paths) - len(git) > CASES  # both answers are asked for
    assert mine == git


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ({".gitignore": "state\n"}, True),
        ({".gitignore": "/state/\n"}, True),
        ({".gitignore": "state/*\n!state/.gitkeep\n"}, True),
        ({".gitignore": "**/db\n"}, True),
        ({"state/.gitignore": "*\n!.gitignore\n"}, True),
        ({"state/.gitignore": "/db/\n"}, True),
        ({".gitignore": "state\n!state\n"}, False),
        ({".gitignore": "state\n", "state/.gitignore": "!db\n"}, True),
        ({".gitignore": "/db/\n"}, False),
        ({".gitignore": "src/state/\n"}, False),
        ({".gitignore": "tate\n"}, False),
        ({".gitignore": "state/*.sqlite\n"}, False),
        ({".gitignore": "#state\n"}, False),
    ],
)
def test_a_directory_is_kept_where_all_that_comes_into_it_is_ignored(
    files: dict[str, str], kept: bool, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert git_ignore.keeps_all_of(tmp_path / "state/db", tmp_path) is kept


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("data/pg", True),
        ("/data/pg/", True),
        ("**/pg", True),
        ("pg/*", False),
        ("/data/pg/*", True),
        ("data/pg/**", True),
        ("pg", True),
        ("data/", False),
        ("data/*", False),
        ("p*", False),
        ("!data/pg", False),
        ("# data/pg", False),
        ("src/data/pg", False),
    ],
)
def test_a_line_is_for_a_directory_alone(line: str, named: bool, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(f"*.log\n{line}\n")
    found = list(git_ignore.lines_for(tmp_path / "data/pg", tmp_path))
    assert found == ([(tmp_path / ".gitignore", 2, line)] if named else [])


def test_a_link_is_not_followed_and_a_binary_file_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "patterns").write_bytes(b"\xff\xfe\ndata\n")
    (tmp_path / ".gitignore").symlink_to("patterns")
    assert not git_ignore.is_ignored(tmp_path / "data", tmp_path, directory=True)
    (tmp_path / ".gitignore").unlink()
    (tmp_path / "patterns").rename(tmp_path / ".gitignore")
    assert git_ignore.is_ignored(tmp_path / "data", tmp_path, directory=True)


def test_a_pattern_that_would_take_for_ever_matches_nothing(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*a" * 40 + "x\n" + "**/" * 40 + "x\n" + "/**/a" * 40 + "x\n")
    deep = tmp_path.joinpath(*("a" * 60))
    assert not git_ignore.is_ignored(tmp_path / ("a" * 200), tmp_path, directory=True)
    assert not git_ignore.is_ignored(deep, tmp_path, directory=True)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitignore")
    assert not git_ignore.is_ignored(tmp_path / "data", tmp_path, directory=True)
