"""Invariant 8: a file or a stack that volfix cannot handle is named, the status is 2, and the others go on."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from volfix.cli.main import volfix
from volfix.docker.carry_jobs import CarryProblem
from volfix.docker.engine import Engine
from volfix.project.stack import Stack
from volfix.rules.context import Context
from volfix.rules.findings import Finding
from volfix.rules.occasions import OCCASIONS
from volfix.rules.registry import REGISTRY

GOOD = "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
PIPELINE = "kind: pipeline\ntype: docker\nname: x\nsteps:\n- name: deploy\n  image: docker:27\n  commands:\n  - %s\n"
DB = "services:\n  db:\n    image: %s\n    volumes: [%s]\n"


def chained(length: int) -> str:
    links = (f"  s{number}:\n    extends: s{number + 1}\n" for number in range(length))
    return GOOD.replace("  db:", f"{''.join(links)}  s{length}:")


HOSTILE: dict[str, dict[str, str]] = {
    "NUL in a mount": {"compose.yaml": DB % ("postgres:16", r'"./p\0g:/var/lib/postgresql/data"')},
    "NUL in a build": {"compose.yaml": r'services: {db: {build: "./p\0g", volumes: ["./pg:/data"]}}'},
    "NUL in an env_file": {"compose.yaml": GOOD + r'    env_file: "./a\0b"' + "\n"},
    "NUL in an include": {"compose.yaml": r'include: ["./a\0b.yaml"]' + "\n" + GOOD},
    "NUL in extends": {"compose.yaml": r'services: {db: {extends: {file: "./a\0b.yaml", service: db}}}'},
    "NUL in a pipeline": {"compose.yaml": GOOD, ".drone.yml": PIPELINE % r'"cd ./a\0b; docker compose up -d"'},
    "a build of 5,000 characters": {
        "compose.yaml": f"services: {{db: {{build: {'a' * 5000}, volumes: ['./pg:/data']}}}}"
    },
    "a mount of 5,000 characters": {"compose.yaml": DB % ("postgres:16", f"'./{'a' * 5000}:/var/lib/postgresql/data'")},
    "half a surrogate pair": {"compose.yaml": DB % ("postgres:16", r'"./p\ud800g:/var/lib/postgresql/data"')},
    "an extends chain of a thousand": {"compose.yaml": chained(1000)},
    "an extends chain that is too deep to follow": {"compose.yaml": chained(5000)},
    "NUL in an env file": {"compose.yaml": GOOD, ".env": "A=\0\n"},
    "NUL in a Dockerfile": {
        "compose.yaml": "services: {db: {build: ., volumes: ['./pg:/data']}}",
        "Dockerfile": "FROM a\0b\nCOPY a\0b /x\n",
    },
    "NUL in a script": {"compose.yaml": GOOD, "deploy.sh": "cd a\0b\ndocker compose -f c\0d up -d\n"},
    "NUL in code": {"compose.yaml": "services: {db: {build: ., volumes: ['./pg:/data']}}", "app.py": "open('a\0b')\n"},
}


def run(root: Path, *options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(volfix, ["fix", "-q", *options, str(root)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.exit_code, result.stdout, result.stderr


def with_neighbour(root: Path, files: dict[str, str]) -> Path:
    for directory, texts in (("good", {"compose.yaml": GOOD}), ("hostile", files)):
        (root / directory).mkdir()
        for name, text in texts.items():
            (root / directory / name).parent.mkdir(exist_ok=True)
            (root / directory / name).write_text(text)
    return root


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE)
def test_one_bad_input_does_not_stop_the_others(files: dict[str, str], tmp_path: Path) -> None:
    _, told, problems = run(with_neighbour(tmp_path, files))
    assert "good/compose.yaml:4:15" in told
    assert "VF101" in told
    assert "please report" not in problems
    assert "Traceback" not in problems


def concerns_hostile(value: object) -> bool:
    """Whether a file, a directory, a stack or several of them are the hostile project's."""
    if isinstance(value, Context):
        return concerns_hostile(value.stack)
    if isinstance(value, Stack):
        return any("hostile" in str(file.path) for file in value.files)
    if isinstance(value, (list, tuple)):
        return any(map(concerns_hostile, value))
    return "hostile" in str(getattr(value, "path", value))


READING = (("volfix.project.compose.compose_file", "parse"), ("volfix.project.stacks", "projects_of"))
CALLS = {
    "a Compose file is parsed": READING[0],
    "a project is built": READING[1],
    "the servers of all stacks are compared": ("volfix.rules.evidence.servers", "servers_by_source"),
    "the sources of all stacks are compared": ("volfix.fixes.run_context", "_shared_sources"),
    "the occasion of a rule is looked for": ("volfix.fixes.stack_plan", "may_find"),
    "the results of a stack are begun": ("volfix.fixes.project_results", "bare_results"),
    "the results of a stack are put together": ("volfix.fixes.project_results", "project_results"),
    "a fix is proven": ("volfix.fixes.proof.proven", "made_of"),
}


