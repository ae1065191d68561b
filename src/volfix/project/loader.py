"""Reads the files of a run, each of them once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose.compose_file import ComposeFile, NotForVolfix, Unread, load
from volfix.project.compose.env_places import Copies, in_place
from volfix.project.compose.environment import DotenvFile, read_dotenv
from volfix.project.compose.interpolation import Lookup
from volfix.syntax import disk
from volfix.syntax.source import FileProblem, Source

if TYPE_CHECKING:
    from volfix.project.ci.pipeline import PipelineFile
    from volfix.project.deployments.flows import CommandFiles
    from volfix.project.discovery import Directory


class Loader:
    """Reads each Compose, env and pipeline file once; reports what it cannot read once, in `problems` or `notes`.

    `overlay` holds changed files, which replace those on disk. `directories` are all directories of the run. `copies`
    are env files that deployments copy to another place: they are read there if that place has no file. `handed` are
    variables that deployments pass to Compose, by the directory in which Compose is called.
    """

    def __init__(self, problems: list[FileProblem], notes: list[str]) -> None:
        self.problems, self.notes = problems, notes
        self.overlay: Mapping[Path, Source] = {}
        self.directories: tuple[Directory, ...] = ()
        self.copies: Copies = {}
        self.handed: Mapping[Path, Lookup] = {}
        self._below: Loader | None = None
        self._changed: frozenset[str] = frozenset()
        self._files: dict[str, ComposeFile | Unread | None] = {}
        self._pipelines: dict[str, PipelineFile | None] = {}
        self._parsed_pipelines: dict[Path, PipelineFile] = {}
        self._command_files: dict[Path, CommandFiles] = {}
        self._env_files: dict[tuple[Path, bool], DotenvFile] = {}

    def overlaid(self, overlay: Mapping[Path, Source]) -> Loader:
        """A new loader that sees the files in `overlay` instead of those on disk, and every other file as this one."""
        other = Loader([], [])
        other.overlay, other.copies, other.handed = overlay, self.copies, self.handed
        other._below = self
        other._changed = frozenset(disk.real(str(path)) for path in overlay)
        return other

    def compose(self, path: Path) -> ComposeFile | None:
        """The Compose file at `path`; None after adding a problem or note if it cannot be used."""
        file = self._loaded(path)
        return file if isinstance(file, ComposeFile) else None

    def compose_by_content(self, path: Path) -> ComposeFile | None:
        """The file at `path` if its content is a Compose file; otherwise None, without a problem or note."""
        key = disk.real(str(path))
        if not self._has_read(key):
            try:
                self._files[key] = load(path, self.overlay.get(path))
            except (FileProblem, NotForVolfix):
                return None
        return self.compose(path)

    def unread(self, path: Path) -> Unread | None:
        """Why the Compose file at `path` was not read; None if it was read or is not a Compose file."""
        file = self._loaded(path)
        return file if isinstance(file, Unread) else None

    def _loaded(self, path: Path) -> ComposeFile | Unread | None:
        key = disk.real(str(path))
        if not self._has_read(key):
            try:
                self._files[key] = load(path, self.overlay.get(path))
            except FileProblem as problem:
                self._files[key] = Unread.of(path, problem.message)
                self.problems.append(problem)
            except NotForVolfix as other:
                self._files[key] = Unread.of(path, other.reason) if other.is_template else None
                self.notes.append(str(other))
        return self._files[key]

    def _has_read(self, key: str) -> bool:
        """Whether the Compose file was read, by this loader or (if the overlay does not change it) by the one below."""
        below = self._below
        if key not in self._files and below is not None and key not in self._changed and below._has_read(key):
            self._files[key] = below._files[key]
        return key in self._files

    def pipeline(self, path: Path) -> PipelineFile | None:
        """The pipeline file at `path`; None after adding a problem or note if it cannot be used."""
        key = disk.real(str(path))
        if key not in self._pipelines:
            self._pipelines[key] = None
            try:
                self._pipelines[key] = self.parsed_pipeline(path)
            except FileProblem as problem:
                self.problems.append(problem)
            except NotForVolfix as other:
                self.notes.append(str(other))
        return self._pipelines[key]

    def parsed_pipeline(self, path: Path) -> PipelineFile:
        """The pipeline file at `path`, parsed once. Raises FileProblem or NotForVolfix if it cannot be used."""
        from volfix.project.ci.load import load as load_pipeline

        if path not in self._parsed_pipelines:
            self._parsed_pipelines[path] = load_pipeline(path, self.overlay.get(path))
        return self._parsed_pipelines[path]

    def command_files(self, root: Path) -> CommandFiles:
        """The files with shell commands below `root`; each is read and interpreted once."""
        from volfix.project.deployments.flows import CommandFiles

        if root not in self._command_files:
            own = [directory for directory in self.directories if directory.root == root]
            paths = tuple(path for directory in own for path in directory.commands)
            homes = frozenset(directory.path for directory in own if directory.may_hold_projects)
            self._command_files[root] = CommandFiles(root, paths, homes, self.parsed_pipeline)
        return self._command_files[root]

    def note(self, text: str) -> None:
        """Add a note, unless it was added before."""
        if text not in self.notes:
            self.notes.append(text)

    def env_file(self, path: Path, raw: bool) -> DotenvFile:
        """The env file at `path`; empty if there is none. `raw` reads it as Compose reads `format: raw`."""
        path = in_place(self.copies, path)
        if self._below is not None and path not in self.overlay:
            return self._below.env_file(path, raw)
        if (file := self._env_files.get((path, raw))) is None:
            file = self._env_files[path, raw] = read_dotenv(path, self.problems, raw=raw, overlay=self.overlay)
        return file

    def dotenv(self, directory: Path) -> DotenvFile:
        """The `.env` in the project's directory; empty if there is none."""
        return self.env_file(directory / ".env", raw=False)
