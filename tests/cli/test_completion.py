"""Completion in real shells: each is given a line as a person types it, and says what it would offer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from volfix.cli.main import volfix

LINES = [
    ("volfix un", {"undo"}, {"bulk"}),
    ("volfix b", {"bulk"}, {"undo"}),
    ("volfix --unsafe", {"--unsafe-fixes"}, {"--write"}),
    ("volfix --min-severity ", {"error", "warning"}, {"--write"}),
    ("volfix --select VF20", {"VF201", "VF202"}, {"VF101"}),
    ("volfix --select VF101,VF20", {"VF101,VF201"}, {"VF101"}),
    ("volfix --write --output-format s", {"sarif"}, {"json"}),
    ("volfix bulk --only-", {"--only-failed"}, {"--write"}),
    ("volfix explain VF40", {"VF401", "VF402"}, {"VF101"}),
    ("volfix schema c", {"config"}, {"output"}),
    ("volfix completion ", {"bash", "fish", "zsh"}, {"undo"}),
    ("volfix com", {"compose.yaml"}, {"undo"}),
    ("volfix --write un", set(), {"undo"}),
]
BASH = """
. "$2"
read -r -a COMP_WORDS <<<"$1"
[ "${1% }" = "$1" ] || COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
complete() { :; }; compopt() { [ "$2" != default ] || compgen -f -- "${COMP_WORDS[COMP_CWORD]}"; }
_volfix_completion volfix
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
compdef() { :; }
. "$2"
compadd() { print -l -- "${(@P)@[-1]}"; }
_describe() { print -l -- "${(@P)3}"; }
_path_files() { print -l -- ${words[CURRENT]}*(N); }
words=(${(z)1}); [[ $1 == *' ' ]] && words+=('')
CURRENT=$#words
_volfix_completion
"""
FISH = """
source $argv[2]
complete --do-complete $argv[1]
"""
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def environment(tmp_path: Path) -> dict[str, str]:
    """A volfix on PATH that is this one."""
    program = tmp_path / "bin" / "volfix"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom volfix.cli.main import main\nmain()\n")
    program.chmod(0o755)
    source = str(Path(__file__).parents[2] / "src")
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": source, "HOME": str(tmp_path)}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What `volfix completion` prints for each shell, as its start-up file reads it."""
    directory = tmp_path_factory.mktemp("completion")
    for shell in SHELLS:
        (directory / shell).write_text(CliRunner().invoke(volfix, ["completion", shell]).stdout)
    return {shell: directory / shell for shell in SHELLS}


@pytest.mark.parametrize(("line", "offered", "others"), LINES, ids=[line for line, _, _ in LINES])
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_offers_what_may_be_meant(
    shell: str, line: str, offered: set[str], others: set[str], scripts: dict[str, Path], tmp_path: Path
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    here = tmp_path / "here"
    here.mkdir()
    (here / "compose.yaml").write_text("services: {}\n")
    script = SHELLS[shell]
    words = [shell, "-c", script] if shell == "fish" else [shell, "-c", script, shell]
    done = subprocess.run(
        [*words, line, scripts[shell]], cwd=here, env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    said = {text.split("\t")[0].split(":")[0] for text in done.stdout.splitlines()}
    assert offered <= said, done.stdout + done.stderr
    assert not others & said, done.stdout
