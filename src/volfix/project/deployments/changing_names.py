"""Project names that are others at each deployment: a volume that Compose calls after the project starts empty.

Source: compose-spec/compose-go, cli/options.go (`-p`, COMPOSE_PROJECT_NAME, `name:`, the directory, in this order).
"""

from __future__ import annotations

import posixpath
import re

from volfix.knowledge.commands import COMPOSE, DockerCall
from volfix.project.compose.model import Project
from volfix.project.shell.command import Command

CHANGES = re.compile(
    r"\$\(\s*(?:date|uuidgen|openssl|mktemp|git\s+(?:rev-parse(?!\s+--show-toplevel)|describe|log|rev-list|show))\b"
    r"|`\s*(?:date|uuidgen|mktemp|git\s+(?:rev-parse|describe|log))\b"
    r"|\$\{?\w*(?:RANDOM|COMMIT|SHA|REVISION|BUILD_?(?:ID|NUMBER|TAG)|RUN_(?:ID|NUMBER)|PIPELINE_I?ID|TIMESTAMP|DATE)(?!\w)",
    re.IGNORECASE,
)
"""What stands in a text for a date, a commit, the number of a build."""


def changing_name(command: Command, call: DockerCall, project: Project) -> str | None:
    """The name that a command which starts a stack gives to the project, where the next deployment gives another."""
    if call.program != COMPOSE:
        return None
    given = call.values("-p", "--project-name")
    name = given[-1] if given else command.environment.get("COMPOSE_PROJECT_NAME")
    if name is None and not any(file.name for file in project.files) and not call.values("--project-directory"):
        files = call.values("-f", "--file")
        name = posixpath.basename(command.directory if not files else posixpath.dirname(files[0]) or command.directory)
    return name if name is not None and CHANGES.search(name) else None
