"""Whether an env file that no Compose file names still reaches a service's process."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from volfix.project.code.package_versions import MANIFESTS, packages_in
from volfix.project.compose.host_directories import relative
from volfix.project.compose.service import Service
from volfix.project.image.docker_ignore import DockerIgnore
from volfix.rules.context import Context
from volfix.rules.evidence.command_words import place_of, shown_command
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_places import is_code

LOADS = re.compile(
    r"dotenv|pydantic[-_]settings|decouple|environ|starlette|fastapi|laravel/framework|prisma|\"next\"|\"vite\"|flask",
    re.IGNORECASE,
)
"""Packages that read an env file by themselves."""


def arrives(context: Context, database: Database, path: Path) -> bool | None:
    """Whether the env file reaches the container: the application reads it, or a deployment passes it; None if unknown.

    Only `.env` beside the Compose file is judged: other files are passed on the command line, or copied to that name.
    """
    project, service = database.project, database.service
    if path != project.directory / ".env":
        return True
    if any(".env" in workflow.file.source.text for workflow in context.stack.workflows):
        return True
    is_there = any(map(is_code, project.mounts_of(service))) or _comes_with_image(service, path)
    loads = _loads_itself(service)
    if is_there is False or loads is False:
        return False
    return True if is_there and loads else None


def _loads_itself(service: Service) -> bool | None:
    """Whether the application reads env files, judging by its packages; None if no package list is here."""
    build = service.build
    if build is None or build.context is None:
        return None
    context = build.context
    named = [text for name in MANIFESTS for text in packages_in(context, name, locked=False)]
    return any(map(LOADS.search, named)) if named else None


def _comes_with_image(service: Service, path: Path) -> bool | None:
    """Whether the build copies the file; None if there is no Dockerfile that volfix can read."""
    build, stage = service.build, service.stage
    if build is None or build.context is None or stage is None:
        return None
    if not path.is_relative_to(build.context.resolve()):
        return False
    relative = path.relative_to(build.context.resolve()).as_posix()
    ignored = DockerIgnore.of(build.context, build.dockerfile).leaves_out(relative)
    return not ignored and any(source in (".", ".env") for source, _ in stage.copied)


def copied_as(service: Service, path: Path) -> Iterator[str]:
    """The names that the build gives to this file in the image: `COPY .env.prod .env`."""
    build, stage = service.build, service.stage
    if build is None or build.context is None or stage is None:
        return
    for source, target in stage.copied:
        if (build.context / source).resolve() == path.resolve() and not target.endswith("/"):
            yield posixpath.basename(target)


def named_by(context: Context, database: Database) -> Iterator[str]:
    """Evidence: the lines of deploying flows that name the value's env file, and the command that they start."""
    origin, commands = database.origin, context.deploying()
    if origin is None or commands is None:
        return
    name = re.escape(origin.file.path.name)
    named = re.compile(rf"^(?![ \t]*(?:#|//)).*?(?<![\w.-]){name}(?![\w-]|\.\w)", re.MULTILINE)
    for start in (start for start in commands.starting if database.project in start.projects):
        given = start.handed.get(database.variable)
        is_read = given is not None and given.origin is not None and given.origin.file.path == origin.file.path
        started = f"`{shown_command(start.command)}` ({place_of(start.command, context.root)})"
        for source in dict.fromkeys(command.fragment.source for command in start.flow.commands):
            if found := named.search(source.text):
                line = f"{relative(source.path, context.root)}:{source.place(found.end())[0]}"
                how = (
                    f"reads this file and passes {database.variable} to"
                    if is_read
                    else "names this file, and runs with"
                )
                yield f"{line} {how} {started}"