@pytest.mark.parametrize(("module", "name"), CALLS.values(), ids=CALLS)
def test_an_error_that_nobody_expected_is_named_with_the_file(
    module: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_neighbour(tmp_path, {"compose.yaml": GOOD.replace("./pg", "./other")})
    failing_on_the_hostile(monkeypatch, f"{module}.{name}")
    is_named_and_the_others_go_on(root)


def test_what_fails_only_together_is_one_line_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(stacks: Sequence[Stack]) -> object:
        if len(stacks) > 1:
            raise KeyError("s3cret")
        return {}

    monkeypatch.setattr("volfix.rules.evidence.servers.servers_by_source", failing)
    status, told, problems = run(with_neighbour(tmp_path, {"compose.yaml": GOOD.replace("./pg", "./other")}))
    assert (status, "VF101" in told) == (2, False)
    assert problems.count("\n") == 1
    assert "not checked: an error in volfix (KeyError" in problems
    assert "s3cret" not in problems


@pytest.mark.parametrize("code", REGISTRY)
def test_a_rule_that_fails_on_a_stack_is_named_with_its_file(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_neighbour(tmp_path, {"compose.yaml": GOOD.replace("./pg", "./other")})
    before = REGISTRY[code].check

    def failing(context: Context) -> Iterator[Finding]:
        if concerns_hostile(context.stack):
            raise KeyError("s3cret")
        return before(context)

    monkeypatch.setattr(f"volfix.rules.{code.lower()}.RULE", replace(REGISTRY[code], check=failing))
    monkeypatch.setitem(OCCASIONS, code, lambda _: True)
    is_named_and_the_others_go_on(root, "--select", f"{code},VF101")


@pytest.mark.parametrize("code", OCCASIONS)
def test_a_rule_whose_occasion_cannot_be_told_is_named_with_the_file(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_neighbour(tmp_path, {"compose.yaml": GOOD.replace("./pg", "./other")})
    before = OCCASIONS[code]

    def failing(context: Context) -> bool:
        if concerns_hostile(context):
            raise KeyError("s3cret")
        return before(context)

    monkeypatch.setitem(OCCASIONS, code, failing)
    is_named_and_the_others_go_on(root, "--select", f"{code},VF101")


@pytest.mark.parametrize("code", [code for code in REGISTRY if code != "VF101"])
def test_a_rule_that_cannot_be_imported_is_named_with_the_file_that_gives_it_an_occasion(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_neighbour(tmp_path, {"compose.yaml": GOOD.replace("./pg", "./other")})
    monkeypatch.setitem(sys.modules, f"volfix.rules.{code.lower()}", None)
    monkeypatch.setitem(OCCASIONS, code, concerns_hostile)
    is_named_and_the_others_go_on(root, "--select", f"{code},VF101", error="ModuleNotFoundError")


def test_a_rule_that_cannot_be_imported_is_named_with_each_file_that_gives_it_an_occasion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "volfix.rules.vf101", None)
    status, told, problems = run(with_neighbour(tmp_path, {"compose.yaml": GOOD}), "--select", "VF101")
    assert (status, "VF101" in told) == (2, False)
    good, hostile = problems.splitlines()
    assert "good/compose.yaml: not checked: an error in volfix (ModuleNotFoundError" in good
    assert "hostile/compose.yaml: not checked: an error in volfix (ModuleNotFoundError" in hostile


def failing_on_the_hostile(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """What is called at this place of volfix fails where it is asked about the hostile project."""
    module, _, name = place.rpartition(".")
    before = getattr(importlib.import_module(module), name)

    def failing(*asked: object, **named: object) -> object:
        if any(map(concerns_hostile, asked)):
            raise KeyError("s3cret")
        return before(*asked, **named)

    monkeypatch.setattr(place, failing)


def deployed(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, list[str]]:
    """The status and the lines of a command that reaches no engine: it ends where it would look at its containers."""

    def reached(*_: object, **__: object) -> object:
        raise CarryProblem("the engine is asked")

    monkeypatch.setattr(Engine, "connect", lambda: Engine(None))
    monkeypatch.setattr("volfix.docker.find_moves.MoveSearch", reached)
    monkeypatch.setattr("volfix.docker.rows.count", reached)
    result = CliRunner().invoke(volfix, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.exit_code, result.output.splitlines()


@pytest.mark.parametrize(
    "place",
    [
        "volfix.project.compose.compose_file.parse",
        "volfix.project.stacks.projects_of",
        "volfix.docker.deployed.Context",
    ],
)
def test_a_project_that_cannot_be_read_stops_no_other_carry(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_neighbour(tmp_path, {"compose.yaml": GOOD.replace("./pg", "./other")})
    failing_on_the_hostile(monkeypatch, place)
    status, lines = deployed(monkeypatch, "carry", str(root))
    assert status == 2
    assert sum("KeyError" in line for line in lines if not line.startswith("#")) == 1
    assert any("hostile" in line and "KeyError" in line for line in lines)
    assert "volfix: the engine is asked" in lines
    assert "s3cret" not in "".join(lines)
    assert lines[-4].startswith("# not carried: the engine is asked")
    assert lines[-1].endswith("hostile")


@pytest.mark.parametrize("command", ["carry", "rows"])
def test_a_project_that_cannot_be_read_is_one_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_neighbour(tmp_path, {"compose.yaml": GOOD, "below/compose.yaml": GOOD})
    failing_on_the_hostile(monkeypatch, "volfix.project.compose.compose_file.parse")
    status, (line,) = deployed(monkeypatch, command, str(root / "hostile"))
    assert status == 2
    assert line.startswith(f"volfix: {root}/hostile/compose.yaml: not checked: an error in volfix (KeyError in ")


@pytest.mark.parametrize("command", ["carry", "rows"])
def test_a_broken_project_is_none_of_those_below_it(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "compose.yaml").write_text(GOOD)
    (tmp_path / "compose.yaml").write_text("services:\n  db: [\n")
    status, (line,) = deployed(monkeypatch, command, str(tmp_path))
    assert status == 2
    assert line.startswith(f"volfix: {tmp_path}/compose.yaml:")


def is_named_and_the_others_go_on(root: Path, *options: str, error: str = "KeyError") -> None:
    status, told, problems = run(root, *options)
    assert status == 2
    assert "good/compose.yaml:4:15" in told
    assert problems.count("\n") == 1
    assert "hostile" in problems
    assert error in problems
    assert "s3cret" not in problems
