"""The highest severity of each rule, for lists of rules."""

from __future__ import annotations

from volfix.rules.findings import Severity

WARNINGS = frozenset(
    {
        *("VF105", "VF107", "VF111", "VF112", "VF113", "VF205", "VF206"),
        *("VF301", "VF302", "VF303", "VF307", "VF310", "VF901"),
    }
)
NOTES = frozenset({"VF109", "VF306"})


def highest_severity(code: str) -> Severity:
    """The severity of the rule's worst finding."""
    if code in NOTES:
        return Severity.INFO
    return Severity.WARNING if code in WARNINGS else Severity.ERROR
