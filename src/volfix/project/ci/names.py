"""The names that pipeline files have, system by system; what a file is, its content says.

They are asked for every file of a tree, so this imports next to nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

FILE_NAME = re.compile(
    r"\.?drone(?:[-_.][^/]*)?\.(?:ya?ml(?:\.sig)?|jsonnet|star|starlark)\Z|\.woodpecker(?:[-_.][^/]*)?\.ya?ml\Z"
)
BEGINNINGS = (".drone", "drone", ".woodpecker")
GENERATES = "{} that generates a Drone pipeline: volfix reads the result"
NOT_YAML = {
    ".sig": "the signature of a Drone 0.8 pipeline: sign again after any change to it",
    ".jsonnet": GENERATES.format("Jsonnet"),
    **dict.fromkeys((".star", ".starlark"), GENERATES.format("Starlark")),
}
"""What files with a pipeline's name are instead, by their suffix."""
DIRECTORIES = frozenset({".woodpecker"})
"""Directories of a checkout in which each YAML file is a pipeline."""
JOBS = re.compile(r"(?:\.gitlab-ci|appspec)\.ya?ml\Z|Jenkinsfile[\w.-]*\Z")
"""Files whose jobs are read as commands alone."""
WORKFLOW = re.compile(r"/\.(?:github|gitea|forgejo)/workflows/[^/]+\Z")


def is_pipeline_name(name: str, directory: str) -> bool:
    """Whether a file in the directory of this name may be a pipeline; what it is, its content says."""
    if name.startswith(BEGINNINGS):
        return FILE_NAME.match(name) is not None
    return directory in DIRECTORIES and name.endswith((".yml", ".yaml"))


def may_have_jobs(path: str) -> bool:
    """Whether a file at this path, with slashes, may say what a CI system runs, by its name."""
    directory, _, name = path.rpartition("/")
    if JOBS.match(name):
        return True
    if not name.endswith((".yml", ".yaml")):
        return False
    return WORKFLOW.search(path) is not None or is_pipeline_name(name, directory.rpartition("/")[2])


def checkout_of(path: Path) -> Path:
    """The directory of the checkout that a pipeline file lies in, as far as its path tells."""
    return path.parent.parent if path.parent.name in DIRECTORIES else path.parent
