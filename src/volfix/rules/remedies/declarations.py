"""Where a volume is declared so that every known combination of Compose files stays valid and keeps its volumes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from volfix.edits.yaml_edits import DeclareVolume
from volfix.project.compose.compose_file import ComposeFile
from volfix.project.compose.host_directories import is_within
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import Mount
from volfix.project.compose.service import Part, Service
from volfix.project.stack import Stack, Use
from volfix.rules.findings import VolumeChange
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved


def declaring_parts(service: Service, mount: Mount) -> Iterator[Part]:
    """The part that writes the mount, and each that takes it over with `extends`, which imports no volumes."""
    written = False
    for part in service.parts:
        if part.file.source is mount.file:
            written = True
            yield part
        elif written and part.node.get("extends") is not None:
            yield part


def declared(use: Use, key: str) -> Iterator[tuple[DeclareVolume, VolumeChange]]:
    """The edits that declare the volume `key` wherever the mount is written or taken over, and what they change."""
    for part in declaring_parts(use.service, use.mount):
        yield DeclareVolume(part.file.source, part.file.documents[0], key), VolumeChange(part.file.path, key)


def declaring_files(stack: Stack, uses: Sequence[Use], key: str) -> list[ComposeFile] | str:
    """The files that declare the volume `key` for these uses of it, whose projects do not: as few as will do.

    The file that mounts the volume comes first, then the others that are merged with it. A text says why there is none.
    """
    found: list[ComposeFile] = []
    for use in uses:
        merged = use.project.merged
        if any(file in found and _counts(file, use.project, key) for file in merged):
            continue
        own = [part.file for part in declaring_parts(use.service, use.mount) if part.file in merged]
        places = [file for file in dict.fromkeys((*own, *merged)) if _counts(file, use.project, key)]
        refusals = {file.path: refusal(stack, file, key) for file in places}
        free = next((file for file in places if refusals[file.path] is None), None)
        if free is None:
            return next((each for each in refusals.values() if each), f"a later file resets {key}")
        found.append(free)
    return found


def refusal(stack: Stack, file: ComposeFile, key: str) -> str | None:
    """Why `driver: local` cannot be said of the volume in this file; None where every combination stays as it is.

    Not of an external volume, which Compose then refuses, nor of another driver's; with options the word counts, since
    Compose resolves their relative `device` only where it is written.
    """
    if not is_within(file.path, stack.root) or file.version_1:
        return f"volfix does not change {file.path.name}, and no other file can declare {key}"
    for project in stack.completing(file.path) or stack.projects:
        for other in project.merged if file in project.merged else ():
            fields = _declared_fields(other, key)
            if fields.keys() & {"external", "driver_opts"} or fields.get("driver", "local") != "local":
                names = ", ".join(project.file_names)
                return f"{other.path.name} declares {key} with other settings, and {names} would change"
    return None


def _declared_fields(file: ComposeFile, key: str) -> dict[str, str | None]:
    """The keys of a file's entry for the volume, with what scalars say; nothing where it has none."""
    node = resolved(file.declared[key]) if key in file.declared else None
    values = ((name, resolved(pair.value)) for name, pair in node.items()) if isinstance(node, Mapping) else ()
    return {name: value.value if isinstance(value, Scalar) else None for name, value in values}


def _counts(file: ComposeFile, project: Project, key: str) -> bool:
    """Whether an entry in the file would reach the project: neither it nor a later file takes it back."""
    later = project.merged[project.merged.index(file) :]
    sections = [(each, root.get("volumes")) for each in later for root in each.roots]
    tags = [(each, node.tag) for each, node in sections if node is not None]
    if any(tag == "!reset" or (tag == "!override" and each is not file) for each, tag in tags):
        return False
    return all(resolved(each.declared[key]).tag != "!reset" for each in later if key in each.declared)
