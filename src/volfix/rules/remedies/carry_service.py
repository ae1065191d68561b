"""The carry service: it runs once, in the image of a service with the volume, before all services with the volume."""

from __future__ import annotations

from dataclasses import dataclass

from volfix.edits.carry_edits import AddService, WaitFor
from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import DeclareVolume
from volfix.knowledge.carry_service import MARK, MARK_SUFFIX, SOURCE, TARGET, command
from volfix.project.compose.compose_file import ComposeFile
from volfix.project.compose.mounts import VOLUME, split_short
from volfix.project.compose.part import Part
from volfix.project.compose.service import Service
from volfix.project.stack import Use
from volfix.rules.context import Context
from volfix.rules.evidence.carry_refusals import are_unseen, poor_tools
from volfix.rules.evidence.carry_takers import Takers, waiting_part
from volfix.rules.evidence.own_volume import document_of
from volfix.rules.findings import CarrierChange, Change, WaitChange
from volfix.syntax.yaml_plain import TYPED
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, resolved
from volfix.syntax.yaml_write import Lines, Short, Typed, Value

SHELL_WORDS = ["sh", "-c"]


@dataclass(frozen=True, slots=True)
class CarryService:
    """A carry service that a fix adds: its name, the key of its mark's volume, the operations and their changes.

    `unkept` says in words what its copy does not keep; None where it keeps everything.
    """

    name: str
    mark: str
    operations: tuple[Operation, ...]
    changes: tuple[Change, ...]
    unkept: str | None = None


def carry_service(context: Context, takers: Takers) -> CarryService | str:
    """The service that copies a host directory or a volume into the new volume; or why there is none."""
    if takers.mark in context.stack.volume_keys:
        return f"another volume already has the key {takers.mark}"
    name = _name(context, takers.volume)
    homes = _homes(context, takers)
    if isinstance(homes, str):
        return homes
    operations: list[Operation] = []
    changes: list[Change] = []
    for home, use in homes.items():
        added = _added(use, takers, home, name)
        if isinstance(added, str):
            return added
        operations += [added, DeclareVolume(home.source, added.document, takers.mark)]
        mount = use.mount
        changes.append(CarrierChange(home.path, name, takers.mark, use.service.name, mount.kind, mount.source))
    waiting = {(part.file.path, part.service): part for part in map(waiting_part, takers.uses)}
    for (path, service), part in waiting.items():
        document = document_of(part)
        if document is None:
            return f"{service} comes from an anchor or a merge key"
        operations.append(WaitFor(part.file.source, document, part.node, name))
        changes.append(WaitChange(path, service, name))
    return CarryService(name, takers.mark, tuple(operations), tuple(changes), _unkept(context, takers))


def _unkept(context: Context, takers: Takers) -> str | None:
    image = poor_tools(takers)
    if image is None:
        return None
    unseen = "; volfix does not see from here whether the files have any" if are_unseen(context, takers) else ""
    return f"the tools of {image} do not keep ACLs, extended attributes, sparse files or fractions of a second{unseen}"


def _homes(context: Context, takers: Takers) -> dict[ComposeFile, Use] | str:
    """The fewest files to which the carry service must be added, each with a service that waits there; or why none will
    do.

    Every combination of files with a waiting service contains one of these files.
    """
    homes: dict[ComposeFile, Use] = {}
    waiting = {id(waiting_part(use).node): use for use in takers.uses}
    for project in context.stack.projects:
        parts = [part for service in project.services.values() for part in service.parts if id(part.node) in waiting]
        if not parts or any(home in project.merged for home in homes):
            continue
        own = next((part for part in parts if part.file in project.merged), None)
        if own is None:
            files = " and ".join(project.file_names)
            return f"{files} inherits {parts[0].service} with `extends`, but not the carry service that it waits for"
        homes[own.file] = waiting[id(own.node)]
    return homes


def _name(context: Context, volume: str) -> str:
    """`carry-` and the volume's key; with a number if another service has this name."""
    taken = {name for project in context.stack.projects for name in (*project.services, *project.carriers)}
    name, number = f"carry-{volume}", 2
    while name in taken:
        name, number = f"carry-{volume}-{number}", number + 1
    return name


