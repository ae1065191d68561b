"""The command line as a person uses it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from volfix import __version__
from volfix.cli.main import COMMANDS, EXTRAS, volfix
from volfix.knowledge.tables import parsed

REFERENCE = Path(__file__).parents[2] / "fixtures" / "fastapi-sqlite-drone" / "repository"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(REFERENCE, tmp_path / "shop"))
    (copy / ".drone.yml").unlink()  # its findings stay open without --trusted
    return copy


def run(*arguments: str, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(volfix, list(arguments), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def git(repository: Path, *words: str) -> None:
    command = ["git", "-C", str(repository), "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
    subprocess.run(command, check=True, capture_output=True)


def test_a_dry_run_shows_each_fix_and_writes_nothing(repository: Path) -> None:
    before = (repository / "docker-compose.yml").read_bytes()
    result = run(str(repository))
    assert result.exit_code == 1
    assert "  9 -       - ./data:/app/data    # the SQLite database\n" in result.stdout
    assert "  9 +       - app-db:/app/data    # the SQLite database\n" in result.stdout
    assert "  4 + DATABASE_URL=sqlite:///./data/database.db\n" in result.stdout
    assert "change-me-7f3a" not in result.output
    assert (repository / "docker-compose.yml").read_bytes() == before


def test_the_whole_diff_is_asked_for(repository: Path) -> None:
    result = run("--diff", str(repository))
    assert "-      - ./data:/app/data    # the SQLite database" in result.stdout
    assert "+      - app-db:/app/data    # the SQLite database" in result.stdout
    assert "+DATABASE_URL=sqlite:///./data/database.db" in result.stdout
    assert "change-me-7f3a" not in result.output


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_a_write_shows_the_same_diff_first_and_then_is_done(repository: Path, quiet: tuple[str, ...]) -> None:
    dry = run("--diff", str(repository)).stdout
    result = run("--write", *quiet, str(repository))
    assert result.exit_code == 0
    changed = [line for line in dry.splitlines() if line.startswith(("+", "-"))]
    assert len(changed) > 8
    assert changed == [line for line in result.stdout.splitlines() if line.startswith(("+", "-"))]
    assert result.stdout.index("+++ b/docker-compose.yml") < result.stdout.index("NOT CARRIED: ./data -> shop_app-db")
    assert ("volfix carry --write" in result.stdout) == (not quiet)
    assert run(str(repository)).exit_code == 0


def test_where_a_machine_reads_the_result_the_diff_of_a_write_is_on_standard_error(repository: Path) -> None:
    result = run("--write", "--output-format", "json", str(repository))
    assert json.loads(result.stdout)["projects"][0]["written"]
    assert "+      - app-db:/app/data" in result.stderr
    assert "change-me-7f3a" not in result.stderr


@pytest.mark.parametrize(
    ("environment", "options", "has_colours"),
    [
        ({}, (), False),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": "0"}, (), False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
        ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
    ],
)
def test_colours_are_as_the_environment_and_the_option_say(
    repository: Path, environment: dict[str, str], options: tuple[str, ...], has_colours: bool
) -> None:
    unset: dict[str, str | None] = {"FORCE_COLOR": None, "NO_COLOR": None}
    result = CliRunner().invoke(volfix, [*options, str(repository)], env={**unset, **environment}, color=True)
    assert ("\x1b[" in result.stdout) == has_colours


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_the_text_is_as_wide_as_columns_says(repository: Path, columns: int) -> None:
    lines = CliRunner().invoke(volfix, [str(repository)], env={"COLUMNS": str(columns)}).stdout.splitlines()
    prose = [line for line in lines if str(repository) not in line]
    assert max(map(len, prose)) <= columns
    assert max(map(len, prose)) > columns - 20


def test_json_is_as_designed(repository: Path) -> None:
    data = json.loads(run("--output-format", "json", str(repository)).stdout)
    assert data["version"] == 2
    assert data["summary"] == {
        "projects": 1,
        "findings": 2,
        "notes": 0,
        "fixable": 2,
        "fixed": 0,
        "files_written": 0,
    }
    (project,) = data["projects"]
    assert project["root"] == str(repository)
    assert project["files"] == ["docker-compose.yml"]
    assert project["written"] is False
    mount = next(item for item in project["findings"] if item["code"] == "VF101")
    assert (mount["file"], mount["line"], mount["column"]) == ("docker-compose.yml", 9, 9)
    assert (mount["service"], mount["target"], mount["step"]) == ("app", "/app/data", None)
    assert (mount["severity"], mount["applicability"], mount["fixable"]) == ("error", "safe", True)
    assert mount["data"] == str((repository / "data").resolve())
    move = {"service": "app", "source": "./data", "volume": "app-db", "volume_name": "shop_app-db"}
    assert {**move, "target": "/app/data", "needs_map": False} in project["moves"]
    assert (
        json.loads(run("--write", "--output-format", "json", str(repository)).stdout)["summary"]["files_written"] == 2
    )


def test_undo_puts_everything_back(repository: Path) -> None:
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    run("--write", str(repository))
    result = run("undo", str(repository))
    assert result.exit_code == 0
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before
    assert "nothing to undo" in run("undo", str(repository)).stdout


def test_uncommitted_changes_are_not_overwritten(repository: Path) -> None:
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "first")
    compose = repository / "docker-compose.yml"
    compose.write_text(compose.read_text() + "# mine\n")
    before = compose.read_bytes()
    result = run("--write", str(repository))
    assert result.exit_code == 2
    assert "uncommitted changes" in result.output
    assert "--allow-dirty" in result.output
    assert compose.read_bytes() == before
    assert (repository / ".env.prod").read_bytes() == (REFERENCE / ".env.prod").read_bytes()
    assert run("--write", "--allow-dirty", str(repository)).exit_code == 0


def test_rules_can_be_chosen(repository: Path) -> None:
    def codes(*options: str) -> set[str]:
        data = json.loads(run("--output-format", "json", *options, str(repository)).stdout)
        return {item["code"] for project in data["projects"] for item in project["findings"]}

    assert codes("--select", "VF2") == {"VF201"}
    assert codes("--ignore", "VF201,VF101") <= {"VF102"}
    assert codes("--exclude", "docker-compose.yml") == set()


def test_options_come_from_a_file_unless_given(repository: Path, tmp_path: Path) -> None:
    config = tmp_path / "volfix.toml"
    config.write_text('select = ["VF2"]\n')
    assert "VF101" not in run("--config", str(config), str(repository)).stdout
    assert "VF101" in run("--config", str(config), "--select", "VF101", str(repository)).stdout
    config.write_text("selct = []\n")
    assert run("--config", str(config), str(repository)).exit_code == 2


def test_a_compose_file_is_the_project_that_its_directory_is(repository: Path) -> None:
    shutil.copy(REFERENCE / ".drone.yml", repository)

    def names(path: Path) -> set[str]:
        data = json.loads(run("--output-format", "json", str(path)).stdout)
        return {project["name"] for project in data["projects"]}

    assert names(repository / "docker-compose.yml") == names(repository) == {"src"}


def test_each_fix_can_be_refused(repository: Path) -> None:
    result = run("-i", "--write", str(repository), stdin="y\nn\n")
    assert "app-db:/app/data" in (repository / "docker-compose.yml").read_text()
    assert (repository / ".env.prod").read_bytes() == (REFERENCE / ".env.prod").read_bytes()
    assert result.exit_code == 1


def test_each_fix_is_shown_before_it_is_asked_about_and_the_volume_before_the_path_in_it(repository: Path) -> None:
    asked = run("-i", str(repository), stdin="n\nn\n").stderr
    first, second, _ = asked.split("Make this fix?")
    assert "  9 +       - app-db:/app/data" in first
    assert "+ DATABASE_URL" not in first
    assert "- DATABASE_URL=sqlite:///./database.db\n  4 + DATABASE_URL=sqlite:///./data/database.db\n" in second


def test_without_an_answer_to_each_question_nothing_is_written(repository: Path) -> None:
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    result = run("-i", "--write", str(repository), stdin="y\n")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "Error: -i has no more answers to read: run it in a terminal. Nothing was written"
    )
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before


def test_an_unsafe_fix_that_is_refused_is_not_made_and_its_flag_not_advised_again(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  db:\n    image: postgres:17\n    environment: {A: b}\n")
    said = run("-i", "--unsafe-fixes", str(tmp_path), stdin="n\n").stdout
    assert "= fix (unsafe, not written)" in said
    assert "1 not written." in said
    assert "--unsafe-fixes" not in said


def test_a_path_is_not_moved_into_a_volume_that_is_refused(repository: Path) -> None:
    result = run("-i", "--write", str(repository), stdin="n\ny\n")
    assert "./data:/app/data" in (repository / "docker-compose.yml").read_text()
    assert (repository / ".env.prod").read_bytes() == (REFERENCE / ".env.prod").read_bytes()
    assert "this fix needs the volume app-db, and the fix that makes the volume is not made" in result.stdout
    assert "volfix carry" not in result.stdout


def test_the_result_can_go_to_a_file(repository: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    result = run("--output-format", "json", "--output-file", str(output), str(repository))
    assert result.stdout == ""
    assert json.loads(output.read_text())["version"] == 2


def test_several_results_of_one_run(repository: Path, tmp_path: Path) -> None:
    files = [tmp_path / "out.sarif", tmp_path / "out.json"]
    flags = [f"--output-file={path}" for path in files]
    result = run("--output-format=github", "--output-format=sarif", "--output-format=json", *flags, str(repository))
    assert result.stdout.startswith("::")
    assert json.loads(files[0].read_text())["runs"]
    assert json.loads(files[1].read_text())["summary"]["findings"] == 2
    all_to_files = run("--output-format=sarif", "--output-format=json", *flags, str(repository))
    assert (all_to_files.exit_code, all_to_files.stdout) == (1, "")


@pytest.mark.parametrize(
    "flags",
    [
        ("--output-format=sarif", "--output-format=json"),
        ("--output-format=sarif", "--output-file=a", "--output-file=b"),
        ("--output-format=sarif", "--output-format=json", "--output-file=a", "--output-file=./a"),
    ],
)
def test_results_that_would_meet_are_refused(flags: tuple[str, ...], repository: Path) -> None:
    assert run(*flags, str(repository)).exit_code == 2


@pytest.mark.parametrize("name", ["sarif", "github", "gitlab", "junit"])
def test_other_formats_hide_secrets(name: str, repository: Path) -> None:
    result = run("--output-format", name, str(repository))
    assert result.exit_code == 1
    assert "VF101" in result.stdout
    assert "change-me-7f3a" not in result.stdout


def test_an_ignored_mount_is_quiet_and_stays(repository: Path) -> None:
    compose = repository / "docker-compose.yml"
    compose.write_text(compose.read_text().replace("# the SQLite database", "# volfix: ignore[VF101] snapshots"))
    result = run("--write", str(repository))
    assert "error[VF101]" not in result.stdout
    assert "./data:/app/data" in compose.read_text()


def test_explain() -> None:
    assert "VF201" in run("explain", "--rules").stdout
    assert "sqlite:///./data/database.db" in run("explain", "vf201").stdout
    assert run("explain", "VF9").exit_code == 2


def test_help_and_version() -> None:
    assert "--unsafe-fixes" in run("--help").stdout
    first, second, third = run("--version").stdout.splitlines()
    assert first == f"volfix {__version__}"
    assert platform.python_version() in second
    assert third.startswith("extras: ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_is_whole(name: str) -> None:
    said = run(name, "--help").stdout
    assert "..." not in said.replace("[PATH]...", "").replace("SOURCE...", "").replace("volfix/...", "")
    whole = run("--help").stdout
    assert "..." not in whole.replace("[PATH]...", "")


def test_every_option_of_the_default_command_has_a_group() -> None:
    assert "\nOther:\n  -h, --help " in run("fix", "--help").stdout


EXTRAS_OF_TESTS = ("test", "campaign")


def test_the_extras_that_the_version_names_are_those_of_the_package() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    table = parsed(text)["project"]["optional-dependencies"]
    assert set(table) - set(EXTRAS_OF_TESTS) == set(EXTRAS)


@pytest.mark.parametrize("flags", [(), ("-v",), ("-v", "--output-format", "json")])
def test_without_libyaml_the_run_is_the_same_and_v_says_once_why_it_is_slow(
    flags: tuple[str, ...], repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "more").mkdir()
    shutil.copy(repository / "docker-compose.yml", repository / "more")
    fast = run(*flags, str(repository))
    monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    slow = run(*flags, str(repository))
    assert slow.stdout == fast.stdout
    assert slow.stderr.count("ruamel.yaml.clib") == bool(flags)
    assert "ruamel.yaml.clib" not in fast.stderr


def test_as_a_module(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "volfix", str(repository)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "VF101" in done.stdout


def test_a_write_settles_an_interrupted_one_first(repository: Path) -> None:
    """Killed between two renames: the next run starts from whole files, says so, and ends like any other."""
    code = (
        "import os, signal, volfix, volfix.fixes.write.journal\n"
        "replace, seen = os.replace, []\n"
        "def once(*words, **more):\n"
        "    replace(*words, **more)\n"
        "    if str(words[1]).endswith(('.yml', '.prod')):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.replace = os.rename = once\n"
        f"volfix.plan({str(repository)!r}).write()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    result = run("--write", str(repository))
    assert result.exit_code in (0, 1)
    assert "interrupted" in result.stderr
    assert "app-db:/app/data" in (repository / "docker-compose.yml").read_text()
    assert "data/database.db" in (repository / ".env.prod").read_text()


@pytest.mark.parametrize(
    ("word", "meant"), [("undoo", "undo"), ("exlain", "explain"), ("bulkk", "bulk"), ("row", "rows")]
)
def test_a_mistyped_command_is_said(word: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(word)
    assert result.exit_code == 2
    assert f"did you mean `volfix {meant}`?" in result.stderr
    (tmp_path / word).mkdir()
    assert "no Compose file" in run(word).stderr


def test_a_word_with_a_slash_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Path './schema' does not exist" in run("./schema").stderr


def test_compose_is_said_to_have_been_asked_and_what(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if shutil.which("docker-compose") is None:
        pytest.skip("needs docker-compose on PATH or in the virtual environment")
    asked = run("--verify-with-compose", str(repository)).stderr
    assert "config` was asked about project shop (docker-compose.yml): it accepts the change" in asked
    (tmp_path / "clean").mkdir()
    assert "Compose was not asked: nothing would change" in run("--verify-with-compose", str(tmp_path / "clean")).stderr


def asked_and_said(repository: Path, stdin: str, *options: str) -> Result:
    return run("-i", *options, str(repository), stdin=stdin)


def test_each_question_is_numbered_and_asked_once(repository: Path) -> None:
    asked = asked_and_said(repository, "y\ny\n", "--write").stderr
    assert [asked.count(f"{number} of 2: Make this fix? [y,n,a,q,e,?]") for number in (1, 2)] == [1, 1]
    assert "app-db:/app/data" in (repository / "docker-compose.yml").read_text()
    assert "data/database.db" in (repository / ".env.prod").read_text()


@pytest.mark.parametrize(
    ("stdin", "questions", "written"), [("a\n", 1, {"env", "mount"}), ("q\n", 1, set()), ("y\nq\n", 2, {"mount"})]
)
def test_all_that_follow_are_answered_at_once(repository: Path, stdin: str, questions: int, written: set[str]) -> None:
    assert asked_and_said(repository, stdin, "--write").stderr.count("Make this fix?") == questions
    assert ("app-db:/app/data" in (repository / "docker-compose.yml").read_text()) == ("mount" in written)
    assert ("data/database.db" in (repository / ".env.prod").read_text()) == ("env" in written)


def test_e_explains_the_rule_and_a_question_mark_the_answers(repository: Path) -> None:
    asked = asked_and_said(repository, "e\n?\nn\nn\n").stderr
    assert "VF101  database-on-bind-mount" in asked
    assert "`volfix explain VF101` also shows examples." in asked
    assert "Example: " not in asked
    assert "a  make this fix and all that follow" in asked
    assert asked.count("1 of 2: Make this fix?") == 3


def test_without_write_the_command_that_writes_just_what_was_chosen_is_the_first_step(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    said = run("-i", stdin="y\nn\n").stdout
    command = "volfix --select=VF101@docker-compose.yml:9 --write"
    assert f"  1  {command}\n" in said
    result = run(*command.split()[1:])
    assert "Make this fix?" not in result.output
    assert "app-db:/app/data" in (repository / "docker-compose.yml").read_text()
    assert (repository / ".env.prod").read_bytes() == (REFERENCE / ".env.prod").read_bytes()


def test_the_unsafe_fixes_are_not_looked_for_among_those_that_were_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  db:\n    image: postgres:17\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
        "  events:\n    image: mongo:7\n"
    )
    monkeypatch.chdir(tmp_path)
    said = run("--select", "VF101@compose.yaml:4").stdout
    assert "  1  volfix --select=VF101@compose.yaml:4 --write\n" in said
    assert "`volfix --unsafe-fixes` shows the fixes that need your decision." in said


@pytest.mark.parametrize(("least", "status"), [("error", 0), ("warning", 1), ("info", 1)])
def test_the_severity_that_fails_can_be_chosen(least: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  db:\n    image: postgres:17\n")
    result = run("--fail-on", least, str(tmp_path))
    assert result.exit_code == status
    assert "warning[VF105]" in result.stdout, "it is shown in any case"


def test_what_comments_ignore_can_be_shown_and_is_never_fixed(repository: Path) -> None:
    compose = repository / "docker-compose.yml"
    text = compose.read_text().replace("# the SQLite database", "# volfix: ignore[VF101] snapshots")
    compose.write_text(text)
    assert "VF101" not in run("-q", str(repository)).stdout
    shown = run("-q", "--no-ignores", "--write", "--allow-dirty", str(repository)).stdout
    assert "error[VF101] the database of app is inside the checkout" in shown
    assert "VF901" not in shown
    assert compose.read_text() == text


@pytest.mark.parametrize("place", ["VF101@docker-compose.yml:8", "VF101@other.yml:9", "VF102@docker-compose.yml:9"])
def test_a_place_without_a_finding_is_an_error(repository: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    result = run("--write", "--select", place)
    assert result.exit_code == 2
    assert f"no finding at {place}" in result.stderr


@pytest.mark.parametrize("text", ["VF101@docker-compose.yml", "VF101@:9", "VF999@docker-compose.yml:9"])
def test_a_place_that_is_none_is_an_error(repository: Path, text: str) -> None:
    assert run("--select", text, str(repository)).exit_code == 2
    assert run("--ignore", "VF101@docker-compose.yml:9", str(repository)).exit_code == 2


def test_python_does_not_search_what_a_run_made_before_it_ends(repository: Path) -> None:
    code = (
        "import atexit, gc\n"
        "atexit.register(lambda: print('left:', len(gc.get_objects()), 'aside:', gc.get_freeze_count()))\n"
        "from volfix.cli.main import main\n"
        f"main(['--quiet', {str(repository)!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    left, aside = done.stdout.splitlines()[-1].removeprefix("left: ").split(" aside: ")
    assert done.returncode == 1
    assert int(aside) > 100 * int(left)


def test_python_searches_for_no_garbage_in_a_short_run(repository: Path) -> None:
    code = (
        "import atexit, gc\n"
        "import volfix.cli\n"
        "searched = []\n"
        "gc.callbacks.append(lambda phase, _: searched.append(phase))\n"
        "atexit.register(lambda: print('searched:', len(searched)))\n"
        "from volfix.cli.main import main\n"
        f"main(['--quiet', {str(repository)!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "searched: 0"
