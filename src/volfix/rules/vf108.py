"""VF108: a named volume that no top-level entry declares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.edits.yaml_edits import DeclareVolume
from volfix.project.compose.mounts import VOLUME
from volfix.project.stack import Use
from volfix.rules.context import Context, mount_location
from volfix.rules.findings import Applicability, Finding, Fix, Location, Severity, VolumeChange, headline, shortened
from volfix.rules.remedies.declarations import declaring_files
from volfix.rules.rule import Rule, fixed, reported, untouched

KEY = re.compile(r"[a-zA-Z0-9._-]+\Z")


def check(context: Context) -> Iterator[Finding]:
    """A finding for every mount of a volume that some combination of Compose files uses and does not declare."""
    found: dict[tuple[Location, str], list[Use]] = {}
    for use in context.stack.uses:
        mount = use.mount
        if mount.kind != VOLUME or mount.overridden or "${" in mount.source or use.service.parts[0].file.version_1:
            continue
        completing = context.stack.completing(mount.file.path)
        if mount.source not in use.project.declared and (use.project in completing or not completing):
            found.setdefault((mount_location(mount), use.service.name), []).append(use)
    for (location, service), uses in found.items():
        fix, reason = _fix(context, uses)
        mount = uses[0].mount
        names = dict.fromkeys(_names(use) for use in uses)
        yield Finding(
            code="VF108",
            severity=Severity.ERROR,
            location=location,
            message=headline(f"the volume {shortened(mount.source)} is not declared", "Compose does not start"),
            danger=f"the volume {mount.source} is not declared: Compose refuses to start the project",
            label="no top-level `volumes:` declares it",
            evidence=tuple(f"no top-level `volumes:` of {name} has the key {mount.source}" for name in names),
            service=service,
            target=mount.raw_target,
            fix=fix,
            reason=reason,
        )


def _fix(context: Context, uses: list[Use]) -> tuple[Fix | None, str | None]:
    key = uses[0].mount.source
    if "/" in key or "\\" in key:
        return None, f"a volume's name has no slash: if you mean a host directory, write ./{key}"
    if not KEY.match(key):
        return None, f"{key} is not a valid name for a volume"
    files = declaring_files(context.stack, uses, key)
    if isinstance(files, str):
        return None, files
    operations = tuple(DeclareVolume(file.source, file.documents[0], key) for file in files)
    changes = tuple(VolumeChange(file.path, key) for file in files)
    return Fix(operations, changes, Applicability.SAFE), None


def _names(use: Use) -> str:
    return ", ".join(file.path.name for file in use.project.loaded)


RULE = Rule(
    code="VF108",
    name="undeclared-volume",
    summary="A named volume is mounted that no top-level entry declares.",
    why=(
        "Compose refuses a project with an undeclared volume: the deployment stops. Some older tools create the volume"
        " instead."
    ),
    fix=(
        "volfix declares the volume with `driver: local`. It chooses the file so that every known combination of "
        "Compose files stays valid and keeps its volumes. A source with a slash stays as it is: the author probably "
        "meant a bind mount."
    ),
    sources=("compose-spec/compose-go: loader/validate.go", "compose-spec/compose-spec: 07-volumes.md"),
    examples=(
        fixed(
            "no top-level section",
            {"compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n"},
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n"
                "\nvolumes:\n  sql:\n    driver: local\n"
            },
        ),
        fixed(
            "a section that declares another volume",
            {
                "compose.yaml": "volumes:\n  cache:\n\nservices:\n  db:\n    image: mysql:8.4\n"
                "    volumes:\n    - sql:/var/lib/mysql\n    - cache:/cache\n"
            },
            {
                "compose.yaml": "volumes:\n  cache:\n  sql:\n    driver: local\n\nservices:\n  db:\n"
                "    image: mysql:8.4\n    volumes:\n    - sql:/var/lib/mysql\n    - cache:/cache\n"
            },
        ),
        reported(
            "a host path without `./`",
            {"compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [data/sql:/var/lib/mysql]\n"},
        ),
        untouched(
            "the file that it is merged with declares the volume",
            {
                "compose.yaml": "services:\n  web: {image: nginx}\nvolumes:\n  sql:\n",
                "compose.override.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n",
            },
        ),
        untouched(
            "an external volume",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n"
                "volumes:\n  sql:\n    external: true\n"
            },
        ),
        untouched(
            "a variable of unknown value",
            {"compose.yaml": "services:\n  web:\n    image: nginx\n    volumes:\n      - ${SITE}:/site\n"},
        ),
        untouched(
            "an anonymous volume has no name to declare",
            {"compose.yaml": "services:\n  web:\n    build: .\n    volumes: ['.:/srv/web', /srv/web/node_modules]\n"},
        ),
        untouched(
            "an included file declares the volume",
            {
                "compose.yaml": "include: [storage/volumes.yaml]\nservices:\n  db:\n    image: mysql:8.4\n"
                "    volumes: [sql:/var/lib/mysql]\n",
                "storage/volumes.yaml": "volumes:\n  sql:\n",
            },
        ),
        fixed(
            "one base file declares the volume as external, and another does not declare it",
            {
                "compose.yaml": "services:\n  web: {image: nginx}\nvolumes:\n  sites:\n    external: true\n",
                "plain.yaml": "services:\n  web: {image: nginx}\n",
                "jobs.yaml": "services:\n  cron:\n    image: alpine\n    depends_on: [web]\n    volumes: [sites:/sites]\n",
                "Makefile": "up:\n\tdocker compose -f compose.yaml -f jobs.yaml up -d\n"
                "try:\n\tdocker compose -f plain.yaml -f jobs.yaml up -d\n",
            },
            {"plain.yaml": "services:\n  web: {image: nginx}\n\nvolumes:\n  sites:\n    driver: local\n"},
        ),
        untouched(
            "a Windows path with a drive letter",
            {"compose.yaml": "services:\n  web:\n    image: nginx\n    volumes: ['c:/site:/usr/share/nginx/html']\n"},
        ),
    ),
    check=check,
)
