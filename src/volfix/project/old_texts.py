"""A script that updates its own checkout (`git pull` in deploy.sh) runs the text that it had before, once more.

A shell goes on in the file that it has opened, and git puts a new file in its place; make and npm have read theirs.
"""

from __future__ import annotations

from collections.abc import Iterator

from volfix.knowledge.effects import updates_checkout
from volfix.project.deploy_flows import Flow
from volfix.project.shell.command import CHECKOUT, ELSEWHERE, Command


def old_commands(flow: Flow) -> Iterator[tuple[int, Command]]:
    """The numbers of the flow's commands that an old text says, each with the command that brings the new one.

    A pipeline's own text, and what lies in its own checkout, are those of the commit that is deployed. A text that is
    read behind an update of its checkout is the new one.
    """
    updates = [(at, each) for at, each in enumerate(flow.commands) if updates_checkout(each.values)]
    firsts: dict[int, int] = {}
    for number, command in enumerate(flow.commands if updates else ()):
        opened = firsts.setdefault(id(command.start), number) + command.opened
        if command.start.is_pipeline and command.lies == CHECKOUT:
            continue
        own = [(at, each) for at, each in updates if each.elsewhere == (command.lies == ELSEWHERE)]
        if own and own[0][0] >= opened:
            yield number, own[0][1]
