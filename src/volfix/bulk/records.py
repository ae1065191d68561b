"""What a bulk run knows of each repository and of several together: the data of its reports and summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

DO_NOT_MERGE = "DO NOT MERGE before `volfix carry`"
"""How the title, the report and the summary mark a change some of whose data no carry service carries."""


class Status(str, Enum):
    """What became of a repository; `findings`: a dry run found something to fix or left open.

    `failed` is also a repository without findings of which some files could not be read: it may not be clean.
    """

    CLEAN = "clean"
    FINDINGS = "findings"
    WRITTEN = "written"
    PUSHED = "pushed"
    SKIPPED = "skipped"
    FAILED = "failed"


class HazardKind(str, Enum):
    """The kind of thing that several repositories share on one host."""

    PROJECT_NAME = "shared project name"
    VOLUME = "shared volume"
    HOST_DIRECTORY = "shared host directory"


@dataclass(frozen=True, slots=True)
class RepositoryRecord:
    """One repository of an estate, as the run left it.

    `source` is what the source line said, a path or a URL without its credentials; `name` is short, for people.
    `reason` says why it was skipped, failed or refused; `head` is the commit that was read; `commit` the new one on
    `branch`; `links` are the create-request links that the push returned. `result` is what
    `volfix --output-format json` prints for this repository, secrets masked; empty where nothing was read.
    """

    source: str
    name: str
    status: Status
    reason: str | None = None
    head: str | None = None
    branch: str | None = None
    commit: str | None = None
    seconds: float = 0.0
    links: tuple[str, ...] = ()
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something that several repositories share on one host, where each would take it for its own.

    `key` is the project's name, the volume's real name or the directory; `host` the host or daemon as far as the
    pipelines tell; `repositories` are sources, sorted; `sentence` says it to a person.
    """

    kind: HazardKind
    key: str
    host: str
    repositories: tuple[str, ...]
    sentence: str
