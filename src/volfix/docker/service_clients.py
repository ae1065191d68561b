"""The engines that a service's image may run, each with the client that asks it."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.knowledge.clients import Client, client_of
from volfix.knowledge.entries import Entry
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import Mount
from volfix.project.compose.service import Service
from volfix.project.image.images import likely_entries
from volfix.rules.evidence.roles import directories_in


def clients_at(project: Project, service: Service, mount: Mount) -> Iterator[Client]:
    """The engines whose data directory this mount is, for some version of the service's image."""
    for entry, client in asked_entries(service):
        if mount.clean_target in directories_in(project, service, entry).paths:
            yield client


def asked_entries(service: Service) -> Iterator[tuple[Entry, Client]]:
    """What the service's image may run, each with the way to ask it."""
    for entry in likely_entries(service):
        if client := client_of(entry.family):
            yield entry, client
