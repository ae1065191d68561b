"""Commands as a person may paste them: a shell receives exactly these words, and nothing in them is run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import PurePath

from volfix.syntax.visible import INVISIBLE

ESCAPED = re.compile(f"[\\n\\t`]|{INVISIBLE.pattern}")
"""What quotes keep and a line cannot show; the mark that ends a command in a message."""
PLAIN = re.compile(r"[\w ./@,=:-]")
"""Characters that no shell changes, wherever they stand: an octal number takes the place of any other."""
WILD = re.compile(r"[*?\[\]\\]|\A[!#]| (?=\Z)")


def pasted(words: Iterable[str | PurePath]) -> str:
    """The command of these words; the paths among them are no options."""
    return " ".join(word(operand(each) if isinstance(each, PurePath) else each) for each in words)


def operand(path: PurePath | str) -> str:
    """The path as no program takes it for an option."""
    return f"./{path}" if f"{path}"[:1] == "-" else f"{path}"


def word(text: str) -> str:
    """The text as one word of a POSIX shell, on one line, with nothing that a terminal obeys or hides.

    Such characters are written as `"$(printf %b 'a\\0033b')"`; where a line end is the last, which this would lose, as
    `$'a\\012'`, which POSIX has had since 2024. Source: POSIX.1-2024, Shell Command Language, 2.2 and 2.6.3; printf.
    """
    if not ESCAPED.search(text):
        quoted = shlex.quote(text)
        return f"'{quoted}'" if quoted.startswith("=") else quoted  # zsh puts the path of ls for `=ls`
    if text.endswith("\n"):
        return f"$'{_octal(text, '')}'"
    return f"\"$(printf %b '{_octal(text, '0')}')\""


def pattern(name: str) -> str:
    """The pattern of .gitignore, rsync and their like that means this name alone, as a word."""
    return word(WILD.sub(r"\\\g<0>", name))


def _octal(text: str, zero: str) -> str:
    def written(each: str) -> str:
        plain = PLAIN.match(each) and not ESCAPED.match(each)
        return each if plain else "".join(f"\\{zero}{byte:03o}" for byte in _bytes(each))

    return "".join(map(written, text))


def _bytes(character: str) -> bytes:
    byte_of_a_name = "\udc80" <= character <= "\udcff"
    return character.encode("utf-8", "surrogateescape" if byte_of_a_name else "surrogatepass")
