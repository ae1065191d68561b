"""Recognises scripts that `volfix carry --script` printed: they read the data and delete only their own copies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from volfix.knowledge.carry_script import prelude

if TYPE_CHECKING:
    from volfix.syntax.shell_commands import SimpleCommand

FUNCTION = re.compile(r"^(\w+)\(\)", re.MULTILINE)


def is_carry_script(text: str) -> bool:
    """Whether `text` is a script that `volfix carry --script` printed, with no command added by hand."""
    first, _, _ = prelude().partition("set -eu")
    if not text.startswith(first) or not text.startswith(prelude()):
        return False
    from volfix.syntax.shell import parse  # reads shell: few repositories have such a script

    script = parse(text[len(prelude()) :])
    known = frozenset(FUNCTION.findall(prelude()))
    return not script.unread and all(_is_own(command, known) for command in script.commands)


def _is_own(command: SimpleCommand, known: frozenset[str]) -> bool:
    words = [word.value for word in command.words]
    return not command.around.outputs and (
        not words or words[0] in known or words[0] == "printf" or words[:2] == ["docker", "ps"]
    )
