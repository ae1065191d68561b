"""What Compose will see: the difference that a plan makes between the resolved projects, as DeepDiff tells it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from volfix.fixes.masking.secrets import HIDDEN, scrub
from volfix.fixes.plan import StackPlan
from volfix.fixes.results import ModelChange, ProjectResult
from volfix.project.compose.merging import build_project
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import VOLUME
from volfix.project.loader import Loader
from volfix.syntax.yaml_plain import plain

PARAMETERS = re.compile(r"[?;#].+", re.DOTALL)
"""What follows a path in a value: options, of which any may be a key."""


def with_model_changes(plan: StackPlan, loader: Loader) -> StackPlan:
    """The plan, in which each project says how its resolved model changes."""
    after = {change.after.path: change.after for change in plan.changes}
    if not after:
        return plan
    changed = loader.overlaid(after)
    told: dict[tuple[Any, ...], tuple[ModelChange, ...]] = {}
    for project in plan.stack.projects:
        if after.keys() & ({file.path for file in project.loaded} | project.env_paths):
            files = tuple(file for file in (changed.compose(each.path) for each in project.files) if file is not None)
            again = build_project(project.root, project.directory, files, changed, project.called_in)
            told[tuple(file.path for file in project.files)] = tuple(_differences(_seen(project), _seen(again)))
    return replace(plan, projects=tuple(_told(project, told) for project in plan.projects))


def _told(project: ProjectResult, told: dict[tuple[Any, ...], tuple[ModelChange, ...]]) -> ProjectResult:
    return replace(project, model_changes=told.get(project.files, ()))


def _seen(project: Project) -> dict[str, Any]:
    """The resolved project as people know it from `docker compose config`."""
    return {
        "name": project.name,
        "services": {
            name: {
                "image": service.image,
                "volumes": {mount.clean_target: _mount(project, mount) for mount in project.mounts_of(service)},
                "environment": {key: variable.value for key, variable in service.environment.items()},
                "depends_on": {
                    str(key): "" for part in service.parts for key in _keys(_plain(part.node.get("depends_on")))
                },
            }
            for name, service in (*project.services.items(), *project.carriers.items())
        },
        "volumes": {key: _driver(project, key) for key in project.declared},
    }


def _plain(node: Any) -> Any:
    """A node as plain data; nothing where there is none."""
    return None if node is None else plain(node)


def _keys(value: Any) -> Iterable[Any]:
    return value if isinstance(value, dict | list | tuple) else ()


def _mount(project: Project, mount: Any) -> str:
    mode = " (read-only)" if mount.read_only else ""
    if mount.kind != VOLUME:
        return f"{mount.kind} {mount.source}{mode}".replace("  ", " ")
    return f"volume {mount.source} ({_driver(project, mount.source)}){mode}"


def _driver(project: Project, key: str) -> str:
    entry = plain(project.declared[key]) if key in project.declared else None
    return str(entry.get("driver", "local")) if isinstance(entry, dict) else "local"


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[ModelChange]:
    from deepdiff import DeepDiff

    difference = DeepDiff(before, after, view="tree")
    levels = [
        (level.path(output_format="list"), level.t1, level.t2) for group in difference.values() for level in group
    ]
    for path, old, new in sorted(levels, key=lambda each: str(each[0])):
        yield from _leaves(path, old, new)


def _leaves(path: list[Any], old: Any, new: Any) -> Iterator[ModelChange]:
    """The change, or those within it where a mapping comes or goes."""
    if isinstance(old, dict) or isinstance(new, dict):
        before, after = (each if isinstance(each, dict) else {} for each in (old, new))
        for key in dict.fromkeys((*before, *after)):
            yield from _leaves([*path, key], before.get(key), after.get(key))
    elif (values := tuple(_shown(each, is_value="environment" in path) for each in (old, new))) != (None, None):
        yield ModelChange(_place(path), *values)


def _place(path: list[Any]) -> str:
    """`services.app.volumes[/app/data]`."""
    words = ""
    for part in path:
        text = str(part)
        words += f"[{text}]" if not re.fullmatch(r"[\w-]+", text) else f".{text}" if words else text
    return words


def _shown(value: Any, *, is_value: bool) -> str | None:
    """The value without what is secret in it; None where it is not there."""
    if value is None or type(value).__name__ == "NotPresent":
        return None
    text = scrub(str(value))
    return PARAMETERS.sub(lambda found: found[0][0] + HIDDEN, text) if is_value else text
