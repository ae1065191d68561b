"""The names that pipeline files have, system by system; what a file is, its content says.

They are asked for every file of a tree, so this imports next to nothing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

FILE_NAME = re.compile(
    r"\.?drone(?:[-_.][^/]*)?\.(?:ya?ml(?:\.sig)?|jsonnet|star|starlark)\Z|\.(?:woodpecker|gitlab-ci)(?:[-_.][^/]*)?\.ya?ml\Z"
)
BEGINNINGS = (".drone", "drone", ".woodpecker", ".gitlab-ci")
GENERATES = "{} that generates a Drone pipeline: volfix reads the result"
NOT_YAML = {
    ".sig": "the signature of a Drone 0.8 pipeline: sign again after any change to it",
    ".jsonnet": GENERATES.format("Jsonnet"),
    **dict.fromkeys((".star", ".starlark"), GENERATES.format("Starlark")),
}
"""What files with a pipeline's name are instead, by their suffix."""
YAML = (".yml", ".yaml")
ACTIONS = (".github", ".gitea", ".forgejo")
"""Directories of a checkout that hold the workflows of Actions, in `workflows`."""
DIRECTORIES = (os.sep + ".woodpecker", os.sep + ".circleci", *(f"{os.sep}{name}{os.sep}workflows" for name in ACTIONS))
"""How the directories of a checkout end in which each YAML file is a pipeline."""
ANSIBLE = re.compile(
    r"(?:^|/)(?:ansible|playbooks?|roles/[^/]+/(?:tasks|handlers))/(?:[^/]+/)?[^/]+\.ya?ml\Z"
    r"|(?:^|/)(?:playbook[\w.-]*|site)\.ya?ml\Z"
)
"""Where Ansible's plays and tasks lie."""
COMMAND_FILES = re.compile(r"appspec\.ya?ml\Z|Jenkinsfile[\w.-]*\Z")
"""Files whose jobs are read as commands alone."""


def is_pipeline_name(path: str) -> bool:
    """Whether the file at this path may be a pipeline; what it is, its content says."""
    directory, name = os.path.split(path)
    if name.startswith(BEGINNINGS):
        return FILE_NAME.match(name) is not None
    return name.endswith(YAML) and directory.endswith(DIRECTORIES)


def may_have_jobs(path: str) -> bool:
    """Whether a file at this path, with slashes, may say what a CI system runs, by its name."""
    if COMMAND_FILES.match(path.rpartition("/")[2]):
        return True
    return path.endswith(YAML) and (is_pipeline_name(path) or ANSIBLE.search(path) is not None)


def checkout_of(path: Path) -> Path:
    """The directory of the checkout that a pipeline file lies in, as far as its path tells."""
    if not str(path.parent).endswith(DIRECTORIES):
        return path.parent
    return path.parent.parent.parent if path.parent.name == "workflows" else path.parent.parent
