"""A Docker engine of the tests' own: its socket, data and processes are under a temporary directory.

It has a mount namespace of its own, in which /drone, where pipelines have their workspace, is empty and goes with it.
Containers of tests/docker share the machine's network: one of their own is half of what their start costs.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from cProfile import Profile
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from volfix.cli.main import main
from volfix.docker.engine import Engine
from volfix.fixes import stack_plan
from volfix.rules import occasions
from volfix.rules.context import Context
from volfix.rules.registry import REGISTRY
from volfix.syntax import disk

BUSYBOX = Path("/bin/busybox")
APPLETS = ("sh", "sleep", "cat", "ls", "mkdir", "chown", "chmod", "test", "printf", "touch", "rm", "cp", "mv", "tar")
SECONDS = 60
NUMBERS = itertools.count()
WITH_US = ("setpriv", "--pdeathsig", "TERM")
"""A process of pytest-xdist that is killed cleans nothing up: its engine ends with it."""
OWN_DRONE = 'mkdir -p /drone && mount -t tmpfs none /drone && exec "$@"'


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As pytest's own, which looks for a free number among the directories of all tests before: 4 ms at the end."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}{next(NUMBERS)}", numbered=False)


@pytest.fixture(autouse=True)
def no_roots() -> None:
    """Where the test before has read, and where it was not to read, is forgotten."""
    disk.begin(outside=True)


@pytest.fixture(autouse=True)
def no_rule_is_spared_that_finds_something(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the tests of rules: a rule that a stack gives no occasion is asked all the same, and finds nothing."""
    if request.path.parent.name != "rules":
        return

    def checked(code: str, context: Context) -> bool:
        may = occasions.may_find(code, context)
        assert may or not list(REGISTRY[code].check(context)), code
        return may

    monkeypatch.setattr(stack_plan, "may_find", checked)


