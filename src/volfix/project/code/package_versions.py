"""Which packages, and which versions, the dependency files of a build context name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from volfix.syntax import disk
from volfix.syntax.source import FileProblem, Source

Version = tuple[int, ...]
MANIFESTS = {
    "python": ("requirements*.txt", "requirements/*.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg"),
    "node": ("package.json",),
    "go": ("go.mod",),
    "rust": ("Cargo.toml", "*/Cargo.toml"),
    "ruby": ("Gemfile",),
    "php": ("composer.json",),
    "java": ("pom.xml", "build.gradle", "build.gradle.kts", "gradle/libs.versions.toml"),
    "dotnet": ("*.csproj", "*/*.csproj", "Directory.Packages.props"),
    "elixir": ("mix.exs",),
}
LOCKS = {
    "python": ("poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock"),
    "node": ("package-lock.json", "yarn.lock", "pnpm-lock.yaml"),
    "rust": ("Cargo.lock",),
    "ruby": ("Gemfile.lock",),
    "php": ("composer.lock",),
    "elixir": ("mix.lock",),
}
COMMENT = re.compile(r"(?m)^\s*(?:#|//).*$|\s#.*$")
LOCKED = re.compile(
    r"""["']?(?:\s*[,{@:]|\s*\n)?[^\n]{0,40}?\n?\s*["']?version["']?\s*[:=]?\s*["']v?(\d+(?:\.\d+)*)"""
    r"""|\s\((\d+(?:\.\d+)*)[^)]*\)|@v?(\d+(?:\.\d+)*)"""
)
BOUND = re.compile(r"(===?|>=|<=|~=|~>|!=|\^|~|<|>|=)?\s*v?(\d+(?:\.\d+)*)((?:\.[*x])?)")
SPECIFIER = re.compile(
    r"""(?:\[[^\]]*\])?["']?(?:\s*[:=,(]?\s*\{?\s*(?:version\s*=\s*)?["'(]?|\s+)((?:[~^<>=!]*\s*v?\d[\w.*]*[,\s]*)+)"""
)


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that a build may install: from `low`, below `high` (None: no limit); `is_pinned`: a file says so."""

    low: Version = ()
    high: Version | None = None
    is_pinned: bool = False

    def may_be(self, since: str, before: str) -> bool:
        """Whether a version from `since` on and below `before` is possible; without a pin only the newest is.

        Both are versions as text (`2.1`); an empty text is no limit.
        """
        if not self.is_pinned:
            return not before
        above = self.high is None or not since or _number(since) < self.high
        return above and (not before or self.low < _number(before))


def packages_in(context: Path, ecosystem: str, *, locked: bool) -> Sequence[str]:
    """The texts of the dependency files of one ecosystem in `context`, without comments.

    `locked` selects lock files instead of manifests. Unreadable files are left out.
    """
    texts = []
    for pattern in (LOCKS if locked else MANIFESTS).get(ecosystem, ()):
        for path in disk.matching(context, pattern):
            try:
                text = Source.read(path).text
            except FileProblem:  # not a dependency file that a package manager could read either
                continue
            if ecosystem == "go":
                text = re.sub(r"(?m)^.*// indirect$", "", text)
            elif path.suffix in (".txt", ".toml", "") and not locked:
                text = COMMENT.sub("", text)
            texts.append(text)
    return texts


def named(text: str, package: str) -> Iterator[re.Match[str]]:
    """The matches of the package's name in a dependency file; not inside a longer name."""
    if "/" in package or "." in package:
        name = re.escape(package)
    else:
        name = "[-_]".join(map(re.escape, re.split("[-_]", package)))
    if re.split("[-_]", package)[0].lower() in text.lower():
        pattern = rf"(?<![\w.@/-])(?:node_modules/)?{name}(?![\w./-])"
        yield from re.finditer(pattern, text, re.IGNORECASE)


def versions_of(context: Path, ecosystem: str, package: str) -> Versions:
    """The versions of a package that the build may install: the locked version, or what the manifest allows."""
    for text in packages_in(context, ecosystem, locked=True):
        for found in named(text, package):
            if exact := LOCKED.match(text, found.end()):
                number = _number(next(filter(None, exact.groups())))
                return Versions(number, (*number, 0), is_pinned=True)
    for text in packages_in(context, ecosystem, locked=False):
        for found in named(text, package):
            if specifier := SPECIFIER.match(text, found.end()):
                return _allowed(specifier[1], caret=ecosystem == "rust")
    return Versions()


def _allowed(specifier: str, *, caret: bool) -> Versions:
    low: Version = ()
    high: Version | None = None
    for operator, digits, star in BOUND.findall(specifier):
        number = _number(digits)
        if operator in (">=", ">"):
            low = number
        elif operator in ("<", "<="):
            high = number if operator == "<" else (*number, 0)
        elif operator == "^" or (caret and not operator):
            low, high = number, (number[0] + 1,)
        elif operator in ("~=", "~>"):
            low, high = number, _next(number[:-1] or number)
        elif operator == "~":
            low, high = number, _next(number[:2])
        elif operator != "!=":
            low, high = number, _next(number) if star or len(number) < 3 else (*number, 0)
    return Versions(low, high, is_pinned=True)


def _next(number: Version) -> Version:
    return (*number[:-1], number[-1] + 1)


def _number(text: str) -> Version:
    return tuple(map(int, text.split(".")))
