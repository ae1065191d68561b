"""Which rules run, decided before a rule's module is imported."""

from __future__ import annotations

OFF_BY_DEFAULT = frozenset({"VF109", "VF113"})
"""The rules that run only when they are selected."""
BY_WHOLE_CODE = frozenset({"VF113"})
"""The rules that run only when their whole code is selected: someone who types `VF1` may not think of them."""
ABOUT_COMMANDS = frozenset({"VF401", "VF402"})
"""The rules about commands; they also report commands that belong to no stack."""


def is_selected(code: str, codes: frozenset[str]) -> bool:
    """Whether a rule runs when these codes, or beginnings of codes, are selected; empty `codes` select the default
    rules.
    """
    if not codes:
        return code not in OFF_BY_DEFAULT
    return code in codes or (code not in BY_WHOLE_CODE and code.startswith(tuple(codes)))
