"""What a command does to the paths that it names: reads them, writes them, or checks whether they exist.

What each program does is in knowledge/host_tools.toml. A program that is not listed there may write any path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from volfix.knowledge.commands import COMPOSE, docker_call, is_docker
from volfix.knowledge.host_tools import Tool, host_tools, writes_rows
from volfix.project.shell.command import Argument, Command

READS, WRITES, MAY_WRITE, OWNS, ASKS = "reads", "writes", "may write", "sets the rights of", "asks for"
ASSIGNED = re.compile(r"(-{0,2}[\w-]+)=(.+)\Z", re.DOTALL)
LEFT_OUT = re.compile(r"--?[\w-]*(?:exclude|ignore|skip|omit)")
URL = re.compile(r"[A-Za-z][\w+.-]*:/")


@dataclass(frozen=True, slots=True)
class PathEffect:
    """A path that a command names, and what the command does to the path."""

    path: str
    does: str


def path_effects(command: Command) -> Iterator[PathEffect]:
    """What the command does to each path on the host that it names."""
    for word in command.outputs:
        yield PathEffect(word.value, WRITES)
    if command.start.kind == "cron" and command.program not in host_tools() and len(command.words) > 1:
        behind = replace(command, words=command.words[1:])  # in a system's cron table the first word is a user
        command = behind if behind.program in host_tools() else command
    program = command.program
    if is_docker(program) or docker_call(command.values) is not None:
        yield from _of_docker(command)
        return
    tool = host_tools().get(program)
    found = _of_program(command) if tool is None else _of_tool(command, tool)
    for effect in found:
        yield PathEffect(effect.path, ASKS) if effect.does == READS and command.decides else effect


def _of_program(command: Command) -> Iterator[PathEffect]:
    """The effects of a program that volfix does not know: it may write. In an npm script it is taken to be the
    application, which runs elsewhere.

    Words without a `/` are not taken for paths, and paths behind an option like `--exclude` are left out.
    """
    does = READS if command.start.kind == "npm" else MAY_WRITE
    before = ""
    for word in command.words[1:]:
        if not LEFT_OUT.match(before) and not LEFT_OUT.match(word.value):
            yield from (PathEffect(path, does) for path in _paths(word) if "/" in path)
        before = word.value


def _of_tool(command: Command, tool: Tool) -> Iterator[PathEffect]:
    words = command.words[1:]
    if command.program in ("tar", "bsdtar", "gtar") and words and not words[0].value.startswith("-"):
        flags = {f"-{letter}" for letter in words[0].value}
        words = words[1:]
    else:
        flags = set()
    options, paths = _split(words, (*tool.to, *tool.values))
    flags |= {name for name, _ in options} | ({paths[0]} & set(tool.when) if paths else set())
    for cluster in [name for name in flags if re.fullmatch(r"-[A-Za-z]{2,}", name)]:
        flags |= {f"-{letter}" for letter in cluster[1:]}
    flags |= {name.partition(".")[0] for name in flags}  # `sed -i.bak`
    is_effective = (not tool.when or bool(flags & set(tool.when))) and not flags & set(tool.unless)
    targets = [value for name, value in options if name in tool.to]
    does = tool.does if is_effective else "reads"
    if does == "tests":
        yield from (PathEffect(path, ASKS) for path in paths)
    elif does == "sql":
        yield from _of_sql(command, paths)
    elif does in ("to", "last"):
        written = targets or (paths[-1:] if does == "last" else ["."])
        read = paths if targets or does == "to" else paths[:-1]
        yield from (PathEffect(path, WRITES) for path in written)
        yield from (PathEffect(path, READS) for path in read)
    else:
        effect = {"writes": WRITES, "owns": OWNS}.get(does, READS)
        yield from (PathEffect(path, effect) for path in (*paths, *(value for _, value in options if value)))


def _of_sql(command: Command, paths: list[str]) -> Iterator[PathEffect]:
    """The effect of `sqlite3 FILE [SQL]`: it writes if its statements do, or if it reads unknown statements."""
    if paths:
        statements = " ".join(paths[1:])
        yield PathEffect(paths[0], WRITES if writes_rows(statements) or (command.is_fed and not statements) else READS)


def _of_docker(command: Command) -> Iterator[PathEffect]:
    """The paths of `docker cp`, and the host paths that `docker run` mounts and may write."""
    call = docker_call(command.values)
    verb = call.verb.split() if call is not None else [""]
    words = command.words[1:]
    if verb[-1] == "cp":
        paths = [word.value for word in words if not word.value.startswith("-")][-2:]
        yield from (PathEffect(path, WRITES) for path in paths[1:] if ":" not in path)
        yield from (PathEffect(path, READS) for path in paths[:1] if ":" not in path)
    elif verb[-1] in ("run", "create"):
        yield from _mounted(words)
    elif call is None or call.program != COMPOSE or verb[-1] not in ("exec", "run"):
        yield from (PathEffect(path, READS) for word in words for path in _paths(word))


def _mounted(words: tuple[Argument, ...]) -> Iterator[PathEffect]:
    """The sources in `-v SOURCE:TARGET[:ro]` and `--mount type=bind,source=SOURCE,target=TARGET[,readonly]`."""
    for number, word in enumerate(words):
        name, equals, value = word.value.partition("=")
        if name in ("-v", "--volume", "--mount") and not equals and number + 1 < len(words):
            value = words[number + 1].value
        elif name not in ("--volume", "--mount"):
            continue
        if name == "--mount":
            fields = dict(part.partition("=")[::2] for part in value.split(","))
            source, reads = fields.get("source") or fields.get("src") or "", bool({"readonly", "ro"} & fields.keys())
        else:
            source, *rest = value.split(":")
            reads = "ro" in (rest[-1] if len(rest) > 1 else "").split(",")
        if source:
            yield PathEffect(source, READS if reads else MAY_WRITE)


def _split(words: tuple[Argument, ...], values: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[str]]:
    """The options with their values (`values` names the options that take a value), and the other words."""
    options: list[tuple[str, str]] = []
    paths: list[str] = []
    waiting = ""
    for word in words:
        text = word.value
        assigned = ASSIGNED.match(text)
        if waiting:
            options.append((waiting, text))
            waiting = ""
        elif assigned and (text.startswith("-") or assigned[1] in values):
            options.append((assigned[1], assigned[2]))
        elif text in values:
            waiting = text
        elif text.startswith("-") and text != "-":
            letters = [f"-{letter}" for letter in text[1:]] if not text.startswith("--") else []
            if letters and letters[-1] in values:  # `-xzf FILE`
                waiting = letters[-1]
            options.append((text, ""))
        else:
            paths.append(text)
    return options, paths


def _paths(word: Argument) -> Iterator[str]:
    """The word as a path, without `--option=` or `NAME=` before it; nothing for a URL."""
    assigned = ASSIGNED.match(word.value)
    text = assigned[2] if assigned else word.value
    if text and not URL.match(text):
        yield text
