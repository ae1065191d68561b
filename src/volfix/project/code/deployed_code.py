"""Searches the code that runs in the container: modules, scripts, settings and frameworks' files of a build context."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from volfix.project.code.searched_files import Literal, SearchedFiles
from volfix.project.code.source_files import is_own, source_files
from volfix.project.code.spring_files import settings_files
from volfix.project.compose.compose_file import FILE_NAME
from volfix.project.image.docker_ignore import DockerIgnore
from volfix.syntax import disk, listing
from volfix.syntax.code_tree import GO, JAVASCRIPT, TYPESCRIPT

MENTIONS = re.compile(rb"sqlite|\.db[\"']|jdbc:h2:", re.IGNORECASE)
"""Bytes without which a module cannot name a database file. Only modules with them are parsed."""
NOT_DEPLOYED = frozenset(
    {
        "tests",
        "test",
        "testing",
        "testdata",
        "__tests__",
        "__mocks__",
        "spec",
        "docs",
        "doc",
        "examples",
        "example",
        "samples",
        "benchmarks",
        "benchmark",
        "e2e",
    }
    | {"scripts", "tools", "notebooks", "fixtures", "versions"}
)
"""Directories of code that is not part of the deployment."""
TEST_MODULE = re.compile(r"(?:test|conftest)\w*\.py\Z|\w*_tests?\.py\Z")
PROGRAM_MENTIONS = re.compile(rb"sqlite|\.db[\"'`?]|bolt|buntdb", re.IGNORECASE)
"""The same for modules in Go, JavaScript and TypeScript."""
PROGRAMS = (*GO, *JAVASCRIPT, *TYPESCRIPT)
LONGEST = 512 * 1024
"""The largest module in these languages that is read, in bytes; a larger module is generated code."""
FRAMEWORK_FILES = ("config/database.yml", "config/database.php", "prisma/schema.prisma", "schema.prisma")
"""Files of Rails, Laravel and Prisma that may name a database; Spring's are in spring_files."""
SIGNS = re.compile(r"requirements.*\.txt|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|alembic\.ini|\w+\.py")
MANIFEST = re.compile(r"package\.json|go\.mod|deno\.jsonc?|bunfig\.toml")
COMMENT = re.compile(rb"(?m)(?:^|[ \t])#")
STARTERS = (".sh", "entrypoint", "Procfile", ".conf")
SETTINGS = ("Makefile", "crontab", ".yml", ".yaml", ".toml", ".ini", ".service", "package.json")
"""Files of tools beside the application, such as a tool that replicates the database. They name a database only by its
whole path. Compose files are left out: they are read elsewhere.
"""
OTHER_LANGUAGES = (".js", ".mjs", ".cjs", ".ts", ".go", ".rb", ".php", ".rs", ".ex", ".exs", ".java", ".kt", ".cs")
OTHER_TEST = re.compile(
    r".*(?:\.(?:test|spec)\.[cm]?[jt]s|_test\.(?:go|exs)|_(?:test|spec)\.rb|Tests?\.(?:php|java|kt|cs))\Z"
)
OTHER_COMMENT = re.compile(rb"(?m)(?:^|[ \t])(?://|#|\*)")
CALLS = (
    rb"\b(?:(?:file_?)?exists?\??|is_?file|open\w*|remove|unlink|delete|rm|copy\w*|move|rename|getsize|stat|access"
    rb"|read_?file|create(?:Read|Write)Stream|FileResponse|send_?file|run|call|check_call|check_output|Popen|system"
    rb"|exec\w*|spawn)(?:Sync)?\((?:[^)]|\)(?=\s{0,80}[,/])){0,200}?[\"'`\s]"
)
"""A call with which code accesses a file, up to the file's name; calls inside it may build the path."""
ON_PATH = rb"[\"']\s*\)+\.(?:exists|is_file|unlink|stat|open|read_bytes|write_bytes|touch|rename|replace)\("
"""A method with which Python accesses a file, after the file's name as the end of a path."""
ON_DEMAND = frozenset({"scripts", "tools"})
"""Directories of programs that people and cron start in the container. They name a database only by its whole path."""


