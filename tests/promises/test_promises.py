"""What always holds, over every shipped repository and every rule's examples.

The promises about files on disk (together or not at all, links, modes, kills) are tested in tests/fixes, as is that a
second run changes nothing (`test_after.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import volfix
from volfix.cli.main import volfix as command
from volfix.fixes.proof.proof import ProofFailed
from volfix.fixes.results import ProjectResult
from volfix.rules.findings import VolumeName
from volfix.rules.registry import REGISTRY
from volfix.rules.rule import Example

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = [
    *(pytest.param(path, id=path.parent.name) for path in sorted(FIXTURES.glob("*/repository"))),
    *(
        pytest.param(example, id=f"{rule.code}: {example.title}")
        for rule in REGISTRY.values()
        for example in rule.examples
    ),
]
COMPOSE = shutil.which("docker-compose", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
SECRETS = ("s3cr3t-plain", "s3cr3t-in-url", "s3cr3t-flag", "s3cr3t-env-file")


def laid(case: Path | Example, directory: Path) -> Path:
    if isinstance(case, Path):
        return Path(shutil.copytree(case, directory / "repository"))
    for name, text in case.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return directory


def accepted(path: Path) -> dict[str, object] | None:
    """What Compose makes of one file; None where it refuses it. Nothing but PATH reaches it."""
    assert COMPOSE is not None
    flags = ["--no-interpolate", "--no-env-resolution", "--format", "json"]
    words = [COMPOSE, "-f", str(path), "-p", "x", "config", *flags]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    if done.returncode:
        return None
    loaded: dict[str, object] = json.loads(done.stdout)
    return loaded


@pytest.fixture(scope="module", params=CASES)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[ProjectResult, ...]:
    """The projects of a case, planned and written once for all the promises about the result."""
    plan = volfix.plan(laid(request.param, tmp_path_factory.mktemp("shop")), unsafe_fixes=True)
    projects = plan.projects
    plan.write()
    return projects


def test_bytes_outside_the_edits_are_identical(written: tuple[ProjectResult, ...]) -> None:
    for project in written:
        for change in project.changes:
            text, after, at, offset = change.before.text, change.after.text, 0, 0
            for edit in sorted(change.edits, key=lambda edit: edit.span):
                kept = edit.span.start - at
                assert after[offset : offset + kept] == text[at : edit.span.start]
                offset += kept
                assert after[offset : offset + len(edit.replacement)] == edit.replacement
                offset += len(edit.replacement)
                at = edit.span.end
            assert after[offset:] == text[at:]
            assert change.before.bom == change.after.bom


@pytest.mark.skipif(COMPOSE is None, reason="needs docker-compose on PATH or in the virtual environment")
def test_what_compose_accepted_it_still_accepts_and_no_volume_changes(written: tuple[ProjectResult, ...]) -> None:
    changes = [change for project in written for change in project.changes]
    asked = [change.after.path for change in changes if change.after.path.suffix in (".yml", ".yaml")]
    models = {path: accepted(path) for path in asked}
    for change in changes:  # what they were before is asked in the same place: Compose makes some paths absolute
        change.before.path.write_bytes(change.before.data)
    pinned = {
        change.key: change.name
        for project in written
        for item in project.findings
        if item.finding.fix is not None
        for change in item.finding.fix.changes
        if isinstance(change, VolumeName)
    }
    for path in asked:
        model, after = accepted(path), models[path]
        if model is None:
            continue
        assert after is not None
        old, new = model.get("volumes") or {}, after.get("volumes") or {}
        assert isinstance(old, dict)
        assert isinstance(new, dict)
        for key, entry in old.items():
            entry = {**(entry or {}), "name": pinned[key]} if key in pinned else entry
            assert new[key] in (entry, {**(entry or {}), "driver": "local"})


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "gitlab", "junit", "rdjson"])
@pytest.mark.parametrize("write", ["--dry-run", "--write"])
def test_no_credential_is_printed(form: str, write: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  app:\n    build: .\n    command: [serve, --password, s3cr3t-flag]\n"
        "    environment:\n      PLAIN: s3cr3t-plain\n      QUEUE: amqp://me:s3cr3t-in-url@queue/\n"
        "      DATABASE_URL: sqlite:////app/app.db\n    env_file: app.env\n    volumes:\n      - ./data:/app/data\n"
    )
    (tmp_path / "app.env").write_text("API=s3cr3t-env-file\nDB_PATH=/app/other.db\n")
    done = CliRunner().invoke(command, ["-v", write, "--output-format", form, str(tmp_path)])
    assert done.exit_code in (0, 1)
    leaves_out = write == "--write" and form in ("github", "gitlab", "rdjson")  # what is done
    assert "VF201" in done.stdout or leaves_out
    assert not [secret for secret in SECRETS if secret in done.output]


def test_a_proof_that_fails_writes_nothing_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compose = tmp_path / "compose.yaml"
    compose.write_text("services:\n  db:\n    image: mysql:8.4\n    volumes: ['./sql:/var/lib/mysql']\n")
    before = compose.read_bytes()

    def refuse(*_: object) -> None:
        raise ProofFailed("the tree differs at root['services']")

    monkeypatch.setattr("volfix.fixes.proof.proof.prove", refuse)
    result = volfix.plan(tmp_path).write()
    assert result.status == 2
    assert compose.read_bytes() == before
    assert [project.failure for project in result.projects] == ["the tree differs at root['services']"]


def test_an_edit_that_does_more_than_it_declares_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text is spoilt behind the plan's back: the proof has to see it, whatever the edit was meant to be."""
    from volfix.syntax.yaml_edit import replace_scalar as honest

    (tmp_path / "compose.yaml").write_text(
        "services:\n  db:\n    image: mysql:8.4\n    volumes: ['./sql:/var/lib/mysql']\n"
    )

    def careless(*arguments: object) -> object:
        edit = honest(*arguments)
        return type(edit)(edit.path, edit.span, edit.replacement.replace("db-data", "db-dat"))

    monkeypatch.setattr("volfix.syntax.yaml_edit.replace_scalar", careless)
    plan = volfix.plan(tmp_path)
    assert plan.edits == ()
    assert plan.result.status == 2
    assert all("something else than it says" in (project.failure or "") for project in plan.projects)
