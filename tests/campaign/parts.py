"""Every part of the campaign, by the name that `--part` takes; first those that may leave time to the others."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from volfix.cli.main import volfix

from . import bulk_calls, differential, fuzzing, hostile_inputs, races, random_projects, rows_kept, system_calls, traced
from .armed_repositories import ARMS, arm
from .planted_outputs import bulk_outputs, editor_outputs, outputs
from .planted_secrets import KINDS, SHAPES, plant
from .table import Outcome, Part


def one_secret(seed: int, directory: Path) -> Outcome:
    """A secret of the next kind and shape, in every output: so many seeds as there are kinds meet all shapes, too."""
    kind, shape = list(KINDS)[seed % len(KINDS)], (seed + seed // len(KINDS)) % len(SHAPES)
    planted, bulk = plant(directory / "repository", kind, shape), plant(directory / "clone", kind, shape)
    said = [
        *editor_outputs(planted.repository),
        *outputs(planted.repository, directory),
        *bulk_outputs([bulk.repository], directory),
    ]
    failures = tuple(f"{kind}, {SHAPES[shape]}: {name} shows it" for name, text in said if planted.secret in text)
    return Outcome(len(said), failures)


COMMANDS = (("--dry-run", "--carry-service"), ("--write",), ("undo",), ("explain",), ("rows",), ("carry",))


def one_arm(seed: int, directory: Path) -> Outcome:
    """A repository that is armed in the next way, asked of every command."""
    name = list(ARMS)[seed % len(ARMS)]
    armed = arm(directory / "armed", name)
    for command in COMMANDS:
        CliRunner().invoke(volfix, [*command, str(armed.repository)], env={"DOCKER_HOST": "unix:///nonexistent"})
        if armed.went_off:
            return Outcome(len(COMMANDS), (f"{name}: {' '.join(command)} ran it",))
    return Outcome(len(COMMANDS), ())


PARTS: dict[str, Part] = {
    "planted-secrets": Part(
        "no output has a secret", one_secret, sample=len(KINDS), different=len(KINDS) * len(SHAPES)
    ),
    "armed-repositories": Part("nothing of a repository is run", one_arm, sample=len(ARMS), different=len(ARMS)),
    "random-projects": Part("one run is enough: a second changes nothing", random_projects.once_is_enough, sample=250),
    "colliding-values": Part(
        "a safe fix makes of two databases neither one nor more",
        rows_kept.rows_kept,
        sample=20,
        lacking=differential.lacking,
    ),
    "compose": Part(
        "a project means what Compose says", differential.same_as_compose, sample=300, lacking=differential.lacking
    ),
    "system-calls": Part(
        "killed or failing at any file call, files are whole", system_calls.one_call, lacking=traced.lacking
    ),
    "bulk-calls": Part(
        "bulk killed or failing at any file call leaves a whole branch or none",
        bulk_calls.one_call,
        lacking=traced.lacking,
    ),
    "races": Part("what somebody else does meanwhile is neither lost nor followed", races.one_mischief, sample=150),
    "fuzzing": Part("a reader takes any bytes, and an edit says what it was to say", fuzzing.any_bytes, sample=24),
    "hostile-inputs": Part(
        "a spoiled file is a line, and the others go on", hostile_inputs.one_file_spoiled, sample=200
    ),
}
