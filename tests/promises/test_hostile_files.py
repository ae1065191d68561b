"""Every file of a repository may be something else than a file: a pipe, a device, a link out, as large as the disk.

volfix neither waits for it nor reads it, names it with the reason, and takes no fix for safe that may rest on it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import volfix
from campaign.hostile_repository import DATA, FILES, HOSTILE, endless, huge, laid, link_out, listening, of_system, pipe
from volfix.cli.main import volfix as command_line
from volfix.report.json_report import render
from volfix.syntax import disk
from volfix.syntax.opened import Refused
from volfix.syntax.source import FileProblem, Source

NOT_READ = {
    (huge, "README.md"): "a text of that size is none that a person has written",
    **{(make, ".gitignore"): "git follows no link here" for make in (endless, of_system, link_out)},
}


def safe(plan: volfix.Plan) -> list[str]:
    return [finding.code for finding in plan.findings if finding.applicability.value == "safe"]


def described(plan: volfix.Plan) -> tuple[str, tuple[str, ...]]:
    return render(plan.result, context=3, show_secrets=False), plan.result.notes


def errors(plan: volfix.Plan) -> dict[Path, str]:
    return {error.path: error.message for error in plan.result.errors}


def test_what_is_no_hostile_repository_is_read_and_fixed(tmp_path: Path) -> None:
    plan = volfix.plan(laid(tmp_path))
    assert (errors(plan), safe(plan)) == ({}, ["VF101", "VF401"])


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("make", HOSTILE)
def test_in_every_role_it_is_refused_and_named_and_no_fix_is_safe(
    make: Callable[[Path, Path], str], name: str, tmp_path: Path
) -> None:
    root = laid(tmp_path / "repository")
    outside = tmp_path / "outside"
    outside.write_text(FILES[name])
    (root / name).unlink()
    reason = make(root / name, outside)
    plan = volfix.plan(root)
    if (make, name) in NOT_READ:
        assert root / name not in errors(plan)
        return
    assert reason in errors(plan)[root / name]
    assert safe(plan) == []


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_directory_in_its_place_is_no_file(name: str, tmp_path: Path) -> None:
    root = laid(tmp_path)
    (root / name).unlink()
    (root / name).mkdir()
    plan = volfix.plan(root)
    assert set(errors(plan)) <= {root / name}


@pytest.mark.parametrize("make", [pipe, endless, of_system, huge, listening])
def test_a_git_file_that_is_none_stops_nothing(make: Callable[[Path, Path], str], tmp_path: Path) -> None:
    root = laid(tmp_path / "repository")
    make(root / ".git", tmp_path / "outside")
    assert "VF101" in [finding.code for finding in volfix.plan(root).findings]


def test_the_reason_stands_beside_the_fix_that_is_not_safe(tmp_path: Path) -> None:
    root = laid(tmp_path)
    (root / "app/main.py").unlink()
    os.mkfifo(root / "app/main.py")
    (finding,) = (each for each in volfix.plan(root).findings if each.code == "VF101")
    assert finding.reason == f"{root}/app/main.py is not read (not a regular file)"


def test_the_command_line_names_it_in_a_line_and_ends_with_2(tmp_path: Path) -> None:
    root = laid(tmp_path)
    (root / "deploy.sh").unlink()
    os.mkfifo(root / "deploy.sh")
    done = CliRunner().invoke(command_line, [str(root)])
    assert done.exit_code == 2
    assert [line for line in done.stderr.splitlines() if "deploy.sh" in line] == [
        f"{root}/deploy.sh: not a regular file"
    ]


@pytest.mark.parametrize("name", ["compose.yaml", ".drone.yml", "Taskfile.yml", "part.yaml"])
def test_yaml_is_read_up_to_a_smaller_size(name: str, tmp_path: Path) -> None:
    root = laid(tmp_path)
    text = FILES[name] + "#" * disk.LARGEST_YAML
    (root / name).write_text(text)
    plan = volfix.plan(root)
    assert errors(plan)[root / name] == f"{len(text)} bytes: larger than volfix reads ({disk.LARGEST_YAML} bytes)"
    assert safe(plan) == []


@pytest.mark.parametrize("size", [disk.LARGEST - 1, disk.LARGEST])
def test_a_file_of_the_largest_size_is_read_whole(size: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * size)
    assert len(disk.read(tmp_path / "file")) == size


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    stated = os.fstat

    def grown(descriptor: int) -> os.stat_result:
        status = stated(descriptor)
        file.write_bytes(b"x" * 100)
        return status

    monkeypatch.setattr(os, "fstat", grown)
    with pytest.raises(Refused, match="larger than volfix reads"):
        disk.read(file, 99)


@pytest.mark.parametrize("has_proc", [True, False])
@pytest.mark.parametrize("make", [link_out, pipe, endless, of_system])
def test_a_file_that_is_swapped_between_the_look_and_the_opening(
    make: Callable[[Path, Path], str], has_proc: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, outside = laid(tmp_path / "repository"), tmp_path / "outside"
    outside.write_text("secret")
    disk.enclose(root)
    reasons: list[str] = []
    opened, linked = os.open, os.readlink

    def swapped(path: Any, *flags: Any, **options: Any) -> int:
        if str(path) == f"{root}/.env" and not reasons:
            (root / ".env").unlink()
            reasons.append(make(root / ".env", outside))
        return opened(path, *flags, **options)

    def no_proc(path: Any) -> Any:
        if str(path).startswith("/proc/self/fd"):
            raise FileNotFoundError(path)
        return linked(path)

    monkeypatch.setattr(os, "open", swapped)
    if not has_proc:
        monkeypatch.setattr(os, "readlink", no_proc)
    with pytest.raises(FileProblem) as problem:
        Source.read(root / ".env")
    assert reasons[0] in problem.value.message


def test_a_directory_that_is_swapped_for_a_link_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, outside = laid(tmp_path / "repository"), tmp_path / "outside"
    outside.mkdir()
    (outside / "main.py").write_text("secret")
    disk.enclose(root)
    stated = os.stat

    def swapped(path: Any, **options: Any) -> os.stat_result:
        status = stated(path, **options)
        if str(path) == f"{root}/app/main.py":
            (root / "app").rename(root / "before")
            (root / "app").symlink_to(outside)
        return status

    monkeypatch.setattr(os, "stat", swapped)
    with pytest.raises(FileProblem, match="leads out of the repository"):
        Source.read(root / "app/main.py")


OUTSIDE = {
    "an env file": ("services: {{db: {{image: 'postgres:16', env_file: {0}/app.env, {1}}}}}\n", "app.env", "A=b\n"),
    "an include": (
        "include: ['{0}/part.yaml']\nservices: {{db: {{image: 'postgres:16', {1}}}}}\n",
        "part.yaml",
        "services: {}\n",
    ),
    "an extended file": (
        "services: {{db: {{image: 'postgres:16', extends: {{file: {0}/base.yaml, service: x}}, {1}}}}}\n",
        "base.yaml",
        "services: {x: {restart: always}}\n",
    ),
    "a build": ("services: {{db: {{build: {0}, {1}}}}}\n", "Dockerfile", "FROM postgres:16\n"),
    "a Dockerfile": (
        "services: {{db: {{build: {{context: ., dockerfile: {0}/Dockerfile}}, {1}}}}}\n",
        "Dockerfile",
        "FROM postgres:16\n",
    ),
}


@pytest.mark.parametrize("place", ["../elsewhere", "{tmp_path}/elsewhere"])
@pytest.mark.parametrize("role", OUTSIDE)
def test_what_a_compose_file_names_elsewhere_is_read_unless_that_is_forbidden(
    role: str, place: str, tmp_path: Path
) -> None:
    compose, name, text = OUTSIDE[role]
    root, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    for directory in (root, elsewhere):
        directory.mkdir()
    (elsewhere / name).write_text(text)
    (root / "compose.yaml").write_text(compose.format(place.format(tmp_path=tmp_path), DATA))
    plan = volfix.plan(root)
    assert (safe(plan), errors(plan), plan.result.notes) == (["VF101"], {}, ())
    plan = volfix.plan(root, outside=False)
    assert safe(plan) == []
    named = elsewhere if role == "a build" else elsewhere / name
    assert plan.result.notes == (f"{named}: not read: it lies outside of the repository",)
    (elsewhere / name).unlink()
    again = volfix.plan(root, outside=False)
    assert described(again) == described(plan), "depends on the machine"


@pytest.mark.parametrize("role", ["an env file", "an include", "a Dockerfile"])
def test_elsewhere_too_only_files_are_read(role: str, tmp_path: Path) -> None:
    compose, name, _ = OUTSIDE[role]
    root, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    for directory in (root, elsewhere):
        directory.mkdir()
    os.mkfifo(elsewhere / name)
    (root / "compose.yaml").write_text(compose.format("../elsewhere", DATA))
    plan = volfix.plan(root)
    assert errors(plan) == {elsewhere / name: "not a regular file"}
    assert safe(plan) == []


def test_the_command_line_forbids_what_is_outside(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    (tmp_path / "app.env").write_text("A=b\n")
    (root / "compose.yaml").write_text(OUTSIDE["an env file"][0].format("..", DATA))
    done = CliRunner().invoke(command_line, ["--no-outside", str(root)])
    assert f"{tmp_path}/app.env: not read: it lies outside of the repository" in done.stderr.splitlines()


@pytest.mark.parametrize(
    "context", ["/", "/usr", "/etc/ssl", "/home", "/home/someone", "/proc/self", "/proc/self/root", "~"]
)
def test_a_build_of_the_whole_machine_is_not_walked(
    context: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    scanned = os.scandir

    def scan(path: Any = ".") -> Any:
        looked.append(os.path.realpath(path))
        return scanned(path)

    monkeypatch.setattr(os, "scandir", scan)
    context = str(Path(context).expanduser())
    (tmp_path / "compose.yaml").write_text(
        f"services:\n  db:\n    image: postgres:16\n    {DATA}\n  app:\n    build: {context}\n"
        "    environment: {DATABASE_URL: 'sqlite:///./app.db'}\n    volumes: ['./data:/app/data']\n"
    )
    plan = volfix.plan(tmp_path)
    own = (str(tmp_path), str(Path(volfix.__file__).parent))  # the first plan of a process lists its own tables
    assert [path for path in looked if not path.startswith(own)] == []
    if Path(context).is_dir():
        assert Path(context) in errors(plan)
        assert safe(plan) == []


@pytest.mark.parametrize("context", ["/", "/tmp"])
def test_a_machine_that_is_not_walked_hides_no_file_of_the_repository(context: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        f"services:\n  db:\n    image: postgres:16\n    {DATA}\n  app:\n    build: {context}\n"
        "    environment: {DATABASE_URL: 'sqlite:///./app.db'}\n    volumes: ['./data:/app/data']\n"
    )
    os.mkfifo(tmp_path / "deploy.sh")
    assert {Path(context), tmp_path / "deploy.sh"} <= set(errors(volfix.plan(tmp_path)))


def test_a_context_above_the_repository_is_walked(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "requirements.txt").write_text("sqlalchemy\n")
    (tmp_path / "deploy" / "compose.yaml").write_text(
        "services:\n  app:\n    build: ..\n    environment: {DATABASE_URL: 'sqlite:///./app.db'}\n"
    )
    assert errors(volfix.plan(tmp_path / "deploy")) == {}


def test_a_link_that_a_person_names_is_read(tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "real.yaml").write_text(f"services:\n  db:\n    image: postgres:16\n    {DATA}\n")
    (tmp_path / "repository" / "compose.yaml").symlink_to(tmp_path / "real.yaml")
    plan = volfix.plan(tmp_path / "repository" / "compose.yaml")
    assert (errors(plan), [finding.code for finding in plan.findings]) == ({}, ["VF101"])


def test_a_repository_that_is_reached_over_a_link_is_read(tmp_path: Path) -> None:
    laid(tmp_path / "releases" / "5")
    (tmp_path / "current").symlink_to("releases/5")
    plan = volfix.plan(tmp_path / "current")
    assert (errors(plan), safe(plan)) == ({}, ["VF101", "VF401"])


@pytest.mark.parametrize("name", sorted(FILES))
def test_in_every_role_a_directory_that_is_swapped_during_the_run_leads_nowhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the opening the file's directory becomes a link to one that has such a file too."""
    root, outside = laid(tmp_path / "repository"), laid(tmp_path / "outside")
    (outside / name).write_text(FILES[name] + "\n# from outside\n")
    read: list[bytes] = []
    swapped: list[str] = []
    opened, got = os.open, os.read

    def swap(path: Any, *flags: Any, **options: Any) -> int:
        if str(path) == f"{root}/{name}" and not swapped:
            swapped.append(name)
            (root / name).parent.rename(tmp_path / "before")
            (root / name).parent.symlink_to((outside / name).parent)
        return opened(path, *flags, **options)

    def keep(descriptor: int, size: int) -> bytes:
        read.append(got(descriptor, size))
        return read[-1]

    monkeypatch.setattr(os, "open", swap)
    monkeypatch.setattr(os, "read", keep)
    plan = volfix.plan(root)
    assert swapped or (huge, name) in NOT_READ or name == ".gitignore"
    assert not [data for data in read if b"from outside" in data]
    assert not swapped or any("leads out of the repository" in reason for reason in errors(plan).values())
    assert not swapped or safe(plan) == []


@pytest.mark.skipif(not hasattr(os, "mknod") or os.geteuid() != 0, reason="only root makes a device")
@pytest.mark.parametrize("name", sorted(FILES))
def test_in_every_role_a_device_is_not_opened(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To open a device may do something: rewind a tape, reset a watchdog."""
    root = laid(tmp_path / "repository")
    (root / name).unlink()
    os.mknod(root / name, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # as /dev/zero
    paths: list[str] = []
    opened = os.open

    def keep(path: Any, *flags: Any, **options: Any) -> int:
        paths.append(str(path))
        return opened(path, *flags, **options)

    monkeypatch.setattr(os, "open", keep)
    plan = volfix.plan(root)
    assert str(root / name) not in paths
    assert errors(plan)[root / name] == "not a regular file"
