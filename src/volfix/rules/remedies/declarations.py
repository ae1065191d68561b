"""Which files declare a volume so that every known combination of Compose files stays valid and keeps its volumes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from volfix.edits.yaml_edits import DeclareVolume
from volfix.project.compose.compose_file import ComposeFile
from volfix.project.compose.host_directories import is_within
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import Mount
from volfix.project.compose.part import Part
from volfix.project.compose.service import Service
from volfix.project.stack import Stack, Use
from volfix.rules.findings import VolumeChange
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved


def declaring_parts(service: Service, mount: Mount) -> Iterator[Part]:
    """The part in which the mount is written, and each part that inherits it: `extends` imports no volumes."""
    written = False
    for part in service.parts:
        if part.file.source is mount.file:
            written = True
            yield part
        elif written and part.node.get("extends") is not None:
            yield part


def declared(use: Use, key: str) -> Iterator[tuple[DeclareVolume, VolumeChange]]:
    """The operations that declare the volume `key` in each file that needs it, and their changes."""
    for part in declaring_parts(use.service, use.mount):
        yield DeclareVolume(part.file.source, part.file.documents[0], key), VolumeChange(part.file.path, key)


def declaring_files(stack: Stack, uses: Sequence[Use], key: str) -> list[ComposeFile] | str:
    """The fewest files in which to declare the volume `key` for these uses of it; a text says why there are none.

    The file that mounts the volume comes first, then the files that are merged with it.
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
    """Why the file cannot declare the volume with `driver: local`; None if no combination of files would change.

    Compose refuses `driver:` beside `external:`, and another driver would change. Beside `driver_opts` the line has an
    effect: Compose resolves a relative `device` only where `driver: local` is written.
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
    """The fields of the file's entry for the volume, with the values of scalars; empty if there is no entry."""
    node = resolved(file.declared[key]) if key in file.declared else None
    values = ((name, resolved(pair.value)) for name, pair in node.items()) if isinstance(node, Mapping) else ()
    return {name: value.value if isinstance(value, Scalar) else None for name, value in values}


def _counts(file: ComposeFile, project: Project, key: str) -> bool:
    """Whether an entry in the file would reach the project: neither this file nor a later file resets it."""
    later = project.merged[project.merged.index(file) :]
    sections = [(each, root.get("volumes")) for each in later for root in each.roots]
    tags = [(each, node.tag) for each, node in sections if node is not None]
    if any(tag == "!reset" or (tag == "!override" and each is not file) for each, tag in tags):
        return False
    return all(resolved(each.declared[key]).tag != "!reset" for each in later if key in each.declared)
