"""The JSON schema of a configuration file, made from the keys."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from volfix.configuration.keys import KEYS, Key, Kind
from volfix.configuration.own_entries import NEEDS, OWNERS, REQUIRED, TABLES
from volfix.configuration.settings import SEVERITIES
from volfix.knowledge.entries import Entry
from volfix.rules.registry import REGISTRY

TEXTS = {"type": "array", "items": {"type": "string"}}
WORDS = {"type": "array", "items": TEXTS}


def schema() -> dict[str, Any]:
    """The schema of `.volfix.toml`, and of the table tool.volfix in pyproject.toml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration of volfix",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(key) for name, key in KEYS.items()},
        "$defs": {"codes": {"type": "array", "items": {"enum": _codes()}}, "entry": _entry()},
    }


def _property(key: Key) -> dict[str, Any]:
    where = " Only in a file that is named with --config." if key.named else ""
    return {"description": f"{key.text}{where}", **_value(key.kind)}


def _value(kind: Kind) -> dict[str, Any]:
    names = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}
    values: dict[Kind, dict[str, Any]] = {
        Kind.CODES: {"$ref": "#/$defs/codes"},
        Kind.GLOBS: TEXTS,
        Kind.TEXTS: TEXTS,
        Kind.CODES_BY_GLOB: {"type": "object", "additionalProperties": {"$ref": "#/$defs/codes"}},
        Kind.SEVERITY: {"enum": list(SEVERITIES)},
        Kind.NAMES: {"type": "object", "additionalProperties": names},
        Kind.ENTRIES: {"type": "array", "items": {"$ref": "#/$defs/entry"}},
        Kind.SWITCH: {"type": "boolean"},
    }
    return values[kind]


def _codes() -> list[str]:
    """Every code and every beginning of one."""
    return sorted({code[:length] for code in REGISTRY for length in range(1, len(code) + 1)})


def _entry() -> dict[str, Any]:
    properties = _fields(Entry, {"kind"})
    properties["needs"] = {"enum": list(NEEDS)}
    return {"type": "object", "additionalProperties": False, "required": list(REQUIRED), "properties": properties}


def _fields(record: type, hidden: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in (each for each in fields(record) if each.name not in hidden):
        if each.name in OWNERS:
            found[each.name] = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
        elif each.name in TABLES:
            table = {"type": "object", "additionalProperties": False, "properties": _fields(TABLES[each.name], set())}
            found[each.name] = {"type": "array", "items": table}
        elif each.name in ("all", "none"):
            found[each.name] = WORDS
        elif isinstance(each.default, bool):
            found[each.name] = {"type": "boolean"}
        elif isinstance(each.default, tuple) or each.name == "images":
            found[each.name] = TEXTS
        else:
            found[each.name] = {"type": "string"} | ({"minLength": 1} if each.default is MISSING else {})
    return found
