"""Given data in one place, when it is carried into a volume, then all of it is there, and the source is as it was."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Host

from volfix.docker import verify
from volfix.docker.archive import Manifest, Reading
from volfix.docker.carry import carry
from volfix.docker.carry_jobs import CarryProblem, Job, Origin
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.helper_containers import Carriers, manifest_of
from volfix.docker.local_files import contents, listing, volume_directory
from volfix.docker.markers import mark
from volfix.docker.sqlite_files import Spool
from volfix.docker.survey import survey
from volfix.docker.tar_stream import BrokenArchive
from volfix.knowledge.clients import client_of

pytestmark = pytest.mark.engine
Content = Callable[[str], Path]


def bind(path: Path, below: str = "") -> Origin:
    return Origin("bind", str(path), f"./{path.name}", "told by the test", below=below)


def job(*origins: Origin, **more: object) -> Job:
    values = {
        "project": "shop",
        "key": "app-db",
        "name": "shop_app-db",
        "services": ("app",),
        "targets": ("/app/data",),
    }
    return Job(**{**values, "origins": origins, **more})  # type: ignore[arg-type]


def labels(service: str, project: str = "shop") -> tuple[str, ...]:
    return ("--label", f"com.docker.compose.project={project}", "--label", f"com.docker.compose.service={service}")


def run(engine: Engine, wanted: Job, *, overwrite: bool = False) -> list[str]:
    said: list[str] = []
    found = survey(engine, wanted, said.append, again=overwrite)
    carry(engine, found, overwrite=overwrite, say=said.append)
    return said


def tree(engine: Engine, kind: str, source: str) -> Manifest:
    with Carriers(engine, "box:1", "test") as carriers:
        return manifest_of(engine, carriers.mounting(kind, source), "/volfix/data")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory with everything that a copy loses easily."""
    directory = tmp_path / "data"
    (directory / "inner" / "empty").mkdir(parents=True)
    (directory / "app.txt").write_bytes(b"rows" * 300_000)
    (directory / "inner" / "näme with blanks\n").write_text("x")
    (directory / os.fsdecode(b"not-utf8-\xff")).write_text("y")
    (directory / ("long" * 30 + "/")).mkdir()
    (directory / ("long" * 30) / ("file" * 40)).write_text("z")
    (directory / "empty").touch()
    (directory / "link").symlink_to("app.txt")
    (directory / "dangling").symlink_to("/nowhere/at/all")
    os.link(directory / "app.txt", directory / "inner" / "hard")
    os.mkfifo(directory / "pipe")
    with (directory / "sparse").open("wb") as file:
        file.truncate(3_000_000)
    os.chown(directory / "app.txt", 999, 70)
    os.chown(directory / "link", 12345, 54321, follow_symlinks=False)
    (directory / "inner").chmod(0o2770)
    (directory / "empty").chmod(0o000)
    os.chown(directory, 999, 998)
    directory.chmod(0o700)
    for path in (directory / "app.txt", directory / "inner", directory):
        os.utime(path, (981173106, 981173106))
    return directory


@pytest.mark.parametrize("image", ["box:1", "scratch:1"])
def test_a_directory_arrives_whole_with_owners_modes_times_and_links(
    engine: Engine, host: Host, data: Path, content: Content, image: str
) -> None:
    if image == "scratch:1":
        host.docker("create", *labels("app"), image, "/x")
    before = tree(engine, "bind", str(data))
    run(engine, job(bind(data)))
    assert tree(engine, "volume", "shop_app-db") == before == tree(engine, "bind", str(data))
    there = content("shop_app-db")
    assert (there.stat().st_uid, there.stat().st_gid, there.stat().st_mode & 0o7777) == (999, 998, 0o700)
    assert (there / "app.txt").samefile(there / "inner" / "hard")
    assert (there / "app.txt").stat().st_mtime == 981173106
    assert (there / "dangling").readlink() == Path("/nowhere/at/all")
    given = engine.volume("shop_app-db").labels  # type: ignore[union-attr]
    assert given["com.docker.compose.project"] == "shop"
    assert given["com.docker.compose.volume"] == "app-db"
    assert "com.docker.compose.config-hash" not in given


