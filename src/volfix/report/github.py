"""Workflow commands, which GitHub Actions shows as annotations beside the lines.

Source: actions/toolkit, packages/core/src/command.ts (the escapes).
"""

from __future__ import annotations

import re
from pathlib import Path

from volfix.fixes.results import RunResult
from volfix.report.entries import Entry, base_of, entries
from volfix.syntax.visible import visible

LEVELS = {"error": "error", "warning": "warning", "info": "notice"}
DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = {**DATA, ":": "%3A", ",": "%2C"}


def render(result: RunResult, *, context: int = 3, base: Path | None = None, show_secrets: bool = False) -> str:
    """A line for each finding and failure, with paths from `base` (the directory of all projects if None)."""
    del context  # for diffs, which this format does not show
    found = entries(result, base or base_of(result), show_secrets=show_secrets)
    return "".join(f"{_command(entry)}\n" for entry in found)


def _command(entry: Entry) -> str:
    end = f",endLine={entry.end_line},endColumn={entry.end_column}" if entry.end_line == entry.line else ""
    title = _property(f"volfix {entry.code}")
    place = f"file={_property(entry.path)},line={entry.line},col={entry.column}{end},title={title}"
    message = re.sub("[%\r\n]", lambda found: DATA[found[0]], visible(entry.text))
    return f"::{LEVELS[entry.severity.value]} {place}::{message}"


def _property(text: str) -> str:
    return re.sub("[%\r\n:,]", lambda found: PROPERTY[found[0]], visible(text))
