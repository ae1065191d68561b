"""Commands in YAML: the jobs of Actions and GitLab, tasks, and the scripts that a deployment's hooks run.

The steps of Drone and Woodpecker are in steps.py.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from volfix.project.compose_file import strings
from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_scalar import units
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, parse, resolved

EXPRESSION = re.compile(r"\$\{\{.*?\}\}|\{\{.*?\}\}", re.DOTALL)
HOSTED = re.compile(r"(?:ubuntu|windows|macos)-[\w.-]+\Z")
DAEMON = re.compile(r"(?:^|/)docker:(?:[\w.]+-)?dind|-dind\b")


def entries(source: Source) -> list[Entry]:
    """The entries of a YAML file with commands, by its place and name; none where it is not YAML."""
    name, parts = source.path.name.lower(), source.path.parts
    try:
        roots = [root for each in parse(source) if isinstance(root := resolved(each.root), Mapping)]
    except FileProblem:
        return []
    if name.startswith("taskfile"):
        return [entry for root in roots for entry in _tasks(source, root)]
    if name.startswith("appspec"):
        return [entry for root in roots for entry in _hooks(source, root)]
    if name.startswith(".gitlab-ci"):
        return [entry for root in roots for entry in _gitlab(source, root)]
    if "workflows" in parts:
        return [entry for root in roots for entry in _actions(source, root)]
    return []


def scalar_fragment(source: Source, scalar: Scalar) -> Fragment:
    """A YAML scalar's value as a fragment; expressions of the pipeline's own language become unknown variables.

    Where the scalar's characters cannot be told apart, each stands for the whole: it can be read, but not edited.
    """
    found = units(source, scalar)
    if found is None:
        inside = [(char, scalar.span.start, scalar.span.end) for char in scalar.value]
    else:
        inside = [(char, unit.start, unit.end) for unit in found for char in unit.value]
    fragment = Fragment.of(source, inside)
    return Fragment(source, masked(fragment.text, EXPRESSION), fragment.starts, fragment.ends)


def masked(text: str, pattern: re.Pattern[str]) -> str:
    """The text with each expression as a shell variable of the same length, whose value nobody knows."""
    return pattern.sub(lambda found: "${" + re.sub(r"\W", "_", found[0][2:-1]) + "}", text)


def _fragments(source: Source, node: Node | None) -> Iterator[Fragment]:
    if node is None:
        return
    node = resolved(node)
    if isinstance(node, Scalar):
        if not node.is_null:
            yield scalar_fragment(source, node)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _fragments(source, item)


def _text(node: Node | None) -> str:
    node = resolved(node) if node is not None else None
    return node.value if isinstance(node, Scalar) and not node.is_null else ""


def _pairs(node: Node | None) -> Iterator[tuple[str, Mapping]]:
    node = resolved(node) if node is not None else None
    for key, pair in node.items() if isinstance(node, Mapping) else ():
        if isinstance(value := resolved(pair.value), Mapping):
            yield key, value


def _named(node: Node | None) -> Iterator[tuple[str, Mapping]]:
    """Steps by name, from a mapping or from a list of mappings with a `name`."""
    node = resolved(node) if node is not None else None
    if isinstance(node, Sequence):
        for number, item in enumerate(node.items, 1):
            if isinstance(step := resolved(item), Mapping):
                yield _text(step.get("name")) or str(number), step
    else:
        yield from _pairs(node)


def _home(source: Source) -> Path:
    """The directory that a pipeline's commands start in: that of the repository."""
    parts = source.path.parts
    for number, part in enumerate(parts):
        if part in (".github", ".gitea", ".forgejo"):
            return Path(*parts[:number])
    return source.path.parent


def _actions(source: Source, root: Mapping) -> Iterator[Entry]:
    """GitHub, Gitea and Forgejo Actions; only GitHub's own machines are thrown away."""
    home = _home(source)
    node = root.get("on")
    names = {key for key, _ in node.items()} if isinstance(node, Mapping) else set(strings(node))
    if names and all(name.startswith("pull_request") for name in names):
        return
    for job, body in _pairs(root.get("jobs")):
        machine = list(strings(body.get("runs-on")))
        hosted = ".github" in source.path.parts and bool(machine) and all(HOSTED.match(text) for text in machine)
        for name, step in _named(body.get("steps")):
            directory = home / _plain_path(_text(step.get("working-directory")))
            labels = (source.path.stem, _text(root.get("name")), job, _text(body.get("name")), _text(step.get("name")))
            at = f"{job}/{name}"
            given = step.get("with")
            if run := tuple(_fragments(source, step.get("run"))):
                yield Entry("pipeline", source, name, run, directory, job, at, labels, hosted=hosted)
            elif isinstance(given, Mapping):
                uses = _text(step.get("uses"))
                if copy := tuple(copies(source, uses, given)):
                    yield Entry("pipeline", source, name, copy, home, job, at, labels)
                keys = ("script", "command", "commands", "run") if "ssh" in uses else ()
                if script := tuple(item for key in keys for item in _fragments(source, given.get(key))):
                    yield Entry("pipeline", source, name, script, home, job, at, labels, remote=True)


