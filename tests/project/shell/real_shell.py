"""A real shell runs a step's commands, with programs on PATH that only say how they are called."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

SAYS = """#!/bin/sh
printf '%s\\0' "$#" "${0##*/}" "$@" "$PWD" >>"$CALLS"
"""
SKIPS = """#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
        --) shift; break ;;
        -*) word=$1; shift ;;
        *) break ;;
    esac
    case $word in
        --*) ;;
        -*[LETTERS]) case ${word%?} in *[LETTERS]*) ;; *) shift ;; esac ;;
    esac
done
"""
"""Takes off the options of a program: the value of the last letter of a word is the next word."""
RUNS = 'exec "$@"\n'
SSH = """shift
cd "$REMOTE" && export HOME="$REMOTE"
if [ $# -gt 0 ]; then exec sh -c "$*"; else exec sh; fi
"""
SU = """#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
        -) cd "$REMOTE" ;;
        -c) text=$2; shift ;;
    esac
    shift
done
exec sh -c "$text"
"""
PROGRAMS = {
    "docker": SAYS,
    "docker-compose": SAYS,
    "sudo": SKIPS.replace("LETTERS", "ug") + RUNS,
    "doas": SKIPS.replace("LETTERS", "u") + RUNS,
    "runuser": SKIPS.replace("LETTERS", "u") + RUNS,
    "ssh": SKIPS.replace("LETTERS", "oip") + SSH,
    "su": SU,
}


def fakes(directory: Path) -> None:
    """Put the programs into a directory."""
    directory.mkdir()
    for name, text in PROGRAMS.items():
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
    parts = iter(log.read_text().split("\0")[:-1])
    return [([next(parts) for _ in range(int(number) + 1)], next(parts)) for number in parts]
