"""The docker commands that carry the data of rewritten mounts into their volumes, for a person to run on the host.

Each command runs only if the one before it succeeded, and none writes over data: a volume that is not empty is left
alone, a source that is not there is an error (`--mount`, unlike `-v`, does not create it).
Sources: docker/docs, volumes.md (backup and restore), docker/cli, cp.md (a tar archive on standard output);
docker/compose, pkg/api/labels.go (the labels of a volume).
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import join, quote

from volfix.fixes.results import ProjectResult
from volfix.report.entries import main_file, relative
from volfix.rules.findings import Move

IMAGE = "alpine:3"
PLACEHOLDER = "/PUT/THE/HOST/PATH/HERE"
IF_EMPTY = 'test -z "$(ls -A /to)" || { echo "the volume is not empty: nothing is copied" >&2; exit 1; }'
IF_NEW = 'test ! -e "/to/$1" || { echo "$1 is in the volume already: nothing is copied" >&2; exit 1; }'
ARRIVED = '|| { echo "nothing arrived in the volume" >&2; exit 1; }'
KINDS = ("volume", "anonymous", "container")


@dataclass(frozen=True, slots=True)
class Commands:
    """`lines` are for a POSIX shell, one chain of commands; `notes` say what a person has to put in or check first."""

    lines: tuple[str, ...]
    notes: tuple[str, ...]


def kind_of(move: Move) -> tuple[str, str]:
    """Where the data is: `host`, `volume`, `anonymous` or `container`, and its path, real name or target there."""
    kind, colon, rest = move.source.partition(":")
    return (kind, rest) if colon and kind in KINDS else ("host", move.source)


def commands(projects: Sequence[ProjectResult]) -> Commands:
    """Create each volume as Compose would, stop every container of the project, copy. No lines where nothing moves.

    `projects` are those of one name on the host: a base file and its variants run as one. What is in a container's own
    layer comes last: it joins what else is carried into the volume. Nothing is started: that is what deploys.
    """
    pairs = [(project, move) for project in projects for move in dict.fromkeys(project.moves)]
    pairs.sort(key=lambda pair: kind_of(pair[1])[0] == "container")
    if not pairs:
        return Commands((), ())
    name = projects[0].name
    running = join(["docker", "ps", "-q", *_filters(name)])
    chain: dict[str, None] = {_create(project, move): None for project, move in pairs}
    chain[f"{running} | xargs -r docker stop"] = None
    notes: dict[str, None] = {}
    for project, move in pairs:
        for command in _copy(project, move):
            chain[command] = None
        if kind_of(move)[0] == "host":
            notes[_about_host_path(project, move)] = None
    notes[
        f"{name} is what the containers' label com.docker.compose.project has to say: where a pipeline or a person "
        "names the project otherwise, put that name in"
    ] = None
    again = join(["docker", "ps", "-aq", *_filters(name)])
    notes[f"if a command fails, nothing is lost: `{again} | xargs -r docker start` starts what was stopped"] = None
    lines = list(chain)
    return Commands((*(f"{line} &&" for line in lines[:-1]), lines[-1]), tuple(notes))


def carry_words(project: ProjectResult, base: Path, *, is_first: bool) -> list[str]:
    """The `volfix carry` command for this project; `is_first`: of those that its directory has, carry finds it."""
    words = ["volfix", "carry", "--write", *(["--from-project", project.name] if project.renamed else [])]
    words += [word for pair in _maps(project) for word in ("--map", pair)]
    place = main_file(project).parent if is_first else main_file(project)
    return words if place == base else [*words, relative(place, base)]


def _maps(project: ProjectResult) -> Iterator[str]:
    """What carry has to be told: no container says which file code opened that is changed now.

    Who maps one source of a volume names them all.
    """
    fixes = [item.finding.fix for item in project.findings if item.fixed and item.finding.code == "VF203"]
    moves = [move for fix in fixes if fix for move in fix.moves]
    told = {move.volume for move in moves if move.source != f"container:{posixpath.normpath(move.target)}"}
    yield from dict.fromkeys(f"{move.source}={move.volume}" for move in project.moves if move.volume in told)


def _filters(project: str, service: str | None = None) -> list[str]:
    labels = [f"com.docker.compose.project={project}", "com.docker.compose.oneoff=False"]
    labels += [f"com.docker.compose.service={service}"] if service else []
    return [word for label in labels for word in ("--filter", f"label={label}")]


def _about_host_path(project: ProjectResult, move: Move) -> str:
    path = _host_path(project, move)
    if path is None:
        return f"put the path that {move.source} stands for on the host in the place of {PLACEHOLDER}"
    if path.startswith("~"):
        return f"{path} is in the home directory of whoever deploys"
    return f"{path} is where {move.source} lies in this checkout: put in the host's path where that is another"


def identity(project: ProjectResult, move: Move) -> tuple[str, ...]:
    """Which data goes into which volume: equal where services or variants of a project write the same move again."""
    kind, rest = kind_of(move)
    volume = real_volume(project, move.volume)
    if kind == "host":
        return kind, _host_path(project, move) or str(_written_in(project, move) / rest), volume
    if kind == "volume":
        return kind, rest, volume
    return kind, rest, volume, project.name, move.service


def real_volume(project: ProjectResult, key: str) -> str:
    """The volume's name on the host."""
    return project.real_volumes.get(key) or f"{project.name}_{key}"


