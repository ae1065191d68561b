"""The Docker engine as carry and rows need it, over its HTTP API: containers, volumes, images, the archive calls.

Source: docker/docs, reference of the Engine API; docker-py for DOCKER_HOST, contexts, TLS and SSH. Nothing here reads
files of this machine: the daemon may run elsewhere, and a path in a pipeline's step is not a path of the daemon.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from volfix.docker.containers import Container, MountPoint, Process, Volume, container_in, environment_in, volume_in
from volfix.docker.contexts import ContextProblem, engine_address
from volfix.docker.engine_problems import EngineProblem, NotThere, as_engine_problem, cause_of, check_answer
from volfix.fixes.masking.messages import scrub

CHUNK = 1 << 20
"""Bytes that go through memory at once."""
USUAL = "unix:///var/run/docker.sock"
"""The engine that the docker command takes if nothing names another."""
NO_PROGRAM = ("/volfix",)
"""The command of a carrier. A carrier is never started, but the engine creates no container without a command."""

GO_DIRECTORY, GO_SPECIAL = 1 << 31, 0b1111 << 24
"""Bits of a mode as Go's io/fs writes it: special are links, devices, pipes and sockets."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ran in a container: its exit status and what it wrote."""

    status: int
    output: str
    errors: str


class Engine:
    """One connection; `api` is docker-py's APIClient."""

    def __init__(self, api: Any) -> None:
        self._api = api

    @classmethod
    def connect(cls, timeout: float = 60) -> Engine:
        """The engine that the docker command would talk to; it has `timeout` seconds for each answer.

        Raises EngineProblem where there is none.
        """
        try:
            import docker
        except ImportError as missing:
            raise EngineProblem('the Docker SDK is not installed: pip install "volfix[docker]"') from missing
        asked = ""
        try:
            address = engine_address()
            asked = f" at {scrub(os.environ.get('DOCKER_HOST') or address.get('base_url') or USUAL)}"
            api = docker.APIClient(version="auto", timeout=timeout, **address)
        except ContextProblem as problem:
            raise EngineProblem(str(problem)) from problem
        except Exception as error:  # the SDK's, requests', paramiko's: each means the same here
            raise EngineProblem(
                f"no Docker engine answers{asked}: {cause_of(error)}. "
                "Name another engine with DOCKER_HOST or `docker context use`"
            ) from error
        return cls(api)

    def host(self) -> Mapping[str, Any]:
        """What `docker info` says."""
        with as_engine_problem():
            found: Mapping[str, Any] = self._api.info()
        return found

    def containers(self) -> tuple[Container, ...]:
        """Every container of the engine, running or not, the newest first."""
        with as_engine_problem():
            return tuple(container_in(item) for item in self._api.containers(all=True))

    def process(self, container: str) -> Process:
        """How a container's program is started."""
        with as_engine_problem():
            return environment_in(self._api.inspect_container(container))

    def processes(self, containers: Iterable[Container]) -> dict[str, Process]:
        """How each container's program is started, by the container's id; without containers that are gone by now."""
        found = {}
        for item in containers:
            try:
                found[item.id] = self.process(item.id)
            except NotThere:
                continue
        return found

    def made_and_used(self, container: str) -> tuple[str, str]:
        """When a container was made, and last started or stopped, to the second in UTC, as text that sorts; year 1 for
        never.
        """
        with as_engine_problem():
            found = self._api.inspect_container(container)
        state = found["State"]
        return str(found["Created"])[:19], max(str(state["StartedAt"])[:19], str(state["FinishedAt"])[:19])

    def any_image(self) -> str | None:
        """The id of any image that the engine has; None if it has none."""
        with as_engine_problem():
            images = self._api.images(all=True)
        return str(images[0]["Id"]) if images else None

    def volume(self, name: str) -> Volume | None:
        """A named volume; None where there is none."""
        import docker

        with as_engine_problem():
            try:
                return volume_in(self._api.inspect_volume(name))
            except docker.errors.NotFound:
                return None

    def create_volume(
        self, name: str, labels: Mapping[str, str], driver: str = "local", options: Mapping[str, str] | None = None
    ) -> None:
        with as_engine_problem():
            self._api.create_volume(name, driver=driver, driver_opts=dict(options or {}), labels=dict(labels))

    def remove_volume(self, name: str) -> None:
        with as_engine_problem():
            self._api.remove_volume(name)

    def create_carrier(
        self,
        image: str,
        mounts: Sequence[MountPoint],
        labels: Mapping[str, str],
        name: str | None = None,
        bind: str = "",
    ) -> str:
        """A container that is never started, with these mounts; its id.

        Volumes are mounted with `nocopy`: nothing of the image is copied into them. A bind whose source is not there is
        refused by the engine (as `--mount` is); that of `bind`, `-v`'s way to say it, is made where it is not there.
        """
        import docker

        found = [
            docker.types.Mount(
                mount.target,
                mount.source,
                type=mount.kind,
                read_only=not mount.writable,
                **({"no_copy": True} if mount.kind == "volume" else {}),
            )
            for mount in mounts
        ]
        with as_engine_problem():
            settings = self._api.create_host_config(mounts=found, binds=[bind] if bind else [], network_mode="none")
            made = self._api.create_container(
                image, entrypoint=list(NO_PROGRAM), command=[], host_config=settings, labels=dict(labels), name=name
            )
        return str(made["Id"])

    def remove_container(self, container: str, *, anonymous_volumes: bool = False) -> None:
        """Remove a stopped container, and on demand the volumes without a name that came into being with it."""
        with as_engine_problem():
            self._api.remove_container(container, v=anonymous_volumes)

    def commit(self, container: str, repository: str, tag: str) -> None:
        """Make an image of what is in a container's own layer."""
        with as_engine_problem():
            self._api.commit(container, repository=repository, tag=tag)

    def rename(self, container: str, name: str) -> None:
        with as_engine_problem():
            self._api.rename(container, name)

    def restart_policy(self, container: str) -> Mapping[str, Any]:
        """When the engine starts a container again by itself."""
        with as_engine_problem():
            found: Mapping[str, Any] = self._api.inspect_container(container)["HostConfig"]["RestartPolicy"]
        return found

    def restart_as(self, container: str, policy: Mapping[str, Any]) -> None:
        """Start a container, if it does not run, with this restart policy."""
        with as_engine_problem():
            self._api.update_container(container, restart_policy={**policy, "Name": policy.get("Name") or "no"})
            self._api.start(container)

    def stop(self, container: str) -> None:
        """Stop a container, and see to it that a restart of the daemon does not start it again."""
        with as_engine_problem():
            self._api.update_container(container, restart_policy={"Name": "no"})
            check_answer(
                self._api.post(self._url(container, "stop"), timeout=None)
            )  # the engine kills it after the grace period that the service has

    def ask_to_stop(self, container: str) -> None:
        """Send a container its own stop signal. The engine neither kills it if it runs on, nor starts it again.

        A container that has ended already is no failure.
        """
        import docker

        with as_engine_problem():
            signal = self._api.inspect_container(container)["Config"].get("StopSignal")
            try:
                self._api.kill(container, signal or "SIGTERM")
            except docker.errors.APIError:
                if self.is_running(container):
                    raise

    def is_running(self, container: str) -> bool:
        with as_engine_problem():
            return bool(self._api.inspect_container(container)["State"]["Running"])

    def pause(self, container: str) -> None:
        with as_engine_problem():
            self._api.pause(container)

    def unpause(self, container: str) -> None:
        with as_engine_problem():
            self._api.unpause(container)

    def kind_of(self, container: str, path: str) -> Literal["file", "directory", "other"] | None:
        """What is at a path of a container, running or not, its mounts considered; None for nothing."""
        found = self._stat(container, path)
        if found is None:
            return None
        mode = int(found["mode"])
        if mode & GO_DIRECTORY:
            return "directory"
        return "other" if mode & GO_SPECIAL else "file"

    def written_at(self, container: str, path: str) -> float | None:
        """When a file of a container was written, in seconds since 1970; None for an empty file, or for no file.

        The time has parts of a second, which the engine's archives lack. Source: docker/docs, Engine API, HEAD archive.
        """
        found = self._stat(container, path)
        if found is None or int(found["mode"]) & (GO_DIRECTORY | GO_SPECIAL) or not found["size"]:
            return None
        moment = re.sub(r"\.(\d{1,6})\d*", lambda part: f".{part[1]:0<6}", str(found["mtime"]))
        return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()

    def _stat(self, container: str, path: str) -> Mapping[str, Any] | None:
        with as_engine_problem():
            answer = self._api.head(self._url(container, "archive"), params={"path": path}, timeout=None)
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise EngineProblem(f"{path}: the engine answers {answer.status_code} {answer.reason}")
        stat: Mapping[str, Any] = json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))
        return stat

    def read(self, container: str, path: str) -> Generator[bytes, None, None]:
        """A path of a container as a tar archive, whose members begin with the path's last part."""
        with as_engine_problem():
            plain = {"Accept-Encoding": "identity"}  # else the engine spends its time on gzip
            answer = self._api.get(
                self._url(container, "archive"), params={"path": path}, headers=plain, stream=True, timeout=None
            )
            try:
                check_answer(answer)
                while chunk := answer.raw.read(CHUNK, decode_content=False):
                    yield chunk
            finally:
                answer.close()

    def write(self, container: str, directory: str, chunks: Iterable[bytes]) -> None:
        """Unpack a tar archive in a directory of a container: numeric owners, modes, times and links are kept."""
        with as_engine_problem():
            answer = self._api.put(
                self._url(container, "archive"), params={"path": directory}, data=iter(chunks), timeout=None
            )
            check_answer(answer)

    def run(self, container: str, words: Sequence[str], environment: Mapping[str, str] | None = None) -> Finished:
        """Run a program in a running container; its variables may hold what no command line may show."""
        with as_engine_problem():
            made = self._api.exec_create(container, list(words), environment=dict(environment or {}))["Id"]
            output, errors = self._api.exec_start(made, demux=True)
            status = self._api.exec_inspect(made)["ExitCode"]
        if status is None:  # the engine closed the connection before the program ended
            raise EngineProblem("the engine does not say how the program ended")
        return Finished(int(status), _text(output), _text(errors))

    def _url(self, container: str, action: str) -> str:
        return f"{self._api.base_url}/v{self._api.api_version}/containers/{container}/{action}"


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")
