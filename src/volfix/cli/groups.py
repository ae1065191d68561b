"""Help with its options in groups, and the words that a shell completes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

OTHER = "Other"


class Grouped(click.Command):
    """A command whose options are listed in groups: the title of each, with the names of its options."""

    groups: ClassVar[Mapping[str, Sequence[str]]] = {}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each group with its options in the order of the group; options without a group come last."""
        options = {item.name: item for item in self.get_params(ctx) if isinstance(item, click.Option)}
        rest = [name for name in options if not any(name in names for names in self.groups.values())]
        for title, names in {**self.groups, OTHER: rest}.items():
            records = [options[name].get_help_record(ctx) for name in names]
            if shown := [record for record in records if record is not None]:
                with formatter.section(title):
                    formatter.write_dl(shown)


class Fix(Grouped):
    """The help of `volfix` itself."""

    groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "Fixes": (
            *("write", "interactive", "unsafe_fixes", "carry_service"),
            *("trusted", "verify_with_compose", "allow_dirty"),
        ),
        "Findings": (
            "select",
            "ignore",
            "exclude",
            "min_severity",
            "no_ignores",
            "baseline",
            "write_baseline",
            "no_outside",
        ),
        "Configuration": ("config", "no_config", "jobs"),
        "Output": (
            *("output_format", "output_file", "diff", "diff_context", "changes", "statistics"),
            *("color", "show_secrets", "quiet", "verbose", "fail_on", "exit_zero"),
        ),
    }


def complete_codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The codes that complete the last code of a list with commas, each with the rule's name."""
    del ctx, param
    from click.shell_completion import CompletionItem

    from volfix.rules.registry import REGISTRY

    before, comma, last = incomplete.rpartition(",")
    return [
        CompletionItem(before + comma + code, help=rule.name)
        for code, rule in sorted(REGISTRY.items())
        if code.startswith(last.upper())
    ]


def complete_rule_or_path(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """A path, then codes: the path comes first, since bash drops the completions before it."""
    from click.shell_completion import CompletionItem

    codes = complete_codes(ctx, param, incomplete) if incomplete else []
    return [CompletionItem(incomplete, type="file"), *codes]


def complete_first_word(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """A path, and for the first word after `volfix` also a command."""
    del param
    from click.shell_completion import CompletionItem

    from volfix.cli.main import COMMANDS

    given = (ctx.get_parameter_source(name) for name in ctx.params)
    is_first = all(source is None or source.name == "DEFAULT" for source in given)
    commands = [name for name in COMMANDS if is_first and incomplete and name.startswith(incomplete)]
    return [CompletionItem(incomplete, type="file"), *map(CompletionItem, commands)]
