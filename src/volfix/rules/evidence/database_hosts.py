"""Database URLs that name a server which nothing in the project is named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.knowledge.variables import variable_kind
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.model import Project
from volfix.project.compose.origins import Variable
from volfix.project.compose.service import Service
from volfix.rules.context import Context

SERVER_URL = re.compile(
    r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|mssql|sqlserver|cockroachdb)(?:\+\w+)?://(?:[^@/\s]*@)?"
    r"([A-Za-z0-9][\w-]*)(?::\d+)?(?:[/?].*)?\Z"
)
"""A URL whose host is one word: a name in the Compose network, not on the internet."""
OTHER_NAMES = re.compile(r"\b(?:external|external_links|links|network_mode|extra_hosts|aliases)\b")
"""Keys that name a host which is not a service of the project."""


def strange_hosts(context: Context) -> Iterator[tuple[Project, Service, Variable, str]]:
    """Each variable whose URL names a host that is not a service of the stack: project, service, variable, host."""
    known = {name for project in context.stack.projects for name in _names(project)}
    for project in context.stack.projects:
        if any(OTHER_NAMES.search(file.source.text) for file in project.loaded):
            continue
        for service in project.services.values():
            for variable in effective_variables(service):
                found = SERVER_URL.match(variable.value) if variable.value and "://" in variable.value else None
                if found and found[1] not in known and variable_kind(variable.name) == "url":
                    yield project, service, variable, found[1]


def _names(project: Project) -> Iterator[str]:
    for name, service in project.services.items():
        yield from (name, *filter(None, (service.text("container_name"), service.text("hostname"))))
