"""Finds scripts that update their own checkout (`git pull` in deploy.sh) and then go on with their OLD text.

A shell continues in the file that it opened, while git puts a new file in its place; make and npm read theirs before.
"""

from __future__ import annotations

from collections.abc import Iterator

from volfix.knowledge.effects import updates_checkout
from volfix.project.deployments.flow import Flow
from volfix.project.shell.command import CHECKOUT, ELSEWHERE, Command


def stale_commands(flow: Flow) -> Iterator[tuple[int, Command]]:
    """The indexes of the flow's commands that run from an outdated text, each with the command that updated it.

    The text of a pipeline and of its checkout is always that of the deployed commit. A script that is read after the
    update is new too.
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
