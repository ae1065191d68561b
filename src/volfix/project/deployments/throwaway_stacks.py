"""Decides which projects and services serve only tests: their data is deleted on purpose."""

from __future__ import annotations

from functools import lru_cache

from volfix.knowledge.purposes import TEST, purposes
from volfix.project.compose.model import Project
from volfix.project.compose.service import Service


@lru_cache(1024)  # several rules ask for each service
def is_test_stack(project: Project) -> bool:
    """Whether the name of a Compose file, or of a directory above it, says that the project serves tests."""
    names = {*project.file_names}
    if project.directory.is_relative_to(project.root):
        names.update(project.directory.relative_to(project.root).parts)
    return any(map(_says_test, names))


def is_test_service(service: Service) -> bool:
    """Whether the service serves tests: its name says so, or all its profiles do."""
    return _says_test(service.name) or bool(service.profiles and all(map(_says_test, service.profiles)))


@lru_cache(4096)
def _says_test(text: str) -> bool:
    return TEST in purposes(text)
