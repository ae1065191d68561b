"""VF206: a value that never reaches the container, or only after a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from volfix.project.compose.host_directories import host_directory
from volfix.project.compose.mounts import BIND
from volfix.project.compose.origins import env_assignment
from volfix.project.compose.outer_origins import InCode, InDockerfile
from volfix.project.compose.unreferenced_env_files import is_example_of
from volfix.rules.context import Context
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.databases import proposals
from volfix.rules.evidence.env_arrival import arrives
from volfix.rules.findings import Finding, Severity, shortened
from volfix.rules.remedies.value_edits import location_in
from volfix.rules.rule import Rule, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every database value in an env file that nothing loads, and in an image whose value a fix changes."""
    for proposal in proposals(context):
        database, origin = proposal.database, proposal.database.origin
        written = env_assignment(origin)
        if written is not None and database.loose and not database.beside:
            path = written.file.path
            if not is_example_of(database.project, path) and not arrives(context, database, path):
                yield _not_loaded(database, path)
        elif isinstance(origin, InDockerfile | InCode) and proposal.new_value is not None:
            yield _baked(
                database, origin, mounted=isinstance(origin, InCode) and _is_mounted(context, database, origin)
            )


def _not_loaded(database: Database, path: Path) -> Finding:
    name, service = path.name, database.service.name
    return Finding(
        code="VF206",
        severity=Severity.WARNING,
        location=location_in(database),
        message=f"{shortened(database.variable)} never reaches {shortened(service)}",
        danger=f"{database.variable} in {name} never reaches {service}: Compose uses {name} only to fill in `${{...}}`",
        label="only for `${...}` in the Compose file",
        evidence=(
            f"no `env_file:` of {service} names {name}, and no `environment:` takes {database.variable} from it",
        ),
        service=service,
        reason=f"if {service} needs this value, name {name} in its `env_file:`",
    )


def _is_mounted(context: Context, database: Database, origin: InCode) -> bool:
    """Whether a bind mount puts the host's code over the image's."""
    binds = [mount for mount in database.project.mounts_of(database.service) if mount.kind == BIND]
    places = [host_directory(mount, context.stack.root).path for mount in binds]
    return any(place and origin.file.path.resolve().is_relative_to(place) for place in places)


def _baked(database: Database, origin: InDockerfile | InCode, *, mounted: bool) -> Finding:
    name, service = origin.file.path.name, database.service.name
    what = "the path" if isinstance(origin, InCode) else database.variable
    return Finding(
        code="VF206",
        severity=Severity.INFO,
        location=location_in(database),
        message=f"{'restart' if mounted else 'rebuild'} {shortened(service)} after the change",
        danger=f"{service} reads {what} in {name} when it starts: restart {service} after the change"
        if mounted
        else f"{what} in {name} is a part of the image of {service}: rebuild the image after the change",
        evidence=("run `docker compose restart`",) if mounted else ("run `docker compose up -d --build`",),
        service=database.service.name,
        reason="nothing to edit: restart the service" if mounted else "nothing to edit: rebuild the image",
    )


URL = "DATABASE_URL=sqlite:////app/data/app.db\n"


def _built(files: dict[str, str], *, keys: str = "", env: str = "", what: str = "app") -> dict[str, str]:
    """A project whose build copies `what`; its service has the `keys`, its Dockerfile the ENV lines `env`."""
    return {
        "compose.yaml": f"services:\n  app:\n    build: .\n{keys}    volumes: ['rows:/app/data']\nvolumes: {{rows: }}\n",
        "Dockerfile": f"FROM python:3.12-slim\nWORKDIR /app\n{env}COPY {what} .\n",
        "requirements.txt": "sqlalchemy==2.0.36\n",
        **files,
    }


RULE = Rule(
    code="VF206",
    name="env-file-not-loaded",
    summary="The changed value never reaches the container, or not without a rebuild.",
    why=(
        "`.env` beside the Compose file only fills in `${...}` in that file. The process sees a variable only if "
        "`env_file:` or `environment:` passes it on. A changed value in the image counts only after the image is "
        "rebuilt."
    ),
    fix=(
        "None: volfix cannot tell whether the service needs the file, and it does not build images. If nothing in the "
        "image reads `.env` either, VF201's fix of its value is unsafe."
    ),
    sources=("docker/docs: compose/environment-variables/set-environment-variables.md",),
    examples=(
        reported("`.env` alone", _built({".env": URL})),
        untouched("the Compose file passes it on", _built({".env": URL}, keys="    environment: [DATABASE_URL]\n")),
        untouched(
            "the application reads `.env`, and the build copies it into the image",
            _built({".env": URL, "requirements.txt": "sqlalchemy==2.0.36\npython-dotenv\n"}, what="."),
        ),
        untouched("an example for people", _built({".env.example": URL})),
        untouched("an ENV that names a file in a mount", _built({}, env=f"ENV {URL}")),
        untouched(
            "a file for one environment, which the deployment passes on its command line", _built({".env.prod": URL})
        ),
        untouched("`env_file:` names it", _built({".env": URL}, keys="    env_file: .env\n")),
    ),
    check=check,
)
