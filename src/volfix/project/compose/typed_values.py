"""The text that Compose passes to a container for a plain scalar which YAML reads as number, boolean or date.

Source: go-yaml, resolve.go (what is a number or a date); Go, strconv.FormatFloat and time.Time.String (its text).
"""

from __future__ import annotations

import re
from datetime import datetime
from math import isinf

from volfix.syntax.yaml_tree import Scalar

TRUTH = {"true": "true", "True": "true", "TRUE": "true", "false": "false", "False": "false", "FALSE": "false"}
NUMBER = re.compile(r"[-+.0-9][-+.0-9a-fA-FxXoO_]*\Z")
INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))\Z")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
DATE = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?:(?P<between>[Tt]| +)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2}):(?P<second>[0-9]{1,2})(?P<part>\.[0-9]+)?"
    r"(?P<zone>Z|[-+][0-9]{2}:[0-9]{2})?)?\Z"
)
SMALLEST, LARGEST = -(2**63), 2**64 - 1
"""Go's range of integers; a number outside it becomes a float."""


def typed_text(scalar: Scalar) -> str:
    """The text of a value in `environment:` or `args:` before interpolation: `0777` becomes 511, `1.50` becomes 1.5."""
    text = scalar.value
    if scalar.style or scalar.tag is not None:
        return text
    if text in TRUTH:
        return TRUTH[text]
    if NUMBER.match(text):
        return _number(text if text.startswith(".") else text.replace("_", "")) or _date(text) or text
    return (_date(text) or text) if text[:4].isdigit() else text


def _number(text: str) -> str | None:
    """The number as Go prints it; None if the text is not a number."""
    if (found := INTEGER.match(text)) and text != "-0":
        sign, *digits = found.groups()
        base, written = next((base, each) for base, each in zip((16, 2, 8, 10), digits, strict=True) if each)
        number = int(f"{sign}{written}", base)
        if SMALLEST <= number <= LARGEST:
            return str(number)
    return _float(float(text)) if FLOAT.match(text) else None


def _float(number: float) -> str | None:
    """The number with the fewest exact digits, in exponent form from 10**6 on and below 10**-4; None if infinite."""
    if isinf(number):
        return None
    written = next(text for places in range(18) if float(text := f"{number:.{places}e}") == number)
    digits, _, exponent = written.partition("e")
    places = len(digits.partition(".")[2]) - int(exponent)
    return f"{number:.{max(0, places)}f}" if -4 <= int(exponent) < 6 else written


def _date(text: str) -> str | None:
    """The date as Go prints a time; None if the text is not a date."""
    found = DATE.match(text)
    if found is None or (found["zone"] is None) == (found["between"] in ("T", "t")):
        return None
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    try:
        time = datetime(int(found["year"]), int(found["month"]), int(found["day"]), hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
    zone = (found["zone"] or "Z").replace(":", "")
    zone = "+0000 UTC" if zone in ("Z", "+0000") else f"{zone} {zone}"
    return f"{time.isoformat(' ')}{(found['part'] or '')[:10].rstrip('0').rstrip('.')} {zone}"