def _added(use: Use, takers: Takers, home: ComposeFile, name: str) -> AddService | str:
    part = waiting_part(use)
    place = _services_of(home, part)
    if isinstance(place, str):
        return place
    if use.mount.directory != part.directory:
        return f"{use.mount.raw_source} is written in a file of another directory, where it names another path"
    image = _image(use.service, part)
    if isinstance(image, str):
        return image
    words = _command(use, takers)
    if isinstance(words, str):
        return words
    fields: dict[str, Value] = {
        **image,
        "user": "0:0",
        "network_mode": "none",
        "restart": "no",
        "entrypoint": Short(SHELL_WORDS),
        "command": words,
        "volumes": [_source(use), f"{takers.volume}:{TARGET}", f"{takers.volume}{MARK_SUFFIX}:{MARK}"],
    }
    if takers.profiles:
        fields["profiles"] = Short(takers.profiles)
    comment = f"moves {use.mount.raw_source} into {takers.volume} once; then remove it: volfix --select VF113 --write"
    return AddService(home.source, *place, name, fields, comment)


def _command(use: Use, takers: Takers) -> list[Value] | str:
    """The command: the script, and the mount's parts as its words. Compose interpolates these words as it does in the
    mount.
    """
    deeper = next((name for name in takers.left_out if "/" in name), None)
    if deeper is not None:
        return f"{deeper} inside {use.mount.raw_source} is a separate mount"
    script, *words = command(use.mount.raw_source, takers.volume, use.mount.raw_target, takers.left_out)
    return [Lines(script.replace("$", "$$")), *words]


def _services_of(home: ComposeFile, part: Part) -> tuple[Document, Mapping] | str:
    """The document and the mapping that hold the waiting service: the carry service is added there. Or why there are
    none.
    """
    for document, root in zip(home.documents, home.roots, strict=True):
        pair = root.pair("services")
        services = pair.value if pair is not None else None
        if isinstance(services, Mapping) and any(resolved(each.value) is part.node for each in services.pairs):
            return document, services
    return f"the services of {home.path.name} come from an anchor or a merge key"


def _source(use: Use) -> Value:
    """The old mount, read-only, with the SELinux label of the mount if it is shared."""
    node, source = use.mount.node, use.mount.raw_source
    if isinstance(node, Mapping) and use.mount.kind != VOLUME:
        bind = node.get("bind")
        kept = {
            key: written
            for key in ("selinux", "create_host_path")
            if isinstance(bind, Mapping) and (value := bind.get(key)) is not None and (written := _value(value))
        }
        long: dict[str, Value] = {"type": "bind", "source": source, "target": SOURCE, "read_only": Typed("true")}
        return {**long, "bind": kept} if kept else long
    options = split_short(node.value)[2:] if isinstance(node, Scalar) else []
    shared = ",z" if "z" in options[-1:] or any("z" in option.split(",") for option in options) else ""
    return f"{source}:{SOURCE}:ro{shared}"


def _image(service: Service, part: Part) -> dict[str, Value] | str:
    """The fields that give the carry service the same image and platform: `build:` if the service has it, else
    `image:`.

    The name of a built image is not used: Compose would look for it in a registry first, and might find another image.
    """
    found: dict[str, Value] = {}
    key = "image" if service.build is None else "build"
    said = [each for each in service.parts if each.node.get(key) is not None]
    if key == "build" and (len(said) > 1 or any(each.directory != part.directory for each in said)):
        return f"{service.name} has a `build:` in several files"
    for name in (key, "platform", "pull_policy"):
        value = service.field(name)
        if value is None:
            continue
        written = _value(value[0])
        if written is None:
            return f"{name} of {service.name} has a form that volfix does not copy"
        if name != "pull_policy" or (key == "image" and written in PULLS):
            found[name] = written
    return found


PULLS = ("always", "missing", "if_not_present", "never")
"""The values of `pull_policy:` that are copied."""


def _value(node: Node) -> Value:
    """A YAML node as a new value, with aliases and merge keys resolved; None for a node with a tag."""
    node = resolved(node)
    if node.tag is not None:
        return None
    if isinstance(node, Scalar):
        if node.style == "" and (node.is_null or TYPED.match(node.value)):
            return Typed(node.value or "null")
        whole = node.value.endswith("\n") and not node.value.endswith("\n\n") and node.value[0] not in " \t\n"
        return Lines(node.value) if whole else node.value
    if isinstance(node, Mapping):
        found = {key: _value(pair.value) for key, pair in node.items()}
        return None if None in found.values() else found
    items = [_value(item) for item in node.items]
    return None if None in items else items
