"""The names that files with shell commands have, and documents that show some.

They are asked for every file of a tree, so this imports next to nothing.
"""

from __future__ import annotations

import re

from volfix.project.ci.names import is_pipeline_name

COMMAND_FILE = re.compile(
    r"(?:GNUmakefile|[Mm]akefile|\.?[Jj]ustfile|Jenkinsfile[\w.-]*|[Tt]askfile\.ya?ml|package\.json|\.gitlab-ci\.ya?ml"
    r"|appspec\.ya?ml|crontab|[^/]*\.(?:sh|bash|mk|crontab|cron))\Z"
)
DOCUMENTS = (".md", ".rst", ".adoc", ".txt", ".org")
CALLS_DOCKER = re.compile(rb"\b(?:docker|docker-compose|podman|nerdctl)\s")
"""A command that reaches into containers from outside."""
WORKFLOW = re.compile(r"/\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml\Z")


def is_document(name: str) -> bool:
    """Whether people read the file of this name."""
    return name.lower().endswith(DOCUMENTS)


def has_commands(path: str) -> bool:
    """Whether a file at this path, with slashes, may hold commands, by its name."""
    directory, _, name = path.rpartition("/")
    if COMMAND_FILE.match(name):
        return True
    if not name.endswith((".yml", ".yaml")):
        return False
    return WORKFLOW.search(path) is not None or is_pipeline_name(name, directory.rpartition("/")[2])
