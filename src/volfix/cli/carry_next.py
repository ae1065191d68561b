"""What to do after `volfix carry`: the command to type next, and the services that stay stopped until then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volfix.syntax.pasted import pasted

if TYPE_CHECKING:
    from volfix.docker.carry_jobs import SurveyedJob
    from volfix.docker.carry_rollback import EarlierRun
    from volfix.docker.find_moves import MoveSearch


def typed(path: Path, options: Mapping[str, Any], *, write: bool = True, **changed: Any) -> str:
    """The command with everything that the person gave, quoted for a shell."""
    given = {**options, **changed}
    words = ["volfix", "carry", *(["--back"] if given["back"] else []), *(["--write"] if write else [])]
    words += [
        flag for flag, name in (("--replace", "replace"), ("--no-up", "no_up"), ("--no-rows", "no_rows")) if given[name]
    ]
    words += naming(given)
    for source, volume in given["maps"]:
        words += ["--map", f"{source}={volume}"]
    return pasted([*words, *([] if path == Path() else [path])])


def naming(options: Mapping[str, Any]) -> Iterator[str]:
    """The options that name the project, as they were given."""
    for flag, name in (("--from-project", "from_project"), ("-p", "project_name")):
        yield from (flag, options[name]) if options[name] else ()


def mapped(path: Path, options: Mapping[str, Any], source: str, key: str) -> str:
    """The command that fills this volume, and replaces no other, from this source, after a copy of what it holds."""
    return typed(path, options, replace=True, maps=((source, key),))


def replaces(options: Mapping[str, Any], key: str) -> bool:
    """Whether a volume that holds something else may be filled: with --map, only one that is named there."""
    named = {volume for _, volume in options["maps"]}
    return bool(options["replace"]) and (not named or key in named)


def refusals(found: Iterable[SurveyedJob], path: Path, options: Mapping[str, Any]) -> Iterator[str]:
    """A line for each job that `--write` would refuse: why, and what to type instead."""
    for one in found:
        job = one.job
        if one.foreign:
            names = ", ".join(container.name for container in one.foreign)
            yield f"{job.key}: cannot be carried while {names} runs. Stop it, then: {typed(path, options)}"
        if one.state == "different" and not replaces(options, job.key):
            others = tuple((source, key) for source, key in options["maps"] if key == job.key)
            named = others or tuple((origin.shown, job.key) for origin in job.origins if not origin.path)
            then = typed(path, options, replace=True, maps=named if options["maps"] else ())
            yield (
                f"{job.key}: cannot be carried: {job.name} holds something else. To keep that, leave it as it is. To "
                f"have the data of the source instead, this first copies {job.name} to another volume: {then}"
            )


def until_deployed(search: MoveSearch, services: Iterable[str]) -> str:
    """The text after a copy that starts nothing: which services are stopped, and that the deployment starts them."""
    stopped = _stopped(search, services)
    if not stopped:
        return "No service is stopped. Next: deploy as always."
    return (
        f"Stopped, and left so: {', '.join(stopped)}. Next: deploy as always, which makes new containers; do not start "
        "the old ones, which still have the old mount."
    )


def still_stopped(search: MoveSearch, found: Iterable[SurveyedJob]) -> str:
    """A line that names the services of the volumes that do not run, and what to do next; empty if all run."""
    stopped = _stopped(search, [name for one in found for name in one.job.services])
    then = " Next: deploy as always." if all(one.state == "carried" for one in found) else ""
    return f"Not running: {', '.join(stopped)}.{then}\n" if stopped else ""


def stopped_since(search: MoveSearch) -> list[str]:
    """The services that ran when this run began and do not run now."""
    from volfix.docker.project_containers import containers_under

    now = containers_under(search.engine, search.deployed, [search.deployed.project.name]).own
    running = {item.service for item in now if item.state == "running"}
    return sorted(search.running - running)


def after_failure(search: MoveSearch, found: Sequence[SurveyedJob], number: int) -> str:
    """The text after the volume of this number could not be filled: what became of all, what is stopped."""
    from volfix.docker.engine_problems import EngineProblem

    texts = []
    if number:
        texts.append(f"Carried and compared: {', '.join(one.job.key for one in found[:number])}.")
    texts.append(f"Not carried: {', '.join(one.job.key for one in found[number:])}; the sources are as they were.")
    names = [name for one in found for name in one.job.services]
    try:
        stopped = _stopped(search, names)
    except EngineProblem:  # the engine is gone, perhaps the cause of the failure
        stopped = sorted(set(names))
    if stopped:
        texts.append(f"Stopped, and left so, also by a restart of the daemon: {', '.join(stopped)}. Do not deploy yet.")
    return "\n".join(texts)


def after_taking_back(found: Sequence[SurveyedJob], before: Sequence[EarlierRun]) -> str:
    """The text after a volume could not be filled, and everything is as before the run."""
    keys = ", ".join(one.job.key for one in found if one.state != "carried")
    text = f"Do not deploy yet. Not carried: {keys}; the sources are as they were."
    names = ", ".join(sorted(item.container.name for item in before))
    return f"{text}\nRunning as before: {names}." if names else text


def _stopped(search: MoveSearch, services: Iterable[str]) -> list[str]:
    """Those of the services that had containers when this run began, none of which runs now."""
    running = {item.id for item in search.engine.containers() if item.is_running}
    found = {name: search.containers_of(search.deployed.project.services[name]) for name in services}
    return sorted(name for name, items in found.items() if items and not running & {item.id for item in items})
