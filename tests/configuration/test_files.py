"""Which configuration file counts, and what it may say."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from volfix.cli.main import volfix

STACK = """services:
  db:
    image: postgres:16
    volumes:
      - ./pg:/var/lib/postgresql/data
  app:
    image: acme/shop:2
    environment:
      DATABASE_URL: "sqlite:///:memory:"
    volumes:
      - ./rows:/srv/rows
"""
NAMES = [".volfix.toml", ".github/volfix.toml", ".config/volfix.toml", "pyproject.toml"]


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(volfix, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def laid(root: Path, **files: str) -> Path:
    for name, text in {"stack/compose.yaml": STACK, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def configured(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[tool.volfix]\n{text}" if name.endswith("pyproject.toml") else text)
    return path


def report(*arguments: str | Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(run("--output-format", "json", *arguments).stdout)
    return loaded


def findings(*arguments: str | Path) -> list[dict[str, Any]]:
    return [item for project in report(*arguments)["projects"] for item in project["findings"]]


def codes(*arguments: str | Path) -> set[str]:
    return {item["code"] for item in findings(*arguments)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    laid(tmp_path)
    assert codes(tmp_path) == {"VF101", "VF205"}
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("asked", ["", "stack", "stack/compose.yaml"])
def test_a_file_at_the_root_counts_for_all_below_it(name: str, asked: str, root: Path) -> None:
    configured(root, name, 'ignore = ["VF205"]\n')
    assert codes(root / asked) == {"VF101"}


@pytest.mark.parametrize("name", [f"stack/{name}" for name in NAMES])
@pytest.mark.parametrize("asked", ["", "stack", "stack/compose.yaml"])
def test_the_nearest_file_counts_alone(name: str, asked: str, root: Path) -> None:
    configured(root, ".volfix.toml", 'ignore = ["VF205"]\n')
    configured(root, name, 'ignore = ["VF101"]\n')
    assert codes(root / asked) == {"VF205"}


def test_no_file_above_the_repository_counts(root: Path) -> None:
    inner = laid(root / "inner")
    configured(root, ".volfix.toml", 'ignore = ["VF205"]\n')
    assert codes(inner) == {"VF101", "VF205"}


def test_a_pyproject_without_the_table_is_passed_over(root: Path) -> None:
    configured(root, ".volfix.toml", 'ignore = ["VF205"]\n')
    (root / "stack/pyproject.toml").write_text('[project]\nname = "volfix = 1"\n[tool.ruff]\nselect = ["E"]\n')
    assert codes(root) == {"VF101"}


@pytest.mark.parametrize("flag", ["--no-config", "--config"])
def test_the_command_line_can_leave_every_file_out(flag: str, root: Path, tmp_path: Path) -> None:
    configured(root, ".volfix.toml", 'ignore = ["VF"]\n')
    other = configured(tmp_path / "elsewhere", "other.toml", 'select = ["VF205"]\n')
    assert codes(root) == set()
    if flag == "--no-config":
        assert codes(flag, root / "stack") == {"VF101", "VF205"}
    else:
        assert codes(flag, other, root / "stack") == {"VF205"}


def test_the_command_line_wins(root: Path) -> None:
    configured(root, ".volfix.toml", 'select = ["VF205"]\nmin-severity = "error"\nexclude = ["stack"]\n')
    assert codes(root) == set()
    assert codes("--select", "VF101", "--exclude", "x", root) == {"VF101"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('exclude = ["stack"]', set()),
        ('exclude = ["*.yaml"]', set()),
        ('exclude = ["other/*"]', {"VF101", "VF205"}),
        ('min-severity = "error"', {"VF101"}),
        ('min-severity = "info"', {"VF101", "VF205"}),
        ('[per-file-ignores]\n"stack/*.yaml" = ["VF1"]', {"VF205"}),
        ('[per-file-ignores]\n"compose.yaml" = ["VF101", "VF205"]', set()),
        ('[per-file-ignores]\n"*.yml" = ["VF"]', {"VF101", "VF205"}),
    ],
)
def test_what_a_file_leaves_out(text: str, left: set[str], root: Path) -> None:
    configured(root, ".github/volfix.toml", text + "\n")
    assert codes(root) == left


def test_paths_of_a_nested_file_start_from_it(root: Path) -> None:
    configured(root, "stack/.volfix.toml", '[per-file-ignores]\n"stack/compose.yaml" = ["VF"]\n')
    assert codes(root) == {"VF101", "VF205"}
    configured(root, "stack/.volfix.toml", '[per-file-ignores]\n"./compose.yaml" = ["VF"]\n')
    assert codes(root) == {"VF101", "VF205"}
    configured(root, "stack/.volfix.toml", '[per-file-ignores]\n"comp*" = ["VF"]\n')
    assert codes(root) == set()


def test_an_ignored_file_is_not_edited_for_another_finding(root: Path) -> None:
    (root / "stack/deploy.sh").write_text("docker compose down -v\ndocker compose up -d\n")
    fixed = {item["code"]: item["applicability"] for item in findings(root)}
    assert fixed["VF101"] == "safe"
    configured(root, ".volfix.toml", '[per-file-ignores]\n"*.sh" = ["VF401"]\n')
    kept = {item["code"]: item["applicability"] for item in findings(root)}
    assert (kept["VF101"], "VF401" in kept) == ("unsafe", False)


@pytest.mark.parametrize("mount", ["./stack/pg", "db:/var/lib/postgresql/data"])
def test_a_volume_is_called_as_the_file_says(mount: str, root: Path) -> None:
    configured(root, ".volfix.toml", f'[volumes]\n"{mount}" = "shop-rows"\n"./other" = "x"\n')
    assert run("--write", "--allow-dirty", root).exit_code in (0, 1)
    assert "shop-rows:/var/lib/postgresql/data" in (root / "stack/compose.yaml").read_text()


OWN = """[[applications]]
name = "Acme Shop"
images = ["acme/shop"]
data_directories = ["/srv/rows"]
source = "acme/shop, Dockerfile"
"""


@pytest.mark.parametrize(("kind", "code"), [("applications", "VF102"), ("engines", "VF101")])
def test_an_image_of_ones_own_is_known_and_its_fix_unsafe(kind: str, code: str, root: Path) -> None:
    configured(root, ".volfix.toml", OWN.replace("applications", kind))
    (found,) = [item for item in findings(root) if item["target"] == "/srv/rows"]
    assert (found["code"], found["applicability"]) == (code, "unsafe")
    assert not [item for item in findings("--no-config", root) if item["target"] == "/srv/rows"]


def test_what_a_file_names_is_known_to_explain_and_what_it_ignores_stays_visible(root: Path) -> None:
    before = run("explain", root / "stack").stdout
    configured(root, ".volfix.toml", 'ignore = ["VF"]\n' + OWN.replace("applications", "engines"))
    after = run("explain", root / "stack").stdout
    assert "./rows" in after
    assert after != before
    assert "AT RISK" in after.splitlines()[0]


def test_only_a_named_file_verifies(root: Path, tmp_path: Path) -> None:
    file = configured(root, ".volfix.toml", OWN + "verified = true\n")
    result = run(root)
    assert result.exit_code == 2
    assert f"{file}:6:1: verified works only in a file named with --config" in result.stderr
    (found,) = [item for item in findings("--config", file, root) if item["target"] == "/srv/rows"]
    assert found["applicability"] == "safe"


@pytest.mark.parametrize(
    "key", ["write", "unsafe-fixes", "trusted", "show-secrets", "allow-dirty", "no-outside", "output-file"]
)
def test_a_file_that_is_found_may_only_narrow(key: str, root: Path) -> None:
    value = '["out.json"]' if key == "output-file" else "true"
    file = configured(root, ".volfix.toml", f"select = []\n\n{key} = {value}\n")
    before = (root / "stack/compose.yaml").read_bytes()
    result = run(root)
    assert result.exit_code == 2
    assert f"{file}:3:1: {key} works only" in result.stderr
    assert (root / "stack/compose.yaml").read_bytes() == before
    assert not (root / "out.json").exists()


def test_a_named_file_may_do_all(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    text = f'write = true\nallow-dirty = true\noutput-format = ["json"]\noutput-file = ["{out}"]\nselect = ["VF101"]\n'
    assert run("--config", configured(tmp_path, "a.toml", text), root).exit_code in (0, 1)
    assert json.loads(out.read_text())["summary"]["files_written"] == 1


@pytest.mark.parametrize("code", ["VF109", "VF113"])
def test_a_rule_that_is_off_is_not_turned_on_by_a_file_that_is_found(code: str, root: Path) -> None:
    file = configured(root, ".volfix.toml", f'select = ["VF1",\n  "{code}"]\n')
    result = run(root)
    assert result.exit_code == 2
    assert f"{file}:2:1: {code} is off" in result.stderr
    assert run("--config", file, root).exit_code == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('selct = ["VF1"]', "1:1: there is no key selct; did you mean select?"),
        ("\n[per_file_ignores]", "2:1: there is no key per_file_ignores; did you mean per-file-ignores?"),
        ("# x\nwhatever = 1", "2:1: there is no key whatever; the keys are select, "),
        ('ignore = [\n  "VF101",\n  "VF1O2"\n]', "3:1: there is no rule VF1O2: did you mean VF102?"),
        (
            '[per-file-ignores]\n"*.yml" = ["VX1"]',
            "2:1: there is no rule VX1: `volfix explain --rules` lists the rules",
        ),
        ('select = "VF1"', "1:1: select must be a list of rule codes"),
        ("exclude = [1]", "1:1: exclude must be a list of glob patterns"),
        ('min-severity = "fatal"', "1:1: min-severity must be one of error, warning, info"),
        ('[volumes]\n"./pg" = "a b"', "2:1: a volume cannot be called 'a b'"),
        ('[volumes]\npg = "rows"', "2:1: pg is no mount"),
        ("select = [\n", "not valid TOML"),
        ("select = []\nselect = []", "2:1: not valid TOML"),
        (
            OWN.replace("data_directories", "data_directory"),
            "4:1: there is no key data_directory; did you mean data_directories?",
        ),
        (OWN.replace("acme/shop", "postgres", 1), "3:1: the knowledge base has the image postgres already"),
        (OWN.replace("acme/shop", "acme/shop:2", 1), "3:1: acme/shop:2 is no image's name without its tag"),
        (OWN.replace('"/srv/rows"', '"rows"'), "4:1: rows is no absolute path"),
        (OWN.replace("source =", "note ="), "2:1: Acme Shop has no source"),
        (OWN + 'settings = [{ enf = "X" }]', "6:1: there is no key enf; did you mean env?"),
    ],
)
@pytest.mark.parametrize("name", [".volfix.toml", "pyproject.toml"])
def test_what_cannot_be_meant_is_an_error_with_its_line(name: str, text: str, said: str, root: Path) -> None:
    if name == "pyproject.toml":
        if text.startswith(("[", "\n[")):
            text = (
                text.replace("[[", "[[tool.volfix.")
                .replace("[per", "[tool.volfix.per")
                .replace("[vol", "[tool.volfix.vol")
            )
            (root / name).write_text(text)
        else:
            said = f"{int(said[0]) + 1}{said[1:]}" if said[0].isdigit() else said
            configured(root, name, text)
    else:
        configured(root, name, text)
    result = run("--write", root)
    assert result.exit_code == 2
    assert f"{root / name}:{said}" in result.stderr if said[0].isdigit() else said in result.stderr
    assert "NOTHING is checked in its directories until it is repaired" in result.stderr
    assert (root / "stack/compose.yaml").read_text() == STACK
    assert run("--config", root / name, root).exit_code == 2


def test_a_bad_file_stops_only_what_it_is_about(root: Path) -> None:
    laid(root / "other", **{".volfix.toml": "selct = []\n"})
    result = run("--write", "--allow-dirty", root)
    assert result.exit_code == 2
    assert (root / "other/stack/compose.yaml").read_text() == STACK
    assert (root / "stack/compose.yaml").read_text() != STACK


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_a_file_that_is_none_is_not_read(kind: str, root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = root / ".volfix.toml"
    if kind == "link":
        outside = tmp_path_factory.mktemp("outside") / "x.toml"
        outside.write_text('ignore = ["VF"]\n')
        file.symlink_to(outside)
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.mkdir()
    result = run(root)
    assert result.exit_code == 2
    assert str(file) in result.stderr


def test_config_says_what_is_in_force_and_from_where(root: Path) -> None:
    file = configured(root, ".github/volfix.toml", '# ours\nignore = ["vf205"]\n[volumes]\n"./pg" = "rows"\n' + OWN)
    result = run("config", root / "stack")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == [f"# {file}", f"# its paths start from {root}"]
    assert 'ignore = ["VF205"]  # volfix.toml:2' in lines
    assert 'volumes = {"./pg" = "rows"}  # volfix.toml:3' in lines
    assert 'min-severity = "info"  # the default' in lines
    assert "# applications: Acme Shop  # volfix.toml:5" in lines
    again = configured(root, "again.toml", result.stdout)
    assert 'ignore = ["VF205"]  # again.toml:' in run("config", "--config", again, root).stdout
    assert "no configuration file" in run("config", "--no-config", root).stdout
    file.write_text("selct = 1\n")
    assert run("config", root).exit_code == 2
