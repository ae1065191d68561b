"""Whether the engine of a database file is the one that counts: a type switch beside its setting may name a server."""

from __future__ import annotations

from volfix.knowledge.switches import SCHEME, Environment, engine_in, host_beside, switch_of


def is_turned_off(name: str, value: str, environment: Environment) -> bool:
    """Whether a switch beside the setting `name` names a server: `value` is a schema there, or counts for nothing."""
    said = switch_of(name, environment)
    return said is not None and said.engine == "server" and not _names_engine(name, value)


def engine_doubt(name: str, value: str, environment: Environment) -> str | None:
    """Why it is not known that the application opens the setting's file; None where nothing speaks against it."""
    said = switch_of(name, environment)
    if said is not None and said.engine == "unknown":
        return f"{said} does not tell volfix the engine: the database may be on a server"
    if said is not None and said.engine == "server":
        return f"{said} names a server and {name} a file: which of them counts is not known"
    host = host_beside(name, environment) if said is None and "/" not in value else None
    return f"{host} names a server: {value} may be the name of a database there" if host else None


def _names_engine(name: str, value: str) -> bool:
    """Whether the value itself says that it is a file, as a URL does; a setting of that engine alone says no more."""
    scheme = SCHEME.match(value)
    return scheme is not None and engine_in(scheme[1]) == "file" and engine_in(name) != "file"
