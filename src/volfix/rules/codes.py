"""Codes as people type them: which there are, and which may be meant."""

from __future__ import annotations


def unknown(code: str, *, whole: bool = False) -> bool:
    """Whether no rule has the code; nor, unless it is to be `whole`, one that begins with it."""
    known, code = _known(), code.upper()
    return code not in known if whole else not code or not any(each.startswith(code) for each in known)


def nearest(code: str) -> str:
    """What may be meant by an unknown code: the beginning of some, one with other letters, else the list."""
    known, code = _known(), code.upper()
    if code.startswith("VF") and (begun := [each for each in known if each.startswith(code)]):
        return f"write each code in full: {', '.join(begun)}"
    import difflib  # few people mistype

    readable = "VF" + "".join({"O": "0", "I": "1", "L": "1"}.get(char, char) for char in code if char.isalnum())[-3:]
    near = [readable] if readable in known else difflib.get_close_matches(code, known, 1)
    return f"did you mean {near[0]}?" if near else "`volfix explain --rules` lists the rules"


def _known() -> list[str]:
    from volfix.rules.registry import REGISTRY  # which has the rule about codes, too

    return sorted(REGISTRY)
