"""What the CI server does to a pipeline's text before anything else reads it: `${...}` is replaced.

Source: drone-runners/drone-runner-docker and drone/runner-go, pipeline/runtime/runner.go; drone/envsubst.
"""

from __future__ import annotations

import re

EXPANSION = re.compile(r"\$\$\{|\$\{(\w+)([^{}]*)\}")
DEFAULT = re.compile(r":?[-=](.*)\Z", re.DOTALL)
SERVER_VARIABLES = ("DRONE", "CI", "PLUGIN_", "CUSTOM_", "GIT_")


def substituted(text: str) -> str:
    """The text after the server's substitution.

    A variable of the server's keeps its `${NAME}`, since its value is not known here; any other is a name that the
    server does not know, so its default takes the place, or nothing. `$${` stands for a literal `${`.
    """
    return EXPANSION.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    if found[1] is None:
        return "${"
    if found[1].startswith(SERVER_VARIABLES):
        return f"${{{found[1]}}}"
    default = DEFAULT.match(found[2])
    return default[1] if default else ""
