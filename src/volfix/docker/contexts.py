"""The Docker context in use, where the docker command keeps it.

The SDK looks for contexts beside config.json, and in the working directory where there is none; the docker command
looks in DOCKER_CONFIG or ~/.docker, whether that has a config.json or not. Source: docker/cli, cli/config/config.go,
cli/command/cli.go (resolveContextName) and cli/context/store.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ContextProblem(Exception):
    """A context does not exist or cannot be read; the message names the place where volfix looked."""


@dataclass(frozen=True, slots=True)
class DockerContext:
    """Where a context's engine is; `host` is empty for the usual socket, `tls` the SDK's TLSConfig, or None."""

    host: str
    tls: Any = None


def engine_address() -> dict[str, Any]:
    """Where the engine is: DOCKER_HOST, else DOCKER_CONTEXT, else the context in use, else the usual socket."""
    import docker

    if os.environ.get("DOCKER_HOST"):
        found: dict[str, Any] = docker.utils.kwargs_from_env()
        if str(found.get("base_url", "")).startswith("ssh://"):
            found["use_ssh_client"] = True
        return found
    context = context_in_use()
    found = {"base_url": context.host, "tls": context.tls}
    if context.host.startswith("ssh://"):
        found["use_ssh_client"] = True
    return {key: value for key, value in found.items() if value}


def context_in_use() -> DockerContext:
    """The context that DOCKER_CONTEXT names, else the one that config.json does. Raises ContextProblem."""
    directory = Path(os.environ.get("DOCKER_CONFIG") or "~/.docker").expanduser()
    name = os.environ.get("DOCKER_CONTEXT") or _current(directory)
    if name in ("", "default"):
        return DockerContext("")
    identity = hashlib.sha256(name.encode()).hexdigest()
    file = directory / "contexts" / "meta" / identity / "meta.json"
    if not file.is_file():
        raise ContextProblem(f"there is no Docker context {name} in {directory}: `docker context ls` says which are")
    try:
        endpoint = json.loads(file.read_bytes())["Endpoints"]["docker"]
        host, verify = str(endpoint["Host"]), not endpoint.get("SkipTLSVerify")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ContextProblem(f"the Docker context {name} names no engine that volfix can read ({file})") from error
    return DockerContext(host, _tls(directory / "contexts" / "tls" / identity / "docker", verify=verify))


def _current(directory: Path) -> str:
    """The context in use. A config.json that cannot be read names none: the docker command does the same."""
    try:
        found = json.loads((directory / "config.json").read_bytes())
    except (OSError, ValueError):
        return ""
    return str(found.get("currentContext") or "") if isinstance(found, Mapping) else ""


def _tls(directory: Path, *, verify: bool) -> Any:
    from docker.tls import TLSConfig

    ca, certificate, key = (directory / name for name in ("ca.pem", "cert.pem", "key.pem"))
    if not any(item.is_file() for item in (ca, certificate, key)):
        return None
    own = (str(certificate), str(key)) if certificate.is_file() else None
    return TLSConfig(client_cert=own, ca_cert=str(ca) if ca.is_file() else None, verify=verify)
