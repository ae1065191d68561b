"""Text that any stream takes: JSON without characters that a terminal obeys, lines in a narrow encoding."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TextIO

from volfix.fixes.diff import INVISIBLE, visible


def dumps(data: Any) -> str:
    """Data as indented JSON in Unicode, with escapes for what a terminal would obey and for what no encoding takes."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return INVISIBLE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """Text of foreign origin for one line: every line end and control character is written out."""
    return visible(text).replace("\n", "\\n")


def emit(lines: Iterable[str], stream: TextIO) -> None:
    """Write the lines; a character that the stream's encoding does not have is written as an escape."""
    for line in lines:
        try:
            stream.write(f"{line}\n")
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
