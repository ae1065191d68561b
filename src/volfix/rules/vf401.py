"""VF401: a command of the deployment deletes volumes."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.knowledge.commands import COMPOSE
from volfix.knowledge.lookup import entries_for
from volfix.project.deploy_flows import NAMED, PIPELINE, VolumeDeletion
from volfix.project.images import images_of
from volfix.project.model import Project
from volfix.project.mounts import VOLUME
from volfix.rules import vf101, vf102
from volfix.rules.command_findings import lines, reached, removal, said, static_arguments
from volfix.rules.context import Context, at
from volfix.rules.findings import Applicability, Finding, Fix, Severity
from volfix.rules.rule import Example, Outcome, Rule
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved


def check(context: Context) -> Iterator[Finding]:
    """Every command in a flow that deploys the stack which deletes volumes, or would if there were some."""
    if context.commands is None:
        return
    for item, projects in context.commands.reported_by(context.stack):
        named = _named_volumes(item, projects)
        if named is None:
            continue
        source, place = item.act.fragment.source, item.act.place
        fix, reason = _fix(context, item, projects)
        yield Finding(
            code="VF401",
            severity=_severity(item, projects, named),
            location=at(source, place.start, place.end),
            message=f"the deployment runs `{said(item.act)}`, which {item.deletion.says}",
            evidence=tuple(
                lines(reached(item.flow, item.act), _what_goes(item, projects, named), item.deletion.source)
            ),
            step=item.act.start.step,
            fix=fix,
            reason=reason,
        )


def _named_volumes(item: VolumeDeletion, projects: tuple[Project, ...]) -> list[str] | None:
    """The stack's volumes that the command reaches by their real names; None where it reaches others only."""
    names = static_arguments(item.act, item.call.arguments)
    if item.deletion.reaches == "container":
        known = {name for project in projects for name in _containers(project)}
        return None if names is not None and not known & set(names) else []
    volumes = {name: key for project in projects for key, name in _volumes(project).items()}
    if item.deletion.reaches == "named" and names is not None:
        own = [name for name, key in volumes.items() if any(_is_volume(text, name, key) for text in names)]
        return own if own or not projects else None
    return sorted(volumes) if item.deletion.reaches in ("stack", "named", "unused", "changed") else []


def _is_volume(text: str, name: str, key: str) -> bool:
    """Whether a volume's name on the command line is this one: the project may have been called otherwise."""
    return text == name or text.endswith((f"_{key}", f"-{key}"))


def _volumes(project: Project) -> dict[str, str]:
    """The real names of the volumes that Compose may remove, by key."""
    return {key: project.real_name(key) for key, node in project.declared.items() if not _is_external(resolved(node))}


def _is_external(entry: object) -> bool:
    external = entry.get("external") if isinstance(entry, Mapping) else None
    return isinstance(external, Mapping) or (isinstance(external, Scalar) and external.value == "true")


def _containers(project: Project) -> Iterator[str]:
    """The containers that may keep data in an anonymous volume."""
    for name, service in project.services.items():
        if not any(entries_for(image) for image in images_of(service)):
            continue
        yield service.text("container_name") or f"{project.name}-{name}-1"
        yield f"{project.name}_{name}_1"


def _severity(item: VolumeDeletion, projects: tuple[Project, ...], named: list[str]) -> Severity:
    if item.deletion.reaches in ("changed", "container"):
        return Severity.WARNING
    used = any(use.kind == VOLUME for project in projects for one in project.services.values() for use in one.mounts)
    return Severity.ERROR if named or used or not projects or item.deletion.reaches == "anonymous" else Severity.WARNING


def _what_goes(item: VolumeDeletion, projects: tuple[Project, ...], named: list[str]) -> str:
    if not projects:
        return "which stack it is about is not known"
    stack = " and ".join(dict.fromkeys(project.name for project in projects))
    if item.deletion.reaches == "unused":
        return f"after `down`, the volumes of {stack} are unused" + (f": {', '.join(named)}" if named else "")
    if named:
        return f"of the stack {stack}: {', '.join(named)}"
    if item.deletion.reaches in ("anonymous", "container"):
        return f"of the stack {stack}: what no mount keeps"
    return f"the stack {stack} declares no volume today: the first one that it gets would go"


def _fix(context: Context, item: VolumeDeletion, projects: tuple[Project, ...]) -> tuple[Fix | None, str | None]:
    if item.option is None:
        return None, "the command does nothing else: whether the deployment needs it is for a person to say"
    edit = removal(item.act, item.option)
    if isinstance(edit, str):
        return None, edit
    moved = bool(projects) and set(projects) <= set(context.stack.projects) and _moves_data(context)
    safe = moved and item.flow.why in (PIPELINE, NAMED) and item.call.program == COMPOSE
    if safe:
        return Fix(edit, (), Applicability.SAFE), None
    return Fix(edit, (), Applicability.UNSAFE), "somebody may rely on the volumes being deleted"


