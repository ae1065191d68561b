"""VF104: a database's named volume that is a bind mount by its driver options."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import SetScalar
from volfix.project.compose.mounts import VOLUME, volume_text
from volfix.project.stack import Use
from volfix.rules.context import Context, mount_location, source_location
from volfix.rules.evidence.disguised_binds import disguise_of
from volfix.rules.evidence.held_data import UNKNOWN, held_data
from volfix.rules.evidence.host_users import host_evidence
from volfix.rules.evidence.own_volume import VERSION_1
from volfix.rules.evidence.servers import collision
from volfix.rules.findings import Applicability, Change, Finding, Fix, MountChange, Move, Severity, shortened
from volfix.rules.remedies.declarations import declared
from volfix.rules.remedies.second_places import held_places
from volfix.rules.remedies.volume_names import volume_key
from volfix.rules.rule import Rule, fixed_unsafe, untouched
from volfix.syntax.yaml_tree import Mapping, Scalar


def check(context: Context) -> Iterator[Finding]:
    """A finding for every database in a volume whose driver options make it a bind mount."""
    for use in context.stack.uses:
        if use.mount.kind != VOLUME or use.mount.read_only or use.mount.overridden:
            continue
        disguise = disguise_of(use)
        held = held_data(context, use) if disguise else None
        if disguise is None or held is None or held.kind == UNKNOWN:
            continue
        fix = _fix(context, use)
        where = "in the checkout: a fresh clone or `git clean` deletes it" if disguise.inside else "on this host only"
        yield Finding(
            code="VF104",
            severity=Severity.ERROR if disguise.inside else Severity.WARNING,
            location=mount_location(use.mount),
            mark=source_location(use.mount),
            message=f"the volume {shortened(use.mount.source)} is a bind mount in disguise",
            danger=f"the volume {use.mount.source} is a bind mount of {disguise.device}, {where}",
            label="kept here",
            places=tuple(held_places(use, held)),
            loses=held.loses(use.service.name),
            evidence=(
                *held.evidence,
                f"driver_opts of {use.mount.source}: o: bind, device: {disguise.device}",
                *(host_evidence(context, use, disguise.path, disguise.device) if disguise.path else ()),
            ),
            service=use.service.name,
            target=use.mount.raw_target,
            fix=fix if isinstance(fix, Fix) else None,
            reason=fix
            if isinstance(fix, str)
            else "volfix cannot see why the device was chosen; the old volume stays declared",
        )


def _fix(context: Context, use: Use) -> Fix | str:
    """The fix, or why there is none: every mount of the volume receives a new key.

    The old entry is not edited: if its options changed, Compose would offer to delete the volume.
    """
    old = use.mount.source
    key = volume_key(context, use.service.name, use.mount.clean_target, f"volume {old}")
    operations: list[Operation] = []
    changes: list[Change] = []
    for other in context.stack.uses:
        mount = other.mount
        if mount.kind != VOLUME or mount.source != old:
            continue
        if disguise_of(other) is None:
            return f"in {other.project.files[-1].path.name} the volume {old} is not a bind mount"
        if other.project.files[0].version_1:
            return VERSION_1
        if (reason := collision(context, other)) is not None:
            return reason
        scalar = mount.node if isinstance(mount.node, Scalar) else _source_of(mount.node)
        if scalar is None or mount.problem or "$" in mount.raw_source or mount.subpath:
            return f"{other.service.name} mounts {old} in a way that volfix does not edit"
        text = volume_text(mount, key) if scalar is mount.node else key
        operations.append(SetScalar(mount.file, scalar, text))
        changes.append(MountChange(mount.file.path, other.service.name, mount.clean_target, key, mount.place))
        for operation, change in declared(other, key):
            operations.append(operation)
            changes.append(change)
    move = Move(use.service.name, f"volume:{use.project.real_name(old)}", key, use.mount.raw_target)
    return Fix(tuple(dict.fromkeys(operations)), tuple(dict.fromkeys(changes)), Applicability.UNSAFE, (move,))


def _source_of(node: object) -> Scalar | None:
    pair = node.pair("source") if isinstance(node, Mapping) else None
    return pair.value if pair is not None and isinstance(pair.value, Scalar) else None


DISGUISED = (
    "services:\n  db:\n    image: mysql:8.4\n    volumes:\n      - {key}:/var/lib/mysql\nvolumes:\n  sql:\n"
    "    driver: local\n    driver_opts:\n      type: none\n      o: bind\n      device: ${{PWD}}/sql\n"
)

RULE = Rule(
    code="VF104",
    name="bind-in-disguise",
    summary="A database's named volume is a bind mount by its driver options.",
    why=(
        "`driver_opts` with `o: bind` put a named volume into a directory of the host. The volume looks safe, but the "
        "data lasts only as long as this directory; and if the directory is missing, the container does not start."
    ),
    fix=(
        "A new volume with a new key. The entry of the old volume stays: if its options changed, Compose would offer "
        "to delete the volume."
    ),
    sources=("compose-spec/compose-go: paths/resolve.go", "docker/compose: pkg/compose/reconcile.go, hash.go"),
    examples=(
        fixed_unsafe(
            "a directory of the checkout",
            {"compose.yaml": DISGUISED.format(key="sql")},
            {"compose.yaml": DISGUISED.format(key="db-data") + "  db-data:\n    driver: local\n"},
        ),
        untouched(
            "a network file system",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\nvolumes:\n"
                "  sql:\n    driver_opts: {type: nfs, o: 'addr=nas,rw', device: ':/sql'}\n"
            },
        ),
        untouched(
            "a volume without a database",
            {
                "compose.yaml": "services:\n  web:\n    image: nginx:1.27\n    volumes: [site:/usr/share/nginx/html]\n"
                "volumes:\n  site:\n    driver_opts: {type: none, o: bind, device: ./site}\n"
            },
        ),
        untouched(
            "a disk of the host",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\nvolumes:\n"
                "  sql:\n    driver_opts: {type: ext4, device: /dev/disk/by-label/sql}\n"
            },
        ),
        untouched(
            "an external volume: its options are not in this file",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\nvolumes:\n"
                "  sql: {external: true}\n"
            },
        ),
        untouched(
            "a read-only mount: the finding is about the service that writes",
            {
                "compose.yaml": "services:\n  reader:\n    image: example.org/acme/reader:1\n"
                "    volumes: [sql:/var/lib/mysql:ro]\nvolumes:\n"
                "  sql:\n    driver_opts: {type: none, o: bind, device: /srv/sql}\n"
            },
        ),
    ),
    check=check,
)
