"""Each script calls a program with the words that bash calls it with, in the same directories and environments."""

from __future__ import annotations

import os
import posixpath
import subprocess
from pathlib import Path

import pytest

from volfix.project.commands.command_files import CommandFile
from volfix.project.commands.command_resolver import CommandResolver
from volfix.project.shell.interpreter import Interpreter

PROGRAM = '#!/bin/sh\nprintf \'%s\\0\' "$PWD" "${E-}" "$#" "$@" >>"$CALLS"\n'
FILES = {
    "lib.sh": 'program lib "$@"\nL=lib\n',
    "args.sh": 'program args "$#" "$@"\n',
    "env.sh": "program env $X\n",
    "where.sh": 'cd "$(dirname "$0")" && program where\n',
    "sub/where.sh": 'cd "$(dirname "${BASH_SOURCE[0]}")" && program where\n',
    "-n.sh": 'program dash "$@"\n',
    "sub/deep/plain": "program plain\n",
}
SCRIPTS = r"""
cd sub; program; cd - >/dev/null; program; cd sub/deep; program; cd -- -; program

cd sub; program $OLDPWD $PWD; cd deep; program "${OLDPWD##*/}"

cd -P sub; program; cd -- deep; program; cd ../..; program

cd; program; cd "$OLDPWD"; program

pushd sub >/dev/null; program; pushd deep >/dev/null; program; popd >/dev/null; program; popd >/dev/null; program

popd 2>/dev/null; program

( cd sub; ( cd deep; program ); program ); program

( X=1; ( X=2; program $X ); program $X ); X=3; program $X

set -- a 'b c'; program "$@"; shift; program "$@"; set -- d e f; shift 2; program "$@"

set -e -- a b; program $2; set a; program "$@"; set -u; program "$@"

set -eo pipefail -- a b; program $2 $#

set +e x; program $1

set -- a b; f() { program "$#" "$@"; set -- z; program $1; }; f c; program "$@"

f() { shift; program "$@"; }; f a b c; f d

set -a; X=1; set +a; sh env.sh; set -o allexport; X=2; sh env.sh; X=3; set +o allexport; sh env.sh

set -ae; X=1; sh env.sh; set +ae

set -a; sh -c 'E=1; program a'; sh -c 'export E=2; program b'

X=1; export X; sh env.sh; X=2; sh env.sh

export X=1 Y=2; sh -c 'program $X$Y'; unset Y; X=5; program "${Y-none}$X"

declare -x X=1; sh env.sh; declare X=2; sh env.sh; typeset -rx W=3; sh -c 'program $W'

X=1 sh env.sh; X=2 bash -c 'program $X'; X=3; X=4 sh env.sh; program $X

E=1 sh -c 'program a'; X=2 sh -c 'sh env.sh'; X=3 sh -c 'sh -c "program \$X"'

E=1 program; export E=2; program; E=3 program; E=4; program; env E=5 program

f() { E=$1 program; }; f 1; E=2 f 3; program

f() { local x=2 y; y=3; program $x$y; }; x=1; y=1; f; program $x$y

f() { local x=2; program $x; }; f; program "${x-none}"

f() { local x=2; g; program $x; }; g() { x=3; program $x; }; x=1; f; program $x

f() { declare x=2 z; typeset y=2; local x=4; }; x=1; y=1; z=1; f; program $x$y$z

f() { x=2; y=3; }; x=1; f; program $x$y

f() { unset x; }; x=1; f; program "${x-none}"

X=a; X+=b; program $X; X+=$X; program $X; Y+=c; program $Y

L=(a 'b c'); L+=(d); program "${L[@]}" "${#L[@]}"; L=(); program "${L[@]}"; M=x; M+=(y); program "${M[@]}"

X='a  b'; Y=$X; program $Y "$Y"; Z=$Y$X; program "$Z"

X=a Y=b; program $X$Y

alias p='program a' q=p r
p b
unalias p
q c

eval 'X=1; program $X'; program $X; eval program '$X' "b  c"

sh -c ':; : : : : : : : : :; eval program "$1"; eval "$2" z' x a 'program b'

eval "f() { program \$1; }"; f a

f() { g "$@" x; }; g() { program "$*" $#; }; f a b

sh -c 'program "$@"' name a 'b c'; sh -c 'program $1 $#' name; bash -c "program $PWD"

sh args.sh; sh args.sh a 'b c'; bash -e args.sh -x; ./args.sh d; sh -e -u args.sh; bash -o pipefail args.sh f

bash --norc args.sh a; bash --rcfile /dev/null args.sh b; bash -eo pipefail args.sh c; bash +e args.sh d; sh - args.sh

sh - -n.sh a; sh -e -- -n.sh b; bash - -n.sh

sh -s a b <<'EOF'|program "$@"
EOF

set -- a b; sh -s <<'EOF'|program "$#"
EOF

X=1; sh <<EOF
program $X "\$PWD" '\\' '\a' \|  c
EOF

X=1; sh <<EOF
program "\\\\$X" '\\\\' \\$X
EOF

X='1 2'; sh <<EOF
program $X "$X" ${X#1} $(dirname /a/b) `echo x`
EOF

X=1; export X; sh <<'EOF'|program $X
EOF

bash <<< 'program a'; bash < lib.sh; sh <sub/deep/plain

cat lib.sh | sh; cat lib.sh sub/deep/plain | sh; echo program a | sh; printf 'program b' | sh; echo -n program c | sh

printf '%s\n' 'program a' | sh; /bin/echo -e 'program b' | sh

. ./lib.sh; program $L; . ./lib.sh a b; set -- c; . ./lib.sh; . ./lib.sh d; program "$@"

source ./lib.sh x; source -- lib.sh; program $L

sh where.sh; bash sub/where.sh; program; cd sub; sh ../where.sh; bash where.sh; program

. sub/where.sh; program

program ${0##*/} "${BASH_SOURCE[0]##*/}"

trap 'program end' EXIT; program a; sh -c 'trap "program inner" EXIT; program b'

trap 'program end $X' EXIT; X=1; trap - TERM; trap '' HUP 0x

trap -- 'program second' 0; trap 'program quit' QUIT TERM

exec program a

command program a; builtin cd sub; program; env -i PATH="$PATH" CALLS="$CALLS" program b; nice -n 3 program c

env -C sub program; env --chdir=sub sh -c 'program; cd deep; program'; nohup program a 2>/dev/null

time program a; ! program b; timeout 5 nice program c; timeout -s TERM 5s program d

env X=1 Y=2 sh -c 'program $X$Y'; env -u PATH true; env E=1 program x

program $(pwd) "$(cd sub && pwd)" "$(cd sub; pwd)" $(pwd -P); program

program $(basename /a/b.sh .sh) $(basename /a/b/) $(basename -- x.sh sh) $(dirname a) $(dirname b/) "$(dirname -- a/b)"

program $(realpath sub) $(readlink -f sub/deep) $(echo -n x) $(echo a; echo b) "$(echo a  b)" $(echo)

program $(printf 'a\n') $(printf '%s' b) $(printf '%s\n' c) $(printf d) "$(printf '%s' 'e f')"

program "$(true)" "$(:)" a"$(true && echo x)"b $(echo x || echo y) $(cd sub && echo yes)

program "$(echo "$(dirname "$(dirname /a/b/c)")")"

X=Hello; program ${X,,} ${X^^} ${#X} ${X:-d} ${X+a} ${X:+b} ${Y+a} ${Y-c} "${Y:-d  e}" ${X/l/L} ${X//l/L} ${X//l}

X=a/b/c.d.e; program ${X%/*} ${X%%/*} ${X#*/} ${X##*/} ${X%.*} ${X%%.*} ${X#x} ${X%x} ${X#$X} ${X%"/c.d.e"}

L=(a b c); program ${L[0]} ${L[-1]} ${L[9]} $L ${#L} ${#L[@]} "${L[@]:1}" "${L[@]:0:2}" "${L[*]}" "x${L[@]}y" ${L[1]%b}

set -- a 'b c' d; program "${@:2}" "${@:1:1}" ${#1} ${1:-x} ${4:-x} "${*}" $* ${2% c} "${@}" "$3"

set -- ''; program "$@" "$1" $1 "${1:-d}" "${1-d}"; set --; program "$@" a"$@"b "$*"

X='a b'; program $X"$X"$X x$X $X' 'y "$X"z; X=' a '; program x$X$X"y"; X=' '; program $X a${X}b

program "a\
b" $'\"' a\ b 'a'\''b' "a\\b\"c\$d\e" $'a\tb\n\\\r' $'x'y "$" "a$" 'x"y' "x'y" \\ \'

X=up; case $X in down) program a ;; up|x) program b ;; *) program c ;; esac; case "$X" in u*) program d ;; esac

X=1; if [ "$X" = 1 ]; then program a; else program b; fi; if [ "$X" = 2 ]; then program c; else program d; fi

for x in a 'b c' "$PWD"; do program $x "$x"; done; program $x

for x in a b; do for y in c d; do program $x$y; done; done

E=; $E | sh; program a

{ X=1; program $X; }; program $X | cat; program $X >/dev/null; program a 2>&1 </dev/null &&program b;program c

X=1; X=2 Y=$X; program $X$Y; Z="${X}_$Y"; program "$Z" "${Z}"x ${Z}_
"""


