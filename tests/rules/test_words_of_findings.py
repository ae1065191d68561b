"""What findings say of paths, targets, commands and systems that are easy to misread."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.fixes.masking.messages import scrub
from volfix.rules.findings import Applicability, Finding

DATA = "/var/lib/postgresql/data"


def found(directory: Path, files: dict[str, str], code: str) -> list[Finding]:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [each for each in volfix.plan(directory).findings if each.code == code]


def mounting(mount: str, image: str = "postgres:16") -> dict[str, str]:
    return {"compose.yaml": f"services:\n  db:\n    image: {image}\n    volumes:\n      - '{mount}'\n"}


@pytest.mark.parametrize(
    "source",
    ["C:\\shop\\pg", "C:/shop/pg", "d:/pg", "D:\\pg", "\\\\server\\share\\pg", "~\\pg", ".\\pg", "..\\shop\\pg"],
)
@pytest.mark.parametrize("options", ["", ":rw"])
def test_a_windows_path_is_called_one_and_is_never_safe_to_move(source: str, options: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, mounting(f"{source}:{DATA}{options}"), "VF101")
    assert f"in the Windows path {source}" in finding.danger
    assert finding.applicability is Applicability.UNSAFE
    assert f"{source} is a Windows path" in (finding.reason or "")


@pytest.mark.parametrize("source", ["/c/shop/pg", "//server/share", "./pg", "~/pg"])
def test_another_path_is_not(source: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, mounting(f"{source}:{DATA}"), "VF101")
    assert "Windows" not in finding.danger + (finding.reason or "")


@pytest.mark.parametrize(
    ("image", "target"),
    [("postgres:16", f"{DATA} "), ("redis:7", "/data "), ("mongo:7", "/data/db ")],
)
@pytest.mark.parametrize("source", ["./rows", "rows"])
def test_a_blank_at_the_end_of_a_target_is_shown(image: str, target: str, source: str, tmp_path: Path) -> None:
    declared = "volumes: {rows: }\n" if source == "rows" else ""
    files = {name: text + declared for name, text in mounting(f"{source}:{target}", image).items()}
    (finding,) = found(tmp_path, files, "VF105")
    assert f"mounts '{source}:{target}'" in "".join(finding.evidence)
    assert "the blank in the target" in "".join(finding.evidence)
    assert finding.fix is None
    assert finding.reason == f"remove the blank from '{source}:{target}'"


@pytest.mark.parametrize("source", ["./rows", "/srv/rows"])
def test_a_target_with_a_blank_that_looks_meant_for_data_is_in_quotes(source: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, mounting(f"{source}:/var/lib/mysql ", "mysql:8.4"), "VF106")
    assert finding.danger.startswith("'/var/lib/mysql ' does not hold the data of MySQL")


VOLUME = f"services:\n  db:\n    image: postgres:16\n    volumes: ['pg:{DATA}']\nvolumes: {{pg: }}\n"


def test_of_a_long_command_the_beginning_and_the_end_are_shown(tmp_path: Path) -> None:
    services = " ".join(f"service-{number}" for number in range(60))
    script = f"docker compose rm -v -f {services} the-last\ndocker compose up -d\n"
    (finding,) = found(tmp_path, {"compose.yaml": VOLUME, "deploy.sh": script}, "VF401")
    assert "`docker compose rm -v -f service-0 service-1 " in finding.danger
    assert " ... " in finding.danger
    assert " the-last`" in finding.danger
    assert len(finding.danger) < 300


SYSTEMS = {
    ".drone.yml": "kind: pipeline\ntype: docker\nname: a\nsteps:\n- name: up\n  image: docker\n  commands: [{0}]\n",
    ".woodpecker.yml": "steps:\n  up:\n    image: docker\n    commands: [{0}]\n",
}


@pytest.mark.parametrize(
    ("name", "setting"),
    [(".drone.yml", "DRONE_RUNNER_VOLUMES"), (".woodpecker.yml", "WOODPECKER_BACKEND_DOCKER_VOLUMES")],
)
def test_the_setting_of_a_runner_is_that_of_its_system(name: str, setting: str, tmp_path: Path) -> None:
    files = {"compose.yaml": VOLUME, name: SYSTEMS[name].format("docker compose -p shop up -d")}
    (finding,) = found(tmp_path, files, "VF301")
    assert f"({setting})" in finding.evidence[1]


UP = "docker compose up -d"


@pytest.mark.parametrize(
    "entering", ["cd deploy", "git clone https://host/other.git && cd other", "pushd /drone/src/out/site", "cd a/b"]
)
def test_a_directory_that_the_checkout_does_not_have_is_not_known(entering: str, tmp_path: Path) -> None:
    text = SYSTEMS[".drone.yml"].format(f"'{entering} && {UP}'")
    assert not found(tmp_path, {"compose.yaml": VOLUME, ".drone.yml": text}, "VF303")


@pytest.mark.parametrize("entering", ["cd web", "cd web/app", "cd /drone/src", "true"])
def test_in_a_directory_of_the_checkout_compose_finds_the_file_above(entering: str, tmp_path: Path) -> None:
    text = SYSTEMS[".drone.yml"].format(f"'{entering} && {UP}'")
    assert found(tmp_path, {"compose.yaml": VOLUME, ".drone.yml": text, "web/app/x": ""}, "VF303")


def test_the_user_that_cannot_write_is_shown(tmp_path: Path) -> None:
    stack = "services:\n  app:\n    image: acme/app:1\n    user: 1000:1000\n    environment:\n"
    stack += "      DATABASE_URL: sqlite:////app/data/app.db\n    volumes: ['rows:/app/data']\nvolumes: {rows: {}}\n"
    (finding,) = found(tmp_path, {"compose.yaml": stack}, "VF111")
    assert "`user:` in the Compose file says 1000:1000" in map(scrub, finding.evidence)
