"""Which configuration file counts for a directory: the nearest, from it up to the repository's root."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from volfix.configuration.settings import NAMES, PYPROJECT, Settings, matches
from volfix.knowledge.entries import learn
from volfix.syntax import listing
from volfix.syntax.source import FileProblem

OWN = ".volfix.toml"
IN_DOT_FOLDER = "volfix.toml"


@dataclass(slots=True)
class Configuration:
    """The settings of every directory of a run.

    `given` has what the command line says, which wins over every file; `file` is the one that a person has named, which
    stands in the place of all others; without `discovers` no file of a repository counts, and with `only` these keys of
    theirs count, beside the one that is named.
    """

    given: Settings = field(default_factory=Settings)
    file: Settings | None = None
    discovers: bool = True
    only: tuple[str, ...] = ()
    problems: list[FileProblem] = field(default_factory=list)
    known: dict[tuple[Path | None, Path], Settings] = field(default_factory=dict)
    found: dict[str, Settings] = field(default_factory=dict)

    def begin(self, problems: list[FileProblem]) -> None:
        """Start a run: the files are read again, and what is wrong with them goes to `problems`."""
        self.problems = problems
        self.known.clear()
        self.found.clear()

    def of(self, directory: Path, root: Path) -> Settings:
        """What counts in a directory of a repository."""
        return self._of(str(directory), root, None)

    def kept(self, directory: str, root: Path, entries: Sequence[os.DirEntry[str]]) -> Sequence[os.DirEntry[str]]:
        """The entries of a directory that `exclude` does not leave out."""
        settings = self._of(directory, root, entries)
        if not settings.exclude:
            return entries
        home = root if settings.exclude == self.given.exclude else settings.home
        return [entry for entry in entries if not matches(entry.path, home, settings.exclude)]

    def codes(self) -> frozenset[str]:
        """The rules that run in any directory."""
        files = {settings.path: settings for settings in self.known.values()}
        return frozenset(code for settings in files.values() for code in settings.codes())

    def learn(self, directories: Iterable[tuple[Path, Path]]) -> None:
        """Take the engines and applications that count in these directories of repositories, for the whole run."""
        found = [entry for directory, root in directories for entry in self.of(directory, root).entries]
        learn(list(dict.fromkeys(found)))

    def _of(self, directory: str, root: Path, entries: Sequence[os.DirEntry[str]] | None) -> Settings:
        """What counts in a directory; `entries` are its entries if they are known."""
        found = self._found(directory, root, entries)
        key = (found.path, root)
        if key not in self.known:
            self.known[key] = self._in_force(found, root)
        return self.known[key]

    def _found(self, directory: str, root: Path, entries: Sequence[os.DirEntry[str]] | None) -> Settings:
        """The settings of the nearest file."""
        if not self.discovers or (self.file is not None and not self.only):
            return Settings()
        if directory in self.found:
            return self.found[directory]
        settings = self._of_file(directory, entries)
        if settings is None:
            is_below = directory.startswith(os.path.join(root, "")) and directory != str(root)  # noqa: PTH118
            settings = self._found(os.path.dirname(directory), root, None) if is_below else Settings()  # noqa: PTH120
        self.found[directory] = settings
        return settings

    def _of_file(self, directory: str, entries: Sequence[os.DirEntry[str]] | None) -> Settings | None:
        for path in candidates(directory, entries):
            from volfix.configuration.reading import settings_of  # most directories have no such file

            try:
                settings = settings_of(path, only=self.only)
            except FileProblem as problem:
                end = " " if problem.message.endswith("?") else "; "
                message = f"{problem.message}{end}NOTHING is checked in its directories until it is repaired"
                self.problems.append(FileProblem(path, message, problem.line, problem.column))
                return Settings(path=path, home=Path(directory), broken=True)
            if settings is not None:
                return settings
        return None

    def _in_force(self, found: Settings, root: Path) -> Settings:
        """What the command line says, else the file that is named, else the one that was found."""
        given = self.given
        if self.file is not None:
            found = replace(self.file, home=root, also=found if self.only else None)
        return replace(
            found,
            widens=bool(given.select) or found.widens,
            select=given.select or found.select,
            ignore=given.ignore or found.ignore,
            exclude=given.exclude or found.exclude,
            min_severity=given.min_severity or found.min_severity,
        )


def candidates(directory: str, entries: Sequence[os.DirEntry[str]] | None = None) -> Iterator[Path]:
    """The configuration files of a directory, in the order in which they count; the first for volfix wins."""
    entries = listing.entries_or_none(directory) if entries is None else entries
    marked = {entry.name: entry for entry in entries if entry.name.startswith((".", PYPROJECT))}
    if OWN in marked:
        yield Path(directory, OWN)
    for name, entry in marked.items():
        if name.startswith(".") and name != ".git" and entry.is_dir(follow_symlinks=False):
            path = Path(directory, name, IN_DOT_FOLDER)
            if os.path.lexists(path):
                yield path
    if PYPROJECT in marked:
        yield Path(directory, PYPROJECT)


def names() -> Configuration:
    """A configuration that takes only names from the repositories' files, and leaves no finding out."""
    return Configuration(only=NAMES)


def given(
    select: Iterable[str] = (), ignore: Iterable[str] = (), exclude: Iterable[str] = (), min_severity: str = ""
) -> Configuration:
    """A configuration of these values that reads no file."""
    chosen = Settings(select=tuple(select), ignore=tuple(ignore), exclude=tuple(exclude), min_severity=min_severity)
    return Configuration(chosen, discovers=False)
