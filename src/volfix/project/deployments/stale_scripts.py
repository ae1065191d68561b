"""A script that updates its own checkout (`git pull` in deploy.sh) runs the text that it had before, once more.

A shell goes on in the file that it has opened, and git puts a new file in its place; make and npm have read theirs.
"""

from __future__ import annotations

from collections.abc import Iterator

from volfix.knowledge.effects import updates_checkout
from volfix.project.deployments.flow import Flow
from volfix.project.shell.command import CHECKOUT, ELSEWHERE, Command


def stale_commands(flow: Flow) -> Iterator[tuple[int, Command]]:
    """The numbers of the flow's commands that an old text says, each with the command that brings the new one.

    A pipeline's own text, and what lies in its own checkout, are those of the commit that is deployed. A text that is
    read behind an update of its checkout is the new one.
    """
    updates = [each for each in flow.commands if updates_checkout(each.values)]
    starts = {start: number for number, start in enumerate(dict.fromkeys(id(each.start) for each in flow.commands))}
    for number, command in enumerate(flow.commands if updates else ()):
        if command.start.is_pipeline and command.text_place == CHECKOUT:
            continue
        first = next((each for each in updates if each.is_remote == (command.text_place == ELSEWHERE)), None)
        read_after = (starts[id(command.start)], command.read_after)
        if first is not None and (starts[id(first.start)], first.number) >= read_after:
            yield number, first
