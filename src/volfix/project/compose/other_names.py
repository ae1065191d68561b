"""Compose files whose name does not say so, told by their bytes before anything is parsed.

Source: compose-spec/compose-spec, schema/compose-spec.json: no other key stands at a file's top level. So Kubernetes,
the pipelines of CI systems, OpenAPI, application stores' formats and the settings of other programs are something else.
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
"""What a file is rendered from. `{{.Name}}` alone is Docker's own, in the options of a service."""
KNOWN = frozenset(key.encode() for key in ROOT_KEYS)
LARGEST = 65_536
"""Bytes of a file that are looked at."""


def is_compose_by_content(path: Path | str) -> bool:
    """Whether the bytes at the path have services that start containers, and no top-level key that Compose refuses."""
    data = disk.glance(path, LARGEST)
    if b"services:" not in data or not SERVICES.search(data) or not STARTS.search(data):
        return False
    keys = set(KEY.findall(data))
    return all(key in KNOWN or key.startswith(b"x-") for key in keys) and not TEMPLATE.search(data)
