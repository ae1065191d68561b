"""What no person writes is refused in a line with file and limit, and no fix beside it is called safe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Calls
from test_scale import APP, DB, ONE, PYTHON, Files, each, looked_at

import volfix
from volfix.project.deployments.row_wipes import wipe_by
from volfix.report.finding import READ
from volfix.report.text import render
from volfix.report.view import View
from volfix.rules.findings import Applicability

BUILT = APP.replace("    env_file: .env\n", "")
TOO_MUCH: dict[str, tuple[str, str, Callable[[], Files]]] = {
    "lines of an env file": (
        ".env",
        "more than 20000 variables: volfix does not read it",
        lambda: {"compose.yaml": APP + ONE.partition("\n")[2], ".env": each(20_001, lambda i: f"V{i}=x\n")},
    ),
    "characters of an env file": (
        ".env",
        "larger than volfix reads (262144 bytes)",
        lambda: {"compose.yaml": APP + ONE.partition("\n")[2], ".env": f"A={'x' * 262_144}\n"},
    ),
    "values of a pipeline": (
        ".drone.yml",
        "more than 15000 values and collections: volfix does not read it",
        lambda: {
            "compose.yaml": ONE,
            ".drone.yml": "kind: pipeline\nname: x\nsteps:\n- name: s\n  image: docker:27\n  commands:\n"
            + each(15_000, lambda i: f"  - docker ps {i}\n"),
        },
    ),
    "instructions of a Dockerfile": (
        "Dockerfile",
        "more than 5000 instructions or 100 stages: volfix does not read it",
        lambda: {"compose.yaml": BUILT, "Dockerfile": "FROM python:3.12\n" + "RUN true\n" * 5_000},
    ),
    "stages of a Dockerfile": (
        "Dockerfile",
        "more than 5000 instructions or 100 stages: volfix does not read it",
        lambda: {
            "compose.yaml": BUILT,
            "Dockerfile": "FROM python:3.12 AS s0\n" + each(100, lambda i: f"FROM s{i} AS s{i + 1}\n"),
        },
    ),
    "paths that stages copy from each other": (
        "Dockerfile",
        "its stages copy more than 10000 paths: volfix does not read it",
        lambda: {
            "compose.yaml": BUILT,
            "Dockerfile": "FROM python:3.12 AS s0\nCOPY . /a\n"
            + each(40, lambda i: f"FROM s{i} AS s{i + 1}\nCOPY --from=s{i} / /x\n"),
        },
    ),
    "databases of an env file": (
        ".env",
        "more than 100 databases in the environment of app: volfix reads no more",
        lambda: {"compose.yaml": APP, ".env": each(101, lambda i: f"D{i}_DATABASE_URL=sqlite:///./d{i}.db\n")},
    ),
    "databases of an env file that nothing loads": (
        ".env.prod",
        "more than 100 databases in env files that no service loads: volfix reads no more",
        lambda: {"compose.yaml": BUILT, ".env.prod": each(101, lambda i: f"D{i}_DATABASE_URL=sqlite:///./d{i}.db\n")},
    ),
    "commands of a job": (
        ".gitlab-ci.yml",
        "a job of more than 2000 commands: volfix does not read them all",
        lambda: {
            "compose.yaml": ONE,
            ".gitlab-ci.yml": each(
                4,
                lambda i: f".j{i}:\n  script:\n" + f"    - !reference [.j{i + 1}, script]\n" * 10,
            )
            + ".j4: {script: [docker compose down -v]}\nj:\n  script:\n    - !reference [.j0, script]\n",
        },
    ),
    "characters of a script": (
        "deploy.sh",
        "larger than volfix reads (262144 bytes)",
        lambda: {"compose.yaml": ONE, "deploy.sh": "docker compose down -v\ndocker compose up -d\n" + "# x\n" * 66_000},
    ),
    "commands of a script": (
        "deploy.sh",
        "it runs more than 2500 commands, with those of what it calls: volfix does not read them all",
        lambda: {
            "compose.yaml": ONE,
            "deploy.sh": "docker compose up -d\n" + "docker compose logs -v\n" * 2_600 + "rm -r x",
        },
    ),
    "commands of a script that delete volumes": (
        "deploy.sh",
        "more than 300 commands that delete volumes: volfix does not read them all",
        lambda: {"compose.yaml": ONE, "deploy.sh": "docker compose up -d\n" + "docker compose down -v\n" * 301},
    ),
    "characters of a value": (
        ".drone.yml",
        "a value of more than 32768 characters: volfix does not read the file",
        lambda: {
            "compose.yaml": ONE,
            ".drone.yml": "kind: pipeline\nname: x\nsteps:\n- name: s\n  image: docker:27\n"
            f"  commands: [docker compose up {'x ' * 17_000}]\n",
        },
    ),
    "characters of all values of a pipeline": (
        ".drone.yml",
        "values of more than 262144 characters in all: volfix does not read it",
        lambda: {
            "compose.yaml": ONE,
            ".drone.yml": "kind: pipeline\nname: x\nsteps:\n- name: s\n  image: docker:27\n  commands:\n"
            + each(9, lambda i: f"  - docker compose up {'x ' * 15_000}\n"),
        },
    ),
    "characters of a module": (
        "m0.py",
        "larger than volfix reads (262144 bytes)",
        lambda: {
            "compose.yaml": BUILT,
            "Dockerfile": PYTHON,
            "m0.py": "import sqlite3\nsqlite3.connect('/app/data/d.db')\n" + "ROWS = [1, 2]\n" * 20_000,
        },
    ),
    "tokens of a module": (
        "m0.py",
        "more than 20000 tokens of Python: volfix does not read it",
        lambda: {
            "compose.yaml": BUILT,
            "Dockerfile": PYTHON,
            "m0.py": "import sqlite3\nsqlite3.connect('/app/data/d.db')\n" + "ROWS = [1, 2]\n" * 18_000,
        },
    ),
    "comments of a module": (
        "m0.py",
        "more than 20000 tokens of Python: volfix does not read it",
        lambda: {
            "compose.yaml": BUILT,
            "Dockerfile": PYTHON,
            "m0.py": "import sqlite3\nsqlite3.connect('/app/data/d.db')\n" + "#\n" * 100_000,
        },
    ),
    "databases of a module": (
        "m0.py",
        "more than 100 databases in the code of app: volfix reads no more",
        lambda: {
            "compose.yaml": BUILT,
            "Dockerfile": PYTHON,
            "m0.py": "import sqlite3\n" + each(101, lambda i: f"sqlite3.connect('/app/data/d{i}.db')\n"),
        },
    ),
}


@pytest.mark.parametrize(("name", "reason", "files"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_too_much_is_named_with_its_limit(
    name: str, reason: str, files: Callable[[], Files], tmp_path: Path
) -> None:
    counted, plan = looked_at(files(), tmp_path)
    assert counted < 3_000_000
    (error,) = plan.result.errors
    assert error.path.name == name
    assert str(error).endswith(reason)
    assert all(finding.applicability is not Applicability.SAFE for finding in plan.findings)


def test_a_compose_file_of_too_many_values_is_no_project(tmp_path: Path) -> None:
    """Nothing is said of what was not read."""
    (tmp_path / "compose.yaml").write_text(ONE + "    labels:\n" + each(7_500, lambda i: f"      l{i}: x\n"))
    plan = volfix.plan([str(tmp_path)])
    assert not plan.findings
    assert "more than 15000 values and collections" in str(plan.result.errors[0])


def test_a_compose_file_of_long_values_is_no_project(tmp_path: Path) -> None:
    """Each may be a command, which is read as that of a script."""
    values = each(9, lambda i: f"      V{i}: {'x ' * 15_000}\n")
    counted, plan = looked_at({"compose.yaml": f"{ONE}    environment:\n{values}"}, tmp_path)
    assert counted < 100_000
    assert not plan.findings
    assert "values of more than 262144 characters in all: volfix does not read it" in str(plan.result.errors[0])


def test_a_module_of_a_thousand_settings_is_read(tmp_path: Path) -> None:
    """Settings and generated migrations have so many lines."""
    lines = "LEVEL = os.getenv('LEVEL', 'x')\n" * 1_000
    module = f"import os\nimport sqlite3\n{lines}sqlite3.connect('/app/data/d.db')\n"
    _, plan = looked_at({"compose.yaml": BUILT, "Dockerfile": PYTHON, "m0.py": module}, tmp_path)
    assert not plan.result.errors
    assert any("m0.py" in str(finding) for finding in plan.findings)


def test_of_many_databases_five_are_named(tmp_path: Path) -> None:
    """Each of the findings would name all others: the message says how many there are."""
    module = "import sqlite3\n" + each(9, lambda i: f"sqlite3.connect('/app/d{i}.db')\n")
    _, plan = looked_at({"compose.yaml": BUILT, "Dockerfile": PYTHON, "m0.py": module}, tmp_path)
    reasons = [reason for finding in plan.findings if (reason := finding.reason) and "names other" in reason]
    others = "/app/d1.db, /app/d2.db, /app/d3.db, /app/d4.db, /app/d5.db and 3 more"
    assert f"the code names other databases too ({others})" in reasons[0]


def test_no_more_than_forty_carry_services_are_added(tmp_path: Path) -> None:
    """Each adds a script of 5 KB to the file: more would make a file that volfix itself does not read."""
    counted, plan = looked_at(
        {"compose.yaml": "services:\n" + each(41, lambda i: DB.format(n=i))}, tmp_path, carry_service=True
    )
    assert counted < 3_000_000
    carried = [each for finding in plan.findings if finding.fix for each in finding.fix.carried]
    assert len(carried) == 41
    instead = "the stack needs more than 40 carry services: `volfix carry --write` copies the data instead"
    assert {each.reason for each in carried} == {instead}


def test_a_file_that_is_full_gets_no_carry_services(tmp_path: Path) -> None:
    """Those that it has room for are not told apart from the others: each try reads the whole file."""
    labels = "    labels:\n" + each(7_300, lambda i: f"      l{i}: x\n")
    counted, plan = looked_at(
        {"compose.yaml": "services:\n" + each(20, lambda i: DB.format(n=i)) + labels}, tmp_path, carry_service=True
    )
    assert counted < 8_000_000
    (reason,) = {each.reason for finding in plan.findings if finding.fix for each in finding.fix.carried}
    assert str(reason).startswith("volfix could not read compose.yaml with its carry services: more than 15000 values")


def test_a_comment_of_a_megabyte_is_passed_over(tmp_path: Path) -> None:
    """Its words are not shown: to look for a password in a word takes time with the square of the word's length."""
    _, plan = looked_at({"compose.yaml": ONE + f"# {'x' * 1_000_000}\n"}, tmp_path)
    assert not plan.result.errors
    assert plan.findings


