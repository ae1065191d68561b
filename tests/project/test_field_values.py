"""Given a word in a Compose file, Compose and volfix take it for the same: booleans and the options of a mount."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import volfix
from volfix.project.compose.field_values import boolean, mount_options
from volfix.project.compose.model import Project
from volfix.project.discovery import directories
from volfix.project.loader import Loader
from volfix.project.stacks import read_stacks
from volfix.rules.findings import Applicability
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping, parse

COMPOSE = shutil.which("docker-compose", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

WORDS = ["true", "True", "TRUE", "tRue", "yes", "Yes", "YES", "on", "ON", "oN", "y", "Y"]
WORDS += ["false", "False", "FALSE", "no", "NO", "off", "Off", "OFF", "n", "N"]
TRUE = {"true", "yes", "on", "y"}
REFUSED = ["1", "0", "2", "t", "T", "f", "F", '"1"', '""', '"true "', "null", "~", "maybe", "${SET}", "${UNSET-}"]
FORMS = ["{}", '"{}"', "'{}'", "!!str {}", '"${{UNSET:-{}}}"', "${{UNSET-{}}}"]
BOOLEANS = {form.format(word): word.lower() in TRUE for word in WORDS for form in FORMS}
BOOLEANS |= {"${YES}": True, "${NO}": False, "${YES:+off}": False}
KNOWN = {"SET": "value", "YES": "Yes", "NO": "oFF"}

FIELDS = {
    "read_only": ("      - {{type: volume, source: rows, target: /t{n}, read_only: {word}}}\n", "read_only"),
    "nocopy": ("      - {{type: volume, source: rows, target: /t{n}, volume: {{nocopy: {word}}}}}\n", "no_copy"),
}
OPTIONS = {
    "ro": True,
    "rw": False,
    "RO": False,
    "Ro": False,
    "ro,rw": False,
    "rw,ro": True,
    "z": False,
    "Z": False,
    "ro,z": True,
    "z,ro": True,
    "nocopy,ro": True,
    "cached": False,
    "cached,ro": True,
    "ro,delegated": True,
    "rslave,ro": True,
    "U": False,
    "ro,": True,
    " ro": False,
    "ro ": False,
    "x, ro": False,
    "readonly": False,
    "true": False,
    "read_only": False,
    "${UNSET:-ro}": True,
    "${UNSET:-ro,z}": True,
    "${UNSET:-rw},z": False,
    "${RO}": True,
}


def quoted(word: str) -> str:
    """The word as it can stand in a flow mapping."""
    return word if word[0] in "\"'!~" or "$" not in word else f'"{word}"'


def projects(directory: Path, text: str) -> Project:
    (directory / "compose.yaml").write_text(text)
    (directory / ".env").write_text("".join(f"{name}={value}\n" for name, value in {**KNOWN, "RO": "ro"}.items()))
    (stack,) = read_stacks(directories([directory], []), Loader([], []))
    return stack.projects[0]


def asked(directory: Path) -> dict[str, Any]:
    """What Compose makes of the file."""
    assert COMPOSE is not None
    done = subprocess.run(
        [COMPOSE, "--project-directory", str(directory), "config", "--format", "json"],
        cwd=directory,
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    model: dict[str, Any] = json.loads(done.stdout)
    return model


def node(directory: Path, word: str) -> Mapping:
    (directory / "x.yaml").write_text(f"it: {word}\n")
    root = parse(Source.read(directory / "x.yaml"))[0].root
    assert isinstance(root, Mapping)
    return root


@pytest.mark.parametrize(("word", "value"), BOOLEANS.items())
def test_a_boolean(word: str, value: bool, tmp_path: Path) -> None:
    assert boolean(node(tmp_path, word).get("it"), KNOWN.get) is value


@pytest.mark.parametrize("word", [*REFUSED, "${UNSET}", "{}", "${}"])
def test_what_is_no_boolean_is_not_known(word: str, tmp_path: Path) -> None:
    assert boolean(node(tmp_path, word).get("it"), KNOWN.get, default=True) is None


def test_a_missing_boolean_is_the_default(tmp_path: Path) -> None:
    assert boolean(None, KNOWN.get) is False
    assert boolean(None, KNOWN.get, default=True) is True


@pytest.mark.parametrize(("text", "value"), [item for item in OPTIONS.items() if "$" not in item[0]])
def test_the_options_of_a_mount(text: str, value: bool) -> None:
    assert mount_options(text).read_only is value
    assert mount_options(text).no_copy is ("nocopy" in text)


def test_options_of_unknown_value_may_say_read_only() -> None:
    assert mount_options("${MODE}").read_only is None
    assert mount_options("z,${MODE}").read_only is None


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed")
class TestComposeAgrees:
    """The tables above, asked of Compose."""

    @pytest.mark.parametrize("field", FIELDS)
    def test_about_the_booleans_of_a_mount(self, field: str, tmp_path: Path) -> None:
        line, attribute = FIELDS[field]
        mounts = "".join(line.format(n=n, word=quoted(word)) for n, word in enumerate(BOOLEANS))
        project = projects(tmp_path, f"services:\n  app:\n    image: x\n    volumes:\n{mounts}volumes: {{rows: }}\n")
        said = [getattr(mount, attribute) for mount in project.services["app"].mounts]
        model = asked(tmp_path)["services"]["app"]["volumes"]
        inner = [mount if field == "read_only" else mount["volume"] for mount in model]
        assert [bool(mount.get(field)) for mount in inner] == said == list(BOOLEANS.values())

    def test_about_external_volumes(self, tmp_path: Path) -> None:
        mounts = "".join(f"      - v{n}:/t{n}\n" for n, _ in enumerate(BOOLEANS))
        volumes = "".join(f"  v{n}: {{external: {quoted(word)}}}\n" for n, word in enumerate(BOOLEANS))
        project = projects(tmp_path, f"services:\n  app:\n    image: x\n    volumes:\n{mounts}volumes:\n{volumes}")
        model = asked(tmp_path)["volumes"]
        assert {key: bool(entry.get("external")) for key, entry in model.items()} == {
            key: project.is_external(key) for key in model
        }
        assert {key: entry["name"] for key, entry in model.items()} == {key: project.real_name(key) for key in model}

    @pytest.mark.parametrize("later", ["rows:", "rows: {}", "rows: {external: off}", "rows: {name: other}"])
    def test_about_an_external_volume_that_a_later_file_names_too(self, later: str, tmp_path: Path) -> None:
        (tmp_path / "compose.override.yaml").write_text(f"services: {{}}\nvolumes:\n  {later}\n")
        text = "services:\n  app:\n    image: x\n    volumes: ['rows:/t']\nvolumes:\n  rows: {external: on}\n"
        project = projects(tmp_path, text)
        entry = asked(tmp_path)["volumes"]["rows"]
        assert (bool(entry.get("external")), entry["name"]) == (project.is_external("rows"), project.real_name("rows"))

    def test_about_env_files_that_may_be_missing(self, tmp_path: Path) -> None:
        optional = [word for word, value in BOOLEANS.items() if not value]
        files = "".join(f"      - {{path: missing{n}, required: {quoted(word)}}}\n" for n, word in enumerate(optional))
        project = projects(tmp_path, f"services:\n  app:\n    image: x\n    env_file:\n{files}")
        asked(tmp_path)
        assert not any(file.required for file in project.services["app"].env_files)

    def test_about_the_options_of_a_mount(self, tmp_path: Path) -> None:
        mounts = "".join(f"      - './rows:/t{n}:{text}'\n" for n, text in enumerate(OPTIONS))
        project = projects(tmp_path, f"services:\n  app:\n    image: x\n    volumes:\n{mounts}")
        said = [mount.read_only for mount in project.services["app"].mounts]
        model = asked(tmp_path)["services"]["app"]["volumes"]
        assert [bool(mount.get("read_only")) for mount in model] == said == list(OPTIONS.values())

    @pytest.mark.parametrize("word", REFUSED)
    def test_about_what_is_no_boolean(self, word: str, tmp_path: Path) -> None:
        line = FIELDS["read_only"][0].format(n=0, word=quoted(word))
        projects(tmp_path, f"services:\n  app:\n    image: x\n    volumes:\n{line}volumes: {{rows: }}\n")
        with pytest.raises(AssertionError, match="boolean"):
            asked(tmp_path)


LONG = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - type: bind\n        source: ./pg\n"
LONG += "        target: /var/lib/postgresql/data\n        read_only: {}\n"
SHORT = "services:\n  db:\n    image: mysql:8.4\n    volumes: ['./sql:/var/lib/mysql:{}']\n"


@pytest.mark.parametrize("word", ["True", "YES", "on", '"y"', "${RO:-true}"])
def test_a_mount_that_is_read_only_to_compose_stays(word: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(LONG.format(word))
    assert not volfix.plan(tmp_path, unsafe_fixes=True).edits


@pytest.mark.parametrize("text", ["rw,ro", "z,ro", "${MODE:-ro}"])
def test_a_short_mount_that_is_read_only_to_compose_stays(text: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(SHORT.format(text))
    assert not volfix.plan(tmp_path, unsafe_fixes=True).edits


@pytest.mark.parametrize("text", [LONG.format("${RO}"), SHORT.format("${MODE}"), LONG.format("1")])
def test_a_mount_that_may_be_read_only_stays_with_the_reason(text: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    (found,) = volfix.plan(tmp_path, unsafe_fixes=True, select=("VF101",)).findings
    assert found.applicability is Applicability.NONE
    assert "volfix cannot tell whether the mount is read-only" in (found.reason or "")


@pytest.mark.parametrize("text", [LONG.format("False"), LONG.format("off"), SHORT.format("RO"), SHORT.format("ro,rw")])
def test_a_mount_that_compose_writes_becomes_a_volume(text: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    (found,) = volfix.plan(tmp_path, select=("VF101",)).findings
    assert found.applicability is Applicability.SAFE
