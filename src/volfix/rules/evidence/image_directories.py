"""The Dockerfile line that creates a directory for the user of a service, who then owns a new volume there."""

from __future__ import annotations

import re

from volfix.project.compose.model import Project
from volfix.project.compose.service import Service
from volfix.project.image.images import known_entries
from volfix.project.image.root_places import root_place
from volfix.syntax.dockerfile import read
from volfix.syntax.source import Source

NO_SHELL = re.compile(
    r"distroless|(?:^|/)scratch\b|(?:^|/)static\b|chainguard|nanoserver|servercore|windows", re.IGNORECASE
)
"""Base images without a POSIX shell for a RUN."""


def line_making(project: Project, service: Service, user: str, target: str) -> tuple[Source, int, str] | str:
    """The Dockerfile, the offset and the line that creates the directory for the user; or why there is none."""
    stage = service.stage
    if stage is None:
        known = [entry.owner for entry in known_entries(service) if entry.owner]
        owner = f": the image's own user is {known[0][0]}:{known[0][1]}" if known else ""
        return f"the image is not built here{owner}"
    if not stage.source.path.is_relative_to(project.root):
        return "the Dockerfile lies outside the repository"
    if stage.base_image is None or NO_SHELL.search(stage.base_image):
        return "the base image has no shell, or volfix does not know the base image"
    if "$" in user or not re.fullmatch(r"[\w.-]+(?::[\w.-]+)?", user) or re.search(r"[^\w./-]", target):
        return "the name of the user or the directory has unusual characters"
    place = root_place(read(stage.source), service.build.target if service.build else None)
    text = place.run((f"mkdir -p {target}", f"chown {user} {target}")) if place else None
    if place is None or text is None:
        return "volfix finds no place in the Dockerfile where a shell runs as root to make the directory"
    return stage.source, place.start, text
