"""Rule codes as people type them: which codes exist, and which code an unknown one may mean."""

from __future__ import annotations


def unknown(code: str, *, whole: bool = False) -> bool:
    """Whether no rule has this code. Unless `whole`, the beginning of a code counts too."""
    known, code = _known(), code.upper()
    return code not in known if whole else not code or not any(each.startswith(code) for each in known)


def nearest(code: str) -> str:
    """A hint for an unknown code: the codes that begin with it, else the code with similar letters, else the list of
    rules.
    """
    known, code = _known(), code.upper()
    if code.startswith("VF") and (begun := [each for each in known if each.startswith(code)]):
        return f"write each code in full: {', '.join(begun)}"
    import difflib  # slow to import, and rarely needed

    readable = "VF" + "".join({"O": "0", "I": "1", "L": "1"}.get(char, char) for char in code if char.isalnum())[-3:]
    near = [readable] if readable in known else difflib.get_close_matches(code, known, 1)
    return f"did you mean {near[0]}?" if near else "`volfix explain --rules` lists the rules"


def _known() -> list[str]:
    from volfix.rules.registry import REGISTRY  # imports VF901, which imports this module

    return sorted(REGISTRY)
