"""Text for any stream: JSON without control characters, and escapes for what an encoding lacks."""

from __future__ import annotations

from functools import partial
from typing import Any


def dumps(data: Any, indent: int | None = 2) -> str:
    """Data as JSON in Unicode, with escapes for what a terminal would obey and for what no encoding takes."""
    import json

    from volfix.syntax.visible import INVISIBLE

    text = json.dumps(data, ensure_ascii=False, indent=indent)
    return INVISIBLE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def encodable(text: str, encoding: str | None) -> str:
    """The text with an escape for each character that the encoding does not have; JSON stays the same JSON."""
    name = encoding or "ascii"
    try:
        text.encode(name)
    except UnicodeEncodeError:
        return "".join(map(partial(_encodable, name), text))
    return text


def _encodable(encoding: str, character: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        import json

        return json.dumps(character)[1:-1]
    return character
