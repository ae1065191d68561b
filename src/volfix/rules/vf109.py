"""VF109: a declared database volume without `driver:`."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.edits.yaml_edits import DeclareVolume
from volfix.project.compose.mounts import VOLUME
from volfix.project.stack import Use
from volfix.rules.context import Context, at
from volfix.rules.evidence.held_data import UNKNOWN, HeldData, held_data
from volfix.rules.findings import Applicability, Finding, Fix, Severity, VolumeChange, shortened
from volfix.rules.remedies.declarations import refusal
from volfix.rules.rule import Rule, fixed, untouched
from volfix.syntax.yaml_tree import Alias, Mapping, Scalar, resolved


def check(context: Context) -> Iterator[Finding]:
    """A finding for every declared volume with a database that has neither `driver:` nor `external:`."""
    databases: dict[str, tuple[Use, HeldData]] = {}
    for use in context.stack.uses:
        if use.mount.kind == VOLUME:
            held = held_data(context, use)
            if held is not None and held.kind != UNKNOWN:
                databases.setdefault(use.mount.source, (use, held))
    for file in context.stack.files:
        for key, pair in file.volumes():
            if key not in databases or _says_driver(resolved(pair.value)):
                continue
            use, held = databases[key]
            editable = not isinstance(pair.value, Alias) and any(pair in _written(root) for root in file.roots)
            document = next(
                (doc for doc, root in zip(file.documents, file.roots, strict=True) if pair in _written(root)), None
            )
            fix, reason = None, refusal(context.stack, file, key)
            if reason is None and editable and document is not None:
                fix = Fix(
                    (DeclareVolume(file.source, document, key),), (VolumeChange(file.path, key),), Applicability.SAFE
                )
            yield Finding(
                code="VF109",
                severity=Severity.INFO,
                location=at(file.source, pair.key.span.start, pair.key.span.end),
                message=f"the volume {shortened(key)} is declared without `driver:`",
                label="no `driver:`",
                evidence=(
                    *held.evidence,
                    "local is the default: adding it changes neither the volume nor its configuration hash",
                ),
                service=use.service.name,
                target=use.mount.raw_target,
                fix=fix,
                reason=None if fix else reason or "the entry comes from an anchor",
            )


def _written(root: Mapping) -> tuple[object, ...]:
    volumes = root.get("volumes")
    return volumes.pairs if isinstance(volumes, Mapping) else ()


def _says_driver(node: Scalar | Mapping | object) -> bool:
    if isinstance(node, Mapping):
        return any(node.get(key) is not None for key in ("driver", "external"))
    return not (isinstance(node, Scalar) and node.is_null)


COMPOSE = "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n"

RULE = Rule(
    code="VF109",
    name="volume-without-driver",
    summary="A database volume is declared without `driver:`; off unless selected.",
    why="No data is at risk. Some teams want the driver of every database volume in the file.",
    fix="volfix adds `driver: local`, which is the default: the volume and its configuration hash do not change.",
    sources=("docker/compose: pkg/compose/hash.go",),
    examples=(
        fixed(
            "an empty entry",
            {"compose.yaml": COMPOSE + "volumes:\n  sql:  # rows\n"},
            {"compose.yaml": COMPOSE + "volumes:\n  sql:  # rows\n    driver: local\n"},
        ),
        fixed(
            "an entry with a name",
            {"compose.yaml": COMPOSE + "volumes:\n  sql:\n    name: sql\n"},
            {"compose.yaml": COMPOSE + "volumes:\n  sql:\n    name: sql\n    driver: local\n"},
        ),
        untouched("a driver of its own", {"compose.yaml": COMPOSE + "volumes: {sql: {driver: nfs}}\n"}),
        untouched("an external volume", {"compose.yaml": COMPOSE + "volumes: {sql: {external: true}}\n"}),
        untouched(
            "a volume that holds no database",
            {"compose.yaml": "services:\n  web:\n    image: nginx\n    volumes: [www:/www]\nvolumes:\n  www:\n"},
        ),
        untouched(
            "an entry with driver options",
            {
                "compose.yaml": COMPOSE + "volumes:\n  sql:\n    driver: local\n"
                "    driver_opts: {type: nfs, o: 'addr=nas', device: ':/sql'}\n"
            },
        ),
        untouched(
            "a volume that a service only reads",
            {
                "compose.yaml": "services:\n  reader:\n    image: example.org/acme/reader:1\n"
                "    volumes: [sql:/from:ro]\nvolumes: {sql: }\n"
            },
        ),
    ),
    check=check,
)
