"""The names that pipelines of Drone and Woodpecker have; what a file is, its content says."""

from __future__ import annotations

import re

FILE_NAME = re.compile(
    r"\.?drone(?:[-_.][^/]*)?\.(?:ya?ml(?:\.sig)?|jsonnet|star|starlark)\Z|\.woodpecker(?:[-_.][^/]*)?\.ya?ml\Z"
)
BEGINNINGS = (".drone", "drone", ".woodpecker")


def is_pipeline_name(name: str, directory: str) -> bool:
    """Whether a file in the directory of this name may be a pipeline; what it is, its content says."""
    if name.startswith(BEGINNINGS):
        return FILE_NAME.match(name) is not None
    return directory == ".woodpecker" and name.endswith((".yml", ".yaml"))
