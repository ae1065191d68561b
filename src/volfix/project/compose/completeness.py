"""Finds what a project's files lack: an overlay that is never deployed alone refers to services of its base file.

Source: compose-spec/compose-go, loader/validate.go (checkConsistency). Unlike Compose, volfix also checks services
whose profiles are not active.
"""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.compose_file import strings
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import VOLUME
from volfix.project.compose.service import Service
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, resolved

STARTS = ("image", "build", "extends", "provider")
SERVICE = "service:"
SECTIONS = {"networks": "network", "secrets": "secret", "configs": "config"}


def lacking(project: Project) -> str | None:
    """The first thing that Compose would miss, in words; None if nothing is missing or if that cannot be known.

    Undeclared volumes do not count here: see `undeclared`.
    """
    if project.unread_files or any(file.version_1 for file in project.files):
        return None
    if not project.services:
        return "no `services:`"
    known = {section: _known(project, section) for section in SECTIONS}
    return next((reason for service in project.services.values() for reason in _lacking(project, service, known)), None)


def undeclared(project: Project) -> frozenset[str]:
    """The names of volumes that services mount and that no file of the project declares."""
    used = {
        mount.source
        for service in project.services.values()
        for mount in service.mounts
        if mount.kind == VOLUME and not mount.overridden and "$" not in mount.source
    }
    return frozenset(used - project.declared.keys())


def _known(project: Project, section: str) -> frozenset[str]:
    """The names declared in the top-level `section`, and `default`, the network that always exists."""
    return frozenset({key for file in project.merged for key in file.section(section)} | {"default"})


def _lacking(project: Project, service: Service, known: dict[str, frozenset[str]]) -> Iterator[str]:
    if all(part.node.get(key) is None for part in service.parts for key in STARTS):
        yield f"{service.name} has neither image nor build"
    for name in sorted(services_named(service) - project.services.keys() - project.carriers.keys()):
        yield f"{service.name} needs the service {name}"
    for section, word in SECTIONS.items():
        for name in sorted(_names(service, section) - known[section]):
            yield f"{service.name} needs the {word} {name}"


def services_named(service: Service) -> set[str]:
    """The names of the services that a service depends on, links to, or shares volumes or namespaces with."""
    found = _names(service, "depends_on")
    found |= {text.partition(":")[0] for text in _names(service, "links")}
    found |= {text for text, _ in service.volumes_from}
    for key in ("network_mode", "pid", "ipc"):
        text = service.text(key) or ""
        found |= {text.removeprefix(SERVICE)} if text.startswith(SERVICE) else set()
    return {name for name in found if "$" not in name}


def _names(service: Service, key: str) -> set[str]:
    """The names under a key of the service, in all its parts; for an entry in long form its `source`."""
    found: set[str] = set()
    for part in service.parts:
        node = part.node.get(key)
        if node is not None and node.tag in ("!reset", "!override"):
            found.clear()
        if node is not None and node.tag != "!reset":
            found |= set(_names_in(node))
    return {service.interpolated(text) for text in found}


def _names_in(node: Node) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from (name for name, _ in node.items())
    for item in node.items if isinstance(node, Sequence) else ():
        entry = resolved(item)
        if isinstance(entry, Mapping) and isinstance(source := entry.get("source"), Scalar):
            yield source.value
    yield from strings(node)
