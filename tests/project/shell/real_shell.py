"""A real shell runs a step's commands, with programs on PATH that only say how they are called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SAYS = """#!{python}
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:], os.getcwd()]) + "\\n")
"""
SKIPS = """#!{python}
import os, re, sys
words = sys.argv[1:]
values = {values!r}
while words and words[0].startswith("-"):
    word = words.pop(0)
    if word == "--":
        break
    letters = [f"-{{letter}}" in values for letter in word[1:]] if not word.startswith("--") else []
    if word in values or (True in letters and letters.index(True) == len(letters) - 1):
        words.pop(0)
{rest}
"""
RUNS = "os.execvp(words[0], words)"
SSH = """words.pop(0)
os.chdir(os.environ["REMOTE"])
os.environ["HOME"] = os.environ["REMOTE"]
os.execvp("sh", ["sh", "-c", " ".join(words)] if words else ["sh"])"""
SU = """
import sys
words = sys.argv[1:]
text = words[words.index("-c") + 1]
if "-" in words:
    os.chdir(os.environ["REMOTE"])
os.execvp("sh", ["sh", "-c", text])"""


def fakes(directory: Path) -> None:
    """Put the programs into a directory."""
    directory.mkdir()
    programs = {name: SAYS.format(python=sys.executable) for name in ("docker", "docker-compose")}
    for name, values, rest in (
        ("sudo", ("-u", "-g"), RUNS),
        ("doas", ("-u",), RUNS),
        ("runuser", ("-u",), RUNS),
        ("ssh", ("-o", "-i", "-p"), SSH),
        ("su", (), SU),
    ):
        programs[name] = SKIPS.format(python=sys.executable, values=values, rest=rest)
    for name, text in programs.items():
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)


def calls(shell: str, commands: Sequence[str], root: Path, place: Path) -> list[tuple[list[str], str]]:
    """What a shell calls that runs the commands in a directory: the words of each call of Docker, and where.

    `place` is a directory for the programs, and for the home directory of the other machine.
    """
    if not (place / "bin").exists():
        fakes(place / "bin")
    remote, log = place / "remote", place / "calls"
    (remote / "app").mkdir(parents=True, exist_ok=True)
    log.write_text("")
    text = "\n".join(commands).replace("$${", "${").replace("/drone/src", str(root))
    found = {
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "CALLS": str(log),
        "REMOTE": str(remote),
        "HOME": str(remote),
    }
    command = [shell, "-e", "-c", text]
    done = subprocess.run(command, cwd=root, env=found, capture_output=True, text=True, timeout=60, check=False)
    assert not done.returncode, done.stderr
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [(line[:-1], line[-1]) for line in lines]
