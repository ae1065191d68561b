"""The names that files with shell commands have: looked at for every file of a tree, so this imports nothing else."""

from __future__ import annotations

import re

COMMAND_FILE = re.compile(
    r"(?:GNUmakefile|[Mm]akefile|\.?[Jj]ustfile|Jenkinsfile[\w.-]*|[Tt]askfile\.ya?ml|package\.json|\.gitlab-ci\.ya?ml"
    r"|\.drone\.ya?ml|\.woodpecker\.ya?ml|appspec\.ya?ml|crontab|[^/]*\.(?:sh|bash|mk|crontab|cron))\Z"
)
PIPELINE_DIRECTORY = re.compile(r"/(?:\.woodpecker(?:/[^/]+)?|\.(?:github|gitea|forgejo)/workflows)/[^/]+\.ya?ml\Z")


def has_commands(path: str) -> bool:
    """Whether a file at this path, with slashes, may hold commands, by its name."""
    name = path.rpartition("/")[2]
    if COMMAND_FILE.match(name):
        return True
    return name.endswith((".yml", ".yaml")) and PIPELINE_DIRECTORY.search(path) is not None
