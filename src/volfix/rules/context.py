"""What a rule works on: one stack, and what volfix knows beyond the stack."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
    from volfix.rules.carried import Carried
    from volfix.rules.findings import Location
    from volfix.syntax.source import Source, Span

Result = TypeVar("Result")
Asked = ParamSpec("Asked")


@dataclass(frozen=True, eq=False)
class Context:
    """One stack, and everything that its rules may ask about.

    `users`: by host directory, the projects (directory, name) of the whole run that mount it. `selected`: the codes of
    the rules that run. `servers`: by source, the database servers that use it (see servers.py). `shared`: the sources
    that more than one mount of the run has. Both are computed when they are called. `real_names`: by root and real
    volume name, the owner of the volume. `results`: the results of functions that are marked with `once`. `trusted`:
    the CI server trusts the repositories (`--trusted`).
    """

    stack: Stack
    users: Mapping[str, frozenset[tuple[Path, str]]]
    selected: frozenset[str]
    servers: Callable[[], Mapping[tuple[str, str], Sequence[Any]]] = dict
    shared: Callable[[], Collection[tuple[str, str]]] = frozenset
    real_names: dict[tuple[Path, str], str] = field(default_factory=dict)
    results: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    trusted: bool = False
    commands: Commands | None = None
    """The files with shell commands below the root; None where no command deletes data or names a project."""
    has_commands: bool = False
    """Whether any file below the root has shell commands, whatever they do."""
    deploying: Callable[[], Commands | None] = lambda: None
    """The same files whatever their commands do; read when it is called."""
    asked: frozenset[Path] | None = None
    """The directories in which commands that belong to no project are reported; None for all directories."""
    unread_deployments: tuple[Path, ...] = ()
    """The files below the root that call Compose, of systems that volfix does not read."""
    has_former: bool = False
    """Whether volfix may know earlier versions of the files."""
    former: Callable[[Project], Iterable[tuple[Project, str]]] = lambda _: ()
    """The earlier versions of a project, the newest first, each with how volfix knows it."""
    carried: Callable[[Path, str], Carried | None] = lambda _path, _key: None
    """The recorded carry of a host path, or of a directory above it, into the volume with this key; None for no record.
    """
    closed: tuple[Path, ...] = ()
    """The files with commands below the root, for the last stack that is planned there; else empty."""
    used_ignores: set[tuple[Path, Span, str]] = field(default_factory=set)
    """The ignore comments that hid a finding in this run: path, span and code."""
    leaves_out: Callable[[Path, str | None], bool] = lambda _path, _code: False
    """Whether the configuration ignores a code in a file; without a code, any code about mounts."""
    volume_name: Callable[[str, str, str], str | None] = lambda _host, _service, _target: None
    """The configured name for the volume that replaces a host directory, or a service's mount; None for no setting."""
    code: dict[tuple[Path, str], DeployedCode] = field(default_factory=dict)
    """The deployed code that was read, by build context and Dockerfile."""
    volume_keys: dict[str, str] = field(default_factory=dict)
    """By host directory, the key of the new volume that replaces it."""
    new_keys: set[str] = field(default_factory=set)
    """The keys of these new volumes."""
    first_targets: dict[str, str] = field(default_factory=dict)
    """By the name of a new volume, the first target that it was chosen for."""
    file_directories: dict[tuple[str, str], str] = field(default_factory=dict)
    """By service and directory in the container, the host path of the file that the directory is reserved for."""

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

    def above(self, host: HostDirectory) -> Sequence[HostDirectory]:
        """The host directories of bind mounts in which this one lies."""
        return self._nested[0].get(host, ())

    def around(self, host: HostDirectory) -> Sequence[HostDirectory]:
        """The host directories of bind mounts that are this directory or in which it lies, in the order of `binds`."""
        if host in self._nested[0]:
            return sorted((host, *self.above(host)), key=self._numbers.__getitem__)
        return [other for other in self.binds if other == host or other.contains(host)]

    @cached_property
    def _numbers(self) -> dict[HostDirectory, int]:
        return {host: number for number, host in enumerate(self.binds)}

    def below(self, host: HostDirectory) -> Sequence[HostDirectory]:
        """The host directories of bind mounts that lie in this one."""
        return self._nested[1].get(host, ())

    @cached_property
    def _nested(self) -> tuple[dict[HostDirectory, list[HostDirectory]], dict[HostDirectory, list[HostDirectory]]]:
        """Which host directories lie in which, found by their paths' parents: each with each would be quadratic."""
        above: dict[HostDirectory, list[HostDirectory]] = {}
        below: dict[HostDirectory, list[HostDirectory]] = {}
        places = {host.key: (number, host) for number, host in enumerate(self.binds) if host.path is not None}
        for _, host in places.values():
            parents = [str(parent) for parent in host.path.parents] if host.path is not None else []
            above[host] = [places[key][1] for key in sorted(places.keys() & parents, key=places.__getitem__)]
            for other in above[host]:
                below.setdefault(other, []).append(host)
        return above, below

    @cached_property
    def above_binds(self) -> frozenset[Path]:
        """Every directory above a host directory of a bind mount."""
        return frozenset(parent for host in self.binds if host.path is not None for parent in host.path.parents)

    def host_of(self, mount: Mount) -> HostDirectory:
        """The host directory of a bind mount."""
        return self._hosts.get(id(mount)) or host_directory(mount, self.root)

    @cached_property
    def _hosts(self) -> dict[int, HostDirectory]:
        """By the identity of a bind mount, its host directory: many findings ask for it."""
        return {
            id(use.mount): host_directory(use.mount, self.root) for use in self.stack.uses if use.mount.kind == BIND
        }

    def tracked_below(self, directory: Path) -> str | None:
        """A file below the directory that git tracks, relative to the work tree; None for no file. Raises
        GitUnavailable.
        """
        tree = work_tree(self.root)
        return None if tree is None else tracked_below(tree, directory)


def once(compute: Callable[Concatenate[Context, Asked], Result]) -> Callable[Concatenate[Context, Asked], Result]:
    """A decorator: `compute` runs once for a context and the same arguments, because several rules ask the same."""

    @wraps(compute)
    def known(context: Context, /, *asked: Asked.args, **named: Asked.kwargs) -> Result:
        key = (compute, *asked)
        if key not in context.results:
            context.results[key] = compute(context, *asked, **named)
        result: Result = context.results[key]
        return result

    return known


def at(source: Source, start: int, end: int) -> Location:
    """The location of the characters `start` to `end` of a file."""
    from volfix.rules.findings import Location  # a project without a finding need not import it
    from volfix.syntax.source import Span

    return Location(source.path, Span(start, end), *source.place(start), source)


def mount_location(mount: Mount) -> Location:
    """Where a mount is written."""
    return at(mount.file, mount.node.span.start, mount.node.span.end)


def source_location(mount: Mount) -> Location:
    """Where the source of a mount is written; the whole mount if its text does not contain the source."""
    return _part_location(mount, "source", mount.raw_source)


def target_location(mount: Mount) -> Location:
    """Where the target of a mount is written; the whole mount if its text does not contain the target."""
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
