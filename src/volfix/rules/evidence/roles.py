"""Whether a service runs an engine: as the server, as a client or job, or unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from volfix.knowledge.entries import Entry
from volfix.knowledge.lookup import entry_at
from volfix.knowledge.processes import Deed, deed, is_entry_point, may_start_others
from volfix.knowledge.storage import DataDirectories, data_directories, holds
from volfix.project.compose.effective_environment import effective_values
from volfix.project.compose.model import Project
from volfix.project.compose.service import Service
from volfix.project.image.images import mirror_evidence
from volfix.project.image.process import StartedCommand, commands_run, process_of

Kind = Literal["server", "client", "unknown"]
SERVER: Kind = "server"
CLIENT: Kind = "client"
UNKNOWN: Kind = "unknown"
DEPTH = 4
"""The most entry points that are followed into each other."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a service does with the engine of its image.

    `counts`: the rules treat the service as the server, because it is, or because it may be and its data directory is
    mounted. `where` are the server's data directories, with the volumes that a Dockerfile declares. `words` are the
    commands' words that may name the directory. `evidence` says how volfix knows, if the Compose file does not show it.
    """

    kind: Kind
    counts: bool
    where: DataDirectories
    words: tuple[str, ...]
    evidence: tuple[str, ...] = ()

    @property
    def doubt(self) -> str | None:
        """Why the service may not be the server; None if volfix knows."""
        return self.evidence[0] if self.kind == UNKNOWN else None


def role_of(project: Project, service: Service, entry: Entry) -> Role:
    """The role of a service whose image, or base image, is `entry`.

    volfix does not know an application's programs: every program that is not a client or a tool may be the application.
    """
    known: dict[Entry, Role] = service.known.setdefault("roles", {})
    if entry not in known:
        known[entry] = _role(project, service, entry)
    return known[entry]


def _role(project: Project, service: Service, entry: Entry) -> Role:
    process = process_of(service)
    words = (*(process.entrypoint or ()), *(process.command or ()))
    run = _done if process.entrypoint else _handed
    done = list(run(project, service, entry, words))
    kind = _kind(done)
    server = next((ran for each, ran in done if each == "server"), None)
    environment = server.environment if server else effective_values(service)
    starts = server.words if server else tuple(word for _, ran in done for word in (*ran.words, ";"))
    where = data_directories(entry, environment, starts)
    built = service.stage.volumes if service.stage else ()
    where = replace(where, declared_volumes=(*where.declared_volumes, *built)) if built else where
    if entry.kind == "application":
        return Role(kind if kind == CLIENT else SERVER, kind != CLIENT, where, starts)
    if kind == UNKNOWN:
        mounted = next(_mounted(project, service, entry, where), None)
        evidence = (_unknown(service, done, mounted), *mirror_evidence(service))
        return Role(kind, mounted is not None, where, starts, evidence)
    return Role(kind, kind == SERVER, where, starts, (*_why(service, kind, done, words), *mirror_evidence(service)))


def directories_in(project: Project, service: Service, entry: Entry) -> DataDirectories:
    """The engine's data directories in this service, from its environment and its commands."""
    return role_of(project, service, entry).where


Done = tuple[Deed, StartedCommand]
"""What a command does with the engine, and the command."""


def _handed(project: Project, service: Service, entry: Entry, words: tuple[str, ...], depth: int = 0) -> Iterator[Done]:
    """What the image's own entry point does with these words: it passes flags and subcommands to the server."""
    if not words or words[0].startswith("-") or words[0] in entry.subcommands:
        yield "server", StartedCommand(words, effective_values(service))
    else:
        yield from _done(project, service, entry, words, depth)


def _done(project: Project, service: Service, entry: Entry, words: tuple[str, ...], depth: int = 0) -> Iterator[Done]:
    """What each command does that a container with these words runs."""
    for ran in commands_run(project, service, words):
        if not ran.is_unread and is_entry_point(ran.words[0]) and depth < DEPTH:
            for each, inner in _handed(project, service, entry, ran.words[1:], depth + 1):
                yield each, StartedCommand(inner.words or ran.words, ran.environment, ran.script, inner.is_unread)
        else:
            yield "unknown" if ran.is_unread else deed(ran.words, entry), ran


def _is_open(each: Deed, ran: StartedCommand) -> bool:
    """Whether the command may start the server in a way that volfix does not see."""
    return each == "unknown" and (ran.is_unread or may_start_others(ran.words[0]))


def _kind(done: Sequence[Done]) -> Kind:
    """The role from all commands: a client beside unknown programs is still a client."""
    deeds = {each for each, _ in done}
    if "server" in deeds:
        return SERVER
    if any(_is_open(each, ran) for each, ran in done):
        return UNKNOWN
    return UNKNOWN if "unknown" in deeds and "client" not in deeds else CLIENT


def _mounted(project: Project, service: Service, entry: Entry, where: DataDirectories) -> Iterator[str]:
    """The mounted targets at which the engine, or another version or image of it, keeps its data."""
    targets = [mount.meant_target for mount in project.mounts_of(service) if not mount.read_only]
    for target in (*targets, *sorted(service.tmpfs)):
        other = entry_at(target)
        if holds(target, where) != "elsewhere" or (other is not None and other.family == entry.family):
            yield target


def _unknown(service: Service, done: Sequence[Done], mounted: str | None) -> str:
    unknown = next((ran for each, ran in done if _is_open(each, ran)), None)
    ran = unknown or next(ran for each, ran in done if each == "unknown")
    doubt = f"volfix cannot tell whether {_program(ran)} starts the server"
    return doubt if mounted is None else f"{doubt}: {service.name} counts as the server, because it mounts {mounted}"


def _why(service: Service, kind: Kind, done: Sequence[Done], words: tuple[str, ...]) -> Iterator[str]:
    """How volfix knows the role, if the first word does not show it."""
    if kind == CLIENT:
        programs = dict.fromkeys(_program(ran) for _, ran in done)
        yield f"{service.name} runs {' and '.join(programs) or 'nothing'}, not the server"
        return
    ran = next(ran for each, ran in done if each == "server")
    if ran.script is not None:
        yield f"{service.name} is the server: {ran.script} starts {_program(ran)}"
    elif words and ran.words[:1] != words[:1]:
        yield f"{service.name} is the server: its command starts {_program(ran)}"


def _program(ran: StartedCommand) -> str:
    """The program as written, without arguments in the same word: these may be credentials."""
    return next(iter(ran.words[0].split()), "an empty word")
