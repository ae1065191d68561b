"""A pipeline that cannot be read, or must not be changed: the rest of the project is fixed, it stays, and it is said why."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

BIND = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./rows:/var/lib/postgresql/data\n"
PIPELINE = """\
kind: pipeline
type: docker
name: deploy
steps:
  - name: deploy
    image: docker:27-cli
    commands:
      - docker compose -p shop up -d
"""
SIGNATURE = "---\nkind: signature\nhmac: 5a1f3d\n"


def project(directory: Path, text: str, name: str = ".drone.yml") -> Path:
    root = directory / "shop"
    root.mkdir()
    (root / "compose.yaml").write_text(BIND, encoding="utf-8")
    (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (PIPELINE + "---\nkind: pipeline\nsteps:\n\t- name: x\n", 12, "\\t"),
        (PIPELINE.replace("    image: docker:27-cli", "   image: docker:27-cli"), 6, "not valid YAML"),
        (PIPELINE + "---\n* * *\n", 10, "not valid YAML"),
        (PIPELINE + "steps: []\n", 9, "steps"),
        (PIPELINE.replace("name: deploy\nsteps", "name: 'deploy\nsteps"), None, "not valid YAML"),
    ],
    ids=["a tab", "indentation", "a broken second document", "a key twice", "an open quote"],
)
def test_a_broken_document_is_an_error_with_its_place(text: str, line: int | None, reason: str, tmp_path: Path) -> None:
    root = project(tmp_path, text)
    result = volfix.plan(root, trusted=True, unsafe_fixes=True).write()
    assert "db-data:/var/lib/postgresql/data" in (root / "compose.yaml").read_text()
    assert (root / ".drone.yml").read_text() == text
    (error,) = result.errors
    assert error.path.name == ".drone.yml"
    assert reason in str(error)
    assert line is None or error.line == line
    assert result.status == 2


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (".drone.yml", "kind: template\nload: deploy.yaml\ndata:\n  name: shop\n", "template is on the Drone server"),
        (".drone.yml", "kind: deployment\nname: x\n", "no pipeline: kind deployment"),
        (".drone.yml", "kind: pipeline\n{% for x in y %}\nsteps: []\n{% endfor %}\n", "a template, not YAML"),
        (".drone.jsonnet", "{kind: 'pipeline'}\n", "Jsonnet"),
        (".drone.star", "def main(ctx): pass\n", "Starlark"),
        (".drone.yml.sig", "eyJhbGciOiJIUzI1NiJ9.x.y\n", "signature"),
        (".drone.yml", "build:\n  image: docker\n  commands: [docker-compose up -d]\n", "Drone 0.4"),
    ],
    ids=["kind: template", "an unknown kind alone", "Jinja", "jsonnet", "starlark", "a signature apart", "Drone 0.4"],
)
def test_what_is_not_for_volfix_is_named_in_a_line(name: str, text: str, reason: str, tmp_path: Path) -> None:
    root = project(tmp_path, text, name)
    result = volfix.plan(root, trusted=True, unsafe_fixes=True).write()
    assert "db-data:/var/lib/postgresql/data" in (root / "compose.yaml").read_text()
    assert (root / name).read_text() == text
    assert not result.errors
    (note,) = result.notes
    assert reason in note
    assert "\n" not in note


def test_an_unknown_kind_beside_a_pipeline_stays_as_it_is(tmp_path: Path) -> None:
    other = "---\nkind: unheard-of\nname: x\nsteps: {a: [b]}  # as it was\n"
    root = project(tmp_path, PIPELINE + other)
    volfix.plan(root, trusted=True).write()
    after = (root / ".drone.yml").read_text()
    assert after.endswith(other)
    assert "path: /var/run/docker.sock" in after


def test_a_signed_pipeline_is_not_changed_unless_that_is_asked_for(tmp_path: Path) -> None:
    root = project(tmp_path, PIPELINE + SIGNATURE)
    result = volfix.plan(root, trusted=True).write()
    assert "db-data:/var/lib/postgresql/data" in (root / "compose.yaml").read_text()
    assert (root / ".drone.yml").read_text() == PIPELINE + SIGNATURE
    findings = {one.finding.code: one.finding for each in result.projects for one in each.findings}
    assert findings["VF301"].applicability.value == "unsafe"
    assert "signed" in str(findings["VF301"].reason)
    assert "drone sign" in str(findings["VF306"].reason)


def test_a_signed_pipeline_keeps_its_stale_signature_where_it_is(tmp_path: Path) -> None:
    root = project(tmp_path, PIPELINE + SIGNATURE)
    volfix.plan(root, trusted=True, unsafe_fixes=True).write()
    after = (root / ".drone.yml").read_text()
    assert after.endswith(SIGNATURE)
    assert "path: /var/run/docker.sock" in after
    assert not volfix.plan(root, trusted=True, unsafe_fixes=True).edits


def test_the_whole_project_is_one_bad_file_away_from_nothing(tmp_path: Path) -> None:
    """A pipeline in an encoding that is none is named; the stack beside it is fixed."""
    root = project(tmp_path, PIPELINE)
    (root / ".drone.yml").write_bytes(b"kind: pipeline\nname: \xff\xfe\n")
    result = volfix.plan(root).write()
    assert [error.path.name for error in result.errors] == [".drone.yml"]
    assert "db-data" in (root / "compose.yaml").read_text()


@pytest.mark.parametrize(
    "words",
    ["if then; docker compose ((( -p", "if then; podman-compose ((( -p", "if then; docker ((( -p"],
)
def test_commands_that_are_no_shell_are_said_to_be_unread(words: str, tmp_path: Path) -> None:
    root = project(tmp_path, PIPELINE.replace("docker compose -p", words))
    result = volfix.plan(root).result
    assert [note.partition(".drone.yml")[2] for note in result.notes] == [
        ":8:9: not read: volfix does not understand these commands"
    ]
    assert not result.errors


UNREAD = {
    "bitbucket-pipelines.yml": (
        "pipelines:\n  default:\n    - step:\n        script:\n          - docker compose up -d\n",
        "Bitbucket",
    ),
    "azure-pipelines.yml": (
        "steps:\n  - task: DockerCompose@0\n    inputs: {action: Run services}\n",
        "Azure Pipelines",
    ),
    ".travis.yml": ("script:\n  - ssh web docker-compose up -d\n", "Travis CI"),
    "fabfile.py": ("def deploy(c):\n    c.run('docker stack deploy -c compose.yaml shop')\n", "Fabric"),
    "ops/Envoy.blade.php": ("@task('deploy')\n  docker compose up -d\n@endtask\n", "Laravel Envoy"),
    ".semaphore/semaphore.yml": ("blocks:\n  - task: {jobs: [{commands: [docker compose up -d]}]}\n", "Semaphore"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_system_that_is_not_read_is_named_once_with_its_file(tmp_path: Path, name: str) -> None:
    text, system = UNREAD[name]
    root = project(tmp_path, PIPELINE)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    named = [note for note in volfix.plan(root).write().notes if "does not read" in note]
    assert len(named) == 1
    assert named[0].startswith(f"{root / name}: not read: volfix does not read ")
    assert system in named[0]


@pytest.mark.parametrize("name", UNREAD)
def test_such_a_file_without_a_call_of_compose_is_not_named(tmp_path: Path, name: str) -> None:
    root = project(tmp_path, PIPELINE)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("# docker compose up -d\nscript: [make test]\n", encoding="utf-8")
    assert not [note for note in volfix.plan(root).write().notes if "does not read" in note]


def test_another_directory_is_not_named_where_one_is_asked_for(tmp_path: Path) -> None:
    root = project(tmp_path, PIPELINE)
    (root / ".git").mkdir()
    (root / "web").mkdir()
    (root / "web" / "compose.yaml").write_text(BIND, encoding="utf-8")
    (root / "bitbucket-pipelines.yml").write_text(UNREAD["bitbucket-pipelines.yml"][0], encoding="utf-8")
    assert not [note for note in volfix.plan(root / "web").write().notes if "does not read" in note]
