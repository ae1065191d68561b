"""Where a line that has to run as root can stand in a Dockerfile, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.project.image.chmod import may_write, opens_to
from volfix.project.image.root_places import root_place
from volfix.syntax.dockerfile import read
from volfix.syntax.source import Source


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("FROM a\nRUN b\n>USER app\n", None),
        ("FROM a\nUSER app\nRUN b\nUSER root\nRUN c\n>USER app\n", None),
        ("FROM a\nUSER root\nRUN b\n>USER app\n", None),
        ("FROM a AS one\nRUN b\n>USER app\nFROM c AS two\nUSER other\n", "one"),
        ("FROM a AS base\nRUN b\n>USER app\nFROM base\nCOPY . .\n", None),
        ("FROM a AS base\nUSER root\nFROM base AS x\nRUN c\n>USER app\n", "x"),
        ('FROM a\nRUN b\nEXPOSE 80\n>CMD ["c"]\n', None),
        ("FROM a\nUSER app\nUSER other\n", "missing"),
        ("FROM a\nRUN b\n", None),
    ],
)
def test_the_place(text: str, target: str | None, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(text.replace(">", ""))
    place = root_place(read(Source.read(tmp_path / "Dockerfile")), target)
    wanted = text.find(">")
    if "EXPOSE" in text:
        wanted = text.index("EXPOSE")
    assert (place.start if place else -1) == wanted


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("", "RUN a && b"),
        ('SHELL ["/bin/bash", "-o", "pipefail", "-c"]\n', "RUN a && b"),
        ('SHELL ["python", "-c"]\n', 'RUN ["/bin/sh", "-c", "a && b"]'),
        ('SHELL ["powershell", "-Command"]\n', None),
        ('SHELL ["C:/Windows/cmd.exe", "/S"]\n', None),
    ],
)
def test_the_line_is_in_the_shell_of_the_image(shell: str, line: str | None, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM a\n{shell}USER app\n")
    place = root_place(read(Source.read(tmp_path / "Dockerfile")), None)
    assert place is not None
    assert place.run(("a", "b")) == line


@pytest.mark.parametrize(
    ("mode", "user", "writes"),
    [
        ("777", "app", True),
        ("1777", "app", True),
        ("a+rwX", "app", True),
        ("o=rwx", "1000", True),
        ("u=rwx,go=rx", "app", False),
        ("755", "app", False),
        ("+w", "app", False),
        ("g=u", "1001", True),
        ("775", "1001:0", True),
        ("775", "1001:1001", False),
        ("g+w", "app", False),
    ],
)
def test_who_may_write_after_a_chmod(mode: str, user: str, writes: bool) -> None:
    whose = opens_to(mode)
    assert (whose is not None and may_write(whose, user)) is writes
