"""Given names that a shell or a terminal would obey, each printed command does what it says, and only that."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from volfix import plan
from volfix.cli.carry_next import typed
from volfix.cli.carry_record import back_command
from volfix.cli.main import volfix
from volfix.cli.outputs import clean
from volfix.docker.carry_jobs import CarryProblem, Origin
from volfix.docker.history import check_one
from volfix.rules.carried import Carried

HOSTILE = ["$(touch x)", "`touch x`", "-rf", "a'b", "a\nb", "a b;touch x", "\u202egnp", "a\x1b[31m", "*", "!x", "#x"]
STACK = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./pg:/var/lib/postgresql/data\n"
RECORDS = """#!/bin/sh
for each; do printf '%s\\0' "$each"; done >>"$RECORD"
"""


def received(line: str, directory: Path, program: str = "volfix") -> list[str]:
    """What a program receives where a person pastes the line into `sh`; nothing else is made there."""
    tools = directory.parent / "tools"
    tools.mkdir(exist_ok=True)
    record, stub = tools / "record", tools / program
    record.unlink(missing_ok=True)
    stub.write_text(RECORDS)
    stub.chmod(0o755)
    before = sorted(directory.iterdir())
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "RECORD": str(record)}
    subprocess.run(["sh", "-c", line], check=True, cwd=directory, env=environment)
    assert sorted(directory.iterdir()) == before
    return os.fsdecode(record.read_bytes()).split("\0")[:-1]


def printed(directory: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.chdir(directory)
    output = CliRunner().invoke(volfix, [*words], env={"DOCKER_HOST": "unix:///nonexistent"}).output
    assert all(line.isprintable() for line in output.split("\n")), output
    return output


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


@pytest.mark.parametrize("name", HOSTILE)
def test_the_next_steps_of_a_run(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = here / name
    project.mkdir()
    (project / "compose.yaml").write_text(STACK)
    output = printed(here, monkeypatch, "--dry-run", "--", name)
    write, carry = re.findall(r"^ +\d  (volfix .*?)(?:  +on the host.*)?$", output, re.MULTILINE)
    shown = f"./{name}" if name.startswith("-") else name
    assert received(write, here) == [shown, "--write"]
    assert received(carry, here) == ["carry", "--write", shown]


@pytest.mark.parametrize("name", HOSTILE)
def test_the_project_that_explain_names(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for project in (here / name, here / "other"):
        project.mkdir()
        (project / "compose.yaml").write_text(STACK if project.name == name else "services: {web: {image: nginx}}\n")
    last = printed(here, monkeypatch, "explain", ".").rstrip("\n").rpartition(": ")[2]
    assert received(last, here) == ["explain", f"{'./' if name.startswith('-') else ''}{name}/compose.yaml"]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_git_clean_is_to_spare(name: str, here: Path) -> None:
    mount = f"{{type: bind, source: {json.dumps(f'./{name}')}, target: /data/db}}"
    (here / "compose.yaml").write_text(f"services:\n  db:\n    image: mongo:7\n    volumes: [{mount}]\n")
    (here / "deploy.sh").write_text("#!/bin/sh\ngit clean -fdx\ndocker compose up -d\n")
    (found,) = plan(here, select=["VF402"]).findings
    assert found.reason is not None
    line = found.reason.partition("use `")[2].removesuffix("`")
    meant = (f"\\{name}" if name[0] in "*!#" else name).replace("[", "\\[")
    assert received(line, here, "git") == ["clean", "-e", meant]


@pytest.mark.parametrize("name", HOSTILE)
def test_the_commands_of_carry(name: str, here: Path) -> None:
    options = dict.fromkeys(("back", "replace", "no_up", "no_rows", "from_project", "project_name"))
    line = typed(Path(name), options, maps=((f"./{name}", "db-data"),))
    place = f"./{name}" if name.startswith("-") else name
    assert received(line, here) == ["carry", "--write", "--map", f"./{name}=db-data", place]
    line = back_command(Carried("/srv/pg", "db-data", "shop_db-data", 0.0, ("-p", name), str(Path.cwd() / name)))
    assert received(line, here) == ["carry", "--back", "--write", "-p", name, place]
    with pytest.raises(CarryProblem) as problem:
        check_one("db-data", [Origin("bind", each, each, "was mounted") for each in (f"./{name}", "./b")])
    first = str(problem.value).partition("Say which: ")[2].removesuffix(" or --map ./b=db-data")
    assert received(f"volfix carry {first}", here) == ["carry", "--map", f"./{name}=db-data"]


def test_what_a_command_says_is_shown_as_it_is() -> None:
    said = "from ./a\x1b[2J\u202e: MODE=hunter2\n  what\tis: `volfix carry --map './a b=shop-db'`"
    assert clean(said) == "from ./a\\x1b[2J\\u202e: MODE=***\n  what\\tis: `volfix carry --map './a b=shop-db'`"
