"""Which rules run: what is known of a rule before its module is imported."""

from __future__ import annotations

OFF_BY_DEFAULT = frozenset({"VF109", "VF113"})
"""The rules that run only where they are selected."""
BY_WHOLE_CODE = frozenset({"VF113"})
"""The rules that run only where their whole code is selected, as `VF1` may be typed without a thought of them."""
ABOUT_COMMANDS = frozenset({"VF401", "VF402"})
"""The rules whose findings are about commands, also about those of no stack."""


def is_selected(code: str, codes: frozenset[str]) -> bool:
    """Whether a rule runs where these codes, or beginnings of codes, are selected; none: where nobody selects."""
    if not codes:
        return code not in OFF_BY_DEFAULT
    return code in codes or (code not in BY_WHOLE_CODE and code.startswith(tuple(codes)))