@pytest.mark.parametrize("source", ["./pg{i}", "./pg"])
def test_the_lines_of_hundreds_of_fixes_are_left_out(source: str, tmp_path: Path) -> None:
    """To show what may be seen of a fix's lines takes a look at the whole file, after this fix alone."""
    count = 120
    services = each(count, lambda i: DB.format(n=i).replace(f"./pg{i}:", f"{source.format(i=i)}:"))
    _, plan = looked_at({"compose.yaml": "services:\n" + services}, tmp_path)
    with Calls() as counted:
        text = render(plan.result, View(tmp_path))
    assert counted.number < 4_000_000
    told = min(text.count("= fix ("), -(-READ // len("services:\n" + services)))
    assert text.count("--diff shows them") == text.count("= fix (") - told


def test_a_path_in_which_a_script_goes_ever_deeper_ends(tmp_path: Path) -> None:
    """No directory has a path of thousands of names."""
    deploy = "cd a\n" * 2_000 + "docker compose down -v\ndocker compose up -d\n"
    counted, plan = looked_at({"compose.yaml": ONE, "deploy.sh": deploy}, tmp_path)
    assert counted < 3_000_000
    assert not plan.result.errors


def test_forty_servers_of_a_directory_are_compared_and_ten_are_named(tmp_path: Path) -> None:
    """Each of hundreds would be compared with all others, and its finding would name them."""
    services = each(400, lambda i: DB.format(n=i).replace(f"./pg{i}", "./pg"))
    counted, plan = looked_at({"compose.yaml": "services:\n" + services}, tmp_path)
    assert counted < 6_000_000
    shared = [finding for finding in plan.findings if finding.code == "VF110"]
    assert len(shared) == 400
    assert all(len(finding.places) == 10 for finding in shared)
    assert "db0, db1, db10, db100, db101, db102, db103, db104, db105, db106 and at least 31 more" in shared[-1].danger
    (reason,) = {finding.reason for finding in plan.findings if finding.code == "VF101"}
    assert reason == "more than 40 database servers use ./pg: see VF110"


def test_verbose_leaves_out_the_lines_of_hundreds_of_fixes_too(tmp_path: Path) -> None:
    """Findings with the same words have a look at the whole script for each of their fixes."""
    deploy = "docker compose up -d\n" + "docker compose down -v\n" * 150 + "# x\n" * 10_000
    _, plan = looked_at({"compose.yaml": ONE, "deploy.sh": deploy}, tmp_path)
    with Calls() as counted:
        text = render(plan.result, View(tmp_path, verbose=True))
    assert counted.number < 3_000_000
    assert "many lines more: --diff shows all" in text


def test_a_command_of_tens_of_thousands_of_words_is_read_once() -> None:
    """For each word the words before it were copied, and asked for a shell."""
    with Calls() as counted:
        assert wipe_by(["echo", *["-c", "x"] * 20_000]) is None
    assert counted.number < 1_000_000


def test_the_lines_of_hundreds_of_findings_about_a_long_script_are_not_counted(tmp_path: Path) -> None:
    """Each of the changes is sought in thousands of lines."""
    deploy = "docker compose up -d\n" + "docker compose down -v\n" * 150 + "# x\n" * 10_000
    _, plan = looked_at({"compose.yaml": ONE, "deploy.sh": deploy}, tmp_path)
    with Calls() as counted:
        text = render(plan.result, View(tmp_path))
    assert counted.number < 6_000_000
    assert "many lines more: --diff shows all" in text


@pytest.mark.parametrize("lines", [4_000, 20_000])
def test_a_large_script_that_starts_no_container_stops_no_fix(tmp_path: Path, lines: int) -> None:
    """Autoconf and Libtool write `configure` and ltmain.sh, which repositories hold and builds call."""
    written = "if test -f conftest; then rm -rf conftest; fi\n" * lines
    deploy = "sh ./configure\nmake\ndocker compose down -v\ndocker compose up -d\n"
    files = {"compose.yaml": ONE, "deploy.sh": deploy, "configure": f"#!/bin/sh\n{written}", "ltmain.sh": written}
    counted, plan = looked_at(files, tmp_path)
    assert not plan.result.errors
    assert counted < 1_000_000
    assert "VF401" in render(plan.result, View(tmp_path))
