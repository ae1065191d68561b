"""VF302: the deploying step does not mount the stack's data directory, although its own commands read it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from volfix.knowledge.purposes import is_disposable
from volfix.project.compose.mounts import BIND, VOLUME
from volfix.project.shell.paths import below
from volfix.project.stack import Use
from volfix.rules.context import Context
from volfix.rules.evidence.command_words import NO_READERS, shown_command
from volfix.rules.evidence.deployments import (
    StackDeployment,
    deploying_steps,
    in_pipeline,
    mount_above,
    mounted,
    pipeline_finding,
    trusted_fix,
)
from volfix.rules.evidence.held_data import UNKNOWN, held_data
from volfix.rules.examples.deployed_database import PIPELINE
from volfix.rules.findings import Applicability, Finding, Fix, Severity
from volfix.rules.remedies.bind_to_volume import convert
from volfix.rules.rule import Rule, fixed, reported, untouched
from volfix.syntax.yaml_tree import Mapping

CONVERSION = "the fix that creates the volume of this name needs --unsafe-fixes"


def check(context: Context) -> Iterator[Finding]:
    """A finding for every data directory of a deployed stack in Drone's workspace, which is EMPTY at each build."""
    if not context.stack.workflows:
        return
    from volfix.project.ci.daemons import HOST_SOCKET, NOWHERE

    for deploy in deploying_steps(context):
        deployment, pipeline = deploy.deployment, deploy.deployment.pipeline
        forgets = pipeline.system.cleans_checkout and pipeline.mounts_host_volumes
        if not forgets or deployment.target not in (HOST_SOCKET, NOWHERE):
            continue
        yield from _empty_volumes(context, deploy)
        for path, conversion, evidence in _data_directories(context, deploy):
            reader = _reader(deploy, path)
            if (reader is None and not context.trusted) or mount_above(deploy, path):
                continue
            volume = conversion.moves[0].volume
            fix, reason = trusted_fix(
                context, deploy, mounted(deploy, volume, f"{pipeline.system.host_directory}/{volume}", path)
            )
            if fix is not None and conversion.applicability is not Applicability.SAFE:
                fix, reason = replace(fix, applicability=Applicability.UNSAFE), reason or CONVERSION
            yield pipeline_finding(
                "VF302",
                deploy,
                Severity.WARNING if reader else Severity.INFO,
                "the pipeline does not keep the data directory",
                f"{path} is part of the pipeline's workspace, which is deleted after the build: the step's own commands "
                "find it EMPTY each time",
                (
                    *evidence,
                    *((f"`{reader}` reads it",) if reader else ()),
                    f"the stack is not affected: the host's daemon resolves the mount to {path} on the host, "
                    "whatever the step mounts there",
                ),
                fix,
                reason,
                target=path,
            )


def _empty_volumes(context: Context, deploy: StackDeployment) -> Iterator[Finding]:
    """Findings for host volumes in the step's workspace that the stack does not use: its data is elsewhere on the host."""
    from volfix.project.ci.daemons import host_path

    pipeline = deploy.deployment.pipeline
    kept = list(_kept(context, deploy))
    binds = [_on_host(deploy, context, use) for use in context.stack.uses if use.mount.kind == BIND]
    for mount in deploy.deployment.step.mounts if kept else ():
        host, path = host_path(pipeline, mount), posixpath.normpath(mount.path or "/")
        if host is None or below(path, pipeline.workspace) in (None, "."):
            continue
        is_used = any(below(bind, host) or below(host, bind) for bind in binds)
        is_cache = any(map(is_disposable, (path, host, mount.name or "")))
        if is_used or is_cache or _reader(deploy, path) is not None:
            continue
        yield pipeline_finding(
            "VF302",
            deploy,
            Severity.INFO,
            "a volume of the pipeline holds none of the stack's data",
            f"a backup of {host} holds none of the stack's data: the rows are in {' and '.join(kept)}",
            (
                f"the step mounts {host} at {path}, and no service of the stack mounts {host}",
                "the host's daemon takes each mount of the stack from the host, whatever the step mounts",
            ),
            reason=f"remove the volume from the step, and back up {' and '.join(kept)}",
            location=in_pipeline(deploy, mount.node if isinstance(mount.node, Mapping) else None),
            target=path,
        )


def _kept(context: Context, deploy: StackDeployment) -> Iterator[str]:
    """Where each database of the stack is on the host: a volume's name or a path."""
    found = dict[str, None]()
    for use in context.stack.uses:
        held = held_data(context, use) if use.project in deploy.projects and not use.mount.overridden else None
        if held is None or held.kind == UNKNOWN or use.mount.kind not in (BIND, VOLUME):
            continue
        is_volume = use.mount.kind == VOLUME
        found[use.project.real_name(use.mount.source) if is_volume else _on_host(deploy, context, use)] = None
    yield from found


def _on_host(deploy: StackDeployment, context: Context, use: Use) -> str:
    """The host path to which the host's daemon resolves a bind mount's source."""
    host, root = context.host_of(use.mount), deploy.workflow.checkout.root
    if host.path is None or not host.path.is_relative_to(root):
        return host.key
    return posixpath.join(deploy.deployment.pipeline.workspace, host.path.relative_to(root).as_posix())


def _data_directories(context: Context, deploy: StackDeployment) -> Iterator[tuple[str, Fix, tuple[str, ...]]]:
    """Each directory of the workspace with a database: its path in the step, the fix to a volume, and the evidence."""
    root = deploy.workflow.checkout.root
    seen = set()
    for use in context.stack.uses:
        if use.mount.kind != BIND or use.mount.read_only or use.project not in deploy.projects:
            continue
        host = context.host_of(use.mount)
        if host.path is None or not host.path.is_relative_to(root) or host.path == root or host.path in seen:
            continue
        held = held_data(context, use)
        fix = convert(context, use, held).fix if held is not None and held.kind != UNKNOWN else None
        if held is not None and fix is not None:
            seen.add(host.path)
            yield _on_host(deploy, context, use), fix, held.evidence


