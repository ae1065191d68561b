"""What CI systems do that a deployment depends on, and what changes at each one: systems.toml and changing.toml.

A rule asks for what a system does, never for its name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache

from volfix.knowledge.tables import record, table


class Place(Enum):
    """Where the steps of a pipeline run."""

    CONTAINER = "container"
    """Each step in a container, beside the stack."""
    HOST = "host"
    """On the host of the runner itself."""
    OTHER_HOST = "other host"
    """On another host, which the runner logs in to."""
    THROWN_AWAY = "thrown away"
    """On a machine that is deleted after the pipeline."""
    UNKNOWN = "unknown"


class Life(Enum):
    """What happens between two deployments to the checkout in which the steps run."""

    KEPT = "kept"
    CLEANED = "cleaned"
    """Files that git does not track are deleted."""
    NEW = "new"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What a CI system does; systems.toml says what each fact means. `sources` has one for each fact."""

    name: str
    is_editable: bool = False
    edits_commands: bool = False
    names_jobs: bool = False
    tests_by_default: bool = False
    workspace: str = ""
    workspaces: Mapping[str, str] = field(default_factory=dict)
    workspace_variables: tuple[str, ...] = ()
    checkout: str = "unknown"
    cleaned_by: Mapping[str, str] = field(default_factory=dict)
    clean_flags: tuple[str, ...] = ()
    cleans_checkout: bool = False
    strategies: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    hosted: str = "(?!)"
    own: str = "(?!)"
    shells: tuple[str, ...] = ()
    host_volumes: bool = False
    host_directory: str = ""
    trust_needed: str = ""
    runner_volumes: str = ""
    signature_note: str = ""
    server_variables: tuple[str, ...] | None = None
    requests: tuple[str, ...] = ()
    changing_variables: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)

    def workspace_of(self, repository: str) -> str:
        """Where a repository's checkout lies."""
        return self.workspace.replace("{repository}", repository)

    @property
    def shared_names(self) -> frozenset[str]:
        """What the last directory of a workspace is called in every repository: Compose names all their projects so."""
        places = (self.workspace, *self.workspaces.values())
        return frozenset(posixpath.basename(place) for place in places if place and "{" not in place)


@cache
def system(module: str) -> System:
    """The system whose files this module of project/ci reads."""
    return record(System, table("systems")[module])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """What a plugin does on another machine: see plugins.toml."""

    word: str
    source: str
    commands: tuple[str, ...] = ()
    passes: str = ""
    deletes: tuple[str, ...] = ()
    target: tuple[str, ...] = ()


def plugins_of(name: str) -> list[Plugin]:
    """What volfix knows of a plugin or action by the words in its name; empty if it knows nothing."""
    return [each for each in _plugins() if each.word in name]


@cache
def _plugins() -> tuple[Plugin, ...]:
    return tuple(record(Plugin, row) for row in table("plugins")["plugin"])


def changes(text: str) -> bool:
    """Whether a text has a part that differs at each deployment: a date, a commit, the number of a build."""
    return _changing().search(text) is not None


@cache
def _changing() -> re.Pattern[str]:
    rows = table("changing")
    known = [name.replace(".", "_") for module in table("systems") for name in system(module).changing_variables]
    but = "|".join(map(re.escape, rows["but"]))
    programs = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in rows["programs"])
    ends, names = "|".join(rows["ends"]), "|".join([*rows["variables"], *known])
    return re.compile(
        rf"(?:\$\(|`)\s*(?:{programs})\b(?!\s+(?:{but}))|\$\{{?(?:env[._])?(?:\w*(?:{ends})|_*(?:{names}))_*(?!\w)",
        re.IGNORECASE,
    )
