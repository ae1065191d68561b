"""Which rules may find something in a stack, decided without importing the rules: an import costs time.

A test may say yes where the rule then finds nothing. It never says no where the rule would find something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from volfix.knowledge.variables import MAY_BE_FILE
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.env_file_names import env_files_of
from volfix.project.compose.mounts import BIND, UNKNOWN, VOLUME
from volfix.project.compose.replicas import replicas
from volfix.rules.context import Context, once
from volfix.syntax import disk
from volfix.syntax.yaml_tree import Mapping, resolved

if TYPE_CHECKING:
    from volfix.project.compose.service import Service

NAMES_DATABASE = re.compile(rf"{MAY_BE_FILE.pattern}|memory|:mem:|://", re.IGNORECASE)
"""Every value that names a database file, a database in memory or a server contains this."""
VARYING_NAME = re.compile(r"name(?<=\bname)\W[^\n]*\$")
"""A `name:` whose value contains a variable; begins with its letters, which are quicker to search for."""
MARK = "volfix:"
"""Every ignore comment contains this."""


def may_find(code: str, context: Context) -> bool:
    """Whether the rule with this code may have a finding in the stack."""
    return code not in OCCASIONS or OCCASIONS[code](context)


def _services(context: Context) -> Iterator[Service]:
    return (service for project in context.stack.projects for service in project.services.values())


def _has(*kinds: str) -> Callable[[Context], bool]:
    return lambda context: any(use.mount.kind in kinds for use in context.stack.uses)


def _deploys(context: Context) -> bool:
    return bool(context.stack.workflows)


def _has_commands(context: Context) -> bool:
    return context.commands is not None


@once
def _opens_database(context: Context) -> bool:
    """Whether a value, a command, an env file or code may name the database that a service opens."""
    if context.has_commands:
        return True
    for service in _services(context):
        if service.build is not None:
            return True
        if any(variable.value and NAMES_DATABASE.search(variable.value) for variable in effective_variables(service)):
            return True
    return _has_loose_values(context)


def _has_loose_values(context: Context) -> bool:
    projects = [project for project in context.stack.projects if env_files_of(project)]
    if not projects:
        return False
    from volfix.project.compose.unreferenced_env_files import loose_variables

    return any(True for project in projects for _ in loose_variables(project))


def _mounts_file_or_opens_database(context: Context) -> bool:
    return _has(BIND)(context) or _opens_database(context)


def _has_driver_options(context: Context) -> bool:
    entries = (resolved(entry) for project in context.stack.projects for entry in project.declared.values())
    return any(isinstance(entry, Mapping) and entry.get("driver_opts") is not None for entry in entries)


def _has_memory(context: Context) -> bool:
    return _has_driver_options(context) or any(service.tmpfs for service in _services(context))


def _lacks_volume(context: Context) -> bool:
    from volfix.rules.evidence.unheld_data import unheld_data

    return bool(unheld_data(context))


def _lacks_declaration(context: Context) -> bool:
    uses = (use for use in context.stack.uses if use.mount.kind == VOLUME)
    return any(use.mount.source not in use.project.declared for use in uses)


def _shares_source(context: Context) -> bool:
    shared = context.shared()
    return any(use.shared_source(context.root) in shared or replicas(use.service) != 1 for use in context.stack.uses)


def _says_user(context: Context) -> bool:
    return any(service.build is not None or service.text("user") is not None for service in _services(context))


def _had_another_mount(context: Context) -> bool:
    return context.has_former and _has(VOLUME)(context)


def _has_carriers(context: Context) -> bool:
    return any(project.carriers for project in context.stack.projects)


def _deploys_or_has_commands(context: Context) -> bool:
    return _deploys(context) or _has_commands(context)


def _may_change_name(context: Context) -> bool:
    """Whether the name of a project or a volume may change at each deployment."""
    return _has_commands(context) or any(VARYING_NAME.search(file.source.text) for file in context.stack.files)


def _says_what_runs(context: Context) -> bool:
    """Whether a script, a command or an image of the repository may show what runs."""
    return _has_commands(context) or any(
        service.entrypoint is not None or service.command is not None or service.build is not None
        for service in _services(context)
    )


def _has_comments(context: Context) -> bool:
    """Whether a file of the stack may have an ignore comment."""
    if context.closed or any(MARK in file.source.text for file in context.stack.files):
        return True
    env_paths = (path for project in context.stack.projects for path in project.env_paths)
    return any(service.build is not None for service in _services(context)) or any(map(disk.exists, env_paths))


OCCASIONS: dict[str, Callable[[Context], bool]] = {
    **dict.fromkeys(("VF101", "VF102"), _has(BIND, UNKNOWN)),
    "VF103": _mounts_file_or_opens_database,
    "VF104": _has_driver_options,
    **dict.fromkeys(("VF105", "VF106"), _lacks_volume),
    "VF107": _has_memory,
    "VF108": _lacks_declaration,
    "VF109": _has(VOLUME),
    "VF110": _shares_source,
    "VF111": _says_user,
    "VF112": _had_another_mount,
    "VF113": _has_carriers,
    **dict.fromkeys(("VF201", "VF202", "VF203", "VF204", "VF205", "VF206"), _opens_database),
    **dict.fromkeys(("VF301", "VF302", "VF304", "VF305", "VF306", "VF307", "VF309"), _deploys),
    "VF303": _deploys_or_has_commands,
    "VF308": _may_change_name,
    **dict.fromkeys(("VF310", "VF401", "VF402"), _has_commands),
    "VF403": _says_what_runs,
    "VF901": _has_comments,
}
"""By a rule's code, the test for the stack. A rule without an entry always runs."""
