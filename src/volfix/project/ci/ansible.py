"""Ansible: translates the tasks of plays and roles into shell commands with the same effect on the hosts.

Source: docs.ansible.com, playbooks; community.docker (docker_compose_v2, docker_compose, docker_volume, docker_prune);
ansible.builtin (shell, command, file); ansible.posix (synchronize).
"""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from volfix.project.ci.names import ANSIBLE
from volfix.project.ci.nodes import environment_of, flag, masked, numbered, places_of, scalar_fragment, text
from volfix.project.compose.compose_file import strings
from volfix.project.shell.entry import Entry
from volfix.syntax import disk
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, parse, resolved

BLOCKS = ("block", "rescue", "always")
COPIES = {"synchronize": "files", "copy": "files", "template": "templates"}
"""Modules that copy files from the machine where Ansible runs, with the directory that each searches first."""
LOCAL = frozenset({"localhost", "127.0.0.1"})
PLAIN = re.compile(r"[\w./:@%+=~-]+")
"""A value that needs no quotes in a shell."""
DEPTH = 3
FREE_FORM = re.compile(r"(?:\A|\s)chdir=(\S+)")
"""The directory of a command in free form: `command: make chdir=/srv/shop`."""


def is_named(path: Path) -> bool:
    """Whether a file at this path may hold plays or tasks."""
    return ANSIBLE.search(path.as_posix()) is not None


def entries(source: Source) -> Iterator[Entry]:
    """What the plays in a file run on the hosts; for a file of a role, what its tasks run. Empty if it is not YAML."""
    try:
        roots = [resolved(document.root) for document in parse(source)]
    except FileProblem:
        return
    for root in roots:
        if isinstance(root, Sequence):
            items = [item for each in root.items if isinstance(item := resolved(each), Mapping)]
            plays = [item for item in items if item.get("hosts") is not None]
            for number, play in enumerate(plays):
                yield from _entry(source, text(play, "name") or f"play {number + 1}", play)
            if not plays:
                yield from _entry(source, "tasks", None, [item for item in items if item.pairs])


def _entry(source: Source, name: str, play: Mapping | None, tasks: list[Mapping] | None = None) -> Iterator[Entry]:
    hosts = set(strings(play.get("hosts"))) if play is not None else set()
    known = _literals(source.path, play)
    found = [
        (_is_copy(task), task.get("environment"), text)
        for task in _tasks(play, tasks)
        for text in _commands(source, task, known)
    ]
    labels = (source.path.stem, *_role(source.path), name)
    for (is_copy, own), part in groupby(found, itemgetter(0, 1)):
        scopes = (play.get("environment") if play is not None else None, own)
        given = {name: value for node in scopes for name, value in environment_of(node).items()}
        yield Entry(
            *("pipeline", source, name, tuple(text for *_, text in part), source.path.parent),
            group=name,
            step=name,
            labels=labels,
            remote=not (is_copy or (bool(hosts) and hosts <= LOCAL)),
            separate=True,
            environment={
                **{masked(form)[2:-1]: value for form, value in known.items()},
                **{name: value and masked(_filled(value, known)) for name, value in given.items()},
            },
            given_at=places_of(source, *scopes),
        )


def _literals(path: Path, play: Mapping | None) -> dict[str, str]:
    """The forms `{{ name }}` and `{{name}}` of the variables with a literal value in the play, each with its value.

    `role_path` or `playbook_dir`, the file's own directory, is one of them.
    """
    given = environment_of(play.get("vars")) if play is not None else {}
    home = {"role_path": str(path.parent.parent)} if _role(path) else {"playbook_dir": str(path.parent)}
    found: dict[str, str] = {}
    for _ in range(DEPTH):  # a variable's value may contain another variable
        for name, value in {**given, **home}.items():
            if value is not None and "{{" not in (filled := _filled(value, found)):
                found |= {f"{{{{ {name} }}}}": filled, f"{{{{{name}}}}}": filled}
    return found


def _filled(text: str, known: dict[str, str]) -> str:
    """The text with the known variables replaced by their values."""
    for form, value in known.items() if "{{" in text else ():
        text = text.replace(form, value) if PLAIN.fullmatch(value) else text
    return text


def _is_copy(task: Mapping) -> bool:
    """Whether the task copies files from the machine where Ansible runs; it starts in the play's directory."""
    return any(key.rpartition(".")[2] in COPIES for key, _ in task.items())


def _role(path: Path) -> tuple[str, ...]:
    """The name of the role whose tasks are in the file, as a tuple; empty if it is not a file of a role."""
    return (path.parent.parent.name,) if path.parent.name in ("tasks", "handlers") else ()


def _tasks(play: Mapping | None, tasks: list[Mapping] | None) -> Iterator[Mapping]:
    """The tasks in order, including those in blocks; without tasks tagged `never`, which run only on request."""
    keys = ("pre_tasks", "tasks", "post_tasks", "handlers")
    lists = [play.get(key) for key in keys] if play is not None else []
    for item in (*(tasks or ()), *(entry for node in lists for _, entry in numbered(node))):
        if "never" in strings(item.get("tags")):
            continue
        if any(item.get(key) is not None for key in BLOCKS):
            for key in BLOCKS:
                yield from _tasks(None, [entry for _, entry in numbered(item.get(key))])
        else:
            yield item


