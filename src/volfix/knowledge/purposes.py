"""What a name says about what it names: whether it deploys, tests, develops, or does what somebody asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from volfix.knowledge.entries import HERE, parsed

DEPLOY, ASKED, TEST, DEV = "deploy", "asked", "test", "dev"
NOT_DEPLOYED = frozenset({ASKED, TEST, DEV})
"""What is not run when the stack that people use is deployed."""
FOR_A_WHILE = frozenset({TEST, DEV})
"""What has a stack of its own, whose data is thrown away."""
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def purposes(text: str, *, in_ci: bool = False) -> frozenset[str]:
    """Everything that a name says about what it is for; `in_ci`, where "ci" only says that CI runs it."""
    words = set(re.split(r"[^a-z0-9]+", CAMEL.sub("-", text).lower())) - ({"ci"} if in_ci else set())
    return frozenset(purpose for purpose, known in _table().items() if words & known)


def nearest_purpose(names: Iterable[str]) -> str | None:
    """The purpose that the first name tells which tells one; what is asked for wins over a word for deployment.

    The names are those of commands, and around commands: every pipeline is one of "CI".
    """
    for name in names:
        found = purposes(name, in_ci=True)
        for purpose in (ASKED, TEST, DEV, DEPLOY):
            if purpose in found:
                return purpose
    return None


@cache
def _table() -> dict[str, frozenset[str]]:
    data = parsed((HERE / "purposes.toml").read_text(encoding="utf-8"))["purpose"]
    return {purpose: frozenset(words) for purpose, words in data.items()}