def test_what_the_daemon_tells_of_a_directory_is_what_is_read_of_it_here(
    engine: Engine, data: Path, content: Content
) -> None:
    os.mknod(data / "null", 0o660 | stat.S_IFCHR, os.makedev(1, 3))
    os.link(data / "dangling", data / "inner" / "hard link of a link")
    os.link(data / "sparse", data / "a first name")
    program = data / "program"
    program.write_text("#!/bin/sh")
    os.setxattr(program, "security.capability", b"\1\0\0\2\0\4\0\0" + bytes(12))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(data / "socket"))
    told = tree(engine, "bind", str(data))
    assert contents(data, Spool(remember=False).keep) == told
    assert "socket" not in told
    assert told["program"].attributes
    listed = listing(bind(data), Spool(remember=False).keep)
    assert listed is not None
    assert listed.manifest == {path: replace(entry, digest="") for path, entry in told.items()}


def test_a_volume_on_this_machine_is_compared_without_the_daemon(
    engine: Engine, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> Manifest:
        raise AssertionError("the daemon is asked")

    monkeypatch.setattr(verify, "manifest_of", never)
    run(engine, job(bind(data)))
    assert "app.txt" in tree(engine, "volume", "shop_app-db")


def test_a_daemon_s_volume_is_read_here_only_where_its_container_is_here(
    engine: Engine, host: Host, content: Content
) -> None:
    host.docker("volume", "create", "plain")
    made = host.docker("create", "box:1").strip()
    assert volume_directory(engine, "plain", made) == content("plain")
    assert volume_directory(engine, "plain", made[:-1] + "x") is None, "another machine of the same name"
    host.docker("volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "other")
    assert volume_directory(engine, "other", made) is None, "what is mounted there is mounted only when it is used"


def test_nothing_is_left_but_the_volume(engine: Engine, host: Host, data: Path) -> None:
    containers = host.docker("ps", "-aq")
    run(engine, job(bind(data)))
    assert host.docker("ps", "-aq") == containers
    assert host.docker("volume", "ls", "-q").split() == ["shop_app-db"]


def test_the_image_s_own_files_do_not_get_into_the_volume(
    engine: Engine, host: Host, data: Path, tmp_path: Path
) -> None:
    """The trap: `docker create -v volume:/app/data` fills an empty volume from the image."""
    (tmp_path / "volfix" / "data").mkdir(parents=True)
    (tmp_path / "volfix" / "data" / "seed").write_text("from the image")
    made = host.docker("create", "box:1").strip()
    host.docker("cp", str(tmp_path / "volfix"), f"{made}:/")
    host.docker("commit", made, "seeded:1")
    host.docker("rm", made)
    host.docker("create", *labels("app"), "seeded:1")
    try:
        run(engine, job(bind(data)))
        assert "seed" not in tree(engine, "volume", "shop_app-db")
    finally:
        host.docker("rm", *host.docker("ps", "-aq").split())
        host.docker("rmi", "seeded:1")


def test_a_source_that_is_gone_is_a_failure_and_is_not_made_anew(engine: Engine, tmp_path: Path) -> None:
    """The trap: `docker cp` out of a deleted bind source makes it again, empty, and succeeds."""
    with pytest.raises(CarryProblem, match="source path does not exist"):
        run(engine, job(bind(tmp_path / "gone")))
    assert not (tmp_path / "gone").exists()
    assert engine.volume("shop_app-db") is None


@pytest.mark.parametrize("names", [[], [".gitkeep"], ["notes.txt"]])
def test_a_source_without_the_database_is_a_failure(engine: Engine, tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("")
    postgres = client_of("postgres")
    assert postgres
    for wanted in (job(bind(tmp_path), clients=(postgres,)), job(bind(tmp_path), expected=("app.db",))):
        with pytest.raises(CarryProblem, match="nothing is carried"):
            run(engine, wanted)
    assert engine.volume("shop_app-db") is None


def test_a_volume_with_other_data_is_refused_and_kept(engine: Engine, host: Host, data: Path, content: Content) -> None:
    host.docker("volume", "create", "shop_app-db")
    (content("shop_app-db") / "new.db").write_text("rows of today")
    with pytest.raises(CarryProblem, match="not empty"):
        run(engine, job(bind(data)))
    assert [path.name for path in content("shop_app-db").iterdir()] == ["new.db"]


def test_replace_keeps_what_was_there_in_another_volume(
    engine: Engine, host: Host, data: Path, content: Content
) -> None:
    """People deploy before they carry: the service has begun an empty database, its container holds the volume."""
    host.docker("volume", "create", "shop_app-db")
    (content("shop_app-db") / "new.db").write_text("rows of today")
    host.docker("run", "-d", "--init", "--network=host", *labels("app"), "-v", "shop_app-db:/app/data", "box:1")
    run(engine, job(bind(data)), overwrite=True)
    assert tree(engine, "volume", "shop_app-db") == tree(engine, "bind", str(data))
    backup = next(name for name in host.docker("volume", "ls", "-q").split() if "-before-carry-" in name)
    assert (content(backup) / "new.db").read_text() == "rows of today"


@pytest.mark.parametrize("runs", [True, False])
def test_a_volume_in_use_since_it_was_marked_is_not_taken_for_a_copy_cut_short(
    engine: Engine, host: Host, data: Path, content: Content, runs: bool
) -> None:
    """A run was killed before it took the mark away; the service was started, and its database has shrunk since."""
    run(engine, job(bind(data)))
    mark(engine, "shop_app-db", "box:1")
    words = ("run", "-d", "--init", "--network=host", *labels("app"), "-v", "shop_app-db:/app/data", "box:1")
    container = host.docker(*words).strip()
    (content("shop_app-db") / "app.txt").write_text("rows of tomorrow")
    if not runs:
        host.docker("stop", "-t", "1", container)
    with pytest.raises(CarryProblem, match="not empty"):
        run(engine, job(bind(data)))
    assert (content("shop_app-db") / "app.txt").read_text() == "rows of tomorrow"


def test_a_container_that_has_not_run_since_the_mark_does_not_hold_up_the_next_run(
    engine: Engine, host: Host, data: Path, content: Content
) -> None:
    host.docker("volume", "create", "shop_app-db")
    host.docker("create", "--network=host", *labels("app"), "-v", "shop_app-db:/app/data", "box:1")
    mark(engine, "shop_app-db", "box:1")
    (content("shop_app-db") / "app.txt").write_text("row")
    run(engine, job(bind(data)))
    assert tree(engine, "volume", "shop_app-db") == tree(engine, "bind", str(data))


def test_a_database_of_a_container_that_is_gone_is_not_taken_for_a_copy_cut_short(
    engine: Engine, host: Host, data: Path, content: Content
) -> None:
    host.docker("volume", "create", "shop_app-db")
    mark(engine, "shop_app-db", "box:1")
    host.docker(
        "run", "--rm", "--network=host", "-v", "shop_app-db:/d", "box:1", "sh", "-c", "echo rows of today >/d/app.txt"
    )
    with pytest.raises(CarryProblem, match="not empty"):
        run(engine, job(bind(data)))
    assert (content("shop_app-db") / "app.txt").read_text() == "rows of today\n"


@pytest.mark.parametrize("runs", [True, False])
@pytest.mark.parametrize("before", ["missing", "empty"])
def test_a_volume_that_changes_after_it_was_looked_at_is_left_alone(
    engine: Engine, host: Host, data: Path, content: Content, before: str, runs: bool
) -> None:
    if before == "empty":
        host.docker("volume", "create", "shop_app-db")
    found = survey(engine, job(bind(data)), print)
    assert found.state == before
    mounting = ("--network=host", "-v", "shop_app-db:/d", "box:1")
    host.docker("run", "--rm", *mounting, "sh", "-c", "echo rows >/d/other.db")
    if runs:
        host.docker("run", "-d", "--init", *mounting, "sleep", "60")
    with pytest.raises(CarryProblem, match="started meanwhile" if runs else "changed since it was looked at"):
        carry(engine, found, overwrite=False, say=print)
    assert [path.name for path in content("shop_app-db").iterdir()] == ["other.db"]
    assert "volfix-carry" not in host.docker("volume", "ls", "-q")


def test_a_carry_of_another_host_is_not_swept_away(
    engine: Engine, host: Host, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
    mark(engine, "shop_app-db", "box:1")
    monkeypatch.undo()
    with pytest.raises(CarryProblem, match=r"from elsewhere. If it is not: docker rm volfix-carry-shop_app-db"):
        run(engine, job(bind(data)))
    assert "volfix-carry-shop_app-db" in host.docker("ps", "-a", "--format", "{{.Names}}")


def test_a_mark_that_cannot_be_made_leaves_nothing(
    engine: Engine, host: Host, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise EngineProblem("no space left on device")

    monkeypatch.setattr(Engine, "create_volume", full)
    with pytest.raises(EngineProblem, match="no space left"):
        run(engine, job(bind(data)))
    monkeypatch.undo()
    assert host.docker("ps", "-aq") == host.docker("volume", "ls", "-q") == ""
    run(engine, job(bind(data)))
    assert "app.txt" in tree(engine, "volume", "shop_app-db")


def test_who_prunes_volumes_while_the_copy_runs_does_not_make_it_fail(
    engine: Engine, host: Host, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Engine.write

    def write(self: Engine, container: str, directory: str, chunks: object) -> None:
        real(self, container, directory, chunks)  # type: ignore[arg-type]
        host.docker("volume", "rm", "volfix-carry-shop_app-db")

    monkeypatch.setattr(Engine, "write", write)
    run(engine, job(bind(data)))
    assert host.docker("ps", "-aq") == ""
    assert host.docker("volume", "ls", "-q").split() == ["shop_app-db"]


def test_an_equal_volume_is_left_as_it_is(engine: Engine, data: Path, content: Content) -> None:
    run(engine, job(bind(data)))
    inode = (content("shop_app-db") / "app.txt").stat().st_ino
    run(engine, job(bind(data)))
    assert (content("shop_app-db") / "app.txt").stat().st_ino == inode


def test_a_volume_that_was_carried_is_in_use_since_and_not_carried_again(
    engine: Engine, data: Path, content: Content
) -> None:
    run(engine, job(bind(data)))
    (content("shop_app-db") / "app.txt").write_text("rows of tomorrow")
    shutil.rmtree(data)
    run(engine, job(bind(data)))
    assert (content("shop_app-db") / "app.txt").read_text() == "rows of tomorrow"


def test_a_file_out_of_a_container_s_own_layer_joins_the_directory(
    engine: Engine, host: Host, tmp_path: Path, content: Content
) -> None:
    """The reference scenario: ./data is mounted and nearly empty, the database is beside it, owned by the service."""
    (tmp_path / "upload.txt").write_text("an upload")
    made = host.docker("create", *labels("app"), "box:1").strip()
    database = tmp_path.parent / "database.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE rows (x)")
    os.chown(database, 1000, 1000)
    host.docker("cp", "-a", str(database), f"{made}:/database.db")
    inner = Origin("container", made, "container:/database.db", "", path="/database.db", below="database.db")
    run(engine, job(bind(tmp_path), inner, expected=("database.db",)))
    there = content("shop_app-db")
    assert {path.name for path in there.iterdir()} == {"upload.txt", "database.db"}
    assert (there / "database.db").read_bytes() == database.read_bytes()
    assert there.stat().st_uid == 1000, "SQLite makes its journal beside the file"


def test_a_deleted_directory_does_not_hide_the_database_beside_it(engine: Engine, host: Host, tmp_path: Path) -> None:
    made = host.docker("create", *labels("app"), "box:1").strip()
    (tmp_path / "database.db").write_text("rows")
    host.docker("cp", str(tmp_path / "database.db"), f"{made}:/database.db")
    inner = Origin("container", made, "container:/database.db", "", path="/database.db", below="database.db")
    said = run(engine, job(bind(tmp_path / "gone"), inner, expected=("database.db",)))
    assert any("does not exist" in line for line in said)
    assert "database.db" in tree(engine, "volume", "shop_app-db")


def test_two_sources_with_one_name_are_not_mixed(engine: Engine, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.db").write_text(name)
    with pytest.raises(CarryProblem, match=r"both \./one and \./two"):
        run(engine, job(bind(tmp_path / "one"), bind(tmp_path / "two")))


def test_a_damaged_database_is_not_called_carried(engine: Engine, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,) for _ in range(200)])
    damaged = bytearray((tmp_path / "app.db").read_bytes())
    damaged[8192:12288] = b"\xa5" * 4096
    (tmp_path / "app.db").write_bytes(damaged)
    with pytest.raises(CarryProblem, match="SQLite says"):
        run(engine, job(bind(tmp_path)))
    assert engine.volume("shop_app-db") is None, "nobody shall start on it"


def spoiled(how: str, there: Path) -> None:
    file = there / "app.txt"
    if how == "byte":
        data = bytearray(file.read_bytes())
        data[100] ^= 1
        times = file.stat().st_mtime
        file.write_bytes(data)
        os.utime(file, (times, times))
    elif how == "missing":
        (there / "empty").unlink()
    elif how == "owner":
        os.chown(file, 0, 0)
    elif how == "truncated":
        os.truncate(file, 1000)
    elif how == "mode":
        (there / "inner").chmod(0o755)
    else:
        (there / "more").write_text("")


@pytest.mark.parametrize("where", ["here", "elsewhere"])
@pytest.mark.parametrize("how", ["byte", "missing", "owner", "truncated", "mode", "extra"])
def test_a_copy_that_differs_is_detected_and_nobody_starts_on_it(
    engine: Engine, data: Path, content: Content, monkeypatch: pytest.MonkeyPatch, how: str, where: str
) -> None:
    real = Engine.write
    if where == "elsewhere":
        monkeypatch.setattr(verify, "volume_directory", lambda *_: None)

    def write(self: Engine, container: str, directory: str, chunks: object) -> None:
        real(self, container, directory, chunks)  # type: ignore[arg-type]
        spoiled(how, content("shop_app-db"))

    monkeypatch.setattr(Engine, "write", write)
    with pytest.raises(CarryProblem, match="the copy differs"):
        run(engine, job(bind(data)))
    assert engine.volume("shop_app-db") is None


def in_the_engine_s_sight(host: Host, *words: str) -> None:
    """Mount as the daemon sees it: it has a mount namespace of its own."""
    daemon = (host.directory / "pid").read_text()
    subprocess.run(["nsenter", "-t", daemon, "-m", *words], check=True)


def test_a_full_disk_ends_the_copy_and_the_next_run_completes_it(
    engine: Engine, host: Host, data: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    in_the_engine_s_sight(host, "mount", "-t", "tmpfs", "-o", "size=500k", "none", str(small))
    before = tree(engine, "bind", str(data))
    wanted = job(bind(data), options=(("type", "none"), ("o", "bind"), ("device", str(small))))
    with pytest.raises(EngineProblem, match="no space left"):
        run(engine, wanted)
    assert tree(engine, "bind", str(data)) == before
    in_the_engine_s_sight(host, "mount", "-o", "remount,size=50m", str(small))
    run(engine, wanted)
    assert tree(engine, "volume", "shop_app-db") == before


def test_writers_are_stopped_and_do_not_come_back_with_the_daemon(engine: Engine, host: Host, data: Path) -> None:
    reader = host.docker("run", "-d", "--network=host", "-v", f"{data.parent}:/all:ro", "box:1").strip()
    words = ("run", "-d", "--init", "--network=host", "--restart=always", "-v", f"{data}:/app/data")
    made = host.docker(*words, *labels("app"), "box:1").strip()
    run(engine, job(bind(data)))
    form = "{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}"
    assert host.docker("inspect", "-f", form, made).split() == ["false", "no"]
    assert host.docker("inspect", "-f", form, reader).split() == ["true", "no"], "who only reads runs on"


@pytest.mark.parametrize("saves", [True, False])
def test_an_engine_that_saves_when_it_is_stopped_is_looked_at_again(
    engine: Engine, host: Host, tmp_path: Path, saves: bool
) -> None:
    """Redis has its rows in memory until its first save: the directory is empty while it runs."""
    redis = client_of("redis")
    assert redis
    save = (
        f"trap '{'echo rows >/data/dump.rdb; ' if saves else ''}exit 0' TERM; echo begun; while :; do sleep 0.1; done"
    )
    host.begun("--network=host", "-v", f"{tmp_path}:/data", *labels("app"), "box:1", "sh", "-c", save)
    if saves:
        run(engine, job(bind(tmp_path), clients=(redis,)))
        assert "dump.rdb" in tree(engine, "volume", "shop_app-db")
        return
    with pytest.raises(CarryProblem, match="holds no files"):
        run(engine, job(bind(tmp_path), clients=(redis,)))
    assert engine.volume("shop_app-db") is None


def test_a_writer_of_another_project_is_not_stopped(engine: Engine, host: Host, data: Path) -> None:
    made = host.docker("run", "-d", "--network=host", "-v", f"{data.parent}:/all", "box:1").strip()
    with pytest.raises(CarryProblem, match="other projects"):
        run(engine, job(bind(data)))
    assert host.docker("inspect", "-f", "{{.State.Running}}", made).strip() == "true"


def test_the_engine_s_carriers_refuse_an_archive_that_is_cut(engine: Engine, data: Path) -> None:
    engine.create_volume("cut", {})
    with Carriers(engine, "box:1", "test") as carriers:
        reader = carriers.mounting("bind", str(data))
        whole = b"".join(engine.read(reader, "/volfix/data"))
        for size in (len(whole) - 512, len(whole) // 2, 512 * 3, 0):
            with pytest.raises(BrokenArchive):
                list(Reading().passing([whole[:size]]))


def test_no_engine_is_said_plainly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing")
    with pytest.raises(EngineProblem, match="no Docker engine answers"):
        Engine.connect()


def test_an_external_volume_is_never_made(engine: Engine, data: Path) -> None:
    with pytest.raises(CarryProblem, match="external"):
        run(engine, job(bind(data), external=True))
    assert engine.volume("shop_app-db") is None


def test_a_volume_is_carried_into_another(engine: Engine, host: Host, content: Content) -> None:
    host.docker("volume", "create", "src_app-db")
    (content("src_app-db") / "app.db").write_text("rows")
    run(engine, job(Origin("volume", "src_app-db", "volume:src_app-db", "")))
    assert tree(engine, "volume", "shop_app-db") == tree(engine, "volume", "src_app-db")
