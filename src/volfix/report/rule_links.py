"""The address of a rule's description on the web, from the metadata of the installed package.

Source: packaging.python.org, Well-known Project URLs in Metadata (labels, and how they are compared).
"""

from __future__ import annotations

from functools import cache

LABELS = ("documentation", "docs", "homepage", "source", "repository", "sourcecode", "github")
"""Labels of `[project.urls]` that lead to the rules, the best first; in lower case, without blanks and signs."""


def rule_link(code: str) -> str | None:
    """The address of a rule's description; None where `[project.urls]` has none."""
    address = _address()
    return None if address is None else f"{address}#{code.lower()}"


@cache
def _address() -> str | None:
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        lines = metadata("volfix").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    found = {}
    for label, _, address in (line.partition(",") for line in lines):
        found["".join(filter(str.isalnum, label.lower()))] = address.strip().partition("#")[0]
    return next((found[label] for label in LABELS if found.get(label, "").startswith(("https://", "http://"))), None)
