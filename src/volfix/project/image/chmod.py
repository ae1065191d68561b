"""Which users a Dockerfile's `chmod` allows to write a directory.

Source: chmod(1) of GNU coreutils; Docker's USER: a number without an entry in passwd has the group 0.
"""

from __future__ import annotations

import re

ALL, GROUP = "all", "group"
WRITES = 2
CLAUSE = re.compile(r"(?P<who>[ugoa]*)(?:[+=](?P<rights>[rwxXst]*|[ugo]))+\Z")


def opens_to(mode: str) -> str | None:
    """ALL if `mode` lets everybody write, GROUP if it lets the group write, otherwise None."""
    if re.fullmatch(r"[0-7]{3,4}", mode):
        group, others = int(mode[-2]), int(mode[-1])
        return ALL if others & WRITES else GROUP if group & WRITES else None
    found = [match for text in mode.split(",") if (match := CLAUSE.match(text))]
    writing = [match for match in found if "w" in match["rights"] or match["rights"] == "u"]
    if any(set(match["who"]) & set("ao") for match in writing):
        return ALL
    return GROUP if any("g" in match["who"] for match in writing) else None


def may_write(whose: str, user: str) -> bool:
    """Whether `user` (as in USER) may write a directory open to `whose`. A number without a group is in group root."""
    name, _, group = user.partition(":")
    return whose == ALL or (whose == GROUP and (group in ("0", "root") or (name.isdigit() and not group)))
