"""`volfix carry --script`: the carry as a POSIX shell script, for a host with the docker command and no Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from volfix.docker.carry_jobs import CarryProblem, Origin, SurveyedJob
from volfix.docker.compose import up_words
from volfix.docker.containers import Container
from volfix.docker.engine import Engine
from volfix.docker.find_moves import MoveSearch
from volfix.docker.helper_containers import ABOVE, INSIDE, top_header
from volfix.knowledge.carry_script import prelude
from volfix.syntax.pasted import pasted, word
from volfix.syntax.visible import INVISIBLE, one_line


def script(search: MoveSearch, found: Sequence[SurveyedJob]) -> str:
    """The script for these jobs. It stops and reads only containers that are as the project's own are now.

    Raises CarryProblem where a volume is made in a way that the script does not know.
    """
    project = search.deployed.project
    for one in found:
        if one.job.driver != "local" or one.job.options or one.job.external:
            raise CarryProblem(
                f"{one.job.key}: the script makes plain local volumes only; run volfix carry on the host"
            )
    former = search.maps.former or project.name
    lines = [
        prelude(),
        f"project={word(project.name)}",
        f"former={word(former)}",
        f"in_memory={word(' '.join(search.in_memory))}",
        "# The project's containers, an item a line: project, service and image, then what is mounted where.",
        f"mine={_lines(sorted({_likeness(search.engine, item) for item in search.found.own}))}",
    ]
    left = [one for one in found if one.state != "carried"]
    lines += [f"image={word(left[0].image)}", "lock"] if left else []
    for one in left:
        lines += ["", *_job(one)]
    services = sorted({name for one in found for name in one.job.services})
    lines += ["", "retire"] if former != project.name else []
    lines += ["", f"# Then, with the rewritten files: docker compose {pasted(up_words(project, services))}", ""]
    return "\n".join(lines)


def _lines(items: Sequence[str]) -> str:
    """The items as one word, a line each; what a terminal would obey is written out."""
    text = "\n".join(items)
    return word(text) if INVISIBLE.search(text) else quote(text)


def _likeness(engine: Engine, container: Container) -> str:
    """What tells the project's containers from others, as `likeness` in the script says it, sorted by bytes."""
    first = "|".join((container.project or "", container.service or "", engine.process(container.id).image))
    lines = [first, *(f"{mount.target}={mount.kind}:{mount.source}" for mount in container.mounts)]
    return " ".join(sorted(lines, key=lambda line: line.encode("utf-8", "surrogateescape")))


def _job(one: SurveyedJob) -> Iterator[str]:
    job = one.job
    shown = ", ".join(origin.shown for origin in job.origins)
    yield f"# {one_line(f'{job.key}: {shown}')}"
    yield f"image={word(one.image)}"
    filters = [word(f"volume={origin.name}") for origin in job.origins if origin.kind != "container"]
    yield f"if begin {' '.join([word(job.name), word(job.key), word(shown), *filters])}; then"
    for origin in job.origins:
        for line in _origin(origin, job.services[0]):
            yield f"  {line}"
    if any(origin.below for origin in job.origins):
        octal = "".join(f"\\{byte:03o}" for byte in top_header(one.source[""]))
        yield f"  printf '{octal}' | top"
    yield f"  finish {pasted(_witnesses(one))}".rstrip()
    yield "fi"


def _witnesses(one: SurveyedJob) -> list[str]:
    """Files that the data cannot be without, by their path in the volume."""
    files = [path for path, entry in one.source.items() if entry.kind == "file"]
    data = [path for client in one.job.clients for path in files if client.is_data_file(path)]
    return [*data[:1], *(path for path in one.job.expected if path in files)]


def _origin(origin: Origin, service: str) -> Iterator[str]:
    what = "file" if origin.below else "tree"
    if origin.kind == "container":
        yield f"from=$(container {word(service)} {word(origin.path)})"
        yield "# shellcheck disable=SC2046"
        yield 'stop $(docker ps -q --filter "id=$from")'
        yield f'{what} "$from" {word(origin.path)}'
        return
    inside = f"{ABOVE}/{Path(origin.below).name}" if origin.below and not origin.path else INSIDE
    mount = f"type={origin.kind},{_field('src', origin.name)},dst={inside},readonly"
    yield f"from=$(carrier {word(mount)})"
    yield f'{what} "$from" {word(f"{inside}/{origin.path}" if origin.path else inside)}'


def _field(name: str, value: str) -> str:
    """A field of `--mount`, which is a line of CSV."""
    text = f"{name}={value}"
    return '"' + text.replace('"', '""') + '"' if any(character in text for character in ',"\n') else text
