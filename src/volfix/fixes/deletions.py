"""Commands of deployments that would delete the volume that a fix makes: they belong to the fix, which takes them out.

Where one of them cannot be taken out, the fix is unsafe and names it. Which rule makes the volume does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

from volfix.edits.operation import Operation
from volfix.knowledge.commands import docker_call
from volfix.knowledge.purposes import NOT_DEPLOYED, nearest_purpose
from volfix.project.compose.host_directories import is_within
from volfix.project.compose.model import Project
from volfix.project.deployments.changing_names import changing_name
from volfix.project.deployments.flow import VolumeDeletion
from volfix.project.deployments.stacks import Commands
from volfix.project.shell.command import Command
from volfix.rules.context import Context
from volfix.rules.evidence.command_words import place_of, shown_command
from volfix.rules.evidence.held_data import held_data
from volfix.rules.findings import Applicability, Finding, Fix, VolumeChange
from volfix.rules.ignores import is_ignored
from volfix.rules.remedies.command_removal import taken_out
from volfix.rules.remedies.volume_deletions import below_engine, deletes
from volfix.syntax.source import CannotEdit

CODE = "VF401"


def with_deletions(
    context: Context, commands: Commands, findings: Sequence[Finding], *, ignored: bool
) -> list[Finding]:
    """The findings, each fix with the edits of the commands that would delete its volume; `ignored`: VF401 is."""
    judge = _Judge(context, commands, ignored)
    return [finding if finding.fix is None else judge.judged(finding, finding.fix) for finding in findings]


Made = dict[Project, set[str]]
"""By project, the keys of the volumes that a fix makes there."""


@dataclass(frozen=True, slots=True)
class _Judge:
    context: Context
    commands: Commands
    ignored: bool
    edits: dict[int, tuple[Operation, ...] | str] = field(default_factory=dict)

    def judged(self, finding: Finding, fix: Fix) -> Finding:
        operations: list[Operation] = []
        evidence: list[str] = []
        made_in = {project: keys for project in self.context.stack.projects if (keys := set(self.made(project, fix)))}
        if not made_in:
            return finding
        doubts = list(self.doubts(made_in))
        for item in self.threats(made_in):
            quoted = self.quoted(item.command)
            edit = self.edit(item)
            if isinstance(edit, str):
                doubts.append(f"{quoted} would delete the volume, and stays: {edit}")
                continue
            operations += edit
            evidence.append(f"{quoted} would delete the volume: the fix removes the deletion")
            for why, order in self.old_texts(item):
                doubts.append(f"{quoted} would delete the volume once more: {why}")
                evidence.append(order)
        if not operations and not doubts:
            return finding
        made = replace(
            fix,
            operations=tuple(dict.fromkeys((*fix.operations, *operations))),
            applicability=Applicability.UNSAFE if doubts else fix.applicability,
        )
        reason = "; ".join([*([finding.reason] if finding.reason else []), *doubts]) or None
        return replace(finding, fix=made, evidence=(*finding.evidence, *evidence), reason=reason)

    def edit(self, item: VolumeDeletion) -> tuple[Operation, ...] | str:
        """What takes the command out, or why it stays; found once."""
        if id(item) not in self.edits:
            edit = self.refusal(item) or taken_out(self.commands, item)
            self.edits[id(item)] = edit if isinstance(edit, str) else self.rejection(edit) or edit
        return self.edits[id(item)]

    def rejection(self, edit: tuple[Operation, ...]) -> str | None:
        """Why the text leaves no place for the edit."""
        from volfix.fixes.render import edited

        try:
            edited(edit)
        except CannotEdit as error:
            return str(error)
        return None

    def old_texts(self, item: VolumeDeletion) -> Iterator[tuple[str, str]]:
        """Why the command runs once more although it is taken out, and the order in which that does no harm."""
        path = item.command.fragment.source.path
        name = path.name
        if item.command.entry.kind == "cron":
            yield (
                f"the installed copy of {name} keeps its old line",
                f"in this order: install {name} anew, carry the data, deploy",
            )
        update = self.commands.updates.get((path, item.command.place))
        if update is not None:
            source, command = update.fragment.source, shown_command(update)
            place = f"{source.path.name}:{source.place(update.place.start)[0]}"
            yield (
                f"{name} runs its old text to the end, while `{command}` ({place}) brings the new one",
                f"in this order: update the checkout that {name} runs in by hand (`{command}`), carry the data, "
                f"and only then run {name}",
            )

    def quoted(self, command: Command) -> str:
        return f"`{shown_command(command)}` ({place_of(command, self.context.root)})"

    def threats(self, made: Made) -> Iterator[VolumeDeletion]:
        """The commands of deployments that delete a volume which the fix makes or carries rows into."""
        for item, about in self.commands.volume_deletions:
            if any(deletes(item, project, key) for project in about for key in made.get(project, ())):
                yield item

    def doubts(self, made: Made) -> Iterator[str]:
        """The commands that may delete the volume and are not taken out: of an unknown stack, or of files."""
        for item, about in self.commands.volume_deletions:
            if not about and any(deletes(item, project, key) for project, keys in made.items() for key in keys):
                yield f"{self.quoted(item.command)} may delete the volume: volfix cannot tell which stack it is for"
        for item in self.commands.files.handled:
            about = self.commands.about(item.flow, item.command, item.call)
            if any(deletes(item, project, key) for project in about for key in made.get(project, ())):
                yield f"{self.quoted(item.command)} deletes the volume where the script ends or fails (a trap)"
        for deletion in self.commands.file_deletions:
            about = tuple(anchor.project for anchor in deletion.anchors)
            names = {project.real_name(key) for project in about for key in made.get(project, ())}
            if any(below_engine(deleted.path, name) for deleted in deletion.paths for name in names):
                yield f"{self.quoted(deletion.command)} deletes Docker's own files, and the volume with them"
        yield from dict.fromkeys(self.other_names(made))

    def other_names(self, made: Made) -> Iterator[str]:
        """The commands that start a project of the fix under another name each time: its volume then is another one."""
        kept = [project for project, keys in made.items() if any(project.fixed_name(key) is None for key in keys)]
        started = self.commands.started
        starts = [(number, command, project) for project in kept for number, command in started.get(project, ())]
        for _, command, project in sorted(starts, key=itemgetter(0)):
            call = docker_call(command.values)
            if call is not None and (name := changing_name(command, call, project)):
                yield (
                    f"{self.quoted(command)} starts an EMPTY volume each time: "
                    f"the project is called `{name.text}`, which the next deployment changes"
                )

    def made(self, project: Project, fix: Fix) -> Iterator[str]:
        """The keys of the volumes that the fix makes in a project, or carries rows into."""
        yield from (move.volume for move in fix.moves if move.service in project.services)
        paths = {file.path for file in project.loaded}
        declared = (change for change in fix.changes if isinstance(change, VolumeChange) and change.path in paths)
        for key in (change.key for change in declared if not fix.moves):
            if key not in project.declared and self.holds_data(project, key):
                yield key

    def holds_data(self, project: Project, key: str) -> bool:
        uses = [use for use in self.context.stack.uses if use.project is project and use.mount.source == key]
        return any(held_data(self.context, use) is not None for use in uses)

    def refusal(self, item: VolumeDeletion) -> str | None:
        """Why the run does not edit the command, whatever it says."""
        command, source = item.command, item.command.fragment.source
        pipeline = self.commands.files.pipeline(source.path)
        if self.ignored:
            return f"{CODE} is ignored"
        if is_ignored(self.context, source, command.place.start, CODE):
            return "a comment says to ignore it"
        if command.entry is not command.start and nearest_purpose([command.entry.name]) in NOT_DEPLOYED:
            return f"people also run {command.entry.name} by hand"
        if pipeline is not None and pipeline.signed:
            return "the pipeline is signed: its old text runs until you sign again"
        if not is_within(source.path, self.context.root):
            return f"{source.path.name} lies outside the repository"
        if self.commands.owner(source.path) is not self.context.stack:
            return f"{source.path.name} deploys another stack too, and a run changes a file for only one stack"
        return None
