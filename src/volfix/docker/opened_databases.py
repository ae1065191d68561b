"""Which database file a container opens: its variables, read as its libraries read them, with its own mounts."""

from __future__ import annotations

from volfix.docker.containers import Container, Process
from volfix.knowledge.variables import variable_kind
from volfix.project.code.database_url import DatabaseFile, database_file, resolved_path
from volfix.project.code.readers import reader_of
from volfix.project.compose.service import Service


def named_file(service: Service, name: str, value: str) -> DatabaseFile | None:
    """The database file that a variable of the service names; None where it names none."""
    return database_file(value, variable_kind(name), reader_of(service))


def opened_path(container: Container, process: Process, service: Service, name: str) -> str | None:
    """The absolute path of the file that a container's variable names; None where there is none, or in doubt."""
    value = process.environment.get(name)
    file = named_file(service, name, value) if value is not None else None
    return path_in(container, process, file) if file is not None else None


def path_in(container: Container, process: Process, file: DatabaseFile) -> str | None:
    """The absolute path of a file in a container; None where it cannot be told.

    If libraries read the slashes of a URL differently, the path counts that is the only one in a writable mount.
    """
    if not file.readings:
        return resolved_path(file, process.directory)
    paths = (resolved_path(reading, process.directory) for reading in file.readings)
    mounted = {path for path in paths if path and (mount := container.holder(path)) and mount.writable}
    return mounted.pop() if len(mounted) == 1 else None
