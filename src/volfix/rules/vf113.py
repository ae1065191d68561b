"""VF113: carry services that are still in the Compose files."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.carriers import mark_of
from volfix.rules.context import Context, at
from volfix.rules.findings import Applicability, Finding, Fix, Severity
from volfix.rules.remedies.carry_removal import removal
from volfix.rules.rule import Rule, fixed, untouched


def check(context: Context) -> Iterator[Finding]:
    """One finding for all carry services of the stack: the fix removes them together."""
    carriers = {name: service for project in context.stack.projects for name, service in project.carriers.items()}
    if not carriers:
        return
    removed = removal(context.stack.files, {name: mark_of(service) for name, service in carriers.items()})
    part = next(iter(carriers.values())).parts[0]
    names = ", ".join(carriers)
    yield Finding(
        code="VF113",
        severity=Severity.WARNING,
        location=at(part.file.source, part.node.span.start, part.node.span.end),
        message="the carry services are still in the Compose file",
        danger=f"carry services are still deployed: {names}",
        evidence=(
            "remove them only when every host has been deployed with them: until then they carry the data",
            "their `-moved` volumes stay on the hosts: volfix deletes no volume, `docker volume rm` does",
        ),
        fix=Fix(removed.operations, removed.changes, Applicability.SAFE),
    )


CARRIER = """\
  carry-db-data:  # moves ./sql into db-data once; then remove it: volfix --select VF113 --write
    image: mysql:8.4
    user: "0:0"
    network_mode: none
    restart: "no"
    entrypoint: [sh, -c]
    command: ["...", carry, ./sql, db-data, /var/lib/mysql]
    volumes:
      - ./sql:/from:ro
      - db-data:/to
      - db-data-moved:/mark
"""
DATABASE = "services:\n  db:\n    image: mysql:8.4\n    volumes: [db-data:/var/lib/mysql]\n"
VAULT = "  vault:\n    image: example.org/acme/vault:1\n"
DECLARED = "volumes:\n  db-data:\n    driver: local\n"
MARKED = DECLARED + "  db-data-moved:\n    driver: local\n"
WAITS = "    depends_on:\n      carry-db-data:\n        condition: service_completed_successfully\n"
LISTED = (
    "    depends_on:\n        carry-db-data: {condition: service_completed_successfully}\n"
    "        vault: {condition: service_started}\n"
)

RULE = Rule(
    code="VF113",
    name="carry-service-done",
    summary="A carry service is still deployed; off unless its whole code is selected.",
    why=(
        "`--carry-service` adds a service to the Compose file that copies the data into the volume before the "
        "database starts. Once every host is deployed with it, the service only checks whether something wrote to the"
        " old place again."
    ),
    fix=(
        "volfix removes the carry services, the declarations of their `-moved` volumes and every `depends_on` entry "
        "for them. BEFORE that, deploy the carry services on every host, and count the rows there: `volfix rows`."
    ),
    sources=("compose-spec/compose-spec: 05-services.md (depends_on)",),
    examples=(
        fixed(
            "a carry service, and the service that waits for it",
            {"compose.yaml": DATABASE + WAITS + CARRIER + MARKED},
            {"compose.yaml": DATABASE + DECLARED},
        ),
        fixed(
            "the other entries of `depends_on` become a list again",
            {"compose.yaml": DATABASE + LISTED + VAULT + CARRIER + MARKED},
            {"compose.yaml": DATABASE + "    depends_on:\n      - vault\n" + VAULT + DECLARED},
        ),
        fixed(
            "an entry of `depends_on` with another condition stays a mapping",
            {"compose.yaml": DATABASE + LISTED.replace("started", "healthy") + VAULT + CARRIER + MARKED},
            {
                "compose.yaml": DATABASE
                + "    depends_on:\n        vault: {condition: service_healthy}\n"
                + VAULT
                + DECLARED
            },
        ),
        untouched(
            "a service of that name with another target",
            {"compose.yaml": DATABASE + CARRIER.replace("/from:ro", "/sql") + MARKED},
        ),
        untouched(
            "a service that reaches a network",
            {"compose.yaml": DATABASE + CARRIER.replace("network_mode: none", "network_mode: host") + MARKED},
        ),
        untouched(
            "a service that Docker restarts",
            {"compose.yaml": DATABASE + CARRIER.replace('"no"', "always") + MARKED},
        ),
        untouched(
            "a service that may write to the old place",
            {"compose.yaml": DATABASE + CARRIER.replace("/from:ro", "/from") + MARKED},
        ),
        untouched("no carry service at all", {"compose.yaml": DATABASE + DECLARED}),
    ),
    check=check,
)
