"""Every part of the campaign, by the name that `--part` takes."""

from __future__ import annotations

from . import random_projects
from .table import Part

PARTS: dict[str, Part] = {
    "random-projects": Part("one run is enough: a second changes nothing", random_projects.once_is_enough),
}