@dataclass(frozen=True)
class DeployedCode:
    """The files of a build context that run in the container, without tests and what `.dockerignore` leaves out."""

    directory: Path
    dockerfile: str = "Dockerfile"

    def _files(self, suffixes: tuple[str, ...]) -> tuple[Path, ...]:
        found = source_files(self.directory, suffixes)
        return tuple(path for path in found if self._is_deployed(path.relative_to(self.directory)))

    def _is_deployed(self, relative: Path) -> bool:
        if NOT_DEPLOYED & set(relative.parts[:-1]) or TEST_MODULE.match(relative.name):
            return False
        return not self._ignore.leaves_out(relative.as_posix())

    @cached_property
    def _ignore(self) -> DockerIgnore:
        return DockerIgnore.of(self.directory, self.dockerfile)

    @cached_property
    def mentioning(self) -> tuple[Path, ...]:
        """The modules, ini files and frameworks' files whose bytes mention a database file."""
        found = {**self._modules.files, **self._framework_files}
        programs = (path for path, data in self.programs.items() if PROGRAM_MENTIONS.search(data))
        return (*(path for path, data in found.items() if MENTIONS.search(data)), *programs)

    @cached_property
    def programs(self) -> dict[Path, bytes]:
        """The modules in Go, JavaScript and TypeScript with their bytes; none without a manifest (package.json ...)."""
        if not _has(self.directory, MANIFEST):
            return {}
        files = (path for path in self._files(PROGRAMS) if not OTHER_TEST.match(path.name))
        found = {path: disk.read_or_nothing(path) for path in files if not path.name.endswith(".d.ts")}
        return {path: data for path, data in found.items() if len(data) <= LONGEST}

    @cached_property
    def _framework_files(self) -> dict[Path, bytes]:
        """The frameworks' files in the context's directory and in the directories just below it, with their bytes."""
        below = [entry.path for entry in listing.entries_or_none(self.directory) if is_own(entry)]
        found: list[Path] = []
        settings: list[Path] = []
        for place in (str(self.directory), *below):
            there = {entry.name for entry in listing.entries_or_none(place)}
            named = (f"{place}/{name}" for name in FRAMEWORK_FILES if name.partition("/")[0] in there)
            found += [Path(path) for path in named if disk.is_file(path)]
            settings += settings_files(place, there)
        return {path: disk.read_or_nothing(path) for path in (*found, *settings)}

    @cached_property
    def _modules(self) -> SearchedFiles:
        return _read(self._files((".py", "alembic.ini")) if _has(self.directory, SIGNS) else ())

    @cached_property
    def _starters(self) -> SearchedFiles:
        return _read(self._files(STARTERS))

    def having(self, pattern: re.Pattern[bytes], *words: bytes) -> Iterator[Path]:
        """The Python modules and ini files that match the pattern outside comments, once for each match.

        Every match of the pattern must contain one of `words`.
        """
        yield from self._modules.having(pattern, words)

    def naming(self, pattern: re.Pattern[bytes], name: str) -> Iterator[Path]:
        """Like `having`, for a pattern that contains `name` as a whole word."""
        yield from self._modules.naming(pattern, name.encode())

    def matching(self, patterns: Mapping[str, re.Pattern[bytes]]) -> Iterator[Path]:
        """The modules and scripts that match, outside comments, the pattern for their suffix."""
        yield from (*self._modules.matching(patterns), *self._other_code.matching(patterns))

    def is_deployed(self, path: Path) -> bool:
        """Whether the file is in the build context and neither a test nor left out by `.dockerignore`."""
        return path.is_relative_to(self.directory) and self._is_deployed(path.relative_to(self.directory))

    def starters(self) -> Iterator[Path]:
        """The scripts and settings that start programs and mention a database file."""
        yield from (path for path, data in self._starters.files.items() if MENTIONS.search(data) or b".db" in data)

    def marked(self, mark: bytes) -> Iterator[Path]:
        """The modules, ini files and frameworks' files that contain these bytes."""
        yield from (path for path, data in {**self._modules.files, **self._framework_files}.items() if mark in data)

    def starting(self, pattern: re.Pattern[bytes], *words: bytes) -> Iterator[Path]:
        """Like `having`, for the scripts and settings that start programs."""
        yield from self._starters.having(pattern, words)

    def starters_naming(self, pattern: re.Pattern[bytes], name: str) -> Iterator[Path]:
        """Like `naming`, for the scripts and settings that start programs."""
        yield from self._starters.naming(pattern, name.encode())

    @cached_property
    def _on_demand(self) -> SearchedFiles:
        files = source_files(self.directory, (".py", *STARTERS))
        return _read(path for path in files if ON_DEMAND & set(path.relative_to(self.directory).parts[:-1]))

    @cached_property
    def _settings(self) -> SearchedFiles:
        return _read(path for path in self._files(SETTINGS) if not FILE_NAME.search(path.name))

    @cached_property
    def _other_code(self) -> SearchedFiles:
        files = (path for path in self._files(OTHER_LANGUAGES) if not OTHER_TEST.match(path.name))
        return _read(files, OTHER_COMMENT)

    def scripts_naming(self, path: str, literal: Literal | None = None) -> Iterator[Path]:
        """The scripts, settings and modules that name the file at `path` in the container.

        Any of them may name it by its whole path; scripts that start programs, and code that accesses the file, also by
        its file name. A default (`${DB:-/app/app.db}`) does not count, nor does `literal` itself.
        """
        whole, name = (text.encode("utf-8", "replace") for text in (path, path.rpartition("/")[2]))
        end = rb"(?![\w.-])"
        by_path = re.compile(rb"(?<![\w./-])%s%s" % (re.escape(whole), end))
        either = rb"(?<![\w./-])(?:%s|(?:\./)?%s)%s" % (re.escape(whole), re.escape(name), end)
        yield from self._on_demand.naming(by_path, whole)
        yield from self._starters.naming(re.compile(either), name)
        looks = re.compile(rb"%s%s|[\"']%s%s" % (CALLS, either, either, ON_PATH), re.IGNORECASE)
        yield from self._modules.naming(looks, name)
        yield from self._other_code.naming(looks, name, literal)
        yield from self._settings.naming(by_path, whole)


def _read(paths: Iterable[Path], comment: re.Pattern[bytes] = COMMENT) -> SearchedFiles:
    return SearchedFiles({path: disk.read_or_nothing(path) for path in paths}, comment)


def _has(directory: Path, signs: re.Pattern[str]) -> bool:
    """Whether a name in `directory`, or in a directory just below it, matches `signs`."""
    entries = listing.entries_or_none(directory)
    below = [each for entry in entries if is_own(entry) for each in listing.entries_or_none(entry.path)]
    return any(signs.fullmatch(entry.name) for entry in [*entries, *below])
