"""What a carry service runs, over plain directories: with each shell, and with the tools of GNU and of busybox.

Given what the source, the volume, the image and the mark hold, this is what the volume holds then, or what is said.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from volfix.knowledge.carry_images import has_gnu_tools
from volfix.knowledge.carry_service import MOVED, SCRIPT, TOOLS, command
from volfix.knowledge.images import Image

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners are kept by root alone")
SHELLS = {"dash": "GNU", "bash": "GNU", "busybox": "busybox"}
NOT_KEPT = "volfix: the tools of this image do not keep extended attributes, ACLs and holes of files in ./pgdata\n"
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in ((1, 6, 2**32 - 1), (2, 6, 1234), (4, 4, 2**32 - 1), (16, 6, 2**32 - 1), (32, 4, 2**32 - 1))
)
"""User 1234 may read and write. Source: Linux, include/uapi/linux/posix_acl_xattr.h."""
Tree = dict[str, str]


@dataclass
class Service:
    """A source, a volume, a mark and what the image has for the volume: directories, and the programs of an image."""

    root: Path
    shell: str
    programs: Path

    def run(self, *left_out: str, user: int = 0) -> subprocess.CompletedProcess[str]:
        words = command("./pgdata", "db-data", str(self.root / "data"), left_out)
        words[0] = re.sub(r"(?<![\w./])/(from|to|mark)\b", rf"{self.root}/\1", words[0])
        shell = ["busybox", "sh"] if self.shell == "busybox" else [self.shell]
        shell[0] = str(shutil.which(shell[0]))
        return subprocess.run(
            [*shell, "-c", *words],
            env={"PATH": str(self.programs)},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=user,
            start_new_session=True,
        )

    def done(self, *left_out: str) -> None:
        """It succeeds, and says nothing but what the tools of busybox do not keep of what they copy."""
        is_to_copy = not self.is_marked
        done = self.run(*left_out)
        said = NOT_KEPT if SHELLS[self.shell] == "busybox" and is_to_copy and self.is_marked else ""
        assert (done.returncode, done.stdout, done.stderr) == (0, "", said)

    def refused(self, said: str) -> None:
        """It fails and says this in a line, and neither the source nor the volume is another."""
        before = self.tree("from"), self.tree("to")
        done = self.run()
        assert done.returncode == 1
        assert done.stderr.startswith(f"volfix: {said}")
        assert done.stderr.count("\n") == 1
        assert (self.tree("from"), self.tree("to")) == before

    def interposed(self, tool: str, text: str) -> None:
        """The tool is a script of this machine's shell now; `$real` is the tool."""
        if self.shell == "busybox":
            pytest.skip("busybox calls its own tools")
        place = self.programs / tool
        real = str(place.readlink())
        place.unlink()
        place.write_text(f"#!/bin/sh\n{text.replace('$real', real)}\n")
        place.chmod(0o755)

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


def test_owners_modes_times_and_links_are_kept(service: Service) -> None:
    source = service.root / "from"
    service.write("from", {"file": "rows", "-dash": "x", "new\nline": "y", "sub/own": "z", "$HOME `id` *": "w"})
    (source / os.fsdecode(b"\xff\xfe")).write_text("bytes")
    os.link(source / "file", source / "sub/same")
    (source / "link").symlink_to("file")
    (source / "nowhere").symlink_to("/var/lib/elsewhere")
    os.mkfifo(source / "fifo")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(source / "socket"))
    (source / "empty").mkdir()
    os.chown(source / "file", 999, 998)
    os.lchown(source / "link", 999, 998)
    (source / "sub").chmod(0o2750)
    (source / "sub/own").chmod(0o4711)
    source.chmod(0o1700)
    os.chown(source, 70, 71)
    for path in (source / "sub/own", source / "sub", source):
        os.utime(path, (1e9, 1e9 + 0.5))
    service.done()
    assert kept(service.root / "to") == kept(source)
    (source / "socket").unlink()  # holds nothing: who carries by the engine's archives does not see it
    service.done()


def kept(root: Path) -> dict[str, tuple[object, ...]]:
    """What a copy keeps of each entry; busybox does not know a part of a second, nor the time of a link."""
    paths = [root, *root.rglob("*")]
    files = {path: path.lstat() for path in paths}
    first: dict[int, str] = {}
    for path in sorted(files):
        first.setdefault(files[path].st_ino, str(path.relative_to(root)))
    return {
        str(path.relative_to(root)): (
            *(state.st_mode, state.st_uid, state.st_gid, first[state.st_ino]),
            *((path.readlink(),) if path.is_symlink() else (int(state.st_mtime),)),
            *((path.read_bytes(),) if path.is_file() else ()),
        )
        for path, state in files.items()
    }