def _moves_data(context: Context) -> bool:
    """Whether this run moves data of the stack into a volume, which the next deployment would then delete."""
    if "VF401 moves" not in context.memory:
        checks = (rule.RULE for rule in (vf101, vf102) if rule.RULE.code in context.selected)
        context.memory["VF401 moves"] = any(
            finding.applicability is Applicability.SAFE for rule in checks for finding in rule.check(context)
        )
    return bool(context.memory["VF401 moves"])


STACK = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - rows:/var/lib/postgresql/data\nvolumes:\n  rows:\n    driver: local\n"
BIND = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./rows:/var/lib/postgresql/data\n"
MOVED = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - db-data:/var/lib/postgresql/data\n\nvolumes:\n  db-data:\n    driver: local\n"
PUSH = """\
kind: pipeline
type: docker
name: default
steps:
  - name: deploy
    image: docker:27
    volumes: [{name: socket, path: /var/run/docker.sock}]
    commands:
      - docker compose -p shop {down} && docker compose -p shop up -d  # every push
volumes:
  - name: socket
    host: {path: /var/run/docker.sock}
"""

RULE = Rule(
    code="VF401",
    name="command-deletes-volumes",
    summary="A command of the deployment deletes volumes.",
    why=(
        "A named volume outlives its containers, but not `down -v`: Compose then removes every volume that the project "
        "declares, without asking. In a script that deploys, the database starts empty after each deployment."
    ),
    fix=(
        "The option that deletes is taken out of the command. It is safe where the same run moves the stack's data into "
        "a volume, which the command would delete; else somebody may rely on the deletion. A command that does nothing "
        "else stays: whether the deployment needs it is for a person to say."
    ),
    sources=(
        "docker/compose: compose_down.md, compose_rm.md, compose_up.md",
        "docker/cli: volume_rm.md, volume_prune.md, system_prune.md, container_rm.md",
    ),
    examples=(
        Example(
            "the pipeline deletes the volume that the database has just got",
            {"compose.yaml": BIND, ".drone.yml": PUSH.replace("{down}", "down -v --remove-orphans")},
            Outcome.FIXED,
            {"compose.yaml": MOVED, ".drone.yml": PUSH.replace("{down}", "down --remove-orphans")},
        ),
        Example(
            "a script, in the middle of a cluster of options, with another value behind",
            {
                "compose.yaml": STACK,
                "deploy.sh": "#!/bin/sh\nset -e\ndocker-compose down -vt 5 \\\n  --rmi all\ndocker-compose up -d\n",
            },
            Outcome.FIXED_UNSAFE,
            {"deploy.sh": "#!/bin/sh\nset -e\ndocker-compose down -t 5 \\\n  --rmi all\ndocker-compose up -d\n"},
        ),
        Example(
            "a make target that another one runs before it starts the stack, through a variable",
            {
                "compose.yaml": STACK,
                "Makefile": "DC = docker compose\n\nwipe:\n\t@$(DC) down --volumes --remove-orphans || true\n\nup: wipe\n\t$(DC) up -d\n",
            },
            Outcome.FIXED_UNSAFE,
            {
                "Makefile": "DC = docker compose\n\nwipe:\n\t@$(DC) down --remove-orphans || true\n\nup: wipe\n\t$(DC) up -d\n"
            },
        ),
        Example(
            "over ssh, in quotes within quotes",
            {
                "compose.yaml": STACK,
                "release.sh": "ssh app@host \"cd /srv/app && sudo sh -c 'docker compose down --volumes; docker compose up -d'\"\n",
            },
            Outcome.FIXED_UNSAFE,
            {"release.sh": "ssh app@host \"cd /srv/app && sudo sh -c 'docker compose down; docker compose up -d'\"\n"},
        ),
        Example(
            "a command that does nothing but delete",
            {"compose.yaml": STACK, "deploy.sh": "docker compose down\ndocker volume prune -f\ndocker compose up -d\n"},
            Outcome.REPORTED,
        ),
        Example(
            "targets that somebody asks for",
            {
                "compose.yaml": STACK,
                "Makefile": "up:\n\tdocker compose up -d\ndown:\n\tdocker compose down -v\nclean: down\n\tdocker volume prune -af\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a test's own stack, and what only speaks of the command",
            {
                "compose.yaml": STACK,
                "docker-compose.test.yml": "services:\n  db:\n    image: postgres:16\n",
                "deploy.sh": "# docker compose down -v\necho 'run docker compose down -v to start anew'\n"
                "docker compose -f docker-compose.test.yml up -d\ndocker compose -f docker-compose.test.yml down -v\n"
                "docker compose -v\ndocker run -v a:/b app\ndocker compose up -d\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a stack that a script brings up for a while and takes down at its end",
            {
                "compose.yaml": STACK,
                "demo.sh": "trap 'docker compose down -v' EXIT\ndocker compose up -d\n./try.py\ndocker compose down -v\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "an option of a script that somebody gives",
            {
                "compose.yaml": STACK,
                "deploy.sh": 'case "$1" in\n  purge) docker compose down -v ;;\n  *) docker compose up -d ;;\nesac\n',
            },
            Outcome.UNTOUCHED,
        ),
    ),
    check=check,
)