def _create(project: ProjectResult, move: Move) -> str:
    labels = (
        f"com.docker.compose.project={project.renamed or project.name}",
        f"com.docker.compose.volume={move.volume}",
    )
    flags = [word for label in labels for word in ("--label", label)]
    return join(["docker", "volume", "create", *flags, real_volume(project, move.volume)])


def _copy(project: ProjectResult, move: Move) -> Iterator[str]:
    kind, rest = kind_of(move)
    volume = quote(real_volume(project, move.volume))
    container = f'"$({join(["docker", "ps", "-q", "-n", "1", *_filters(project.name, move.service)])})"'
    copy = quote(f"{IF_EMPTY}; cp -a /from/. /to/")
    if kind == "container":
        yield from _from_container(rest, move, volume, container)
    elif kind == "anonymous":
        place = json.dumps(rest.rstrip("/") or "/", ensure_ascii=False)
        template = quote(f"{{{{range .Mounts}}}}{{{{if eq .Destination {place}}}}}{{{{.Name}}}}{{{{end}}}}{{{{end}}}}")
        source = f'"$(docker inspect --format {template} {container})"'
        yield f"docker run --rm -v {source}:/from:ro -v {volume}:/to {IMAGE} sh -c {copy}"
    elif kind == "volume":
        source = quote(rest)
        yield f"docker volume inspect {source} >/dev/null"
        yield f"docker run --rm -v {source}:/from:ro -v {volume}:/to {IMAGE} sh -c {copy}"
    elif move.file is not None:
        yield from _from_host_file(project, move, move.file, volume, container)
    else:
        source = _bind(_host_path(project, move) or PLACEHOLDER)
        yield f"docker run --rm --mount {source} -v {volume}:/to {IMAGE} sh -c {copy}"


def _from_container(path: str, move: Move, volume: str, container: str) -> Iterator[str]:
    """A directory whole; a database file with the journals that SQLite keeps beside it, where there are any."""
    run = f"docker run --rm -i -v {volume}:/to {IMAGE} sh -c"
    if path.rstrip("/") == move.target.rstrip("/"):
        whole = f'{IF_EMPTY}; tar -x -C /to && test -n "$(ls -A /to)" {ARRIVED}'
        yield f"docker cp {container}:{quote(path.rstrip('/') + '/.')} - | {run} {quote(whole)}"
        return
    name = quote(path.rpartition("/")[2])
    file = quote(f'{IF_NEW}; tar -x -C /to && test -e "/to/$1" {ARRIVED}')
    yield f"docker cp {container}:{quote(path)} - | {run} {file} sh {name}"
    yield _journals(path, run, container)


def _from_host_file(project: ProjectResult, move: Move, file: str, volume: str, container: str) -> Iterator[str]:
    """A file that was mounted alone: the file from the host, what SQLite keeps beside it from the container."""
    host = _host_path(project, move) or PLACEHOLDER
    name = posixpath.basename(file)
    copy = quote(f'{IF_NEW}; cp -a /from "/to/$1"')
    yield f"docker run --rm --mount {_bind(host)} -v {volume}:/to {IMAGE} sh -c {copy} sh {quote(name)}"
    yield _journals(file, f"docker run --rm -i -v {volume}:/to {IMAGE} sh -c", container)


def _journals(path: str, run: str, container: str) -> str:
    journal = quote("cat >/tmp/journal; test ! -s /tmp/journal || tar -x -C /to -f /tmp/journal")
    return (
        f'(for end in -wal -journal; do docker cp {container}:{quote(path)}"$end" - 2>/dev/null | {run} {journal} '
        "|| exit 1; done)"
    )


def _host_path(project: ProjectResult, move: Move) -> str | None:
    """The absolute host path, `~` for the home directory; None where it depends on what only the host knows.

    Compose resolves a relative path from the directory of the project's first file; in an included or extended file
    from that file's own.
    """
    source = move.source
    if "$" in source or (source.startswith("~") and not source.startswith("~/") and source != "~"):
        return None
    if re.match(r"[A-Za-z]:[\\/]", source):
        return source
    if source.startswith(("/", "~")):
        return os.path.normpath(source)
    if not source.startswith("."):
        return None
    return os.path.normpath(_written_in(project, move) / source)


def _written_in(project: ProjectResult, move: Move) -> Path:
    for reported in project.findings:
        fix, path = reported.finding.fix, reported.finding.location.path
        if fix is not None and move in fix.moves and path not in project.files:
            return path.parent
    return main_file(project).parent if project.files else project.root


def _bind(path: str) -> str:
    """A read-only bind mount for `--mount`, whose fields are those of CSV: one with a comma stands in quotes."""
    begin, end = "type=bind,src=", ",dst=/from,readonly"
    home, rest = ('"$HOME"', path[1:]) if path.startswith("~") else ("", path)
    if "," in path or '"' in path:
        begin, rest, end = 'type=bind,"src=', rest.replace('"', '""'), f'"{end}'
    return f"{quote(begin)}{home}{quote(rest + end)}" if home else quote(f"{begin}{rest}{end}")
