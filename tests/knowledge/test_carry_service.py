"""What a carry service runs, over plain directories: with each shell, and with the tools of GNU and of busybox.

Given what the source, the volume, the image and the mark hold, this is what the volume holds then, or what is said.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from volfix.knowledge.carry_service import MOVED, SCRIPT, TOOLS, command

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners are kept by root alone")
SHELLS = {"dash": "GNU", "bash": "GNU", "busybox": "busybox"}
Tree = dict[str, str]


@dataclass
class Service:
    """A source, a volume, a mark and what the image has for the volume: directories, and the programs of an image."""

    root: Path
    shell: str
    programs: Path

    def run(self, *left_out: str, data: str = "data") -> subprocess.CompletedProcess[str]:
        words = command("./pgdata", "db-data", str(self.root / data), left_out)
        words[0] = re.sub(r"(?<![\w./])/(from|to|mark)\b", rf"{self.root}/\1", words[0])
        shell = ["busybox", "sh"] if self.shell == "busybox" else [self.shell]
        shell[0] = str(shutil.which(shell[0]))
        environment = {"PATH": str(self.programs)}
        return subprocess.run(
            [*shell, "-c", *words], env=environment, capture_output=True, text=True, errors="replace", check=False
        )

    def done(self, *left_out: str) -> None:
        done = self.run(*left_out)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def refused(self, said: str, *left_out: str) -> None:
        """It fails, and says this, and neither the source nor the volume is another."""
        before = self.tree("from"), self.tree("to")
        done = self.run(*left_out)
        assert done.returncode == 1
        assert done.stderr.startswith("volfix: ")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
        assert (self.tree("from"), self.tree("to")) == before

    def write(self, directory: str, tree: Tree) -> None:
        for name, text in tree.items():
            path = self.root / directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def tree(self, directory: str) -> Tree:
        """The files of a directory, links as what they lead to."""
        found = {}
        for path in sorted((self.root / directory).rglob("*")):
            name = str(path.relative_to(self.root / directory))
            if path.is_symlink():
                found[name] = f"-> {path.readlink()}"
            elif path.is_file():
                found[name] = path.read_text(errors="replace")
        return found

    @property
    def is_marked(self) -> bool:
        return (self.root / "mark" / MOVED).exists()


@pytest.fixture(params=SHELLS)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    shell = request.param
    if not shutil.which(shell) or not shutil.which("busybox"):
        pytest.skip(f"{shell} is not installed")
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in TOOLS:
        known = shutil.which("busybox" if SHELLS[shell] == "busybox" else tool)
        assert known, tool
        (programs / tool).symlink_to(known)
    for name in ("from", "to", "mark"):
        (tmp_path / name).mkdir()
    yield Service(tmp_path, shell, programs)


ROWS = {"PG_VERSION": "15", "base/1/2601": "rows", "base/1/empty": "", "global/pg_control": "control"}


def test_shellcheck_has_nothing_to_say(tmp_path: Path) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    (tmp_path / "script").write_text(SCRIPT)
    for shell in ("sh", "dash", "bash"):
        done = subprocess.run(
            ["shellcheck", "-s", shell, tmp_path / "script"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, "")


def test_a_directory_is_moved_once(service: Service) -> None:
    service.write("from", ROWS)
    service.done()
    assert service.tree("to") == service.tree("from") == ROWS
    assert service.is_marked
    service.write("to", {"base/1/2601": "more rows"})
    service.done()
    assert service.tree("to")["base/1/2601"] == "more rows"


def test_a_first_deployment_has_nothing_to_move(service: Service) -> None:
    service.done()
    assert not service.is_marked
    service.write("to", {"PG_VERSION": "15"})  # the server begins
    service.done()
    assert service.tree("to") == {"PG_VERSION": "15"}


def test_what_the_image_put_into_the_volume_gives_way(service: Service) -> None:
    seed = {".gitkeep": "", "shop.db": "a seed", "static/logo.svg": "<svg/>"}
    service.write("data", seed)
    service.write("to", seed)
    service.write("from", {"shop.db": "rows"})
    service.done()
    assert service.tree("to") == {"shop.db": "rows"}


@pytest.mark.parametrize(
    "there", [{"shop.db": "other"}, {"shop.db": "a seed", "more": ""}, {"link": "x"}], ids=("another", "more", "alone")
)
def test_a_volume_that_something_else_filled_is_left_alone(service: Service, there: Tree) -> None:
    service.write("data", {"shop.db": "a seed"})
    service.write("to", there)
    service.write("from", ROWS)
    service.refused("db-data holds other data than ./pgdata")
    assert not service.is_marked


def test_a_source_that_was_written_again_is_not_passed_over(service: Service) -> None:
    service.write("from", ROWS)
    service.done()
    for tree in ({"base/1/2601": "ROWS"}, {"base/1/2602": ""}):
        service.write("from", tree)
        service.refused("./pgdata was written again after it was moved into db-data")


def test_a_source_that_was_only_touched_or_cleaned_up_is_the_one_that_was_moved(service: Service) -> None:
    service.write("from", ROWS)
    service.done()
    os.utime(service.root / "from/PG_VERSION")
    (service.root / "from/base/1/2601").chmod(0o600)
    service.done()
    (service.root / "from/base/1/2601").unlink()
    service.done()
    shutil.rmtree(service.root / "from")
    (service.root / "from").mkdir()
    service.done()
    assert service.tree("to") == ROWS


def test_a_volume_that_was_emptied_is_not_taken_for_done(service: Service) -> None:
    service.write("data", {".gitkeep": ""})
    service.write("from", ROWS)
    service.done()
    for there in ({}, {".gitkeep": ""}):
        shutil.rmtree(service.root / "to")
        (service.root / "to").mkdir()
        service.write("to", there)
        service.refused("db-data is empty, and ./pgdata was moved into it before")
