"""What a rule is given: one stack, and what is known beyond it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from volfix.project.compose.host_directories import HostDirectory, host_directory
from volfix.project.compose.mounts import BIND, Mount
from volfix.project.git import tracked_below, work_tree
from volfix.project.stack import Stack, Use
from volfix.syntax.yaml_tree import Mapping as Tree
from volfix.syntax.yaml_tree import Scalar

if TYPE_CHECKING:
    from volfix.project.code.deployed_code import DeployedCode
    from volfix.project.compose.model import Project
    from volfix.project.deployments.stacks import Commands
    from volfix.rules.findings import Location
    from volfix.syntax.source import Source, Span

Result = TypeVar("Result")
Asked = ParamSpec("Asked")


@dataclass(frozen=True, slots=True)
class Carried:
    """A host path whose data was carried into a volume, as it was at a moment: `when` in seconds since 1970, UTC.

    `key` is the volume in the Compose file, `volume` its name on the engine. `flags` are the options of `volfix carry`
    that name the project, `place` is its directory or Compose file.
    """

    source: str
    key: str
    volume: str
    when: float
    flags: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True)
class Context:
    """One stack under examination.

    `users` says for each host directory which projects (directory, name) mount it, over the whole run; `selected` are
    the codes of the rules that run; `servers` are the database servers on one source (see servers.py), and `shared` the
    sources that more than one mount of the run has, each found when it is called; `real_names` are
    the volumes of the run on the host, with whom they belong to; `results` are those of functions that are marked with
    `once`; `trusted` says that the CI server trusts the repositories.
    """

    stack: Stack
    users: Mapping[str, frozenset[tuple[Path, str]]]
    selected: frozenset[str]
    servers: Callable[[], Mapping[tuple[str, str], frozenset[Any]]] = dict
    shared: Callable[[], Collection[tuple[str, str]]] = frozenset
    real_names: dict[tuple[Path, str], str] = field(default_factory=dict)
    results: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    trusted: bool = False
    commands: Commands | None = None
    """The files with shell commands below the root, where some delete data or name a project."""
    has_commands: bool = False
    """Whether files with shell commands are below the root, whatever they do."""
    deploying: Callable[[], Commands | None] = lambda: None
    """The same files, whatever the commands do, read when it is called."""
    asked: frozenset[Path] | None = None
    """The directories whose commands are reported where they are about no project; None for all."""
    unread_deployments: tuple[Path, ...] = ()
    """The files below the root that call Compose and are of systems that volfix does not read."""
    has_former: bool = False
    """Whether something may know what the files were."""
    former: Callable[[Project], Iterable[tuple[Project, str]]] = lambda _: ()
    """A project as its files were, the newest first, each with how volfix knows."""
    carried: Callable[[Path, str], Carried | None] = lambda _path, _key: None
    """What is known of the carry that took a host path, or a directory above it, into the volume of this key."""
    closed: tuple[Path, ...] = ()
    """The files with commands below the root, where no other stack there is planned behind this one."""
    used_ignores: set[tuple[Path, Span, str]] = field(default_factory=set)
    """The comments, each by its place, that have ignored a code so far in this run."""
    leaves_out: Callable[[Path, str | None], bool] = lambda _path, _code: False
    """Whether the configuration ignores a code in a file; without a code, any that is about mounts."""
    volume_name: Callable[[str, str, str], str | None] = lambda _host, _service, _target: None
    """How the configuration calls the volume that takes the place of a host directory or of a mount of a service."""
    code: dict[tuple[Path, str], DeployedCode] = field(default_factory=dict)
    """The deployed code that was read, by build context and Dockerfile."""
    volume_keys: dict[str, str] = field(default_factory=dict)
    """The keys of new volumes, by the host directory whose place they take."""
    first_targets: dict[str, str] = field(default_factory=dict)
    """By the name of a new volume, the target that it was given for first."""
    file_directories: dict[tuple[str, str], str] = field(default_factory=dict)
    """By service and directory in its container, the host directory of the file that is to lie there."""

    @property
    def root(self) -> Path:
        return self.stack.root

    @cached_property
    def binds(self) -> dict[HostDirectory, list[Use]]:
        """The bind mounts of the stack by host directory, in the order in which they are written."""
        found: dict[HostDirectory, list[Use]] = {}
        for use in self.stack.uses:
            if use.mount.kind == BIND:
                found.setdefault(self.host_of(use.mount), []).append(use)
        return found

    @cached_property
    def above_binds(self) -> frozenset[Path]:
        """The directories that hold a host directory of a bind mount."""
        return frozenset(parent for host in self.binds if host.path is not None for parent in host.path.parents)

    def host_of(self, mount: Mount) -> HostDirectory:
        """The host directory of a bind mount."""
        return self._hosts.get(id(mount)) or host_directory(mount, self.root)

    @cached_property
    def _hosts(self) -> dict[int, HostDirectory]:
        """The host directories by the identities of the stack's bind mounts, which many findings ask about."""
        return {
            id(use.mount): host_directory(use.mount, self.root) for use in self.stack.uses if use.mount.kind == BIND
        }

    def tracked_below(self, directory: Path) -> str | None:
        """A file below the directory that git tracks, relative to the work tree; raises GitUnavailable."""
        tree = work_tree(self.root)
        return None if tree is None else tracked_below(tree, directory)


def once(compute: Callable[Concatenate[Context, Asked], Result]) -> Callable[Concatenate[Context, Asked], Result]:
    """The function, which is called once for a context and what it is asked about: several rules ask the same."""

    @wraps(compute)
    def known(context: Context, /, *asked: Asked.args, **named: Asked.kwargs) -> Result:
        key = (compute, *asked)
        if key not in context.results:
            context.results[key] = compute(context, *asked, **named)
        result: Result = context.results[key]
        return result

    return known


def at(source: Source, start: int, end: int) -> Location:
    """The location of some characters of a file."""
    from volfix.rules.findings import Location  # what has no finding needs none of what it is made of
    from volfix.syntax.source import Span

    return Location(source.path, Span(start, end), *source.place(start), source)


def mount_location(mount: Mount) -> Location:
    """Where a mount is written."""
    return at(mount.file, mount.node.span.start, mount.node.span.end)


def source_location(mount: Mount) -> Location:
    """Where the source of a mount is written; the whole mount where its text does not show it."""
    return _part_location(mount, "source", mount.raw_source)


def target_location(mount: Mount) -> Location:
    """Where the target of a mount is written; the whole mount where its text does not show it."""
    return _part_location(mount, "target", mount.raw_target)


def _part_location(mount: Mount, key: str, text: str) -> Location:
    node = mount.node
    if not isinstance(node, Scalar):
        pair = node.pair(key) if isinstance(node, Tree) else None
        return mount_location(mount) if pair is None else at(mount.file, pair.value.span.start, pair.value.span.end)
    written = mount.file.text[node.span.start : node.span.end]
    start = written.find(text) if key == "source" else written.find(f":{text}") + 1
    if not text or start < 0 or written[start : start + len(text)] != text:
        return mount_location(mount)
    return at(mount.file, node.span.start + start, node.span.start + start + len(text))
