"""The values of `$NAME` and `${NAME...}`, as far as they are known without running anything.

Source: POSIX, Shell Command Language, 2.6.2 Parameter Expansion; bash manual, 3.5.3.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence

from volfix.project.shell.state import UNSET, State, Unset, Value

PARAMETER = re.compile(r"\$(?:\{([!#]?)(\w+|[@*])(?:\[([^\]]*)\])?(.*)\}|(\w+|[@*#?!$-]))\Z", re.DOTALL)
DEFAULT = re.compile(r":?([-=+?])(.*)\Z", re.DOTALL)


Expand = Callable[[str, State], str]
"""Expands the variables in a text, such as the default in `${NAME:-default}`."""


def parameter(text: str, state: State, expand: Expand) -> Value | Unset:
    """The value of the expansion `text`; None if it is set but unknown, UNSET if nothing sets it."""
    found = PARAMETER.match(text)
    if found is None:
        return None
    sign, name, index, operation = found[1] or "", found[2] or found[5], found[3], found[4] or ""
    value = _lookup(name, state)
    if sign == "!":
        return _lookup(value, state) if isinstance(value, str) and value.isidentifier() and not operation else None
    if index is not None:
        value = _element(value, index)
    elif isinstance(value, tuple) and name not in ("@", "*"):
        value = value[0] if value else UNSET
    if sign == "#":
        return str(len(value)) if isinstance(value, str | tuple) else None
    return _applied(name, operation, value, state, expand) if operation else value


def _lookup(name: str, state: State) -> Value | Unset:
    if name in ("@", "*"):
        return tuple(word.value for word in state.arguments or ())
    if name == "#":
        return str(len(state.arguments)) if state.arguments is not None else None
    if name == "0":
        return state.zero
    if name.isdigit():
        if state.arguments is None:
            return UNSET
        return state.arguments[int(name) - 1].value if int(name) <= len(state.arguments) else ""
    if name in state.variables:
        return state.variables[name]
    if name == "PWD":
        return state.directory
    if name == "OLDPWD":
        return state.previous
    if name == "BASH_SOURCE":
        return (state.script,)
    return UNSET


def _element(value: Value | Unset, index: str) -> Value | Unset:
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, tuple) or index in ("@", "*"):
        return value
    if not index.lstrip("-").isdigit():
        return None
    return value[int(index)] if -len(value) <= int(index) < len(value) else ""


def _applied(name: str, operation: str, value: Value | Unset, state: State, expand: Expand) -> Value | Unset:
    """The value after an operation such as `:-default`, `%pattern`, `/pattern/text` or `,,`; None if unknown."""
    if found := DEFAULT.match(operation):
        return _defaulted(found[1], expand(found[2], state), operation[0] == ":", value)
    if isinstance(value, tuple) and (found := re.match(r":(\d+)(?::(\d+))?\Z", operation)):
        start = int(found[1])
        elements = (state.zero, *value) if name in ("@", "*") else value
        return elements[start : start + int(found[2])] if found[2] else elements[start:]
    if not isinstance(value, str):
        return None
    if operation[0] in "%#":
        longest, pattern = operation[:2] == operation[0] * 2, operation.lstrip(operation[0])
        return _trimmed(value, operation[0], longest, expand(pattern, state))
    if found := re.match(r":(\d+)(?::(\d+))?\Z", operation):
        return value[int(found[1]) :][: int(found[2]) if found[2] else None]
    if found := re.match(r"(//?)((?:\\.|[^\\/*?\[])+)/?(.*)\Z", operation, re.DOTALL):
        pattern = re.sub(r"\\(.)", r"\1", expand(found[2], state))
        return value.replace(pattern, expand(found[3], state), -1 if found[1] == "//" else 1)
    if operation in (",,", "^^"):
        return value.lower() if operation == ",," else value.upper()
    return None


def _defaulted(sign: str, text: str, empty_too: bool, value: Value | Unset) -> Value | Unset:
    is_missing = isinstance(value, Unset) or (empty_too and value in ("", ()))
    if sign == "+":
        return "" if is_missing else None if value is None else text
    return text if is_missing and sign != "?" else value


def _trimmed(value: str, side: str, longest: bool, wanted: str) -> str:
    """The value without the part at its end (`%`) or beginning (`#`) that matches the pattern `wanted`."""
    places: Sequence[int] = range(len(value) + 1)
    if (side == "%") != longest:
        places = places[::-1]
    for place in places:
        part, rest = (value[place:], value[:place]) if side == "%" else (value[:place], value[place:])
        if fnmatch.fnmatchcase(part, wanted):
            return rest
    return value
