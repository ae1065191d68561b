"""What only looks like a deployment that deletes volumes, and the branches that a call takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_shell import calls
from test_ways import placed, read
from ways import BOTH, DOWN, UP, Way

import volfix

CTL = f'case "$1" in\nstop) {DOWN} ;;\nstart) {UP} ;;\nlogs) docker compose logs ;;\nesac\n'
LOOP = 'while [ $# -gt 0 ]; do case "$1" in -w) W=1 ;; esac; shift; done\n'
BY_OPTION = f'{LOOP}case "$W" in 1) {DOWN} ;; esac\n{UP}\n'
OPTIONS = 'W=0\nfor each in "$@"; do case "$each" in -w) W=1 ;; esac; done\n'
BY_LIST = f'{OPTIONS}if [ "$W" = 1 ]; then {DOWN}; fi\n{UP}\n'
BY_DEFAULT = 'case "${1:-all}" in all) ' + BOTH + ";; esac\n"
BY_NAME = f'stop() {{ {DOWN}; }}\nstart() {{ {UP}; }}\n"$1"\n'
MADE = "echo 'M=all; set -- all' >../made.sh; "
NOT_RUN = [
    Way("echo", (f"echo {DOWN}", UP)),
    Way("echo in quotes", (f"echo '{DOWN}'", UP)),
    Way("printf into a file", (f"printf '%s' '{DOWN}' > note", UP)),
    Way("words of another program", (f"true {DOWN}", f"test -n docker || {DOWN.replace('docker', 'echo docker')}", UP)),
    Way("a comment", (f"# {DOWN}", UP)),
    Way("a comment behind a command", (f"{UP}  # {DOWN}",)),
    Way("a function that nobody calls", (f"wipe() {{ {DOWN}; }}", UP)),
    Way("a text that nobody runs", (f"HELP='{DOWN}'", UP)),
    Way("a program that a variable names", (f"SAY=echo; $SAY {DOWN}", UP)),
    Way("a here-document for another program", (f"cat <<EOF\n{DOWN}\nEOF", UP)),
    Way("a here-document for a file on a host", (f"ssh host 'cat > note' <<EOF\n{DOWN}\nEOF", UP)),
    Way("the option before the verb", ("docker compose -v", UP)),
    Way("a mount", ("docker run --rm -v data:/data alpine down -v", UP)),
    Way("a word that is an argument", (f"grep -c '{DOWN}' compose.yaml || true", UP)),
    Way("a service with the name of the verb", ("docker compose logs down", UP)),
    Way("an empty word before the verb", ("X=", 'docker compose "$X" down -v', UP)),
    Way("a handler for a failure", (f"trap '{DOWN}' TERM", UP)),
    Way("a script that nobody calls", (UP,), {"old/thing": f"#!/bin/sh\n{DOWN}\n"}),
    Way("a script for another program", ("./tool", UP), {"tool": f"#!/bin/true\n{DOWN}\n"}),
    Way("a variable of the shell alone", ("FLAGS=-v", "sh x.sh", UP), {"x.sh": "docker compose down $FLAGS\n"}),
    Way("a variable of another machine", ("FLAGS=-v", "ssh host 'docker compose down $FLAGS'", UP)),
    Way("single quotes keep a variable", ("FLAGS=-v", "docker compose down '$FLAGS'", UP)),
    Way("the arm of a case that is not taken", ("sh ctl.sh start",), {"ctl.sh": CTL}),
    Way("the arm behind the one that is taken", (f"set -- up; case $1 in up) {UP} ;; *) {DOWN} ;; esac",)),
    Way("a test that does not hold", (f'MODE=run; if [ "$MODE" = wipe ]; then {DOWN}; fi', UP)),
    Way(
        "a variable beside options of declare",
        ("bash x.sh",),
        {"x.sh": f"M=x; declare -i N=1; declare +i N; case $M in all) {DOWN} ;; esac\n{UP}\n"},
    ),
    Way("what is left where a test holds", (f'set -- x; if [ "$1" = x ]; then {UP}; else {DOWN}; fi',)),
    Way("behind exit", (f"{UP}\nexit 0\n{DOWN}",)),
    Way("behind the exit of a function", (f"done_() {{ echo; exit; }}\n{UP}\ndone_\n{DOWN}",)),
    Way("behind exec", (f"sh x.sh\nexec true\n{DOWN}",), {"x.sh": f"exec {UP}\n{DOWN}\n"}),
    Way("behind the exit of a file that is read", (f"{UP}\n. ./x.sh\n{DOWN}",), {"x.sh": "exit 0\n"}),
    Way("behind the exit of a subshell", (f"( {UP}; exit; {DOWN} )", UP)),
    Way("behind the return of a function", (f"f() {{ {UP}; return; {DOWN}; }}\nf\n{UP}",)),
    Way("behind the exit of another machine", (f"ssh host <<EOF\n{UP}\nexit\n{DOWN}\nEOF", UP)),
    Way("behind the exit of an eval", (f"{UP}\neval 'exit 0'\n{DOWN}",)),
]
RUN = [
    Way("an arm of a case for each call", ("sh ctl.sh stop", "sh ctl.sh start"), {"ctl.sh": CTL}),
    Way("a default that a call does not change", ("sh x.sh",), {"x.sh": BY_DEFAULT}),
    Way("a variable that is set for good", (f'MODE=wipe; if [ "$MODE" = wipe ]; then {DOWN}; fi', UP)),
    Way("a variable that an option sets", ("sh x.sh -w",), {"x.sh": BY_OPTION}),
    Way("a variable that one of all options sets", ("sh x.sh -q -w",), {"x.sh": BY_LIST}),
    Way(
        "a variable of a function alone",
        (f"mode=all; f() {{ local mode=x; }}\nf; case $mode in all) {DOWN} ;; esac", UP),
    ),
    Way("arguments that may be set", (f"set -- x; false || set -- all; case $1 in all) {DOWN} ;; esac", UP)),
    Way(
        "a function that may be left",
        (f"M=all; f() {{ [ -d /tmp ] && return; M=x; }}\nf; case $M in all) {DOWN} ;; esac", UP),
    ),
    Way("behind an exit that may be run", (f"[ -d /nowhere ] && exit 1\n{DOWN}", UP)),
    Way("behind an exit of an if", (f"if false; then exit 1; fi\n{DOWN}", UP)),
    Way("behind an exit of a case", (f"case a in b) exit 1 ;; esac\n{DOWN}", UP)),
    Way("behind an exit that has not failed", (f"true || exit 1\n{DOWN}", UP)),
    Way("behind an exit behind assignments", (f"A=1 B=2\n# why\nif false; then exit 1; fi\n{DOWN}", UP)),
    Way("behind the exit of a script", (f"sh x.sh\n{DOWN}", UP), {"x.sh": "exit 0\n"}),
    Way("behind the exit of a subshell", (f"( exit )\n{DOWN}", UP)),
    Way("behind a function that returns", (f"f() {{ return; }}\nf\n{DOWN}", UP)),
    Way("behind the exit of a substitution", (f'A="$(exit)"\n{DOWN}', UP)),
    Way("behind an exec that only redirects", (f"exec 3>&1\n{DOWN}", UP)),
    Way("in a handler for the end", (f"trap '{DOWN}; {UP}' EXIT\nexit 0",)),
    Way("behind an exit of a function in a test", (f"f() {{ exit 1; }}\ntrue || f\n{DOWN}", UP)),
    Way("arguments that may not be set", (f"set -- all; true || set -- x; case $1 in all) {DOWN} ;; esac", UP)),
    Way("a variable that may not be set", (f"M=all; true || M=x; case $M in all) {DOWN} ;; esac", UP)),
    Way("a variable that another file sets", (f"{MADE}M=x; . ../made.sh; case $M in all) {DOWN} ;; esac", UP)),
    Way("arguments that another file sets", (f"{MADE}set -- x; . ../made.sh; case $1 in all) {DOWN} ;; esac", UP)),
    Way("arguments behind a function", (f"set -- reset; f() {{ :; }}\nf; case $1 in reset) {DOWN} ;; esac", UP)),
    Way(
        "a variable that a function sets for good",
        (f"false || M=x; f() {{ M=reset; }}\nf; case $M in reset) {DOWN} ;; esac", UP),
    ),
    Way("an if over two commands", (f"if true; then {DOWN}", f"fi; {UP}")),
    Way("a variable that eval sets", (f'{MADE}M=x; eval "$(cat ../made.sh)"; case $M in all) {DOWN} ;; esac', UP)),
    Way("a variable that is read", (f"M=x; read M <<EOF\nall\nEOF\ncase $M in all) {DOWN} ;; esac", UP)),
    Way("a variable that a later option sets", ("sh x.sh -q -w",), {"x.sh": BY_OPTION}),
    Way(
        "a round of a loop that may end",
        (f"M=all; for x in a; do [ -d /tmp ] && continue; M=x; done; case $M in all) {DOWN} ;; esac", UP),
    ),
    Way("functions for the arms", ("sh x.sh stop", "sh x.sh start"), {"x.sh": BY_NAME}),
]
CODES = {"VF301", "VF303", "VF401"}


def known(called: list[tuple[list[str], str]]) -> list[tuple[list[str], str]]:
    """The calls without the words of unknown value: volfix keeps them, for the shell they are empty."""
    return [([word for word in words if not word.startswith("$")], place) for words, place in called]


@pytest.mark.parametrize("way", NOT_RUN, ids=lambda way: way.name)
def test_what_is_not_run_is_no_finding(way: Way, tmp_path: Path) -> None:
    root = placed(way, tmp_path / "app")
    assert not [finding for finding in volfix.plan(root, select=["VF401"]).findings if finding.code == "VF401"]


@pytest.mark.parametrize("way", [way for way in NOT_RUN if "handler" not in way.name], ids=lambda way: way.name)
def test_a_real_shell_does_not_run_it_either(way: Way, tmp_path: Path) -> None:
    root = placed(way, tmp_path / "app")
    for shell in way.shells:
        ran = calls(shell, way.commands, root, tmp_path)
        assert known(ran) == known(read(root, tmp_path))
        assert not [words for words, _ in ran if words[2:3] == ["down"] and "-v" in words]


@pytest.mark.parametrize("way", RUN, ids=lambda way: way.name)
def test_the_branches_that_a_call_takes_are_run(way: Way, tmp_path: Path) -> None:
    root = placed(way, tmp_path / "app")
    for shell in way.shells:
        assert calls(shell, way.commands, root, tmp_path) == read(root, tmp_path)
    assert {"VF301", "VF303", "VF401"} <= {
        finding.code for finding in volfix.plan(root, select=["VF3", "VF4"]).findings
    }
