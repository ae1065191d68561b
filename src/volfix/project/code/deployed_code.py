"""The code of a build context that its image runs, by what it names: modules, scripts, settings, frameworks' files."""

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
from volfix.syntax import disk
from volfix.syntax.code_tree import GO, JAVASCRIPT, TYPESCRIPT

MENTIONS = re.compile(rb"sqlite|\.db[\"']|jdbc:h2:", re.IGNORECASE)
"""What every module that names a database file has in it. Nothing else is parsed."""
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
"""Directories of code that serves something else than the deployment."""
TEST_MODULE = re.compile(r"(?:test|conftest)\w*\.py\Z|\w*_tests?\.py\Z")
PROGRAM_MENTIONS = re.compile(rb"sqlite|\.db[\"'`?]|bolt|buntdb", re.IGNORECASE)
"""The same of modules in Go, JavaScript and TypeScript."""
PROGRAMS = (*GO, *JAVASCRIPT, *TYPESCRIPT)
LONGEST = 512 * 1024
"""Bytes of the longest module in these languages that people write; a longer one is generated."""
FRAMEWORK_FILES = ("config/database.yml", "config/database.php", "prisma/schema.prisma", "schema.prisma")
"""Files of Rails, Laravel and Prisma that may name a database; Spring's are in spring_files."""
SIGNS = re.compile(r"requirements.*\.txt|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|alembic\.ini|\w+\.py")
MANIFEST = re.compile(r"package\.json|go\.mod|deno\.jsonc?|bunfig\.toml")
COMMENT = re.compile(rb"(?m)(?:^|[ \t])#")
STARTERS = (".sh", "entrypoint", "Procfile", ".conf")
SETTINGS = ("Makefile", "crontab", ".yml", ".yaml", ".toml", ".ini", ".service", "package.json")
"""Files of tools that work beside the application, as one that replicates the database: what they say by its whole path
counts. Compose files are read as such.
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
"""A call by which code looks at a file, up to the file's name; calls inside of it may put the path together."""
ON_PATH = rb"[\"']\s*\)+\.(?:exists|is_file|unlink|stat|open|read_bytes|write_bytes|touch|rename|replace)\("
"""The same behind a path that Python makes of the name, or of a directory and the name."""
ON_DEMAND = frozenset({"scripts", "tools"})
"""Directories of programs that people and cron start in the container: what they say by its whole path counts."""


@dataclass(frozen=True)
class DeployedCode:
    """What of a build context runs in the container, tests and what `.dockerignore` leaves out apart."""

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
        """The modules, ini files and frameworks' files that mention a database file, by a search of their bytes."""
        found = {**self._modules.files, **self._framework_files}
        programs = (path for path, data in self.programs.items() if PROGRAM_MENTIONS.search(data))
        return (*(path for path, data in found.items() if MENTIONS.search(data)), *programs)

    @cached_property
    def programs(self) -> dict[Path, bytes]:
        """The modules in Go, JavaScript and TypeScript, where a manifest says that there are some."""
        if not _has(self.directory, MANIFEST):
            return {}
        files = (path for path in self._files(PROGRAMS) if not OTHER_TEST.match(path.name))
        found = {path: disk.read_or_nothing(path) for path in files if not path.name.endswith(".d.ts")}
        return {path: data for path, data in found.items() if len(data) <= LONGEST}

    @cached_property
    def _framework_files(self) -> dict[Path, bytes]:
        """Those in the context's directory, or in one just below it."""
        below = [Path(entry.path) for entry in disk.entries_or_none(self.directory) if is_own(entry)]
        places = (self.directory, *below)
        found = [path for place in places for name in FRAMEWORK_FILES if disk.is_file(path := place / name)]
        found += [path for place in places for path in settings_files(place)]
        return {path: disk.read_or_nothing(path) for path in found}

    @cached_property
    def _modules(self) -> SearchedFiles:
        return _read(self._files((".py", "alembic.ini")) if _has(self.directory, SIGNS) else ())

    @cached_property
    def _starters(self) -> SearchedFiles:
        return _read(self._files(STARTERS))

    def having(self, pattern: re.Pattern[bytes], *words: bytes) -> Iterator[Path]:
        """The modules in which the pattern is found outside of comments, each as often as it is; one of the words is in
        every such place.
        """
        yield from self._modules.having(pattern, words)

    def naming(self, pattern: re.Pattern[bytes], name: str) -> Iterator[Path]:
        """The same for a pattern that holds a name as a whole word."""
        yield from self._modules.naming(pattern, name.encode())

    def matching(self, patterns: Mapping[str, re.Pattern[bytes]]) -> Iterator[Path]:
        """The modules and scripts in which the pattern for their ending is found outside of comments."""
        yield from (*self._modules.matching(patterns), *self._other_code.matching(patterns))

    def is_deployed(self, path: Path) -> bool:
        """Whether a build can take the file: it lies in the context, and `.dockerignore` does not leave it out."""
        return path.is_relative_to(self.directory) and self._is_deployed(path.relative_to(self.directory))

    def starters(self) -> Iterator[Path]:
        """The scripts and settings that start programs, with a database file in them."""
        yield from (path for path, data in self._starters.files.items() if MENTIONS.search(data) or b".db" in data)

    def marked(self, mark: bytes) -> Iterator[Path]:
        """The modules, ini files and frameworks' files with these bytes."""
        yield from (path for path, data in {**self._modules.files, **self._framework_files}.items() if mark in data)

    def starting(self, pattern: re.Pattern[bytes], *words: bytes) -> Iterator[Path]:
        """The same for the scripts and settings that start programs."""
        yield from self._starters.having(pattern, words)

    def starters_naming(self, pattern: re.Pattern[bytes], name: str) -> Iterator[Path]:
        """The scripts and settings that start programs, with a pattern that holds a name as a whole word."""
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
        """The scripts and settings that name a file of the container by its whole path; those that start programs, and
        code that looks at the file, by its name too.

        A default (`${DB:-/app/app.db}`) is no name of it: the variable counts. Nor is the `literal` that is asked for.
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
    """Whether a file in the context, or a directory below it, says that there is code of a kind: else none is read."""
    entries = disk.entries_or_none(directory)
    below = [each for entry in entries if is_own(entry) for each in disk.entries_or_none(entry.path)]
    return any(signs.fullmatch(entry.name) for entry in [*entries, *below])
