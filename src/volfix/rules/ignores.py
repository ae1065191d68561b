"""`# volfix: ignore[VF101] reason` on a line, or on a comment line directly above it."""

from __future__ import annotations

import re

from volfix.syntax.source import Source

IGNORE = re.compile(r"#\s*volfix:\s*ignore(?:\[([A-Za-z0-9,\s]*)\])?")


def ignored_codes(source: Source, offset: int) -> frozenset[str] | None:
    """The codes that a comment at the place of `offset` ignores: empty for all of them, None where there is none."""
    if "volfix:" not in source.text:
        return None
    start = source.line_start(offset)
    own = source.text[start : source.line_end(offset)]
    above = source.text[source.line_start(start - 1) : start] if start else ""
    for line in (own, above if above.lstrip().startswith("#") else ""):
        if found := IGNORE.search(line):
            return frozenset(code.strip().upper() for code in (found[1] or "").split(",") if code.strip())
    return None


def is_ignored(source: Source, offset: int, code: str | None = None) -> bool:
    """Whether a comment ignores the code (or, without a code, any of them) there."""
    codes = ignored_codes(source, offset)
    return codes is not None and (not codes or code is None or code in codes)
