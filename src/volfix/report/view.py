"""How the text is shown: its width, its colours, which values are hidden, and where paths start from."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import click

from volfix.fixes.masking.messages import scrub
from volfix.project.compose.host_directories import relative
from volfix.report.rule_links import rule_link
from volfix.syntax.visible import one_line

NARROWEST = 60
"""The narrowest text, in columns."""
COMMAND = re.compile(r"`[^`\n]+`")
DEEPEST = 16
"""The most columns by which a continued line is indented."""


@dataclass(frozen=True, slots=True)
class View:
    """How the text is shown; `width` None: lines of any length, `context`: lines around a change in a diff."""

    base: Path
    color: bool = False
    width: int | None = None
    verbose: int = 0
    context: int = 3
    show_secrets: bool = False
    unsafe: bool = False

    def style(self, text: str, **how: object) -> str:
        return click.style(text, **how) if self.color else text  # type: ignore[arg-type]

    def clean(self, text: str) -> str:
        return one_line(text if self.show_secrets else scrub(text))

    def path(self, path: Path) -> str:
        return one_line(relative(path, self.base))

    @property
    def columns(self) -> int | None:
        return None if self.width is None else max(self.width, NARROWEST)

    def lines(self, text: str, first: str = "", others: str | None = None) -> list[str]:
        """The text in lines of the width, no word broken and no command in backticks that fits a line; `first` and
        `others` begin the lines.
        """
        if self.columns is None or len(first) + len(text) <= self.columns:
            return [first + text]
        others = " " * min(len(first), DEEPEST) if others is None else others
        room = self.columns - len(others)
        joined = COMMAND.sub(lambda found: found[0] if len(found[0]) > room else found[0].replace(" ", "\0"), text)
        lines = textwrap.wrap(
            joined,
            self.columns,
            initial_indent=first,
            subsequent_indent=others,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return [line.replace("\0", " ") for line in lines]

    def linked(self, code: str) -> str:
        """The code; on a terminal a link (OSC 8), where the address of the rules is known."""
        address = rule_link(code) if self.color else None
        return code if address is None else f"\x1b]8;;{address}\x1b\\{code}\x1b]8;;\x1b\\"
