"""What `.dockerignore` leaves out: the semantics of moby/patternmatcher's own tests, parents counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.project.image.docker_ignore import DockerIgnore


@pytest.mark.parametrize(
    ("patterns", "path", "out"),
    [
        # one name is the context's own, not everywhere
        (["app.db"], "app.db", True),
        (["app.db"], "src/app.db", False),
        (["/app.db"], "app.db", True),
        (["./app.db"], "app.db", True),
        (["src//./app.db"], "src/app.db", True),
        (["src/"], "src/deep/app.py", True),
        (["src"], "srcs/app.py", False),
        # a star stays in its directory
        (["*"], "app.py", True),
        (["*.py"], "app.py", True),
        (["*.py"], "src/app.py", False),
        (["*/*.py"], "src/app.py", True),
        (["src/*.py"], "src/deep/app.py", False),
        (["a*/b"], "abc/b", True),
        (["a*/b"], "a/c/b", False),
        (["*a" * 40 + "x"], "a" * 200, False),  # in no time
        (["**/" * 40 + "x"], "/".join("a" * 100), False),
        (["a*b?c*x"], "abxbbxdbxebxczzx", True),
        (["a*b?c*x"], "abxbbxdbxebxczzy", False),
        (["a?b"], "a/b", False),
        # two stars are any directories, and any characters before a plain end
        (["**"], "src/app.py", True),
        (["**/"], "src/app.py", True),
        (["**/*.py"], "app.py", True),
        (["**/*.py"], "src/deep/app.py", True),
        (["**/**/*.txt2"], "a/b/file.txt", False),
        (["**/app.py"], "app.py", True),
        (["**/app.py"], "src/app.py", True),
        (["**/.env"], "bar.env", False),
        (["**.log"], "src/app.log", True),
        (["**file"], "dir/myfile", True),
        (["**/src"], "deep/src/app.py", True),
        (["**/src/*"], "deep/src/app.py", True),
        (["src/**"], "src", False),
        (["src/**"], "src/deep/app.py", True),
        (["src/**/app.py"], "src/app.py", True),
        (["src/**/app.py"], "src/a/b/app.py", True),
        (["a**/*.txt"], "a/dir/dir/file.txt", True),
        (["a/*.txt**"], "a/file.txt", True),
        # sets, escapes, and what means something to expressions only
        (["a[b-d]e"], "ace", True),
        (["a[b-d]e"], "aae", False),
        (["a[^b-d]e"], "aze", True),
        (["a\\*b"], "a*b", True),
        (["a\\*b"], "axb", False),
        (["[\\]a]"], "]", True),
        (["a.|)$(}+{bc"], "a.|)$(}+{bc", True),
        (["a.b"], "axb", False),
        # the last one that matches decides, in an ignored directory too
        (["docs", "!docs/README.md"], "docs/README.md", False),
        (["docs/", "!docs/README.md"], "docs/other.md", True),
        (["*.go", "!main.go"], "main.go", False),
        (["!main.go", "*.go"], "main.go", True),
        (["**", "!src"], "src/app.py", False),
        (["**", "!src", "src/secret"], "src/secret", True),
        (["*", "!src/*.py"], "src/app.py", False),
        (["*", "! /src/app.py"], "src/app.py", False),
        # blanks, comments, and what matches nothing
        (["  app.py  "], "app.py", True),
        (["# app.py"], "app.py", False),
        ([" # app.py"], "# app.py", True),
        (["", "."], "app.py", False),
        (["!"], "app.py", False),
        (["../app.py"], "app.py", False),
        (["["], "[", False),
        ([], "app.py", False),
    ],
)
def test_patterns(patterns: list[str], path: str, out: bool) -> None:
    assert DockerIgnore(patterns).leaves_out(path) is out


def test_the_file_of_the_dockerfile_comes_first(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_bytes(b"\xef\xbb\xbf.env\r\n")
    assert DockerIgnore.of(tmp_path).leaves_out(".env")
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/Dockerfile.prod.dockerignore").write_text("tests\n")
    assert not DockerIgnore.of(tmp_path, "docker/Dockerfile.prod").leaves_out(".env")
    assert DockerIgnore.of(tmp_path, "docker/Dockerfile.prod").leaves_out("tests/test_app.py")


def test_without_a_file_nothing_is_left_out(tmp_path: Path) -> None:
    assert not DockerIgnore.of(tmp_path).leaves_out(".env")
