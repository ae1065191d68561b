"""The rows of a project's databases, counted in its running containers, and compared with an earlier count.

Engines are asked by their own clients in their own containers; a SQLite file is copied with its -wal while every
container that can write to it is paused, and read here: a copy taken from a running writer is torn.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Sequence

from volfix.docker import helper_containers as through
from volfix.docker.carry_jobs import users_of
from volfix.docker.containers import Container, MountPoint, Process
from volfix.docker.deployed import Deployed
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.opened_databases import named_file, opened_path
from volfix.docker.pauses import paused, paused_problem
from volfix.docker.project_containers import ProjectContainers, containers_under
from volfix.docker.row_counts import GONE, SQLITE, Counted
from volfix.docker.sqlite_files import BESIDE, Spool, counts
from volfix.docker.tar_stream import BrokenArchive
from volfix.fixes.masking.credentials import HIDDEN, credentials
from volfix.fixes.masking.credentials import masked as hide
from volfix.fixes.masking.messages import scrub
from volfix.knowledge.clients import Client, client_of
from volfix.knowledge.entries import Entry
from volfix.project.compose.model import Project
from volfix.project.compose.service import Service
from volfix.project.image.images import likely_entries
from volfix.rules.evidence.roles import CLIENT, role_of

STOPPED = "the service has no running container"
END = "every table was counted"
"""The last line of each answer: the engine may lose the end of what a program writes."""
ESCAPED, MEANT = re.compile(r"\\(.)", re.DOTALL), {"t": "\t", "n": "\n", "0": "\0"}
ANSWERS = ("YES", "NO")
"""MySQL says after `using password:` whether one was given."""
SHORTEST = 4
"""Characters from which a variable's value may be a credential that is not to be shown."""


def count(
    engine: Engine,
    deployed: Deployed,
    before: Sequence[Counted] = (),
    *,
    under: ProjectContainers | None = None,
    services: Collection[str] | None = None,
) -> list[Counted]:
    """Every database of the project, or of these services of it, that volfix knows of, and those of `before`.

    `under` are the project's containers where they are known already. A problem of a database is in its entry.
    """
    under = under or containers_under(engine, deployed, [deployed.project.name])
    running = _running(under)
    found: list[Counted] = []
    for service in deployed.project.services.values():
        if services is None or service.name in services:
            why = _why_none(under, service.name) if service.name not in running else STOPPED
            found += _of_service(engine, deployed.project, service, running.get(service.name), why)
    for old in before:
        known = any((one.service, one.engine) == (old.service, old.engine) for one in found)
        if old.service not in running and not known:
            problem = STOPPED if old.service in deployed.project.services else f"{old.service} is no service any more"
            found.append(Counted(old.service, old.engine, old.database, problem=problem))
    return found


def on_volume(engine: Engine, deployed: Deployed, under: ProjectContainers, volume: str) -> Iterator[Counted]:
    """Count the servers that run on a volume now: the files of the volume alone do not tell how many rows they have."""
    for item in under.own:
        service = deployed.project.services.get(item.service or "")
        mounts = [mount for mount in item.mounts if (mount.kind, mount.source) == ("volume", volume)]
        if service is not None and mounts and item.state == "running":
            yield from (
                one for one in _of_service(engine, deployed.project, service, item, STOPPED) if one.engine != SQLITE
            )


def not_running(engine: Engine, deployed: Deployed) -> str | None:
    """Why services have no running container, in words; None if each service has one."""
    under = containers_under(engine, deployed, [deployed.project.name])
    running = _running(under)
    idle = set(deployed.project.services) - running.keys()
    if reason := next((why for name in sorted(idle) if (why := _why_none(under, name)) != STOPPED), None):
        return reason
    if not running:
        return f"no container of project {deployed.project.name} runs on this daemon (-p names another project)"
    stopped = [name for name in deployed.project.services if name not in running]
    return f"no container runs of {', '.join(stopped)}" if stopped else None


def _running(under: ProjectContainers) -> dict[str, Container]:
    """A running container of each service that has one."""
    found: dict[str, Container] = {}
    for item in under.own:
        if item.state == "running" and item.service:
            found.setdefault(item.service, item)
    return found


def _why_none(under: ProjectContainers, service: str) -> str:
    """Why a service without a running container of its own is not counted."""
    for item in under.own:
        if item.service == service and item.state == "paused":
            return paused_problem(item)
    shown = ", ".join(map(str, under.others_of([service])))
    return f"not asked, because not known to be this project's: {shown}" if shown else STOPPED