def test_holes_stay_holes_with_the_tools_of_gnu(service: Service) -> None:
    if SHELLS[service.shell] == "busybox":
        pytest.skip("the cp of busybox writes zeros")
    with (service.root / "from/sparse").open("wb") as file:
        file.truncate(50_000_000)
    service.done()
    state = (service.root / "to/sparse").stat()
    assert (state.st_size, state.st_blocks) == (50_000_000, 0)


@pytest.mark.parametrize(("name", "value"), [("user.origin", b"backup"), ("system.posix_acl_access", ACL)])
def test_extended_attributes_and_acls_are_kept_or_it_is_said_that_they_are_not(
    service: Service, name: str, value: bytes
) -> None:
    service.write("from", ROWS)
    try:
        os.setxattr(service.root / "from/base/1/2601", name, value)
    except OSError:
        pytest.skip("this file system has none")
    service.done()
    is_kept = name in os.listxattr(service.root / "to/base/1/2601")
    assert is_kept == (SHELLS[service.shell] == "GNU"), "what is not kept has been said by then"


def test_what_stays_in_the_source_is_neither_copied_nor_compared(service: Service) -> None:
    service.write("from", {**ROWS, "uploads/1.png": "picture", "[1]*": "config", "1": "one"})
    service.done("uploads", "[1]*")
    assert service.tree("to") == {**ROWS, "1": "one"}
    service.write("from", {"uploads/2.png": "picture", "[1]*": "another"})
    service.done("uploads", "[1]*")
    service.write("from", {"1": "two"})
    assert service.run("uploads", "[1]*").returncode == 1


def test_a_source_that_holds_only_what_stays_there_is_empty(service: Service) -> None:
    service.write("from", {"uploads/1.png": "picture"})
    service.done("uploads")
    assert not service.is_marked


def test_a_source_that_is_written_while_it_is_copied_is_not_taken(service: Service) -> None:
    service.write("from", ROWS)
    service.interposed("cp", f'$real "$@" && echo more >>{service.root}/from/base/1/2601')
    done = service.run()
    assert (done.returncode, service.is_marked) == (1, False)
    assert done.stderr == (
        "volfix: ./pgdata was written while it was copied: stop what writes there. Then deploy again\n"
    )
    assert is_closed(service)


@pytest.mark.parametrize(
    "spoiled", ['printf X >"$to/base/1/2601"', 'chmod 640 "$to/PG_VERSION"', 'rm "$to/base/1/empty"']
)
def test_a_copy_that_differs_is_not_taken(service: Service, spoiled: str) -> None:
    service.write("from", ROWS)
    service.interposed("cp", f'$real "$@" && to={service.root}/to/.volfix-copy && {spoiled}')
    done = service.run()
    assert (done.returncode, service.is_marked) == (1, False)
    assert "the copy of ./pgdata in db-data differs" in done.stderr
    assert is_closed(service)


def test_a_copy_that_fails_leaves_nothing_behind_that_takes_space(service: Service) -> None:
    service.write("from", ROWS)
    service.interposed("cp", '$real "$@"; [ "$1" = --version ] || { echo "cp: No space left on device" >&2; exit 1; }')
    done = service.run()
    assert (done.returncode, service.is_marked) == (1, False)
    assert done.stderr.splitlines()[1:] == [
        "volfix: ./pgdata cannot be copied into db-data: mend what is said above, or a full disk. Then deploy again"
    ]
    assert not list((service.root / "to/.volfix-copy").iterdir())
    assert is_closed(service)


@pytest.mark.parametrize("secret", ["from", "from/base", "from/base/1/2601"])
def test_a_source_that_cannot_be_read_is_not_taken_for_empty(service: Service, secret: str) -> None:
    """As where a label of SELinux, or a squashed root, forbids it: here root is another user."""
    service.write("from", ROWS)
    for path in service.root.rglob("*"):
        os.lchown(path, 1000, 1000)
    os.chown(service.root, 1000, 1000)
    for parent in service.root.parents:
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            pytest.skip(f"{parent} is root's alone")
    os.chown(service.root / secret, 0, 0)
    (service.root / secret).chmod(0o700)
    done = service.run(user=1000)
    assert (done.returncode, service.is_marked) == (1, False)
    assert done.stderr.splitlines()[-1].startswith("volfix: ./pgdata cannot be ")


def is_closed(service: Service) -> bool:
    """Whether no server finds a database in the volume, nor makes one."""
    for name in ("PG_VERSION", "base", "global"):
        for opened in ((service.root / "to" / name).read_bytes, (service.root / "to" / name).mkdir):
            with pytest.raises((NotADirectoryError, FileExistsError)):
                opened()
    return True


