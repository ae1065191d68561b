"""VF108: a named volume that no top-level entry declares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.project.mounts import VOLUME
from volfix.project.stack import Use
from volfix.rules.bind_to_volume import declaring_parts
from volfix.rules.context import Context, mount_location
from volfix.rules.findings import Applicability, Finding, Fix, Severity, VolumeChange
from volfix.rules.operations import DeclareVolume
from volfix.rules.rule import Example, Outcome, Rule

KEY = re.compile(r"[a-zA-Z0-9._-]+\Z")


def check(context: Context) -> Iterator[Finding]:
    """Every mount of a volume key that none of the project's files declares."""
    for use in context.stack.uses:
        mount = use.mount
        if mount.kind != VOLUME or "${" in mount.source or use.service.parts[0].file.version_1:
            continue
        if mount.source not in use.project.declared:
            fix, reason = _fix(use)
            yield Finding(
                code="VF108",
                severity=Severity.ERROR,
                location=mount_location(mount),
                message=f"the volume {mount.source} is not declared: Compose refuses to start the project",
                evidence=(f"no top-level `volumes:` of {_names(use)} has the key {mount.source}",),
                service=use.service.name,
                target=mount.raw_target,
                fix=fix,
                reason=reason,
            )


def _fix(use: Use) -> tuple[Fix | None, str | None]:
    key = use.mount.source
    if "/" in key or "\\" in key:
        return None, f"a host path begins with ./, ../, / or ~: {key} may be a mistyped bind mount or a volume"
    if not KEY.match(key):
        return None, f"{key} cannot be the key of a volume"
    parts = list(declaring_parts(use.service, use.mount))
    operations = tuple(DeclareVolume(part.file.source, part.file.documents[0], key) for part in parts)
    changes = tuple(VolumeChange(part.file.path, key) for part in parts)
    return Fix(operations, changes, Applicability.SAFE), None


def _names(use: Use) -> str:
    return ", ".join(file.path.name for file in use.project.loaded)


RULE = Rule(
    code="VF108",
    name="undeclared-volume",
    summary="A named volume is mounted that no top-level entry declares.",
    why="Compose refuses a project with an undeclared volume, so the deployment stops, or an older tool makes it up.",
    fix="The volume is declared with `driver: local`. A source with a slash is left alone: it looks like a bind mount.",
    sources=("compose-spec/compose-go: loader/validate.go", "compose-spec/compose-spec: 07-volumes.md"),
    examples=(
        Example(
            "no top-level section",
            {"compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n"},
            Outcome.FIXED,
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n"
                "\nvolumes:\n  sql:\n    driver: local\n"
            },
        ),
        Example(
            "a section that declares another one",
            {
                "compose.yaml": "volumes:\n  cache:\n\nservices:\n  db:\n    image: mysql:8.4\n"
                "    volumes:\n    - sql:/var/lib/mysql\n    - cache:/cache\n"
            },
            Outcome.FIXED,
            {
                "compose.yaml": "volumes:\n  cache:\n  sql:\n    driver: local\n\nservices:\n  db:\n"
                "    image: mysql:8.4\n    volumes:\n    - sql:/var/lib/mysql\n    - cache:/cache\n"
            },
        ),
        Example(
            "a path without its dot",
            {"compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [data/sql:/var/lib/mysql]\n"},
            Outcome.REPORTED,
        ),
        Example(
            "declared in the file that is merged with it",
            {
                "compose.yaml": "services:\n  web: {image: nginx}\nvolumes:\n  sql:\n",
                "compose.override.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "an external volume",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n"
                "volumes:\n  sql:\n    external: true\n"
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a variable of unknown value",
            {"compose.yaml": "services:\n  web:\n    image: nginx\n    volumes:\n      - ${SITE}:/site\n"},
            Outcome.UNTOUCHED,
        ),
        Example(
            "an anonymous volume has no name to declare",
            {"compose.yaml": "services:\n  web:\n    build: .\n    volumes: ['.:/srv/web', /srv/web/node_modules]\n"},
            Outcome.UNTOUCHED,
        ),
        Example(
            "declared in the file that the project includes",
            {
                "compose.yaml": "include: [storage/volumes.yaml]\nservices:\n  db:\n    image: mysql:8.4\n"
                "    volumes: [sql:/var/lib/mysql]\n",
                "storage/volumes.yaml": "volumes:\n  sql:\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a drive of Windows, which is a path",
            {"compose.yaml": "services:\n  web:\n    image: nginx\n    volumes: ['c:/site:/usr/share/nginx/html']\n"},
            Outcome.UNTOUCHED,
        ),
    ),
    check=check,
)
