"""The cost of a run is linear in its input: counted in function calls, at one size and at twice of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Calls

from volfix.api import plan

MOST = 2.4
"""How many times the calls may be that twice the input takes."""


def stack(number: int) -> str:
    return "services:\n" + "".join(
        f"  s{each}:\n    image: postgres:15\n    volumes:\n      - ./data/s{each}:/var/lib/postgresql/data\n"
        for each in range(number)
    )


def deployed(number: int, commands: str) -> dict[str, str]:
    """A script with so many commands that a pipeline of the stack calls."""
    lines = "".join(commands.format(each, each % 5) for each in range(number))
    return {
        "compose.yaml": stack(5),
        "deploy.sh": f"#!/bin/bash\n{lines}",
        ".github/workflows/d.yml": (
            "on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n      - run: ./deploy.sh\n"
        ),
    }


def deletes_volumes(number: int) -> dict[str, str]:
    return deployed(number, "docker compose down -v\ndocker compose up -d s{1}\necho {0}\n")


def deletes_volumes_in_branches(number: int) -> dict[str, str]:
    return deployed(number, 'if [ "$N" = {0} ]; then\n  docker compose down --volumes\n  docker compose up -d\nfi\n')


def prunes_volumes(number: int) -> dict[str, str]:
    return deployed(number, "docker compose up -d s{1}\ndocker volume prune -f\n")


def deletes_files(number: int) -> dict[str, str]:
    return deployed(number, "N{0}=1\nrm -rf data/s{1}/tmp{0}\ndocker compose up -d s{1}\n")


def scripts(number: int) -> dict[str, str]:
    lines = 'NAME=v\nif [ -n "$NAME" ]; then\n  docker compose logs s1\nfi\ntar czf /tmp/b.tgz data/s2\n'
    return {"compose.yaml": stack(5), **{f"scripts/x{each}.sh": f"#!/bin/bash\n{lines}" for each in range(number)}}


def makefiles_and_modules(number: int) -> dict[str, str]:
    module = 'import os\n\nURL = os.environ.get("DATABASE_URL", "sqlite:///./data/app.db")\n'
    return {
        "compose.yaml": (
            "services:\n  app:\n    build: .\n    environment:\n      DATABASE_URL: sqlite:///./data/app.db\n"
            "    volumes:\n      - ./data:/app/data\n"
        ),
        "Dockerfile": 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD ["python", "-m", "p.m0"]\n',
        **{f"p/m{each}.py": module for each in range(number)},
        **{f"t{each}/Makefile": "up:\n\tdocker compose up -d\nclean:\n\trm -rf build\n" for each in range(number)},
    }


def directories(number: int) -> dict[str, str]:
    """A project in each directory, one with something to find."""
    own = {f"d{each}/compose.yaml": "services: {web: {image: nginx}}\n" for each in range(number)}
    return {"compose.yaml": stack(1), **own}


def stacks_with_targets(number: int) -> dict[str, str]:
    """A stack with a fix in each directory, and targets that start it and take it away."""
    places = [f"d{each}" for each in range(number)]
    return {f"{place}/compose.yaml": stack(1) for place in places} | {
        f"{place}/Makefile": "up:\n\tdocker compose up -d\nclean:\n\tdocker compose down -v\n" for place in places
    }


def deletes_when_asked(number: int) -> dict[str, str]:
    """A script that no deployment calls, with commands that delete the volumes of the stack."""
    lines = "".join(f"docker compose down -v s{each}\n" for each in range(number))
    return {"compose.yaml": stack(2), "clean.sh": f"#!/bin/sh\n{lines}"}


def npm_scripts(number: int) -> dict[str, str]:
    scripts = "".join(f'"s{each}": "docker compose down", ' for each in range(number))
    return {
        "compose.yaml": stack(1),
        "package.json": f'{{"scripts": {{{scripts}"deploy": "docker compose down -v && docker compose up -d"}}}}',
    }


def calls(root: Path, files: dict[str, str]) -> int:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with Calls() as calls:
        found = plan(root)
    assert found.findings
    return calls.number


@pytest.mark.parametrize(
    ("made", "number"),
    [
        (deletes_volumes, 60),
        (deletes_volumes_in_branches, 60),
        (prunes_volumes, 60),
        (deletes_files, 60),
        (scripts, 30),
        (npm_scripts, 100),
        (makefiles_and_modules, 50),
        (directories, 300),
        (stacks_with_targets, 40),
        (deletes_when_asked, 150),
    ],
)
def test_twice_the_input_takes_twice_the_calls(
    made: Callable[[int], dict[str, str]], number: int, tmp_path: Path
) -> None:
    calls(tmp_path / "first", made(2))  # what is imported and read once for all
    once = calls(tmp_path / "once", made(number))
    twice = calls(tmp_path / "twice", made(2 * number))
    assert twice < MOST * once


def test_why_no_service_can_carry_is_asked_in_linear_time(tmp_path: Path) -> None:
    """For each database all the other mounts and services were looked at."""

    def asked(number: int) -> int:
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "compose.yaml").write_text(stack(number))
        with Calls() as counted:
            plan(tmp_path / str(number), carry_service=True)
        own = [entry for entry in counted.getstats() if "carry_refusals.py" in str(entry.code)]
        below = [each.callcount for entry in own for each in entry.calls or () if "mounts.py" not in str(each.code)]
        return sum(entry.callcount for entry in own) + sum(below)

    assert asked(16) < MOST * asked(8)


def test_the_text_after_a_fix_is_written_once_for_all_fixes(tmp_path: Path) -> None:
    """For each fix the whole file was written, and kept until the fixes were shown: 240 MB for a script."""
    (tmp_path / "compose.yaml").write_text(stack(40))
    with Calls() as counted:
        assert len(plan(tmp_path).findings) == 40
    below = [each for entry in counted.getstats() if "render.py" in str(entry.code) for each in entry.calls or ()]
    written = [each.callcount for each in below if "source.py" in str(each.code) and "splice" in str(each.code)]
    assert written == [1]


def test_images_are_searched_for_the_name_of_a_script_only_if_they_have_it(tmp_path: Path) -> None:
    """Each script was sought in each Dockerfile."""
    files = {
        "compose.yaml": stack(1),
        **{f"a{each}/Dockerfile": "FROM alpine:3.22\n" for each in range(30)},
        **{f"b{each}.sh": "ls ./data/s0\n" for each in range(30)},
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with Calls() as counted:
        plan(tmp_path)
    own = [each for entry in counted.getstats() if "host_commands.py" in str(entry.code) for each in entry.calls or ()]
    assert sum(each.callcount for each in own if "search" in str(each.code)) < 3 * 30
