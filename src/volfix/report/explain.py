"""What `volfix explain CODE` prints: a rule in words, with its examples as diffs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from volfix.fixes.changes import FileChange
from volfix.fixes.diff import unified
from volfix.rules.rule import Example, Rule
from volfix.syntax.source import Source

WIDTH = 80
WHOLE_FILE = 1_000_000


def explain(rule: Rule) -> str:
    """What the rule finds, why, its fix, examples and sources, in lines of 80 columns but where code is longer."""
    parts = [
        in_short(rule),
        *(part for example in rule.examples for part in _example(example)),
        "Sources\n" + "\n".join(_wrapped(source, "  - ", "    ") for source in rule.sources),
    ]
    return "\n\n".join(parts)


def in_short(rule: Rule) -> str:
    """What the rule finds, why, and its fix, in lines of 80 columns."""
    parts = [
        f"{rule.code}  {rule.name}",
        _wrapped(rule.summary),
        *([] if rule.default else ["Off unless it is selected."]),
        _section("Why", rule.why),
        _section("Fix", rule.fix),
    ]
    return "\n\n".join(parts)


def overview(rules: Iterable[Rule]) -> str:
    """The rules, one a line or two: code, name, summary."""
    ordered = sorted(rules, key=lambda rule: rule.code)
    lines = [
        _wrapped(rule.summary, f"{rule.code}  " if rule.default else f"{rule.code}* ", " " * 7) for rule in ordered
    ]
    off = [] if all(rule.default for rule in ordered) else ["* off unless it is selected"]
    return "\n".join([*lines, "", *off, "`volfix explain CODE` explains a rule."])


def _wrapped(text: str, first: str = "", others: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _section(title: str, text: str) -> str:
    return f"{title}\n{_wrapped(text, '  ', '  ')}"


def _example(example: Example) -> Iterator[str]:
    """The title with the outcome, and the files."""
    yield _wrapped(f"Example: {example.title} ({example.outcome.value})")
    for name, about, text in files_of(example):
        shown = text.rstrip("\n") if name is None else f"{name}{about}\n{textwrap.indent(text.rstrip(), '  ')}"
        yield textwrap.indent(shown, "    ")


def files_of(example: Example) -> Iterator[tuple[str | None, str, str]]:
    """The files of an example as name, note and text: earlier versions in git, unchanged files, then, without a name,
    the diffs of the changed files.
    """
    after = example.after or {}
    yield from ((name, ", as git's history has it", text) for name, text in (example.before or {}).items())
    yield from ((name, "", text) for name, text in example.files.items() if name not in after)
    for name, text in after.items():
        path = Path("/") / name
        change = FileChange(Source.of(path, example.files.get(name, "").encode()), Source.of(path, text.encode()))
        yield None, "", unified(change, Path("/"), WHOLE_FILE, masked=False)