@pytest.mark.parametrize("script", SCRIPTS.strip().split("\n\n"))
def test_a_program_is_called_as_bash_calls_it(script: str, tmp_path: Path) -> None:
    root, calls = tmp_path / "app", tmp_path / "calls"
    for name, text in {**FILES, "x.sh": f"{script}\n", "../bin/program": PROGRAM}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    found = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "CALLS": str(calls), "HOME": str(tmp_path / "home")}
    (tmp_path / "home").mkdir()
    command = ["bash", "-O", "expand_aliases", "x.sh"]
    subprocess.run(command, cwd=root, env=found, stderr=subprocess.DEVNULL, check=False)
    parts = iter(calls.read_bytes().decode().split("\0")[:-1])
    ran = [(place, next(parts), [next(parts) for _ in range(int(next(parts)))]) for place in parts]
    (entry,) = CommandFile(root / "x.sh").entries
    read = Interpreter(CommandResolver(root, {})).commands(entry)
    said = [
        (each.directory.replace("~", found["HOME"]), each.environment.get("E") or "", each.values[1:])
        for each in read
        if each.program == "program" and each.trap in (None, "EXIT")
    ]
    assert said == ran


OTHERS = {
    "su app -c 'program a'": (".", "a"),
    "su - app -c 'program a'": ("~", "a"),
    "su -l app -c 'program a'": ("~", "a"),
    "su --login -c 'program a' app": ("~", "a"),
    "su -lc 'program a' app": ("~", "a"),
    "su -s /bin/sh --command 'program a' app": (".", "a"),
    "su app <<EOF\nprogram a\nEOF": (".", "a"),
    "echo program a | su app": (".", "a"),
    "runuser -u app -- program a": (".", "a"),
    "runuser --user app program a": (".", "a"),
    "runuser -l app --session-command 'cd shop; program a'": ("~/shop", "a"),
    "cd sub; sudo -u app -D /srv program a": ("/srv", "a"),
    "ssh -p 22 host program a": ("~", "a"),
    "ssh host -- 'cd shop && program a'": ("~/shop", "a"),
    "ssh host <<EOF\ncd /srv\nprogram a\nEOF": ("/srv", "a"),
    "ssh host sudo sh -s <<EOF\nprogram a\nEOF": ("~", "a"),
    "X=1; ssh host 'program $X'": ("~", "$X"),
    "ssh host 'program $(git rev-parse --show-toplevel)'": ("~", "$(git rev-parse --show-toplevel)"),
    "program $(git rev-parse --show-toplevel)": (".", "{root}"),
    "cd /srv; make go": ("/srv", "a"),
    "make -C sub go": ("sub", "a"),
    "L=(a b); L+=c; program $L": (".", "$L"),
    "$RUN; program a": (".", "a"),
    "program $((1 + 1))": (".", "$((1 + 1))"),
    "cd sub; cd $APP/web; program a": ("$APP/web", "a"),
    "cd sub; cd `where`; program a": ("`where`", "a"),
}