def _reader(deploy: StackDeployment, path: str) -> str | None:
    """The first command of the step that names a file in the directory; None for no command."""
    for command in deploy.deployment.commands:
        if command.is_remote or command.program in NO_READERS:
            continue
        for word in command.values[1:]:
            place = None if word.startswith("-") else deploy.deployment.path_of(command, word)
            if place is not None and (place == path or place.startswith(path + "/")):
                return shown_command(command)
    return None


COMPOSE = """\
services:
  app:
    image: python:3.12-slim
    environment:
      DATABASE_URL: sqlite:////app/data/app.db
    volumes:
      - ./data:/app/data
"""
KEPT = COMPOSE.replace("- ./data:/app/data", "- ./data:/app/data  # volfix: ignore[VF101] the snapshots need it")
CONVERTED = COMPOSE.replace("./data", "app-db") + "\nvolumes:\n  app-db:\n    driver: local\n"
BACKUP = "      - tar -czf /backup/rows.tar.gz data/app.db\n"
BACKED_UP = PIPELINE.replace("    commands:\n", f"    commands:\n{BACKUP}")
JOBS = (
    "  jobs:\n    image: python:3.12-slim\n    environment: [DB_PATH=/data/jobs.db]\n    volumes: ['{source}:/data']\n"
)
READS_JOBS = ("data/app.db\n", "data/app.db\n      - tar -czf /backup/jobs.tar.gz jobs/jobs.db\n")
SOCKET_MOUNT = "        path: /var/run/docker.sock\n    commands"
BOTH = (
    BACKED_UP.replace(
        SOCKET_MOUNT,
        SOCKET_MOUNT.replace("    commands", "      - name: app-db\n        path: /drone/src/data\n    commands"),
    )
    + "  - name: app-db\n    host:\n      path: /var/lib/drone/app-db\n"
)

RULE = Rule(
    code="VF302",
    name="data-directory-not-in-pipeline",
    summary=(
        "A deploying step does not see the stack's data: it does not mount the data directory, or its own volume is "
        "empty."
    ),
    why=(
        "Drone creates a workspace volume for each build and deletes it afterwards. A step's own command, such as a "
        "backup or a migration, never sees the stack's data there: the host's daemon resolves `./data` to a directory"
        " of the host. A host volume in the pipeline changes what the step sees, but not what the stack uses: a "
        "backup of a volume that the stack does not use is EMPTY."
    ),
    fix=(
        "volfix mounts a host volume below /var/lib/drone at the data directory in the step, if the step reads the "
        "directory, or with --trusted. Safe where volfix knows that Drone trusts the repository, and where the fix "
        "that creates the volume of the same name is safe; else unsafe."
    ),
    sources=(
        "drone-runners/drone-runner-docker: engine/compiler/workspace.go",
        "docker/docs: engine/storage/bind-mounts.md",
    ),
    examples=(
        fixed(
            "a backup before the deployment",
            {"compose.yaml": COMPOSE, ".drone.yml": BACKED_UP},
            {"compose.yaml": CONVERTED, ".drone.yml": BOTH},
        ),
        fixed(
            "two directories",
            {"compose.yaml": COMPOSE + JOBS.format(source="./jobs"), ".drone.yml": BACKED_UP.replace(*READS_JOBS)},
            {
                "compose.yaml": CONVERTED.replace("\nvolumes:", JOBS.format(source="jobs-db") + "\nvolumes:")
                + "  jobs-db:\n    driver: local\n",
                ".drone.yml": BOTH.replace(*READS_JOBS).replace(
                    "data\n    commands", "data\n      - name: jobs-db\n        path: /drone/src/jobs\n    commands"
                )
                + "  - name: jobs-db\n    host:\n      path: /var/lib/drone/jobs-db\n",
            },
        ),
        untouched(
            "no command of the step reads the directory",
            {
                "compose.yaml": CONVERTED.replace("app-db:/app", "rows:/app").replace("  app-db:\n", "  rows:\n"),
                ".drone.yml": BACKED_UP.replace(BACKUP, ""),
            },
        ),
        untouched("the data is in a volume", {"compose.yaml": CONVERTED, ".drone.yml": BACKED_UP}),
        untouched("the step has the directory from the host already", {"compose.yaml": KEPT, ".drone.yml": BOTH}),
        reported(
            "a volume of the pipeline that the stack does not use",
            {"compose.yaml": CONVERTED, ".drone.yml": BOTH.replace("data/app.db", "main.py")},
        ),
        untouched(
            "a cache of the pipeline",
            {
                "compose.yaml": CONVERTED,
                ".drone.yml": BOTH.replace("data/app.db", "main.py").replace("/drone/src/data", "/drone/src/.cache"),
            },
        ),
        untouched(
            "the step reads other files beside the directory",
            {"compose.yaml": KEPT, ".drone.yml": BACKED_UP.replace("data/app.db", "datasets/app.csv data.sql")},
        ),
        untouched(
            "a command that runs on another host",
            {
                "compose.yaml": KEPT,
                ".drone.yml": BACKED_UP.replace(
                    "- tar -czf /backup/rows.tar.gz data/app.db", "- ssh web tar -czf rows.tgz data"
                ),
            },
        ),
        untouched(
            "the exec runner's steps have no container to mount anything in",
            {"compose.yaml": KEPT, ".drone.yml": BACKED_UP.replace("type: docker", "type: exec")},
        ),
    ),
    check=check,
)
