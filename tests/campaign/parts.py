"""Every part of the campaign, by the name that `--part` takes."""

from __future__ import annotations

from . import differential, fuzzing, hostile_inputs, races, random_projects, system_calls, traced
from .table import Part

PARTS: dict[str, Part] = {
    "random-projects": Part("one run is enough: a second changes nothing", random_projects.once_is_enough),
    "compose": Part("a project means what Compose says", differential.same_as_compose, lacking=differential.lacking),
    "system-calls": Part(
        "killed or failing at any file call, files are whole", system_calls.one_call, lacking=traced.lacking
    ),
    "races": Part("what somebody else does meanwhile is neither lost nor followed", races.one_mischief),
    "fuzzing": Part("a reader takes any bytes, and an edit says what it was to say", fuzzing.any_bytes),
    "hostile-inputs": Part("a spoiled file is a line, and the others go on", hostile_inputs.one_file_spoiled),
}