def _of_service(
    engine: Engine, project: Project, service: Service, container: Container | None, none: str
) -> Iterator[Counted]:
    servers = [
        item
        for item in likely_entries(service)
        if item.kind == "engine" and (client_of(item.family) or not item.cache)
        if role_of(project, service, item).kind != CLIENT
    ]
    if servers:
        yield from _of_server(engine, service.name, servers[0], container, none)
        return
    if container is None:
        values = ((name, variable.value) for name, variable in service.environment.items())
        if any(value is not None and named_file(service, name, value) for name, value in values):
            yield Counted(service.name, SQLITE, "", problem=none)
        return
    process = engine.process(container.id)
    paths: dict[str, None] = {}
    for name, value in process.environment.items():
        if (path := opened_path(container, process, service, name)) is not None:
            paths[path] = None
        elif (file := named_file(service, name, value)) is not None:
            yield Counted(service.name, SQLITE, "", problem=f"{name}: the file is not known: {file.doubt}")
    for path in paths:
        yield _sqlite(engine, service.name, container, path)


def _of_server(engine: Engine, service: str, entry: Entry, container: Container | None, none: str) -> Iterator[Counted]:
    client = client_of(entry.family)
    if client is None:
        yield Counted(service, entry.name, "", problem=f"volfix does not know how to ask {entry.name}")
        return
    if container is None:
        yield Counted(service, client.name, "", problem=none)
        return
    process = engine.process(container.id)
    password = _password(client, process)
    words = ("sh", "-c", f"{client.count}\necho '{END}'")
    done = engine.run(container.id, words, {"VOLFIX_PASSWORD": password} if password else {})
    if done.status:
        lines = [line for line in (done.errors or done.output).strip().splitlines() if line.strip()]
        reason = masked(lines[-1] if lines else f"the client ended with status {done.status}", process, password)
        yield Counted(service, client.name, "", problem=reason)
        return
    tables: dict[str, dict[str, int]] = {}
    *lines, last = done.output.removesuffix("\n").split("\n")
    if last != END:
        yield Counted(service, client.name, "", problem="the client's answer is cut short")
        return
    for line in lines:
        database, table, rows = ([*map(_unescaped, line.split("\t")), "", ""])[:3]
        if not rows.isdigit():
            yield Counted(service, client.name, "", problem="the client's answer cannot be read")
            return
        tables.setdefault(database, {})[table] = int(rows)
    for database, found in tables.items():
        yield Counted(service, client.name, database, found)
    if not tables:
        yield Counted(service, client.name, "")


def _unescaped(name: str) -> str:
    """A name as it is: clients write a tab in it as \\t, a line end as \\n, a backslash as two."""
    return ESCAPED.sub(lambda found: MEANT.get(found[1], found[1]), name)


def _password(client: Client, process: Process) -> str | None:
    """The password in the service's own command, where the engine takes it from there."""
    words = [inner for word in process.words for inner in _split(word)]
    for number, word in enumerate(words):
        for flag in client.password_flags:
            value = words[number + 1] if word == flag and number + 1 < len(words) else None
            value = word[len(flag) + 1 :] if word.startswith(f"{flag}=") else value
            if value and value.startswith("$"):
                value = process.environment.get(value.strip("${}"))
            if value:
                return value
    return None


def _split(word: str) -> list[str]:
    try:
        return shlex.split(word) if " " in word else [word]
    except ValueError:
        return word.split()


def masked(text: str, process: Process, *more: str | None) -> str:
    """The text without any value of the container's environment that a credential could be, or what looks like one."""
    secret = [value for value in (*process.environment.values(), *more) if value and len(value) >= SHORTEST]
    for value in sorted(secret, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return scrub(hide(text, (span for span in credentials(text) if text[span.start : span.end] not in ANSWERS)))


def _sqlite(engine: Engine, service: str, container: Container, path: str) -> Counted:
    import sqlite3

    with Spool() as spool:
        try:
            with paused(engine, _writers(engine, container, path)):
                if engine.kind_of(container.id, path) != "file":
                    return Counted(service, SQLITE, path, problem=GONE[0])
                for ending in ("", *BESIDE):
                    if ending == "" or engine.kind_of(container.id, path + ending) == "file":
                        through.manifest_of(engine, container.id, path + ending, path + ending, spool.keep)
            if path not in spool.paths:
                return Counted(service, SQLITE, path, problem=GONE[1])
            found = list(counts(spool.paths[path]))
        except (EngineProblem, BrokenArchive, sqlite3.DatabaseError) as error:
            return Counted(service, SQLITE, path, problem=scrub(str(error)))
    unread = [f"{one.table}: {one.problem}" for one in found if one.rows is None]
    tables = {one.table: one.rows for one in found if one.rows is not None}
    return Counted(service, SQLITE, path, tables, "; ".join(unread) or None)


def _writers(engine: Engine, container: Container, path: str) -> Sequence[Container]:
    """The running containers that could write to a container's file."""
    holder = container.holder(path)
    if holder is None or holder.kind not in ("bind", "volume"):
        return [container]
    users = users_of(engine, MountPoint(holder.kind, holder.source, ""), writable=True)
    return [item for item in users if item.state == "running"]
