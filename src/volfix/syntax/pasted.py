"""Quotes commands for pasting: the shell receives exactly these words and runs nothing inside them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import PurePath

from volfix.syntax.visible import INVISIBLE

ESCAPED = re.compile(f"[\\n\\t`]|{INVISIBLE.pattern}")
"""Characters that quotes preserve but one line cannot show, and the backtick, which ends a command in a message."""
PLAIN = re.compile(r"[\w ./@,=:-]")
"""Characters that no shell changes; every other character is written as an octal number."""
WILD = re.compile(r"[*?\[\]\\]|\A[!#]| (?=\Z)")


def pasted(words: Iterable[str | PurePath]) -> str:
    """The words as one command; a path among them is never read as an option."""
    return " ".join(word(operand(each) if isinstance(each, PurePath) else each) for each in words)


def operand(path: PurePath | str) -> str:
    """The path in a form that no program reads as an option: `./` is put before a leading `-`."""
    return f"./{path}" if f"{path}"[:1] == "-" else f"{path}"


def word(text: str) -> str:
    """The text as one word of a POSIX shell, on one line, without characters that a terminal obeys or hides.

    These characters are written as `"$(printf %b 'a\\0033b')"`. That would lose a line end at the end, so a text that
    ends with one is written as `$'a\\012'`, which POSIX has since 2024.
    Source: POSIX.1-2024, Shell Command Language, 2.2 and 2.6.3; printf.
    """
    if not ESCAPED.search(text):
        quoted = shlex.quote(text)
        return f"'{quoted}'" if quoted.startswith("=") else quoted  # zsh replaces `=ls` by the path of ls
    if text.endswith("\n"):
        return f"$'{_octal(text, '')}'"
    return f"\"$(printf %b '{_octal(text, '0')}')\""


def pattern(name: str) -> str:
    """A quoted pattern (for git, rsync ...) that matches only this name."""
    return word(WILD.sub(r"\\\g<0>", name))


def _octal(text: str, zero: str) -> str:
    def written(each: str) -> str:
        plain = PLAIN.match(each) and not ESCAPED.match(each)
        return each if plain else "".join(f"\\{zero}{byte:03o}" for byte in _bytes(each))

    return "".join(map(written, text))


def _bytes(character: str) -> bytes:
    byte_of_a_name = "\udc80" <= character <= "\udcff"
    return character.encode("utf-8", "surrogateescape" if byte_of_a_name else "surrogatepass")