def copies(source: Source, plugin: str, given: Mapping) -> Iterator[Fragment]:
    """What a plugin that copies to another machine does there, as the command that does the same.

    Sources: Drillster/drone-rsync, DOCS.md; appleboy/drone-scp, README.md; Burnett01/rsync-deployments, README.md.
    """
    target = _text(given.get("target")) or _text(given.get("remote_path"))
    if not target:
        return
    keys = ("rm",) if "scp" in plugin else ("delete", "switches", "args") if "rsync" in plugin else ()
    for key in keys:
        switch = given.get(key)
        if isinstance(switch, Scalar) and (command := _as_command(plugin, given, switch.value, target)):
            pair = given.pair(key)
            start = pair.key.span.start if pair is not None else switch.span.start
            yield Fragment.of(source, ((char, start, switch.span.end) for char in masked(command, EXPRESSION)))


def _as_command(plugin: str, given: Mapping, switch: str, target: str) -> str:
    """The command that does what the plugin does with the switch; empty where it deletes nothing."""
    if switch == "false":
        return ""
    if "scp" in plugin:
        return f"ssh host rm -rf {shlex.quote(target)}" if switch == "true" else ""
    options = ["--delete"] if switch == "true" else switch.split()
    options += [f"--exclude={text}" for text in strings(given.get("exclude"))]
    path = _text(given.get("source")) or _text(given.get("path")) or "./"
    return shlex.join(["rsync", *options, path, f"host:{target}"])


def _plain_path(text: str) -> str:
    return text if "$" not in text and not text.startswith("/") else "."


def _gitlab(source: Source, root: Mapping) -> Iterator[Entry]:
    home = source.path.parent
    default = root.get("default")
    shared = default.get("before_script") if isinstance(default, Mapping) else root.get("before_script")
    for job, body in _pairs(root):
        if job.startswith(".") or body.get("script") is None:
            continue
        services = [*_images(body.get("services")), *_images(root.get("services"))]
        found = [
            *_fragments(source, body.get("before_script") or shared),
            *_fragments(source, body.get("script")),
            *_fragments(source, body.get("after_script")),
        ]
        labels = (job, _text(body.get("stage")))
        hosted = any(DAEMON.search(image) for image in services)
        yield Entry("pipeline", source, job, tuple(found), home, group=job, step=job, labels=labels, hosted=hosted)


def _images(node: Node | None) -> Iterator[str]:
    node = resolved(node) if node is not None else None
    if isinstance(node, Scalar):
        yield node.value
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _images(item)
    elif isinstance(node, Mapping):
        if image := _text(node.get("image") or node.get("name")):
            yield image
        else:
            for key, pair in node.items():
                yield from _images(pair.value) if key != "environment" else ()


def _tasks(source: Source, root: Mapping) -> Iterator[Entry]:
    for name, body in _pairs(root.get("tasks")):
        found: list[Fragment] = []
        needs = list(strings(body.get("deps")))
        commands = body.get("cmds")
        for item in commands.items if isinstance(commands, Sequence) else ():
            command = resolved(item)
            if isinstance(command, Mapping):
                needs += [text] if (text := _text(command.get("task"))) else []
                found += _fragments(source, command.get("cmd"))
            else:
                found += _fragments(source, command)
        found += _fragments(source, body.get("cmd"))
        directory = source.path.parent / _plain_path(_text(body.get("dir")).replace("{{", "$"))
        yield Entry("task", source, name, tuple(found), directory, labels=(name,), separate=True, needs=tuple(needs))


def _hooks(source: Source, root: Mapping) -> Iterator[Entry]:
    """The scripts that CodeDeploy runs at each deployment, in its order."""
    hooks = root.get("hooks")
    for event, pair in hooks.items() if isinstance(hooks, Mapping) else ():
        items = resolved(pair.value)
        for item in items.items if isinstance(items, Sequence) else ():
            body = resolved(item)
            location = body.get("location") if isinstance(body, Mapping) else None
            if isinstance(location, Scalar):
                found = (scalar_fragment(source, location),)
                yield Entry(
                    "hook", source, event, found, source.path.parent, step=event, labels=("deploy",), remote=True
                )
