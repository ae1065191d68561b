"""Makes foreign text safe to print: characters that a terminal would obey or hide are written as escapes."""

from __future__ import annotations

import re

INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff]"
)
"""Characters that a terminal obeys or does not show: controls except tab and line feed, bidirectional and zero-width
characters, fillers, line separators, and surrogates, which stand for undecodable bytes of a file's name.
Source: Unicode, DerivedCoreProperties, Default_Ignorable_Code_Point, without the selectors of emoji."""


def visible(text: str) -> str:
    """The text with every character that a terminal would obey or hide written as an escape: `\\x1b`, `\\u202e`."""
    return INVISIBLE.sub(lambda found: _escape(ord(found[0])), text)


def one_line(text: str) -> str:
    """Like `visible`, as one line: line ends and tabs are written as escapes too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
