"""Which comments of a file may be shown: those that say no value and speak of no credential."""

from __future__ import annotations

import re

from volfix.fixes.masking.credentials import is_credential
from volfix.fixes.masking.words import is_random

SAYS_A_VALUE = re.compile(r"[:=@\\]|\s-{1,2}[A-Za-z]")
SHEBANG = re.compile(r"#![\w/ .-]+\Z")
WORD = re.compile(r"[A-Za-z][\w-]*")
NAMED = re.compile(r"[#/*;\s]*(?:-[ \t]+)?[\"']?[A-Za-z_][\w.-]{0,63}[\"']?[ \t]*(?::?=|:(?=[ \t]))[ \t]*(?=[^\s=])")
"""How a comment begins that takes an entry out: its name is shown."""


def shown_part(comment: str) -> int:
    """How many characters of a comment, its mark included, may be shown."""
    if SHEBANG.match(comment):
        return len(comment)
    if not SAYS_A_VALUE.search(comment) and not is_random(comment):
        words = WORD.findall(comment)
        if not any(map(is_credential, words)):
            return len(comment)
    found = NAMED.match(comment)
    return found.end() if found else len(comment) - len(comment.lstrip("#/*; \t"))
