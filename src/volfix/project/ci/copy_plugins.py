"""Plugins that copy files to another machine, and what they delete there (listed in knowledge/plugins.toml)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from volfix.knowledge.systems import plugins_of
from volfix.project.ci.nodes import masked, text
from volfix.project.compose.compose_file import strings
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping, Scalar


def copies(source: Source, plugin: str, given: Mapping) -> Iterator[Fragment]:
    """A command that deletes the same files as the plugin, for each setting in `given` that makes it delete."""
    known = plugins_of(plugin)
    target = next((value for each in known for key in each.target if (value := text(given, key))), None)
    for key in (key for each in known for key in each.deletes):
        switch = given.get(key)
        if isinstance(switch, Scalar) and target and (command := _as_command(plugin, given, switch.value, target)):
            pair = given.pair(key)
            start = pair.key.span.start if pair is not None else switch.span.start
            yield Fragment.of(source, ((char, start, switch.span.end) for char in masked(command)))


def _as_command(plugin: str, given: Mapping, switch: str, target: str) -> str:
    """The command with the effect of the plugin if its setting has the value `switch`; empty if it deletes nothing."""
    if switch == "false":
        return ""
    if "scp" in plugin:
        return f"ssh host rm -rf {shlex.quote(target)}" if switch == "true" else ""
    options = ["--delete"] if switch == "true" else switch.split()
    options += [f"--exclude={name}" for name in strings(given.get("exclude"))]
    path = text(given, "source") or text(given, "path") or "./"
    return shlex.join(["rsync", *options, path, f"host:{target}"])
