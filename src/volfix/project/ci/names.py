"""The names of pipeline files. A name only makes a file a candidate: its content decides.

Every file of a tree is checked against these names, so this module imports almost nothing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

FILE_NAME = re.compile(
    r"\.?drone(?:[-_.][^/]*)?\.(?:ya?ml(?:\.sig)?|jsonnet|star|starlark)\Z|\.(?:woodpecker|gitlab-ci)(?:[-_.][^/]*)?\.ya?ml\Z"
)
BEGINNINGS = (".drone", "drone", ".woodpecker", ".gitlab-ci")
GENERATES = "{} that generates a Drone pipeline: run volfix on the generated file"
NOT_YAML = {
    ".sig": "the signature of a Drone 0.8 pipeline: sign again after any change to it",
    ".jsonnet": GENERATES.format("Jsonnet"),
    **dict.fromkeys((".star", ".starlark"), GENERATES.format("Starlark")),
}
"""By suffix: why a file with a pipeline's name is not read."""
YAML = (".yml", ".yaml")
ACTIONS = (".github", ".gitea", ".forgejo")
"""Directories of a checkout whose subdirectory `workflows` holds workflows of Actions."""
DIRECTORIES = (os.sep + ".woodpecker", os.sep + ".circleci", *(f"{os.sep}{name}{os.sep}workflows" for name in ACTIONS))
"""Ends of directory paths: each YAML file in these directories is a pipeline."""
ANSIBLE = re.compile(
    r"(?:^|/)(?:ansible|playbooks?|roles/[^/]+/(?:tasks|handlers))/(?:[^/]+/)?[^/]+\.ya?ml\Z"
    r"|(?:^|/)(?:playbook[\w.-]*|site)\.ya?ml\Z"
)
"""Paths of Ansible's plays and tasks."""
COMMAND_FILES = re.compile(r"appspec\.ya?ml\Z|Jenkinsfile[\w.-]*\Z")
"""Files of which volfix reads only the commands (see command_systems)."""


def is_pipeline_name(path: str) -> bool:
    """Whether the path may be that of a pipeline file; the file's content decides."""
    directory, _, name = path.rpartition(os.sep)
    if name.startswith(BEGINNINGS):
        return FILE_NAME.match(name) is not None
    return name.endswith(YAML) and directory.endswith(DIRECTORIES)


def may_have_jobs(path: str) -> bool:
    """Whether the path (with `/`) may be that of a file that says what a CI system runs."""
    if COMMAND_FILES.match(path.rpartition("/")[2]):
        return True
    return path.endswith(YAML) and (is_pipeline_name(path) or ANSIBLE.search(path) is not None)


def checkout_of(path: Path) -> Path:
    """The top directory of the checkout that holds the pipeline file, derived from the file's path."""
    if not str(path.parent).endswith(DIRECTORIES):
        return path.parent
    return path.parent.parent.parent if path.parent.name == "workflows" else path.parent.parent
