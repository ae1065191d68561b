"""Image references as Compose files write them, reduced to the repository that the knowledge base knows them by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from volfix.knowledge.tables import table

VARIABLE = re.compile(r"\$(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|[A-Za-z_][A-Za-z0-9_]*)")
_UNKNOWN = "\0"
HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
"""The names of Docker Hub's registry."""
_MIRROR_PATHS = (
    "docker.io/library/",
    "docker/library/",
    "dependency_proxy/containers/",
    "docker.io/",
    "library/",
)
_ARCHITECTURES = frozenset(
    {"amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "i386", "mips64le", "ppc64le", "riscv64", "s390x"}
)
"""Docker Hub's namespaces of the official images for one architecture (docker-library/official-images, README)."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image reference.

    `text` is what was given; `registry` the host that it names, None where it names none or an unresolved one;
    `repository` the name without registry, mirror path and `library/`, empty where a variable hides it; `tag` may hold
    an unresolved variable as written; `digest` includes its algorithm.
    """

    text: str
    registry: str | None
    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> Image:
        """Read a reference such as `ghcr.io/acme/app:1.2@sha256:...`; unresolved `${VAR}` parts are unknown, no errors.

        The grammar is that of distribution/reference; a first component is a registry where it has a dot or a colon,
        or is `localhost`, or is nothing but a variable.
        """
        variables: list[str] = []
        name, _, digest = _masked(text.strip(), variables).partition("@")
        head, slash, last = name.rpartition("/")
        last, _, tag = last.partition(":")
        registry, repository = _split_registry(head + slash + last)
        return cls(
            text=text,
            registry=registry,
            repository="" if _UNKNOWN in repository else _without_mirror(repository, registry),
            tag=_restored(tag, name, variables) or None,
            digest=digest if digest and _UNKNOWN not in digest else None,
        )


def _masked(text: str, variables: list[str]) -> str:
    """`text` with one placeholder for each `${VAR}`, whose colons and slashes are not the reference's own."""

    def keep(match: re.Match[str]) -> str:
        variables.append(match[0])
        return _UNKNOWN

    return VARIABLE.sub(keep, text)


def _restored(tag: str, name: str, variables: list[str]) -> str:
    """`tag`, which ends `name`, with its variables as they were written."""
    if _UNKNOWN not in tag:
        return tag
    after = name.count(_UNKNOWN)
    waiting = iter(variables[after - tag.count(_UNKNOWN) : after])
    return "".join(next(waiting) if part == _UNKNOWN else part for part in re.split(f"({_UNKNOWN})", tag))


def _split_registry(name: str) -> tuple[str | None, str]:
    first, slash, rest = name.partition("/")
    if slash and _UNKNOWN in first:
        return None, rest
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    if first.startswith(_UNKNOWN) and first.strip(_UNKNOWN):  # ${REGISTRY_WITH_SLASH}postgres
        return None, name.lstrip(_UNKNOWN)
    return None, name


def _without_mirror(repository: str, registry: str | None) -> str:
    """`repository` without the path under which a mirror, a proxy or an architecture has Docker Hub's images."""
    for path in _MIRROR_PATHS:
        before, found, after = f"/{repository}".rpartition(f"/{path}")
        if found and (not before or (registry is not None and registry not in HUB)):
            return after
    namespace, _, name = repository.partition("/")
    return name if namespace in _ARCHITECTURES and name and (registry is None or registry in HUB) else repository


def start_directory(image: Image) -> str | None:
    """The working directory that the image sets, `/` if it sets none; None for an image that volfix does not know."""
    registry = "" if image.registry in (None, "docker.io") else f"{image.registry}/"
    return _directories().get(registry + image.repository)


def serves_files(image: Image) -> bool:
    """Whether the image is a web server that only sends its files and runs none of them."""
    return image.repository in table("base_images")["serves_files"]


@cache
def _directories() -> Mapping[str, str]:
    return {**dict.fromkeys(table("base_images")["without_workdir"], "/"), **table("base_images")["workdirs"]}
