"""VF403's findings: commands that wipe a database's rows, in deployments and when services start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volfix.knowledge.purposes import NOT_DEPLOYED, purposes
from volfix.knowledge.wipes import Statement, Wipe
from volfix.project.deployments.row_wipes import wipe_by
from volfix.project.deployments.throwaway_stacks import is_test_service, is_test_stack
from volfix.project.image.process import commands_run, process_of
from volfix.rules.context import Context, at
from volfix.rules.evidence.command_words import how_it_runs, shown_command
from volfix.rules.findings import HEADLINE, Finding, Location, Severity, headline, shortened

if TYPE_CHECKING:
    from volfix.project.compose.model import Project
    from volfix.project.compose.service import Service
    from volfix.project.deployments.flow import Flow
    from volfix.project.deployments.stacks import Commands
    from volfix.project.shell.command import Command

REASON = "take the command out of {}, unless these rows may go"


def row_wipe_findings(context: Context) -> Iterator[Finding]:
    """A finding for every command that wipes rows in a deploying flow, or when a service of the stack starts."""
    if context.commands is not None:
        yield from _in_flows(context, context.commands)
    seen = set()
    for project in context.stack.projects:
        for service in project.services.values():
            finding = None if is_test_stack(project) or _is_asked_for(service) else _at_start(project, service)
            if finding is not None and finding.location not in seen:
                seen.add(finding.location)
                yield finding


def _in_flows(context: Context, commands: Commands) -> Iterator[Finding]:
    for item, about in commands.row_wipes:
        if any(project in context.stack.projects and not is_test_stack(project) for project in about):
            yield _of_command(item.flow, item.command, item.wipe)


def _of_command(flow: Flow, command: Command, wipe: Wipe | Statement) -> Finding:
    source, place = command.fragment.source, command.place
    return Finding(
        code="VF403",
        severity=Severity.ERROR,
        location=at(source, place.start, place.end),
        message=headline(f"each deployment {wipe.says}", f"`{shown_command(command)}`"),
        evidence=(f"`{shown_command(command)}` {wipe.says}", how_it_runs(flow, command), wipe.source),
        step=command.start.step,
        reason=REASON.format("the deployment"),
        label="wipes the rows",
        loses="the rows of the database",
    )


def _at_start(project: Project, service: Service) -> Finding | None:
    """The finding for the first command that wipes rows when the service starts; None for no command."""
    process = process_of(service)
    words = (*(process.entrypoint or ()), *(process.command or ()))
    for run in commands_run(project, service, words) if words else ():
        wipe = wipe_by(run.words)
        if wipe is not None:
            shown, says = " ".join(run.words), f" {wipe.says} at each start"
            return Finding(
                code="VF403",
                severity=Severity.ERROR,
                location=_location(service),
                message=headline(f"{shortened(service.name, HEADLINE - len(says))}{says}", f"`{shown}`"),
                evidence=(f"`{shown}` {wipe.says}", *((f"{run.script} runs it",) if run.script else ()), wipe.source),
                service=service.name,
                reason=REASON.format("the service's start"),
                loses=f"the rows of {service.name}",
            )
    return None


def _location(service: Service) -> Location:
    """The place of the service's `command:` or `entrypoint:`; else the service."""
    for part in service.parts:
        for key in ("command", "entrypoint"):
            if (pair := part.node.pair(key)) is not None:
                return at(part.file.source, pair.key.span.start, pair.key.span.end)
    part = service.parts[0]
    return at(part.file.source, part.node.span.start, part.node.span.start)


def _is_asked_for(service: Service) -> bool:
    """Whether the service starts only when someone asks for it, or is for tests."""
    return bool(service.profiles) or is_test_service(service) or bool(purposes(service.name) & NOT_DEPLOYED)