@pytest.fixture(autouse=True)
def no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The output is as in a pipe, whatever the terminal of the tests is like."""
    monkeypatch.delenv("COLUMNS", raising=False)


def pytest_configure() -> None:
    """Who ends the tests early leaves no engine running: the fixtures clean up as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that asks for the engine is marked, so that the fast suite starts none."""
    for item in items:
        if "host" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)


class Calls(Profile):
    """The function calls within a `with`: the same number each time, however busy the machine is."""

    @property
    def number(self) -> int:
        return sum(entry.callcount for entry in self.getstats())


class Host:
    """The engine as a person sees it: the docker and docker-compose commands, talking to it."""

    def __init__(self, socket: str, directory: Path) -> None:
        self.socket, self.directory = socket, directory
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "DOCKER_HOST": socket, "DOCKER_BUILDKIT": "0"}
        self.environment["PYTHONPYCACHEPREFIX"] = str(
            directory / "bytecode"
        )  # programs that are run often start faster
        for name in ("DOCKER_CONTEXT", "PYTHONDONTWRITEBYTECODE"):
            self.environment.pop(name, None)

    @cached_property
    def api(self) -> Any:
        """docker-py's client, for what the tests do around each test: a docker command is a process."""
        import docker

        return docker.APIClient(base_url=self.socket, version="auto")

    def docker(self, *words: str, data: bytes | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["docker", *words], env=self.environment, input=data, capture_output=True, check=False, timeout=300
        )
        if check and done.returncode:
            raise AssertionError(f"docker {words}: {done.stderr.decode()}")
        return done.stdout.decode()

    def begun(self, *words: str) -> str:
        """The id of a container that `docker run -d` starts, once its program has said that it has begun."""
        made = self.docker("run", "-d", *words).strip()
        for _ in range(600):
            if "begun" in self.docker("logs", made):
                return made
            time.sleep(0.1)
        raise AssertionError(f"docker run {words}: the program has not begun")

    def compose(self, directory: Path, *words: str) -> str:
        return self.command(directory, "docker-compose", *words)

    def command(self, directory: Path, *words: str, statuses: tuple[int, ...] = (0,)) -> str:
        """What any program prints, with this engine as its own."""
        done = subprocess.run(
            words, env=self.environment, cwd=directory, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode not in statuses:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def volfix(self, directory: Path, *words: str, statuses: tuple[int, ...] = (0,)) -> str:
        """What volfix prints with this engine, in this process: that a new one starts takes longer than most commands.

        What a process adds, signals and closed pipes, has tests with processes of their own, as all of tests/e2e has.
        """
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(directory)
            environment = {**self.environment, "DOCKER_CONTEXT": None}
            with CliRunner().isolation(env=environment) as (out, errors, _), pytest.raises(SystemExit) as ended:
                try:
                    main(words)
                finally:
                    sys.stdout.flush()
                    sys.stderr.flush()
        said = (out.getvalue() + errors.getvalue()).decode()
        assert ended.value.code in statuses, said
        return said

    def emptied(self) -> None:
        """Without a container and a volume, whatever state they are in."""
        for container in self.api.containers(all=True):
            if container["State"] == "paused":
                self.api.unpause(container["Id"])
            self.api.remove_container(container["Id"], v=True, force=True)
        for volume in self.api.volumes()["Volumes"] or ():
            self.api.remove_volume(volume["Name"], force=True)


def _missing() -> str | None:
    if sys.platform != "linux" or os.geteuid() != 0:
        return "starting a Docker engine takes root on Linux"
    lacking = [name for name in ("dockerd", "docker", "containerd", "setpriv") if shutil.which(name) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed (Debian: docker.io)"
    return None if BUSYBOX.exists() else "busybox-static is not installed"


@contextmanager
def own_engine() -> Iterator[Host]:
    """A running engine with the image `box:1` (busybox) and `scratch:1` (nothing but a declared volume)."""
    if reason := _missing():
        pytest.skip(reason)
    directory = Path(tempfile.mkdtemp(prefix="volfix-engine-"))
    log = (directory / "log").open("wb")
    socket = f"unix://{directory}/sock"
    daemon = subprocess.Popen(
        [
            *WITH_US,
            *("unshare", "--mount", "sh", "-ec", OWN_DRONE, "sh"),
            *("dockerd", "--data-root", str(directory / "data"), "--exec-root", str(directory / "run")),
            *("-H", socket, "-p", str(directory / "pid"), "--bridge=none", "--iptables=false", "--ip6tables=false"),
        ],
        stdout=log,
        stderr=log,
    )
    host = Host(socket, directory)
    try:
        _await(host, daemon, directory / "log")
        _images(host, directory)
        yield host
    finally:
        for container in host.docker("ps", "-aq", check=False).split():
            host.docker("rm", "-f", container, check=False)
        daemon.terminate()
        daemon.wait(SECONDS)
        log.close()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """The engine that all tests of a run share."""
    with own_engine() as host:
        yield host


def _await(host: Host, daemon: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while not host.docker("version", "--format", "{{.Server.Version}}", check=False).strip():
        if daemon.poll() is not None or time.monotonic() > end:
            pytest.skip(f"no Docker engine starts here: {log.read_text(errors='replace')[-300:]}")
        time.sleep(0.1)


def _images(host: Host, directory: Path) -> None:
    archive = directory / "box.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(BUSYBOX, "bin/busybox")
        for name in APPLETS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    host.docker("import", "-c", 'CMD ["sleep","3600"]', str(archive), "box:1")
    archive.unlink()
    host.docker("import", "-c", "VOLUME /app/data", "-", "scratch:1", data=bytes(10240))


@pytest.fixture(scope="session")
def servers(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Host:
    """The engine with images of real database servers, for tests/e2e, where they are made."""
    from survival_images import debian, make_images

    if shutil.which("apt-get") is None:
        pytest.skip("the images are made of Debian's packages")
    directory = tmp_path_factory.mktemp("images")
    try:
        tree = debian(directory / "debian")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"Debian's packages cannot be fetched: {error.stderr!r}")
    make_images(host, tree, directory)
    shutil.rmtree(directory / "debian")
    return host


@pytest.fixture
def engine(host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A connection; what a test leaves in the engine is removed after it."""
    monkeypatch.setenv("DOCKER_HOST", host.socket)
    yield Engine.connect()
    host.emptied()


@pytest.fixture
def content(host: Host) -> Callable[[str], Path]:
    """Where a volume's files are on this machine, to look at and to spoil."""
    return lambda volume: Path(host.api.inspect_volume(volume)["Mountpoint"])
