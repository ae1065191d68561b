"""Whom a Dockerfile's `chmod` lets write a directory.

Source: chmod(1) of GNU coreutils; Docker's USER, which takes the group 0 for a number that no passwd entry has.
"""

from __future__ import annotations

import re

ALL, GROUP = "all", "group"
WRITES = 2
CLAUSE = re.compile(r"(?P<who>[ugoa]*)(?:[+=](?P<rights>[rwxXst]*|[ugo]))+\Z")


def opens_to(mode: str) -> str | None:
    """ALL where the mode lets everybody write, GROUP where it lets the group; None where it does neither, or takes."""
    if re.fullmatch(r"[0-7]{3,4}", mode):
        group, others = int(mode[-2]), int(mode[-1])
        return ALL if others & WRITES else GROUP if group & WRITES else None
    found = [match for text in mode.split(",") if (match := CLAUSE.match(text))]
    writing = [match for match in found if "w" in match["rights"] or match["rights"] == "u"]
    if any(set(match["who"]) & set("ao") for match in writing):
        return ALL
    return GROUP if any("g" in match["who"] for match in writing) else None


def may_write(whose: str, user: str) -> bool:
    """Whether a USER may write what is open so: one that is a number without a group is in the group root."""
    name, _, group = user.partition(":")
    return whose == ALL or (whose == GROUP and (group in ("0", "root") or (name.isdigit() and not group)))
