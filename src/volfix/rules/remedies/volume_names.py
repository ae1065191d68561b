"""The names of new volumes."""

from __future__ import annotations

import re
from collections import Counter

from volfix.knowledge.entries import image_words
from volfix.project.compose.model import Project
from volfix.rules.context import Context, once

DATABASE_WORDS = frozenset({"db", "database", "databases", "sql", "rdb", "pg", "psql", "postgresql", "mongodb", "data"})


def volume_key(context: Context, service: str, target: str, host: str) -> str:
    """The key of the volume that replaces the host directory `host` (any text that identifies it).

    The service `app` gives `app-db`; `db` and `postgres` give `db-data` and `postgres-data`. A second volume of a
    service adds the last part of its target. A key that something else uses is numbered. The same host directory always
    has the same key. The configuration may set another name.
    """
    given = context.volume_keys
    if host in given:
        return given[host]
    words = {word.rstrip("0123456789") for word in re.split(r"[-_.]", service.lower())}
    named = context.volume_name(host, service, target)
    base = f"{service}-data" if words & DATABASE_WORDS or words & image_words().keys() else f"{service}-db"
    first_target = context.first_targets.setdefault(base, target)
    last = re.sub(r"[^a-zA-Z0-9._-]", "", target.rstrip("/").rpartition("/")[2])
    if named is not None:
        base = named
    elif first_target != target and last and not base.endswith(f"-{last}"):
        base = f"{base}-{last}"
    key, number = base, 2
    while key in context.stack.volume_keys or key in context.new_keys or not _is_free(context, key, host):
        key, number = f"{base}-{number}", number + 1
    given[host] = key
    context.new_keys.add(key)
    for name in _real_names(context, key):
        context.real_names[context.root, name] = _owner(context, host)
    return key


def _is_free(context: Context, key: str, host: str) -> bool:
    """Whether no other volume of the repository has the real name that this key would have on the host."""
    owner = _owner(context, host)
    return all(context.real_names.get((context.root, name), owner) == owner for name in _real_names(context, key))


def _real_names(context: Context, key: str) -> set[str]:
    """What the volume is called in the projects of the stack: only those that declare it may give it another name."""
    declaring = _declaring(context).get(key, ())
    names = _names(context) - Counter(_called(project) for project in declaring)
    return {f"{name}_{key}" for name in names} | {project.real_name(key) for project in declaring}


@once
def _declaring(context: Context) -> dict[str, list[Project]]:
    """By volume the projects with a file that declares it."""
    found: dict[str, list[Project]] = {}
    for project in context.stack.projects:
        for key in dict.fromkeys(key for file in project.loaded for key in file.declared):
            found.setdefault(key, []).append(project)
    return found


@once
def _names(context: Context) -> Counter[str]:
    """How the projects of the stack are called, and how many of them each time."""
    return Counter(_called(project) for project in context.stack.projects)


def _called(project: Project) -> str:
    return project.deployed_as or project.name


def _owner(context: Context, host: str) -> str:
    return f"{context.stack.projects[0].directory} {host}"
