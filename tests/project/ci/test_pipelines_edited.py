"""Given pipelines as people write them, what a fix adds to them, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.project.ci.load import load

COMPOSE = """\
name: shop
services:
  db:
    image: postgres:16
    volumes: [rows:/var/lib/postgresql/data]
volumes:
  rows:
"""
STEP = """\
kind: pipeline
type: docker
name: a
steps:
- name: deploy
  image: docker:27-cli
  commands:
  - docker compose up -d
"""


def written(directory: Path, text: str, files: dict[str, str] | None = None, *, trusted: bool = True) -> str:
    """What the pipeline is after `--write --trusted`; a second run must find nothing to change."""
    root = directory / "shop"
    root.mkdir(exist_ok=True)
    for path, content in {"compose.yaml": COMPOSE, ".drone.yml": text, **(files or {})}.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode())
    result = volfix.plan(root, trusted=trusted).write()
    assert not [project.failure for project in result.projects if project.failure]
    assert not volfix.plan(root, trusted=trusted).edits
    return (root / ".drone.yml").read_bytes().decode()


class TestWhatIsAdded:
    def test_only_lines_are_added(self, tmp_path: Path) -> None:
        after = written(tmp_path, STEP)
        assert after == STEP + (
            "  volumes:\n  - name: docker-socket\n    path: /var/run/docker.sock\n\n"
            "volumes:\n- name: docker-socket\n  host:\n    path: /var/run/docker.sock\n"
        )

    def test_comments_stay_with_what_they_speak_of(self, tmp_path: Path) -> None:
        text = (
            STEP.replace("  image: docker:27-cli", "  image: docker:27-cli   # pinned\n  # how") + "  # the last word\n"
        )
        after = written(tmp_path, text)
        assert [line for line in after.splitlines() if "#" in line] == [
            line for line in text.splitlines() if "#" in line
        ]

    def test_line_ends_and_a_missing_last_one_stay(self, tmp_path: Path) -> None:
        after = written(tmp_path, STEP.replace("\n", "\r\n").rstrip())
        assert "\n" not in after.replace("\r\n", "")
        assert not after.endswith("\n")
        assert [line for line in after.split("\r\n") if line and line in STEP.split("\n")] == STEP.rstrip().split("\n")

    def test_a_flow_list_gets_flow_items(self, tmp_path: Path) -> None:
        text = STEP + "  volumes: [{name: cache, path: /cache}]\nvolumes: [{name: cache, temp: {}}]\n"
        after = written(tmp_path, text)
        assert "volumes: [{name: cache, path: /cache}, {name: docker-socket, path: /var/run/docker.sock}]\n" in after
        assert (
            "volumes: [{name: cache, temp: {}}, {name: docker-socket, host: {path: /var/run/docker.sock}}]\n" in after
        )

    def test_a_block_list_of_flow_items_gets_one_more(self, tmp_path: Path) -> None:
        text = STEP + "  volumes:\n    - {name: cache, path: /cache}\nvolumes:\n    - {name: cache, temp: {}}\n"
        after = written(tmp_path, text)
        assert "    - {name: docker-socket, path: /var/run/docker.sock}\n" in after
        assert "    - {name: docker-socket, host: {path: /var/run/docker.sock}}\n" in after

    def test_json_stays_json(self, tmp_path: Path) -> None:
        text = (
            '{"kind": "pipeline", "type": "docker", "name": "a", "steps": '
            '[{"name": "deploy", "image": "docker:27", "commands": ["docker compose up -d"]}]}\n'
        )
        after = written(tmp_path, text)
        assert '"volumes": [{"name": "docker-socket", "path": "/var/run/docker.sock"}]' in after
        assert '"volumes": [{"name": "docker-socket", "host": {"path": "/var/run/docker.sock"}}]' in after

    def test_only_the_pipeline_that_deploys_is_changed(self, tmp_path: Path) -> None:
        other = STEP.replace("name: a", "name: build").replace("up -d", "build")
        after = written(tmp_path, "---\n" + other + "---\n" + STEP + "---\nkind: secret\nname: s\ndata: |\n  x\n")
        assert after.startswith("---\n" + other + "---\n" + STEP)
        assert after.count("volumes:") == 2
        assert after.endswith("---\nkind: secret\nname: s\ndata: |\n  x\n")

    def test_what_follows_the_end_of_the_file_stays(self, tmp_path: Path) -> None:
        after = written(tmp_path, STEP + "...\n: not : yaml [\n")
        assert after.endswith("    path: /var/run/docker.sock\n...\n: not : yaml [\n")
        assert len(load(tmp_path / "shop" / ".drone.yml").pipelines[0].volumes) == 1

    def test_a_name_that_is_taken_gets_a_number(self, tmp_path: Path) -> None:
        after = written(tmp_path, STEP + "volumes:\n- name: docker-socket\n  host: {path: /elsewhere}\n")
        assert "- name: docker-socket-2\n    path: /var/run/docker.sock\n" in after

    def test_a_socket_that_is_declared_is_taken(self, tmp_path: Path) -> None:
        after = written(tmp_path, STEP + "volumes:\n- name: sock\n  host: {path: /var/run/docker.sock}\n")
        assert "  volumes:\n  - name: sock\n    path: /var/run/docker.sock\n" in after
        assert after.count("host:") == 1

    def test_two_steps_share_one_declaration(self, tmp_path: Path) -> None:
        step = STEP[STEP.index("- name") :].replace("name: deploy", "name: again")
        after = written(tmp_path, STEP + step)
        assert after.count("host:") == 1
        assert after.count("path: /var/run/docker.sock") == 3

    def test_no_variable_is_written_that_the_server_would_replace(self, tmp_path: Path) -> None:
        assert "${" not in written(tmp_path, STEP)


UNTOUCHED = [
    pytest.param(STEP.replace("- name: deploy", "- &deploy\n  name: deploy"), id="the step has an anchor"),
    pytest.param(
        STEP + "  volumes: &v [{name: x, path: /x}]\nvolumes: [{name: x, temp: {}}]\n", id="its volumes have one"
    ),
    pytest.param(
        "kind: pipeline\nname: a\nx: &x {volumes: [{name: x, path: /x}]}\n"
        + STEP[STEP.index("steps") :]
        + "  <<: *x\nvolumes: [{name: x, temp: {}}]\n",
        id="they are merged from elsewhere",
    ),
    pytest.param(STEP.replace("up -d", "build"), id="nothing is deployed"),
    pytest.param(STEP.replace("type: docker", "type: exec"), id="the exec runner"),
    pytest.param(STEP + "  - docker compose down\n", id="a test"),
    pytest.param("kind: template\nload: x.yaml\n", id="a template"),
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_a_pipeline_stays_as_it_is(text: str, tmp_path: Path) -> None:
    assert written(tmp_path, text) == text


def test_without_trust_nothing_is_written(tmp_path: Path) -> None:
    assert written(tmp_path, STEP, trusted=False) == STEP
    findings = volfix.plan(tmp_path / "shop").findings
    assert [(finding.code, finding.applicability.value, finding.step) for finding in findings] == [
        ("VF301", "unsafe", "deploy")
    ]
    assert "--trusted" in str(findings[0].reason)


def test_older_dialects_are_read_and_not_edited(tmp_path: Path) -> None:
    text = "pipeline:\n  deploy:\n    image: docker\n    commands:\n      - docker compose up -d\n"
    assert written(tmp_path, text) == text
    assert [finding.code for finding in volfix.plan(tmp_path / "shop").findings] == ["VF301"]


class TestASignedFile:
    TEXT = STEP + "---\nkind: signature\nhmac: 2e1f\n\n...\n"

    def test_the_signature_stays_and_the_person_is_told(self, tmp_path: Path) -> None:
        root = tmp_path / "shop"
        root.mkdir()
        (root / ".drone.yml").write_text(self.TEXT, encoding="utf-8")
        (root / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
        plan = volfix.plan(root, trusted=True)
        assert [finding.code for finding in plan.findings] == ["VF301", "VF306"]
        plan.write()
        assert (root / ".drone.yml").read_text(encoding="utf-8").endswith("---\nkind: signature\nhmac: 2e1f\n\n...\n")

    def test_nothing_to_change_is_nothing_to_say(self, tmp_path: Path) -> None:
        assert written(tmp_path, self.TEXT.replace("up -d", "build")) == self.TEXT.replace("up -d", "build")
        assert volfix.plan(tmp_path / "shop", trusted=True).findings == ()


class TestABadPipeline:
    """The rest of the project is fixed all the same."""

    BIND = COMPOSE.replace("rows:/", "./rows:/").replace("volumes:\n  rows:\n", "")

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(STEP + "---\n* * *\n", id="a broken document"),
            pytest.param(STEP.replace("steps:", "steps:\n\t"), id="a tab"),
            pytest.param("\ufeff" + STEP.replace("kind", "{kind"), id="broken behind a byte order mark"),
            pytest.param(STEP + "name: b\n", id="a key twice"),
        ],
    )
    def test_it_is_named_and_left_alone(self, text: str, tmp_path: Path) -> None:
        root = tmp_path / "shop"
        root.mkdir()
        (root / ".drone.yml").write_text(text, encoding="utf-8")
        (root / "compose.yaml").write_text(self.BIND, encoding="utf-8")
        result = volfix.plan(root, trusted=True).write()
        assert [error.path.name for error in result.errors] == [".drone.yml"]
        assert (root / ".drone.yml").read_text(encoding="utf-8") == text
        assert "db-data:/var/lib" in (root / "compose.yaml").read_text(encoding="utf-8")

    @pytest.mark.parametrize("text", ["kind: template\nload: x\n", "kind: unheard-of\n", "build: {image: x}\n"])
    def test_what_is_not_for_volfix_is_a_note(self, text: str, tmp_path: Path) -> None:
        root = tmp_path / "shop"
        root.mkdir()
        (root / ".drone.yml").write_text(text, encoding="utf-8")
        (root / "compose.yaml").write_text(self.BIND, encoding="utf-8")
        result = volfix.plan(root, trusted=True).write()
        assert (len(result.errors), len(result.notes)) == (0, 1)
        assert (root / ".drone.yml").read_text(encoding="utf-8") == text
        assert "db-data:/var/lib" in (root / "compose.yaml").read_text(encoding="utf-8")


class TestWhichStack:
    def test_a_pipeline_without_a_compose_file_is_a_project_of_its_own(self, tmp_path: Path) -> None:
        (tmp_path / ".drone.yml").write_text(STEP, encoding="utf-8")
        (project,) = volfix.plan(tmp_path).projects
        assert project.files == (tmp_path / ".drone.yml",)
        assert [reported.finding.code for reported in project.findings] == ["VF301"]

    def test_it_can_be_given_by_itself(self, tmp_path: Path) -> None:
        (tmp_path / ".drone.yml").write_text(STEP, encoding="utf-8")
        assert [finding.code for finding in volfix.plan(tmp_path / ".drone.yml").findings] == ["VF301"]

    def test_the_commands_say_which_stack_it_is(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
        (tmp_path / ".drone.yml").write_text(STEP.replace("up", "-f b/compose.yaml up"), encoding="utf-8")
        found = {project.files: project.findings for project in volfix.plan(tmp_path).projects}
        assert len(found) == 2
        assert found[(tmp_path / "a" / "compose.yaml",)] == ()
        assert [each.finding.code for each in found[(tmp_path / "b" / "compose.yaml",)]] == ["VF301"]

    def test_a_stack_that_ci_deploys_is_called_what_ci_calls_it(self, tmp_path: Path) -> None:
        compose = COMPOSE.replace("name: shop\n", "").replace("rows:/", "./rows:/").replace("volumes:\n  rows:\n", "")
        (tmp_path / "compose.yaml").write_text(compose, encoding="utf-8")
        (tmp_path / ".drone.yml").write_text(STEP, encoding="utf-8")
        (project,) = volfix.plan(tmp_path).projects
        assert (project.name, project.real_volumes) == ("src", {"db-data": "src_db-data"})

    @pytest.mark.parametrize(
        ("commands", "name"),
        [
            ("docker compose -p a up -d", "a"),
            ("docker compose -p test up --abort-on-container-exit; docker compose -p a up -d", "a"),
            ("docker compose -p a up -d; docker compose -p b up -d", "shop"),
            ("docker compose -p a up -d; cd other && docker compose -p b up -d", "a"),
        ],
    )
    def test_it_is_called_what_its_own_deployments_agree_on(self, commands: str, name: str, tmp_path: Path) -> None:
        root = tmp_path / "shop"
        for place in (root, root / "other"):
            place.mkdir()
            (place / "compose.yaml").write_text(COMPOSE.replace("name: shop\n", ""), encoding="utf-8")
        (root / ".drone.yml").write_text(STEP.replace("docker compose up -d", commands), encoding="utf-8")
        names = {project.files[0].parent.name: project.name for project in volfix.plan(root).projects}
        assert names["shop"] == name

    def test_two_repositories_below_one_directory_keep_their_pipelines(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / ".drone.yml").write_text(STEP, encoding="utf-8")
            (tmp_path / name / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
        plan = volfix.plan(tmp_path)
        assert [len(project.findings) for project in plan.projects] == [1, 1]

    def test_a_file_that_is_ignored_is_not_read(self, tmp_path: Path) -> None:
        (tmp_path / ".drone.yml").write_text("kind: [", encoding="utf-8")
        assert volfix.plan(tmp_path, exclude=[".drone.yml"]).result.errors == ()

    def test_a_finding_can_be_ignored_where_it_stands(self, tmp_path: Path) -> None:
        text = STEP.replace("up -d", "up -d  # volfix: ignore[VF301] the runner mounts it")
        assert written(tmp_path, text) == text
        assert volfix.plan(tmp_path / "shop").findings == ()
