"""What a person gives as sources, and what a list of repositories may hold."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from repository_factory import git

from volfix.bulk.sources import SourceProblem, host_of, repository_name, same_repository, sources, without_credentials

NOTHING = io.BytesIO()


def texts(*arguments: str | Path, stdin: bytes = b"") -> list[str]:
    return [source.text for source in sources(map(str, arguments), io.BytesIO(stdin))]


@pytest.fixture
def clones(tmp_path: Path) -> Path:
    for name in ("b", "a", "group/c"):
        git(tmp_path, "init", "-q", f"clones/{name}")
    git(tmp_path, "init", "-q", "--bare", "clones/d.git")
    (tmp_path / "clones" / "no clone").mkdir()
    return tmp_path / "clones"


def test_a_work_tree_is_one_source_and_a_directory_of_clones_is_many(clones: Path) -> None:
    assert texts(clones / "a") == [str(clones / "a")]
    assert texts(clones) == [str(clones / name) for name in ("a", "b", "d.git", "group/c")]


def test_a_list_has_a_path_or_a_url_a_line(clones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tmp_path / "repositories.txt"
    listed.write_text(f"# comment\n\n  {clones / 'b'}\nclones/a\ngit@git.example.org:shop/app.git\nmissing\n")
    monkeypatch.chdir(tmp_path)
    found = list(sources([str(listed)], NOTHING))
    assert [source.text for source in found] == [
        str(clones / "b"),
        "clones/a",
        "git@git.example.org:shop/app.git",
        "missing",
    ]
    assert [source.place for source in found][1:] == [
        str(clones / "a"),
        "git@git.example.org:shop/app.git",
        str(tmp_path / "missing"),
    ]


def test_standard_input_is_a_list_too(clones: Path) -> None:
    assert texts("-", clones / "b", stdin=f"{clones / 'b'}\n{clones / 'a'}\n".encode()) == [
        str(clones / "b"),
        str(clones / "a"),
    ]


@pytest.mark.parametrize("line", ["src/shpo", "ada/shop", "my.stacks/shop", "my.stacks/ada/shop", "./src/shpo", "shpo"])
def test_a_mistyped_path_is_a_missing_path(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (source,) = sources(["-"], io.BytesIO(f"{line}\n".encode()))
    assert (source.address, source.place) == (None, str((tmp_path / line).resolve()))
    with pytest.raises(SourceProblem, match="no such directory or file"):
        list(sources([line], NOTHING))


def test_repositories_on_github_are_named_with_the_server() -> None:
    listed = b'# repos.txt\ngithub.com/gruntwork-io/terragrunt\n"github.com/gruntwork-io/terratest",\n'
    listed += b"github.example.org/team/app\n"
    assert texts("-", stdin=listed) == [
        "https://github.com/gruntwork-io/terragrunt.git",
        "https://github.com/gruntwork-io/terratest.git",
        "https://github.example.org/team/app.git",
    ]


def test_the_same_repository_comes_once(clones: Path) -> None:
    (clones.parent / "link").symlink_to(clones / "a")
    assert texts(clones / "a", clones.parent / "link", clones / "a/") == [str(clones / "a")]


def test_credentials_are_for_git_alone() -> None:
    (source,) = sources(["https://ada:hunter2@git.example.org/shop.git"], NOTHING)
    assert (source.text, source.place) == ("https://git.example.org/shop.git",) * 2
    assert source.address == "https://ada:hunter2@git.example.org/shop.git"
    assert without_credentials("https://ghp_token@github.com/a/b") == "https://github.com/a/b"
    assert without_credentials("ssh://git:secret@host/a/b") == "ssh://git@host/a/b"
    assert without_credentials("git@host:a/b") == "git@host:a/b"


@pytest.mark.parametrize("argument", ["no-such-thing", "ext::sh -c touch% pwned", "-x", ""])
def test_what_is_no_source_is_named(argument: str) -> None:
    with pytest.raises(SourceProblem, match="no such directory or file"):
        texts(argument)


def test_a_directory_without_clones_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceProblem, match="holds no clone"):
        texts(tmp_path)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("/srv/clones/shop", "shop"),
        ("https://h/a/shop.git", "shop"),
        ("git@h:shop.git", "shop"),
        ("/srv/shop/.git", "shop"),
        ("https://h/", "h"),
        ("/", "repository"),
        ("https://h/..", "repository"),
    ],
)
def test_a_repository_is_called_as_its_clone_would_be(place: str, name: str) -> None:
    assert repository_name(place) == name


def test_two_ways_to_one_repository() -> None:
    ways = ("https://ada@GitHub.com/o/r.git", "git@github.com:o/r", "ssh://git@github.com/o/r.git/")
    assert {same_repository(way) for way in ways} == {"github.com/o/r"}
    assert [host_of(way) for way in (*ways, "/srv/x", "../x", "file:///x", None)] == ["github.com"] * 3 + [None] * 4
    assert same_repository("ssh://git@github.com:22/o/r") == "github.com/o/r"
    assert same_repository("ssh://git@github.com:2222/o/r") == "github.com:2222/o/r"
