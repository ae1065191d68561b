"""Recognises Compose files without a Compose file's name by their bytes, before anything is parsed.

Source: compose-spec/compose-spec, schema/compose-spec.json, which allows no other keys at the top level. That excludes
Kubernetes, CI pipelines, OpenAPI, the formats of application stores and the settings of other programs.
"""

from __future__ import annotations

import re
from pathlib import Path

from volfix.project.compose.compose_file import ROOT_KEYS
from volfix.syntax import disk

SERVICES = re.compile(
    rb"^(?:\xef\xbb\xbf)?services:[ \t]*(?:\{|(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]+[^\s#-])", re.MULTILINE
)
STARTS = re.compile(rb"(?:^[ \t]+|[{,][ \t]*)(?:image|build|extends):", re.MULTILINE)
KEY = re.compile(rb"^(?:\xef\xbb\xbf)?[\"']?([^\s#\"':{}\[\]-][^\s\"':]*)[\"']?[ \t]*:(?=\s|\Z)", re.MULTILINE)
TEMPLATE = re.compile(rb"\{%|<%|\{\{-?[ \t]*[^\s.]|\$\$cap_")
"""Signs of a template. `{{.Name}}` is not a sign: Docker itself uses it in the options of a service."""
KNOWN = frozenset(key.encode() for key in ROOT_KEYS)
LARGEST = 65_536
"""How many bytes of a file are read."""


def is_compose_by_content(path: Path | str) -> bool:
    """Whether the file has `services:` with containers to start, and no top-level key that Compose refuses."""
    data = disk.glance(path, LARGEST)
    if b"services:" not in data or not SERVICES.search(data) or not STARTS.search(data):
        return False
    keys = set(KEY.findall(data))
    return all(key in KNOWN or key.startswith(b"x-") for key in keys) and not TEMPLATE.search(data)