@pytest.mark.parametrize("script", OTHERS)
def test_where_another_user_or_machine_calls_a_program(script: str, tmp_path: Path) -> None:
    for name, text in {
        "x.sh": f"{script}\n",
        "Makefile": "go:\n\tprogram a\n",
        "sub/Makefile": "go:\n\tprogram a\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (entry,) = CommandFile(tmp_path / "x.sh").entries
    (read,) = (each for each in Interpreter(CommandResolver(tmp_path, {})).commands(entry) if each.program == "program")
    directory, word = OTHERS[script]
    assert read.values[1:] == [word.replace("{root}", str(tmp_path))]
    assert read.directory == posixpath.normpath(tmp_path / directory if directory[0] not in "~$`" else directory)
    assert read.in_checkout == read.directory.startswith(str(tmp_path))
    assert read.is_remote == script.split("; ")[-1].startswith("ssh")


@pytest.mark.parametrize(
    ("script", "origin"),
    [
        ("X=1 program a", "program a"),
        ("true; sh lib.sh", "sh lib.sh"),
        (". ./lib.sh b", ". ./lib.sh b"),
        ("f() { sh lib.sh; }\nf c", "f c"),
        ("bash -c 'true; sh lib.sh'", "bash -c 'true; sh lib.sh'"),
        ("trap 'sh lib.sh' EXIT", "trap 'sh lib.sh' EXIT"),
        ("ssh host sh <lib.sh", "ssh host sh"),
    ],
)
def test_the_text_that_is_run_first_says_what_led_to_a_command(script: str, origin: str, tmp_path: Path) -> None:
    for name, text in {"x.sh": f"{script}\n", "lib.sh": FILES["lib.sh"]}.items():
        (tmp_path / name).write_text(text)
    (entry,) = CommandFile(tmp_path / "x.sh").entries
    (read,) = (each for each in Interpreter(CommandResolver(tmp_path, {})).commands(entry) if each.program == "program")
    assert read.origin_in.path == tmp_path / "x.sh"
    assert read.origin_in.text[read.origin.start : read.origin.end] == origin


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("program a", "checkout"),
        ("sh ./lib.sh", "checkout"),
        ("cd /srv/app; sh ./lib.sh", "machine"),
        ("ssh host 'cd /srv/app && sh ./lib.sh'", "elsewhere"),
    ],
)
def test_where_the_text_of_a_command_lies(script: str, place: str, tmp_path: Path) -> None:
    for name, text in {"x.sh": f"{script}\n", "lib.sh": FILES["lib.sh"]}.items():
        (tmp_path / name).write_text(text)
    (entry,) = CommandFile(tmp_path / "x.sh").entries
    (read,) = (each for each in Interpreter(CommandResolver(tmp_path, {})).commands(entry) if each.program == "program")
    assert read.text_place == place