def _commands(source: Source, task: Mapping, known: dict[str, str]) -> Iterator[Fragment]:
    """The commands of a task: its own text, or a command with the same effect as its module."""
    for key, pair in task.items():
        module = key.rpartition(".")[2]
        given = resolved(pair.value)
        if module in ("shell", "command", "raw"):
            yield from _own_text(source, task, given, known)
        elif (module in MODULES or module in ("copy", "template")) and isinstance(given, Mapping):
            command = MODULES[module](given) if module in MODULES else _copy(source, module, given, known)
            if command:
                span = pair.key.span.start, given.span.end
                yield Fragment.of(source, ((char, *span) for char in _guarded(task, masked(_filled(command, known)))))


def _own_text(source: Source, task: Mapping, given: Node, known: dict[str, str]) -> Iterator[Fragment]:
    """The text of a `shell`, `command` or `raw` task, after a `cd` to its directory and below a test of its `when`."""
    arguments = task.get("args")
    chdir = next((text(node, "chdir") for node in (given, arguments) if isinstance(node, Mapping)), None)
    node = next(
        (found for key in ("cmd", "_raw_params") if isinstance(given, Mapping) and (found := given.get(key))), given
    )
    if isinstance(node, Scalar):
        fragment = scalar_fragment(source, node)
        at = (fragment.starts[0], fragment.ends[0]) if fragment.text else (node.span.start, node.span.end)
        chdir = chdir or next((found[1] for found in FREE_FORM.finditer(fragment.text)), None)
        before = f"cd {shlex.quote(masked(_filled(chdir, known)))}\n" if chdir else ""
        when = text(task, "when")
        opened = f'if [ "{masked(when)}" ]; then\n' if when else ""
        characters = [(char, *at) for char in opened + before]
        characters += zip(fragment.text, fragment.starts, fragment.ends, strict=True)
        characters += [(char, *at) for char in ("\nfi" if when else "")]
        yield Fragment.of(source, characters)


def _guarded(task: Mapping, command: str) -> str:
    when = text(task, "when")
    return f'if [ "{masked(when)}" ]; then {command}; fi' if when else command


def _compose(given: Mapping) -> str:
    words = ["docker", "compose"]
    for key, option in (("project_src", "--project-directory"), ("project_name", "-p")):
        words += [option, value] if (value := text(given, key)) else []
    for name in strings(given.get("files")):
        words += ["-f", posixpath.join(text(given, "project_src") or "", name)]
    state = text(given, "state") or "present"
    if state == "absent":
        words += ["down", *(["-v"] if flag(given, "remove_volumes") else [])]
    elif state in ("present", "restarted"):
        always = flag(given, "renew_anon_volumes") or text(given, "recreate") == "renew"
        words += ["up", "-d", *(["-V"] if always else [])]
    else:
        words += ["stop"]
    return shlex.join(words)


def _volume(given: Mapping) -> str:
    name = text(given, "name") or text(given, "volume_name")
    return shlex.join(["docker", "volume", "rm", name]) if name and text(given, "state") == "absent" else ""


def _prune(given: Mapping) -> str:
    return "docker volume prune -f" if flag(given, "volumes") else ""


def _file(given: Mapping) -> str:
    path = text(given, "path") or text(given, "dest") or text(given, "name")
    return shlex.join(["rm", "-rf", path]) if path and text(given, "state") == "absent" else ""


def _synchronize(given: Mapping) -> str:
    source, target = text(given, "src"), text(given, "dest")
    if not source or not target or not flag(given, "delete"):
        return ""
    options = [option for option in strings(given.get("rsync_opts")) if option.startswith("-")]
    return shlex.join(["rsync", "-a", "--delete", *options, source, f"host:{target}"])


def _copy(source: Source, module: str, given: Mapping, known: dict[str, str]) -> str:
    """An `scp` of the file that the module copies, found in the directories of the role or play; empty if not found."""
    name, target = _filled(text(given, "src") or "", known), text(given, "dest")
    if not name or not target or flag(given, "remote_src"):
        return ""
    home = source.path.parent
    bases = (home.parent, home) if _role(source.path) else (home,)
    places = (os.path.normpath(base / folder / name) for base in bases for folder in (COPIES[module], ""))
    found = next((place for place in places if disk.is_file(place)), None)
    return shlex.join(["scp", os.path.relpath(found, home), f"host:{target}"]) if found is not None else ""


MODULES: dict[str, Callable[[Mapping], str]] = {
    "docker_compose_v2": _compose,
    "docker_compose": _compose,
    "docker_volume": _volume,
    "docker_prune": _prune,
    "file": _file,
    "synchronize": _synchronize,
}
