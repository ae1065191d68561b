"""Ways to write one deployment in a step of a `.drone.yml`: `docker compose down -v`, then `docker compose up -d`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

DOWN, UP = "docker compose down -v", "docker compose up -d"
BOTH = f"{DOWN}\n{UP}\n"


@dataclass(frozen=True)
class Way:
    """`commands` are the step's, `files` the repository's others; `$${` is what Drone makes `${` of.

    `where` is in the line that the finding about `down -v` is at; `shells` are those that the step is run with;
    `remote`: on another machine.
    """

    name: str
    commands: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    where: str = "down"
    shells: tuple[str, ...] = ("dash", "bash")
    remote: bool = False


def way(name: str, *commands: str, where: str = "down", remote: bool = False, **files: str) -> Way:
    """A way whose files are given by names without dots: `deploy_sh` is deploy.sh, `bin__deploy` bin/deploy."""
    named = {key.replace("__", "/").replace("_", ".") if key != "Makefile" else key: files[key] for key in files}
    return Way(name, commands, named, where, remote=remote)


def dash(name: str, *commands: str) -> Way:
    """A way that a script of bash does not understand."""
    return Way(name, commands, shells=("dash",))


def bash(name: str, *commands: str, where: str = "down", **files: str) -> Way:
    """A way that only bash understands."""
    return replace(way(name, *commands, where=where, remote=False, **files), shells=("bash",))


WAYS = [
    way("two commands", DOWN, UP),
    way("one block", BOTH),
    way("a list with &&", f"{DOWN} && {UP}"),
    way("after a failure", f"false || {DOWN}", UP),
    way("an if over several commands", "if true; then", DOWN, "fi", UP),
    way("an else branch", f"if false; then :; else {DOWN}; fi", UP),
    way("a case", f"case up in\nup) {DOWN} ;;\nesac\n{UP}"),
    way("a loop over flags", "for what in 'down -v' 'up -d'; do docker compose $what; done", where="docker compose"),
    way("a loop over files", "for file in compose.yaml; do docker compose -f $file down -v; done", UP),
    way("a while loop", f"while {DOWN}; do break; done", UP),
    way("a subshell", f"( {DOWN} )", f"( {UP} )"),
    way("a subshell that goes away", f"( cd / && : ); {DOWN}", UP),
    way("braces", f"{{ {DOWN}; {UP}; }}"),
    way("a pipe", f"echo y | {DOWN}", f"{UP} | cat"),
    way("a command substitution", f'OUT="$({DOWN})"', UP),
    way("backticks", f"OUT=`{DOWN}`", UP),
    way("an empty default before the verb", "docker compose $${ARGS:-} down -v", UP),
    way("an empty default before the program", "$${SUDO:-} docker compose down -v", UP),
    way("an empty variable", "ARGS=", "docker compose $ARGS down $ARGS -v", UP),
    way("a default that says it", "docker compose $${WHAT:-down -v}", UP),
    way("an alternative that is not taken", "docker compose $${PROJECT:+-p $PROJECT} down -v", UP),
    way("the program in a variable", "DC='docker compose'", "$DC down -v", "$DC up -d"),
    way("the flags in a variable", 'FLAGS="-v --remove-orphans"', "docker compose down $FLAGS", UP),
    way("the verb in a variable", "VERB=down", 'docker compose "$VERB" -v', UP, where="VERB"),
    way("a variable made of variables", 'D=docker; DC="$D compose"; $DC down -v; $DC up -d'),
    way("a part of a word", "V=v", 'docker compose down -"$V"', UP),
    way("quotes", 'docker "compose" \'down\' -"v"', UP),
    way("a line that goes on", "docker compose \\\n  down \\\n  -v\n" + UP, where="docker compose"),
    way("a function", f"wipe() {{ {DOWN}; }}", "wipe", UP),
    way("a function with arguments", 'dc() { docker compose "$@"; }', "dc down -v", "dc up -d", where="dc down -v"),
    way("a function with a shift", "run() { shift; docker compose $*; }", "run x down -v", UP, where="run"),
    way("a function over the program", 'docker() { command docker "$@"; }', DOWN, UP),
    way("set the arguments", "set -- down -v", 'docker compose "$@"', UP, where="down"),
    dash("an alias", "alias dc='docker compose'\ndc down -v\ndc up -d"),
    way("eval of a text", f"eval '{DOWN}'", UP),
    way("eval of words", f"eval {DOWN}", UP),
    way("eval of a variable", f"CMD='{DOWN}'", 'eval "$CMD"', UP, where="eval"),
    way("sh -c", f"sh -c '{DOWN}; {UP}'"),
    way("sh -ec with arguments", "sh -ec 'docker compose \"$@\"' sh down -v", UP),
    way("quotes within quotes", "sh -c \"sh -c '" + DOWN + "'\"", UP),
    way("a here-document", f"sh <<EOF\n{BOTH}EOF"),
    way("a quoted here-document", f"sh -s <<'EOF'\n{BOTH}EOF"),
    way("a here-document with a variable", f"V=-v\nsh <<EOF\ndocker compose down $V\n{UP}\nEOF"),
    way("a pipe into a shell", f"echo '{DOWN}' | sh", UP),
    way("a here-document into a shell", f"cat <<EOF | sh\n{BOTH}EOF"),
    way("a here-document into ssh", f"cat <<EOF | ssh host sh -s\n{BOTH}EOF", remote=True),
    way("a handler at the end", f"trap '{BOTH}' EXIT", "true"),
    way("env", "env A=b docker compose down -v", UP),
    way("a prefix", "A=b docker compose down -v", UP),
    way("wrappers", "nohup nice -n 5 timeout 60 docker compose down -v", UP),
    way("time and exec", "time docker compose down -v", f"exec {UP}"),
    way("command", f"command {DOWN}", f"command {UP}"),
    way("sudo as another user", f"sudo -u app sh -c '{DOWN}'", f"sudo {UP}"),
    way("sudo with clustered options", f"sudo -nu app {DOWN}", UP),
    way("doas", f"doas -u app {DOWN}", UP),
    way("su -c", f'su -c "{BOTH}" app'),
    way("su as a login", f'su - app -c "cd /drone/src && {DOWN}"', UP),
    way("runuser", f"runuser -u app -- {DOWN}", UP),
    way("xargs", "echo web | xargs docker compose down -v", UP),
    way("a variable of unknown value before it", f"$SUDO {DOWN}", UP),
    way("the standalone program", "docker-compose down -v", "docker-compose up -d"),
    way("long options", "docker compose --project-directory . down --volumes --timeout 5", UP),
    way("a script", "sh deploy.sh", deploy_sh=BOTH),
    way("a script by its path", "./deploy.sh", deploy_sh=f"#!/bin/sh\n{BOTH}"),
    way("a script without a suffix", "./bin/deploy", bin__deploy=f"#!/bin/sh\n{BOTH}"),
    way("a script without a suffix, for a shell", "sh bin/deploy", bin__deploy=BOTH),
    way("options of the shell", "sh -e -u deploy.sh", deploy_sh=BOTH),
    way("options and dashes", "sh -e -- deploy.sh", deploy_sh=BOTH),
    way("a script with arguments", "sh run.sh down -v", UP, run_sh='docker compose "$@"\n', where="run.sh"),
    way(
        "a script that reads .env",
        "sh run.sh",
        _env="FLAGS=-v\n",
        run_sh=f". ./.env\ndocker compose down $FLAGS\n{UP}\n",
    ),
    way("exported by set -a", "set -a; . ./.env; set +a", "sh -c 'docker compose down $FLAGS'", UP, _env="FLAGS=-v\n"),
    way("export", "export FLAGS=-v", "sh run.sh", run_sh=f"docker compose down $FLAGS\n{UP}\n"),
    way("a function of a sourced file", ". ./lib.sh", "wipe", UP, lib_sh=f"wipe() {{\n  {DOWN}\n}}\n"),
    way(
        "beside its caller", "sh ops/deploy.sh", ops__deploy_sh='sh "$(dirname "$0")/wipe.sh"\n' + UP, ops__wipe_sh=DOWN
    ),
    way("up from its own directory", "sh ops/deploy.sh", ops__deploy_sh=f'cd "$(dirname "$0")/.."\n{BOTH}'),
    way(
        "its directory by a pattern", "sh ops/deploy.sh", ops__deploy_sh='cd "$${0%/*}/.."\n'.replace("$$", "$") + BOTH
    ),
    way(
        "its directory in a variable",
        "sh ops/deploy.sh",
        ops__deploy_sh=f'DIR=$(cd "$(dirname "$0")" && pwd)\ncd "$DIR/.."\n{BOTH}',
    ),
    way("a script as input", "sh < deploy.sh", deploy_sh=BOTH),
    way("cat into a shell", "cat deploy.sh | sh -s", deploy_sh=BOTH),
    way("a make target", "make deploy", Makefile=f"deploy:\n\t{DOWN}\n\t{UP}\n"),
    way("an npm script", "npm run deploy", UP, package_json='{"scripts": {"deploy": "docker compose down -v"}}'),
    way("ssh", f"ssh host '{DOWN}; {UP}'", remote=True),
    way("ssh with options", f"ssh -o A=b -p22 app@host {DOWN}", f"ssh host {UP}", remote=True),
    way("ssh with a here-document", f"ssh host <<EOF\ncd app\n{BOTH}EOF", remote=True),
    way("ssh with a shell", f"ssh host sh -s <<'EOF'\n{BOTH}EOF", remote=True),
    way("ssh with a script as input", "ssh host sh < deploy.sh", deploy_sh=BOTH, remote=True),
    way("ssh with a variable of here", f'DIR=app\nssh host "cd $DIR && {DOWN} && {UP}"', remote=True),
    bash("an array", 'ARGS=(down -v)\ndocker compose "$${ARGS[@]}"\n' + UP, where="docker compose"),
    bash("an array that grows", 'ARGS=(down)\nARGS+=(-v)\ndocker compose "$${ARGS[@]}"\n' + UP, where="docker compose"),
    bash("an empty array", 'ARGS=()\ndocker compose "$${ARGS[@]}" down -v\n' + UP),
    bash("an array of programs", 'DC=(docker compose)\n"$${DC[@]}" down -v\n"$${DC[@]}" up -d'),
    bash("a here-string", f"bash <<< '{DOWN}'", UP),
    bash("pipefail before a script", "bash -o pipefail deploy.sh", deploy_sh=BOTH),
    bash("a cluster of options", "bash -eo pipefail deploy.sh", deploy_sh=BOTH),
    bash("more options", "bash -euxo pipefail deploy.sh", deploy_sh=BOTH),
    bash("long options of the shell", "bash --norc --noprofile deploy.sh", deploy_sh=BOTH),
    bash("a text in a cluster of options", f'bash -xc "{DOWN}"', UP),
    bash(
        "local and declare",
        f"f() {{ local v=-v; declare c=down; docker compose $c $v; }}\nf\n{UP}",
        where="docker compose",
    ),
    bash("source", "source ./lib.sh", UP, lib_sh=DOWN),
    bash(
        "its directory in bash's way",
        "bash ops/deploy.sh",
        ops__deploy_sh='cd "$(cd -- "$(dirname -- "$${BASH_SOURCE[0]}")" &> /dev/null && pwd)/.."\n'.replace("$$", "$")
        + BOTH,
    ),
    bash("pushd and popd", f"mkdir -p x; pushd x; popd; {DOWN}", UP),
    bash("a function by keyword", f"function wipe {{\n{DOWN}\n}}\nwipe\n{UP}"),
    bash("escapes in quotes", "eval $'docker compose down -v\\n" + UP + "'"),
]