def test_a_copy_that_was_killed_at_any_command_serves_nobody_and_is_begun_again(service: Service) -> None:
    """Before each program that changes something the script is killed once."""
    if service.shell != "dash":
        pytest.skip("the shell makes no difference here")
    service.write("data", {".gitkeep": ""})
    service.write("from", ROWS)
    calls = service.root / "calls"
    kill = f'read -r left <{calls}; echo $((left - 1)) >{calls}; [ $left != 1 ] || kill -9 0; exec $real "$@"'
    for tool in ("chmod", "chown", "cp", "ln", "mkdir", "mv", "rm", "rmdir", "sync", "touch"):
        service.interposed(tool, kill)
    opened = closed = whole = 0
    for last in range(1, 100):
        for name in ("to", "mark"):
            shutil.rmtree(service.root / name)
            (service.root / name).mkdir()
        service.write("to", {".gitkeep": ""})
        calls.write_text(f"{last}\n")
        killed = service.run()
        assert service.tree("from") == ROWS
        if killed.returncode == 0:
            break
        assert killed.returncode == -9, killed.stderr
        tree = {name: text for name, text in service.tree("to").items() if not name.startswith(".volfix")}
        if service.is_marked and (service.root / "to/PG_VERSION").exists():
            whole += 1
            for name, text in ROWS.items():
                assert (service.root / "to" / name).read_text() == text
        elif tree not in ({}, {".gitkeep": ""}):
            closed += 1
            with pytest.raises(NotADirectoryError):
                (service.root / "to/PG_VERSION").read_text()
        else:
            opened += 1
        service.done()
        assert service.tree("to") == ROWS
    assert opened <= 2, "it is closed before anything else, but for what the image has put there"
    assert closed >= 3
    assert whole >= 3


def test_what_a_killed_copy_has_closed_stays_closed_when_it_is_begun_again(service: Service) -> None:
    """So that no server that is started beside it, as `docker compose restart` does, finds an empty volume."""
    if SHELLS[service.shell] == "busybox":
        pytest.skip("busybox calls its own tools")
    service.write("from", {**ROWS, "old": "1"})
    cp = service.programs / "cp"
    real = cp.readlink()
    service.interposed("cp", "kill -9 0")
    assert service.run().returncode == -9
    (service.root / "from/old").unlink()
    service.write("from", {"new": "2"})
    cp.unlink()
    cp.symlink_to(real)
    watch = (
        f"[ -e {service.root}/mark/moved ] || for name in PG_VERSION base global; do "
        f'[ -L {service.root}/to/$name ] || echo "$name before $0 $*" >>{service.root}/opened; done; exec $real "$@"'
    )
    for tool in ("chmod", "chown", "cp", "find", "ln", "mkdir", "mv", "rm", "rmdir", "sort", "stat", "sync", "touch"):
        service.interposed(tool, watch)
    service.done()
    assert not (service.root / "opened").exists(), (service.root / "opened").read_text()
    assert service.tree("to") == {**ROWS, "new": "2"}


def test_a_directory_that_somebody_makes_while_the_volume_is_filled_keeps_it_closed(service: Service) -> None:
    service.write("from", ROWS)
    made = f"{service.root}/to/base"
    service.interposed("mv", f'[ "$1" != ./base ] || {{ mkdir {made}; echo more >{made}/new; }}; exec $real "$@"')
    for _ in range(2):
        done = service.run()
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == (
            "volfix: db-data was written while it was filled. To have all of ./pgdata: "
            "volfix carry --write --map ./pgdata=db-data --replace"
        )
        with pytest.raises(NotADirectoryError):
            (service.root / "to/PG_VERSION").read_text()


def test_a_file_that_a_server_writes_anew_as_soon_as_it_can_is_kept_where_that_is_wanted(service: Service) -> None:
    service.write("from", {**ROWS, "dump.rdb": "rows"})
    dump = f"{service.root}/to/dump.rdb"
    service.interposed(
        "mv", f'$real "$@"; [ "$2" != {service.root}/to/.volfix-gate- ] || {{ rm {dump}; echo >{dump}; }}'
    )
    done = service.run()
    assert (done.returncode, done.stderr) == (
        1,
        "volfix: db-data was written before all of ./pgdata was there. To keep db-data, move ./pgdata away. "
        "To have ./pgdata instead: volfix carry --write --map ./pgdata=db-data --replace\n",
    )
    shutil.move(service.root / "from", service.root / "away")
    (service.root / "from").mkdir()
    service.done()
    assert service.tree("to") == {**ROWS, "dump.rdb": "\n"}


@pytest.mark.parametrize(
    ("image", "has_them"),
    [
        ("postgres:16", True),
        ("postgres:16-alpine3.20", False),
        ("alpine", False),
        ("busybox:stable", False),
        ("gitea/gitea:1.22", False),
        ("grafana/grafana:11.1.0", False),
        ("grafana/grafana:11.1.0-ubuntu", True),
        ("quay.io/prometheus/prometheus", False),
        ("redis:7-bookworm", True),
    ],
)
def test_which_images_have_the_tools_of_gnu(image: str, has_them: bool) -> None:
    assert has_gnu_tools(Image.parse(image)) == has_them
