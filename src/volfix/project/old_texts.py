"""A script that updates its own checkout (`git pull` in deploy.sh) runs the text that it had before, once more.

A shell goes on in the file that it has opened, and git puts a new file in its place; make and npm have read theirs.
"""

from __future__ import annotations

from volfix.knowledge.effects import updates_checkout
from volfix.project.deploy_flows import Flow
from volfix.project.shell.command import CHECKOUT, ELSEWHERE, Command


def update_behind(flow: Flow, number: int) -> Command | None:
    """The command that updates the checkout which a command's text was read from before; None where none does.

    A pipeline's own text, and what lies in its own checkout, are those of the commit that is deployed.
    """
    command = flow.commands[number]
    if command.start.is_pipeline and command.lies == CHECKOUT:
        return None
    first = next(at for at, other in enumerate(flow.commands) if other.start is command.start)
    opened = first + command.opened
    away = command.lies == ELSEWHERE
    updates = [
        (at, other)
        for at, other in enumerate(flow.commands)
        if other.elsewhere == away and updates_checkout(other.values)
    ]
    if any(at < opened for at, _ in updates):
        return None
    return updates[0][1] if updates else None
