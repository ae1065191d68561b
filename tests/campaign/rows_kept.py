"""Whether each value still names rows of its own after the safe fixes: asked of Compose before and after them."""

from __future__ import annotations

import json
import os
import posixpath
import random
import re
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from . import colliding_values
from .table import Outcome
from .two_runs import TwoRuns

URL = re.compile(r"sqlite(?:\+\w+)?:///(.*)")

Place = tuple[str, str]
"""The volume, host directory or container that holds a database file, and the path in it."""
Places = dict[tuple[str, str], Place]
"""The place by service and variable."""
Call = tuple[str, ...]
"""The options of Compose with which a deployment may call it: files, and an env file."""


def rows_kept(seed: int, directory: Path) -> Outcome:
    """The project of the seed, whose values collide: what shared a file before the fixes shares it after them, nothing
    else does, no file leaves a mount, and a second run changes nothing, with `--unsafe-fixes` too.
    """
    failures: list[str] = []
    for unsafe in (False, True):
        place = directory / ("unsafe" if unsafe else "safe") / "project"
        place.mkdir(parents=True)
        colliding_values.laid(random.Random(seed), place)
        before = {} if unsafe else {call: places(place, call) for call in calls(place)}
        runs = TwoRuns(place, unsafe, trusted=bool(seed % 2))
        once, said = runs.first()
        failures += said
        for call, known in before.items():
            lost = differences(known, places(place, call))
            failures += [f"docker compose {' '.join(call)}: {text}" for text in lost]
        failures += runs.second(once)
    return Outcome(2, tuple(failures))


def calls(directory: Path) -> Iterator[Call]:
    """The ways in which the deployments of such a project call Compose."""
    names = ("compose.override.yaml", "compose.prod.yaml")
    files: list[Call] = [("-f", "compose.yaml", "-f", name) for name in names if (directory / name).exists()]
    files += [("-f", "compose.yaml")] if not (directory / names[0]).exists() else []
    files += [("-f", "compose.second.yaml")] if (directory / "compose.second.yaml").exists() else []
    flows = "".join(path.read_text() for path in (*directory.glob(".drone.yml"), *directory.glob("deploy.sh")))
    for call in files:
        yield call
        if "--env-file .env.prod" in flows and (directory / ".env.prod").exists():
            yield (*call, "--env-file", ".env.prod")


def places(directory: Path, call: Call) -> Places | None:
    """Where Compose puts the database file of each value; None if it refuses the project."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/home/somebody", "GOGC": "off"}
    words = ["docker-compose", *call, "config", "--format", "json"]
    done = subprocess.run(words, cwd=directory, env=environment, capture_output=True, check=False)
    if done.returncode:
        return None
    config = json.loads(done.stdout)
    return {
        (name, variable): place
        for name, service in config["services"].items()
        for variable, value in (service.get("environment") or {}).items()
        if (place := _place(directory, config, name, variable, value)) is not None
    }


def _place(directory: Path, config: dict[str, Any], name: str, variable: str, value: str | None) -> Place | None:
    """Where the service has the database file of the value; None if the value names none."""
    if value is None or variable not in colliding_values.VARIABLES:
        return None
    url = URL.match(value)
    path = url[1] if url else value if variable.endswith("PATH") else ""
    if not path or "$" in path:
        return None
    service = config["services"][name]
    path = posixpath.normpath(posixpath.join(service.get("working_dir", "/app"), path))
    mounts = [mount for mount in service.get("volumes", ()) if f"{path}/".startswith(f"{mount['target'].rstrip('/')}/")]
    if not mounts:
        return f"the container of {name}", path
    mount = max(mounts, key=lambda each: len(each["target"]))
    inside = posixpath.relpath(path, mount["target"])
    if mount["type"] == "volume":
        return f"volume {config['volumes'][mount['source']]['name']}", inside
    return os.path.relpath(mount["source"], directory), inside


def differences(before: Places | None, after: Places | None) -> Iterator[str]:
    """What went wrong between the two, in words: files that became one, one that became two, files out of a mount."""
    if before is None:
        return
    if after is None:
        yield "Compose refuses the project after the fixes"
        return
    for key in before.keys() - after.keys():
        yield f"{key} names no file any more"
    both = [key for key in before if key in after]
    for one, other in combinations(both, 2):
        was, now = before[one] == before[other], after[one] == after[other]
        if was and not now:
            yield f"{one} and {other} shared {before[one]}, and have {after[one]} and {after[other]} now"
        if now and not was:
            yield f"{one} and {other} had {before[one]} and {before[other]}, and share {after[one]} now"
    for key in both:
        was_mounted, is_mounted = ("container" not in places[key][0] for places in (before, after))
        if was_mounted and not is_mounted:
            yield f"{key} leaves {before[key]} for {after[key]}"
        if before[key] != after[key] and is_mounted and not after[key][0].startswith("volume "):
            yield f"{key} goes from {before[key]} to the host directory {after[key]}"
