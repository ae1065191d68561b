"""Where a service's variables come from: asked of Compose where it is installed, and of the places in the files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from volfix.project.compose.environment import lookup_in, read_dotenv
from volfix.project.compose.merging import build_project
from volfix.project.compose.model import Project
from volfix.project.compose.origins import InCompose, InEnvFile, PutTogether, Variable
from volfix.project.loader import Loader
from volfix.syntax.source import FileProblem, Source

COMPOSE = shutil.which("docker-compose", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

Files = dict[str, str]


def written(directory: Path, files: Files) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return directory


def read_project(directory: Path, problems: list[FileProblem] | None = None) -> Project:
    """The project of every compose*.yaml of the directory, merged in the order of their names."""
    loader = Loader([] if problems is None else problems, [])
    loaded = [loader.compose(path) for path in sorted(directory.glob("compose*.yaml"))]
    project = build_project(directory, directory, tuple(file for file in loaded if file is not None), loader)
    assert problems is not None or not loader.problems, loader.problems
    return project


def environment(directory: Path, files: Files, service: str = "app") -> dict[str, Variable]:
    return read_project(written(directory, files)).services[service].environment


def one(directory: Path, files: Files, name: str = "URL") -> Variable:
    return environment(directory, files)[name]


APP = "services:\n  app:\n    image: x\n"

TYPED = (
    *("0777", "-0777", "0o17", "0x1F", "-0b11", "0_7", "1_000", "+5", "-0", "09", "0o8", "_1"),
    *("18446744073709551615", "18446744073709551616", "-9223372036854775809", "1.50", ".5", "1.", "007.50", "._5"),
    *("-0.0", "1e3", "1e5", "1e6", "1234567.5", "0.0001", "0.00001", "1e400", "12e03", "1:30", "1.2.3", "1e", "0x"),
    *("True", "TRUE", "false", "yes", "off", "tRUE", "nULL", "!!str 0777", "'0777'", "=", "2020-01-01", "2020-1-2"),
    *("2020-01-01T10:00:00.50Z", "2020-01-01  1:2:3", "2020-01-01T10:00", "2020-13-01", "0001-01-01"),
)

PROJECTS: dict[str, Files] = {
    "environment over env_file": {
        "compose.yaml": APP + "    env_file: a.env\n    environment: {URL: compose}\n",
        "a.env": "URL=file\nOTHER=file\n",
    },
    "later env files over earlier ones": {
        "compose.yaml": APP + "    env_file: [a.env, b.env]\n",
        "a.env": "URL=a\nA=a\n",
        "b.env": "URL=b\nB=b\n",
    },
    "a list and a map are one": {
        "compose.yaml": APP + "    environment: [URL=base, A=1, B]\n",
        "compose.z.yaml": "services:\n  app:\n    environment: {URL: override, C: 3}\n",
    },
    "a list over a map": {
        "compose.yaml": APP + "    environment: {URL: base, A: 1}\n",
        "compose.z.yaml": "services:\n  app:\n    environment:\n      - URL=override\n      - C=\n",
    },
    "the last of a list": {"compose.yaml": APP + "    environment: [URL=1, URL=2]\n"},
    "env files of several parts": {
        "compose.yaml": APP + "    env_file: a.env\n",
        "compose.z.yaml": "services:\n  app:\n    env_file: [b.env]\n",
        "a.env": "URL=a\n",
        "b.env": "URL=b\n",
    },
    "an env file named again in the same words keeps its place": {
        "compose.yaml": APP + "    env_file: [a.env, b.env]\n",
        "compose.z.yaml": "services:\n  app:\n    env_file: a.env\n",
        "a.env": "URL=a\n",
        "b.env": "URL=b\n",
    },
    "an env file named again in other words comes again": {
        "compose.yaml": APP + "    env_file: [a.env, b.env]\n",
        "compose.z.yaml": "services:\n  app:\n    env_file: ./a.env\n",
        "a.env": "URL=a\n",
        "b.env": "URL=b\n",
    },
    "environment of an earlier part over an env file of a later one": {
        "compose.yaml": APP + "    environment: {URL: compose}\n",
        "compose.z.yaml": "services:\n  app:\n    env_file: a.env\n",
        "a.env": "URL=file\n",
    },
    "a name alone takes the value of .env": {
        "compose.yaml": APP + "    env_file: a.env\n    environment: [URL, NONE]\n",
        ".env": "URL=dotenv\n",
        "a.env": "URL=file\nNONE=file\n",
    },
    "a null takes the value of .env": {
        "compose.yaml": APP + "    env_file: a.env\n    environment:\n      URL:\n      NONE: ~\n      EMPTY: ''\n",
        ".env": "URL=dotenv\nEMPTY=dotenv\n",
        "a.env": "URL=file\nNONE=file\n",
    },
    "interpolation from .env": {
        "compose.yaml": APP + '    environment: {URL: "${URL}", D: "${NO:-d}", P: "a$$b${URL}c"}\n',
        ".env": "URL=dotenv\n",
    },
    ".env does not enter by itself": {"compose.yaml": APP + "    environment: {A: 1}\n", ".env": "URL=dotenv\n"},
    ".env as env_file": {"compose.yaml": APP + "    env_file: .env\n", ".env": "URL=dotenv\n"},
    "interpolation within env files": {
        "compose.yaml": APP + "    env_file: [a.env, b.env]\n    environment: {C: compose, BOTH: compose}\n",
        ".env": "D=dotenv\nBOTH=dotenv\n",
        "a.env": "A=a\nURL=${A}-${C}-${D}-${BOTH}-${NO:-n}-$$A-'$A'\nL='$A'\n",
        "b.env": 'X="${A} ${URL}"\nA=again\nY=$A\n',
    },
    "names alone in env files": {
        "compose.yaml": APP + "    env_file: [a.env, b.env]\n",
        ".env": "D=dotenv\n",
        "a.env": "URL=a\nD=file\n",
        "b.env": "D\nURL\n",
    },
    "interpolation within .env": {
        "compose.yaml": APP + '    environment: {URL: "${B}", L: "${L}", C: "${C}"}\n',
        ".env": "A=a\nB=${A}/b\nL='${A}'\nC=$$A\n",
    },
    "raw": {
        "compose.yaml": APP
        + "    env_file:\n      - {path: a.env, format: raw}\n      - path: b.env\n        required: false\n",
        "a.env": "URL=\"${A}\" # c\nA='x'\n",
    },
    "reset of one entry": {
        "compose.yaml": APP + "    environment: {URL: base, A: 1}\n",
        "compose.z.yaml": "services:\n  app:\n    environment: {URL: !reset null, B: 2}\n",
    },
    "reset of all": {
        "compose.yaml": APP + "    environment: {URL: base}\n    env_file: a.env\n",
        "compose.z.yaml": "services:\n  app:\n    environment: !reset {}\n",
        "a.env": "URL=file\n",
    },
    "override of all": {
        "compose.yaml": APP + "    environment: {URL: base, A: 1}\n    env_file: a.env\n",
        "compose.z.yaml": "services:\n  app:\n    environment: !override [B=2]\n    env_file: !override [b.env]\n",
        "a.env": "URL=a\n",
        "b.env": "X=b\n",
    },
    "reset of env files": {
        "compose.yaml": APP + "    env_file: [a.env]\n",
        "compose.z.yaml": "services:\n  app:\n    env_file: !reset null\n",
        "a.env": "URL=a\n",
    },
    "anchors and merge keys": {
        "compose.yaml": (
            "x-env: &env {URL: anchored, A: 1}\nx-more: &more\n  B: 2\n"
            + APP
            + "    environment:\n      <<: [*env, *more]\n      A: own\n  other:\n    image: x\n    environment: *env\n"
        )
    },
    "extends": {
        "compose.yaml": "services:\n  app:\n    extends: {file: base/common.yaml, service: base}\n"
        "    environment: {A: own}\n",
        "base/common.yaml": "services:\n  base:\n    image: x\n    environment: [A=base, URL=base]\n"
        "    env_file: b.env\n",
        "base/b.env": "URL=file\nB=file\n",
    },
    "include": {
        "compose.yaml": "include: [sub/compose.yaml]\n" + APP + '    environment: {URL: "${URL}"}\n',
        ".env": "URL=root\n",
        "sub/compose.yaml": 'services:\n  sub:\n    image: x\n    environment: {URL: "${URL}", S: "${S}"}\n',
        "sub/.env": "URL=sub\nS=${URL}-sub\n",
    },
    "names that hold variables": {
        "compose.yaml": APP + '    environment:\n      - "${P}_URL=x"\n      - "${WHOLE}"\n      - A=${P}=y\n',
        ".env": "P=MY\nWHOLE=K=v\n",
    },
    "names are not interpolated in a map": {
        "compose.yaml": APP + '    environment: {"A$$B": x}\n',
    },
    "styles": {
        "compose.yaml": APP
        + "    environment:\n      F: >-\n        a\n        b\n      L: |\n        x\n"
        + "      T: true\n      N: 5\n      Q: 'it''s'\n"
        + '      D: "a\\tb"\n      P: plain words\n      V: &v anchored\n      W: *v\n',
    },
    "multi-line values": {"compose.yaml": APP + "    env_file: a.env\n", "a.env": 'URL="a\nb"\nX=1\n'},
    "bytes": {"compose.yaml": APP + "    env_file: a.env\n", "a.env": "\ufeffURL=ü\r\nX=y # c\r\nX=z\r\n"},
    "numbers, truth and dates are printed as Go prints them": {
        "compose.yaml": APP
        + "    environment:\n"
        + "".join(f"      V{number}: {text}\n" for number, text in enumerate(TYPED)),
    },
    "an entry whose value is a merge key's name is none": {
        "compose.yaml": APP + "    environment:\n      A: <<\n      B: '<<'\n",
    },
    "an extended env file is another one in another directory": {
        "compose.yaml": "services:\n  app:\n    extends: {file: sub/compose.yaml, service: base}\n"
        "    env_file: [b.env, a.env]\n",
        "sub/compose.yaml": "services:\n  base:\n    image: x\n    env_file: [a.env, ../b.env]\n",
        "sub/a.env": "A=sub\nB=sub\nS=sub\n",
        "a.env": "A=own\n",
        "b.env": "B=own\nA=b\n",
    },
    "what an entry sets to nothing is no default's in an env file": {
        "compose.yaml": APP + "    env_file: a.env\n    environment: {B: x$OUTSIDE, C: ''}\n",
        ".env": "OUTSIDE=\n",
        "a.env": "B=file\nM=${B:-b}\nN=${C:-c}\n",
    },
    "a name alone leaves the default": {
        "compose.yaml": APP + "    env_file: a.env\n    environment: [OUTSIDE]\n",
        "a.env": "OTHER\nM=${OUTSIDE-b}${OTHER-c}\n",
    },
    "a reset of one entry leaves those of a list": {
        "compose.yaml": APP + "    environment: [A=base, B=base]\n",
        "compose.z.yaml": "services:\n  app:\n    environment: {A: !reset null, C: 1}\n",
    },
    "a reset of one entry leaves what two files have merged": {
        "compose.yaml": APP + "    environment: {A: base, B: base}\n",
        "compose.y.yaml": "services:\n  app:\n    environment: {C: 1}\n",
        "compose.z.yaml": "services:\n  app:\n    environment: {A: !reset null}\n",
    },
    "what looks like a variable is the text that it is": {
        "compose.yaml": APP + "    env_file: a.env\n    environment: ['B=$${SET}']\n",
        "a.env": "M=${B:-b}\n",
    },
    "a reset inside an override is a text": {
        "compose.yaml": APP + "    environment: {A: base}\n",
        "compose.z.yaml": "services:\n  app:\n    environment: !override {A: !reset null, B: 1}\n",
    },
    "behind a reset is what merge keys bring in": {
        "compose.yaml": APP + "    environment: {A: base}\n",
        "compose.z.yaml": "x-m: &m\n  environment: {B: merged}\nservices:\n  app:\n    <<: *m\n"
        "    environment: !reset null\n",
    },
    "an escaped dollar": {"compose.yaml": APP + "    environment: [URL=a$$b, 'X=$$$${Y}']\n"},
}


@pytest.mark.parametrize("name", PROJECTS)
@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed")
def test_values_are_those_of_compose(name: str, tmp_path: Path) -> None:
    directory = written(tmp_path, PROJECTS[name])
    assert COMPOSE is not None
    options = [word for path in sorted(directory.glob("compose*.yaml")) for word in ("-f", str(path))]
    done = subprocess.run(
        [COMPOSE, *options, "config", "--format", "json"],
        env={"PWD": str(directory), "HOME": "~"},
        cwd=directory,
        capture_output=True,
        check=False,
        timeout=60,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    for service, settings in json.loads(done.stdout)["services"].items():
        said = {key: value for key, value in (settings.get("environment") or {}).items() if value is not None}
        found = read_project(directory).services[service].environment
        mine = {key: variable.value for key, variable in found.items() if variable.value is not None}
        assert mine == {key.replace("$$", "$"): value.replace("$$", "$") for key, value in said.items()}


def literal(variable: Variable) -> str:
    """The characters of the file that the origin names."""
    origin = variable.origin
    if isinstance(origin, InCompose):
        return origin.scalar.value[origin.start : origin.end]
    assert isinstance(origin, InEnvFile)
    return origin.file.text[origin.assignment.value_span.start : origin.assignment.value_span.end]


@pytest.mark.parametrize(
    ("written_as", "expected"),
    [
        ("{URL: literal}", "literal"),
        ("{URL: 'lit''eral'}", "lit'eral"),
        ("[URL=literal]", "literal"),
        ("['URL=a=b']", "a=b"),
        ("{URL: '${V:-default}'}", "default"),
        ("['URL=${V:-default}']", "default"),
        ("{URL: '${V-${W:-deep}}'}", "deep"),
        ("{URL: 'a$$b'}", "a$$b"),
        ("{URL: ''}", ""),
        ("[URL=]", ""),
    ],
)
def test_a_literal_in_a_compose_file_says_where_it_is(written_as: str, expected: str, tmp_path: Path) -> None:
    variable = one(tmp_path, {"compose.yaml": APP + f"    environment: {written_as}\n"})
    assert isinstance(variable.origin, InCompose)
    assert variable.origin.file.path == tmp_path / "compose.yaml"
    assert literal(variable) == expected
    assert variable.value == expected.replace("$$", "$")


@pytest.mark.parametrize(
    ("written_as", "value"),
    [
        ("'${UNKNOWN}'", None),
        ("'${UNKNOWN:?say it}'", None),
        ("'${BAD/x}'", None),
        ("", None),
    ],
)
def test_what_comes_from_outside_has_no_origin(written_as: str, value: str | None, tmp_path: Path) -> None:
    files = {"compose.yaml": APP + f"    environment:\n      URL: {written_as}\n", ".env": "KNOWN=known\n"}
    found = one(tmp_path, files)
    assert (found.value, found.origin) == (value, None)


@pytest.mark.parametrize(
    ("written_as", "value", "unknown"),
    [
        ("sqlite:///${DIR:-./data}/a.db", "sqlite:///./data/a.db", None),
        ("${A:-x}${B:-y}", "xy", None),
        ("${KNOWN}/a.db", "known/a.db", None),
        ("${UNKNOWN}/a.db", "${UNKNOWN}/a.db", "UNKNOWN"),
        ("${V:-}", "", None),
    ],
)
@pytest.mark.parametrize("place", ["environment", "an env file"])
def test_what_is_put_together_is_where_its_text_is(
    written_as: str, value: str, unknown: str | None, place: str, tmp_path: Path
) -> None:
    files = {".env": "KNOWN=known\n", "a.env": f"URL={written_as}\n"}
    own = f"    environment:\n      URL: '{written_as}'\n" if place == "environment" else "    env_file: a.env\n"
    variable = one(tmp_path, {**files, "compose.yaml": APP + own})
    assert isinstance(variable.origin, PutTogether)
    assert (variable.value, variable.origin.unknown) == (value, unknown)
    assert variable.origin.written.text == written_as
    assert variable.origin.file.path.name == ("compose.yaml" if place == "environment" else "a.env")


SAID = [
    ("sqlite:///./${NAME}", "sqlite:///./data/shop.db", "sqlite:///./data/${NAME}"),
    ("sqlite:///$DIR/x.db", "sqlite:////app/data/x.db", "sqlite:///$DIR/data/x.db"),
    ("sqlite:///./${N:-shop.db}", "sqlite:///./data/shop.db", "sqlite:///./data/${N:-shop.db}"),
    ("sqlite:///${N:-./shop.db}", "sqlite:///./data/shop.db", "sqlite:///${N:-./data/shop.db}"),
    ("sqlite:///./${DATA}", "sqlite:///./data/data.db", "sqlite:///./data/${DATA}"),
    ("sqlite:///./a$$b", "sqlite:///./data/a$b", "sqlite:///./data/a$$b"),
    ("sqlite:///./${NAME}?x=1", "sqlite:///./data/shop.db?x=1", "sqlite:///./data/${NAME}?x=1"),
    ("sqlite:////srv/${NAME}", "sqlite:////app/data/shop.db", "sqlite:////app/data/${NAME}"),
    ("sqlite:///${DIR}${SLASH}x.db", "sqlite:////srv/x.db", None),
    ("${DIR}${SLASH}", "/app/data/", None),
]


@pytest.mark.parametrize(("text", "value", "after"), SAID)
def test_a_literal_part_makes_it_another_value(text: str, value: str, after: str | None, tmp_path: Path) -> None:
    known = "NAME=shop.db\nDIR=/app\nSLASH=/\nDATA=data.db\n"
    variable = one(
        tmp_path, {"compose.yaml": APP + "    env_file: a.env\n", "a.env": f"{known}URL={text}\n", ".env": ""}, "URL"
    )
    assert isinstance(variable.origin, PutTogether)
    assert variable.origin.saying(value) == after


def test_the_value_of_an_override_is_in_the_override(tmp_path: Path) -> None:
    variable = one(tmp_path, PROJECTS["a list and a map are one"])
    assert isinstance(variable.origin, InCompose)
    assert variable.origin.file.path.name == "compose.z.yaml"


@pytest.mark.parametrize("through", ["'${URL}'", "$URL", "'${URL:-default}'", "", "'${URL:?needed}'"])
def test_a_value_of_dotenv_is_there(through: str, tmp_path: Path) -> None:
    files = {
        "compose.yaml": APP + f"    environment:\n      URL: {through}\n",
        ".env": "URL=old\nURL='sqlite:///x' # c\n",
    }
    variable = one(tmp_path, files)
    assert (variable.value, literal(variable)) == ("sqlite:///x", "sqlite:///x")
    assert isinstance(variable.origin, InEnvFile)
    assert variable.origin.assignment.line == 2


def test_a_value_of_an_env_file_is_there(tmp_path: Path) -> None:
    variable = one(tmp_path, PROJECTS["later env files over earlier ones"])
    assert isinstance(variable.origin, InEnvFile)
    assert variable.origin.file.path == tmp_path / "b.env"


def test_one_variable_that_is_another_is_where_the_other_is(tmp_path: Path) -> None:
    files = {
        "compose.yaml": APP + "    env_file: a.env\n    environment: {C: compose}\n",
        ".env": "DEEP=deep\nD=$DEEP\n",
        "a.env": "A=a\nURL=${A}\nV=${C}\nW=${D}\n",
    }
    found = environment(tmp_path, files)
    assert [(literal(found[name]), found[name].value) for name in ("URL", "V", "W")] == [
        ("a", "a"),
        ("compose", "compose"),
        ("deep", "deep"),
    ]
    assert isinstance(found["W"].origin, InEnvFile)
    assert found["W"].origin.file.path == tmp_path / ".env"


@pytest.mark.parametrize("text", ["URL=a${X:-b}c", "URL=a$$b", r'URL="a\$b"', "URL=${X}y", "X=1\nURL=$X$X"])
def test_an_assignment_that_is_put_together_is_no_literal(text: str, tmp_path: Path) -> None:
    origin = one(tmp_path, {"compose.yaml": APP + "    env_file: a.env\n", "a.env": text}).origin
    assert isinstance(origin, PutTogether)
    assert isinstance(origin.written, InEnvFile)


@pytest.mark.parametrize("text", ["URL='a$b'", "URL=pa$5", 'URL="a b"', "URL="])
def test_an_assignment_with_nothing_to_interpolate_is_one(text: str, tmp_path: Path) -> None:
    variable = one(tmp_path, {"compose.yaml": APP + "    env_file: a.env\n", "a.env": text})
    assert isinstance(variable.origin, InEnvFile)
    assert variable.origin.assignment.value == variable.value


def test_the_environment_of_the_machine_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "HOME", "PWD", "COMPOSE_PROJECT_NAME", "NONE"):
        monkeypatch.setenv(name, "/from/the/machine")
    text = "    environment: {URL: '${URL:-d}', HOME: '${HOME}', PWD: $PWD, P: $COMPOSE_PROJECT_NAME, NONE: }\n"
    found = environment(tmp_path, {"compose.yaml": APP + text})
    assert {name: variable.value for name, variable in found.items()} == {
        "URL": "d",
        "HOME": "~",
        "PWD": str(tmp_path),
        "P": None,
        "NONE": None,
    }


def test_an_env_file_that_is_not_there_is_no_problem(tmp_path: Path) -> None:
    text = "    env_file: [none.env, none/deeper.env, '${X}/a.env', ~/a.env, {path: b.env, required: false}]\n"
    assert environment(tmp_path, {"compose.yaml": APP + text}) == {}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("URL=x\nA B=secret\n", (2, 1)),
        ("X=1\nA='secret", (2, 3)),
        ("X=1\nURL=secret${\n", (2, 5)),
        ("A=${secret/x}", (1, 3)),
    ],
)
def test_a_broken_env_file_is_one_problem_that_shows_no_value(
    content: str, place: tuple[int, int], tmp_path: Path
) -> None:
    text = APP + "    env_file: a.env\n    environment: {URL: here}\n  other:\n    image: x\n    env_file: ./a.env\n"
    problems: list[FileProblem] = []
    project = read_project(written(tmp_path, {"compose.yaml": text, "a.env": content}), problems)
    for service in project.services.values():
        assert set(service.environment) <= {"URL"}
    (problem,) = problems
    assert (problem.path, problem.line, problem.column) == (tmp_path / "a.env", *place)
    assert "secret" not in str(problem)


@pytest.mark.parametrize("content", [b"\xff\xfeA\0", b"URL=\xe4\n", b"A=1\0"])
def test_what_is_no_text_is_a_problem(content: bytes, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(content)
    problems: list[FileProblem] = []
    assert read_dotenv(tmp_path / ".env", problems).values == {}
    assert len(problems) == 1


def test_a_directory_called_dotenv_is_a_virtual_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    (tmp_path / "a.env").mkdir()
    problems: list[FileProblem] = []
    assert read_dotenv(tmp_path / ".env", problems).values == {}
    assert problems == []
    read_dotenv(tmp_path / "a.env", problems)
    assert [problem.path.name for problem in problems] == ["a.env"]


def test_a_name_that_no_file_can_have_is_a_problem(tmp_path: Path) -> None:
    problems: list[FileProblem] = []
    assert read_dotenv(tmp_path / "a\0b", problems).values == {}
    assert read_dotenv(tmp_path / ("a" * 4000), problems).values == {}
    assert len(problems) == 2


def test_each_env_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    original = Source.read

    def counted(path: Path, *limit: int) -> Source:
        read.append(path)
        return original(path, *limit)

    text = APP + "    env_file: sub/../a.env\n  other:\n    image: x\n    env_file: [./a.env, .env]\n"
    written(tmp_path, {"compose.yaml": text, "a.env": "A=1\n", ".env": "B=2\n"})
    monkeypatch.setattr(Source, "read", counted)
    project = read_project(tmp_path)
    assert project.services["app"].environment["A"].value == "1"
    assert set(project.services["other"].environment) == {"A", "B"}
    assert sorted(path.name for path in read) == [".env", "a.env", "compose.yaml"]
    assert project.env_paths == {tmp_path / ".env", tmp_path / "a.env"}


def test_an_overlay_is_taken_instead_of_the_file(tmp_path: Path) -> None:
    written(tmp_path, {"compose.yaml": APP + "    env_file: a.env\n", "a.env": "URL=old\n"})
    loader = Loader([], [])
    file = loader.compose(tmp_path / "compose.yaml")
    assert file is not None
    before = build_project(tmp_path, tmp_path, (file,), loader)
    assert before.services["app"].environment["URL"].value == "old"
    after = loader.overlaid({tmp_path / "a.env": Source.of(tmp_path / "a.env", b"URL=new\n")})
    again = build_project(tmp_path, tmp_path, (file,), after)
    assert again.services["app"].environment["URL"].value == "new"


def test_the_lookup_of_an_included_directory_asks_the_including_one_first(tmp_path: Path) -> None:
    written(tmp_path, {".env": "A=root\n", "sub/.env": "A=sub\nB=${A}-${PWD}\n"})
    root = lookup_in(tmp_path, read_dotenv(tmp_path / ".env", []))
    sub = lookup_in(tmp_path / "sub", read_dotenv(tmp_path / "sub/.env", []), root)
    assert [sub("A"), sub("B"), sub("PWD"), sub("HOME"), sub("C")] == [
        "root",
        f"root-{tmp_path}",
        str(tmp_path),
        "~",
        None,
    ]


def test_assignments_that_lead_back_to_themselves_end(tmp_path: Path) -> None:
    written(tmp_path, {".env": "A=${B}\nB=${A}\nC=${C}x\nD=1\nD=${D}\n"})
    dotenv = read_dotenv(tmp_path / ".env", [])
    lookup = lookup_in(tmp_path, dotenv)
    assert (lookup("A"), lookup("B"), lookup("C"), lookup("D")) == ("${A}", "${B}", "${C}x", "1")


def test_doubling_values_do_not_fill_the_memory(tmp_path: Path) -> None:
    text = "A0=xxxxxxxxxxxxxxxx\n" + "".join(f"A{n}=${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, 64))
    text += "".join(f"B{n}=${{A13}}x\n" for n in range(2000))
    variable = one(tmp_path, {".env": text, "compose.yaml": APP + "    environment: {URL: $A63}\n"})
    assert len(variable.value or "") < 100
    values = read_dotenv(tmp_path / ".env", []).values
    assert len(values["A13"]) == 16 * 2**13
    assert sum(map(len, values.values())) < 20 * 2**20
