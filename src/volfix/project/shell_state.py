"""What a shell knows while its commands are read in order: the directory it is in, and variables that it has set."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from volfix.syntax.fragment import Fragment
    from volfix.syntax.shell import Command

VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:\[[@*]\])?(?::?-([^{}$`]*))?\})")
WORKING_DIRECTORY = re.compile(r"\$PWD\b|\$\{PWD\}|\$\(\s*pwd\s*\)|`pwd`|\$\{?CURDIR\b\}?")
SCRIPT_DIRECTORY = re.compile(
    r"\$\(\s*cd\s+[^)]*dirname[^)]*\)[^)]*\)|\$\(\s*dirname\s[^()]*(?:\([^()]*\)[^()]*)*\)|`dirname [^`]*`"
    r"|\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}"
)


@dataclass(slots=True)
class State:
    """`directory` is a path with slashes: absolute, below `~`, or below a variable of unknown value (`$APP/web`).

    `here` says that it lies in the checkout that is read; elsewhere it is a place on the machine that is deployed to.
    `home` is the directory of the checkout that the entry belongs to; `scopes` are those that subshells return to;
    `functions` are those defined so far, each with the text that it stands in; `elsewhere`: on another machine.
    """

    directory: str
    here: bool
    script_directory: str
    home: str
    variables: dict[str, str] = field(default_factory=dict)
    scope: tuple[int, ...] = ()
    scopes: list[str] = field(default_factory=list)
    functions: dict[str, tuple[tuple[Command, ...], Fragment]] = field(default_factory=dict)
    elsewhere: bool = False

    def copy(self) -> State:
        return replace(self, variables=dict(self.variables), scope=(), scopes=[], functions=dict(self.functions))

    def process(self) -> State:
        """The state of a program that starts here: a shell's functions are its own."""
        return replace(self.copy(), functions={})

    def remote(self) -> State:
        """The state of a shell on another machine, whose text has the variables of this one in it."""
        return State(
            "~", here=False, script_directory="~", home=self.home, variables=dict(self.variables), elsewhere=True
        )

    def enter(self, scope: tuple[int, ...]) -> None:
        """Go into and out of subshells: whatever directory they went to, the shell around them stays where it was."""
        common = 0
        while common < min(len(scope), len(self.scope)) and scope[common] == self.scope[common]:
            common += 1
        while len(self.scopes) > common:
            self.directory = self.scopes.pop()
        while len(self.scopes) < len(scope):
            self.scopes.append(self.directory)
        self.scope = scope

    def expanded(self, value: str) -> str:
        """A word's value with the variables put in that are known; a default stands for one that is not."""
        if "$" not in value and "`" not in value:
            return value
        value = SCRIPT_DIRECTORY.sub(lambda _: self.script_directory, value)
        value = WORKING_DIRECTORY.sub(lambda _: self.directory, value)

        def known(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            return self.variables.get(name, found[0] if found[3] is None else found[3])

        return VARIABLE.sub(known, value)

    def assign(self, name: str, value: str) -> None:
        text = self.expanded(value)
        if text == f"${name}" or f"${{{name}" in text or len(text) > 2000:
            return
        self.variables[name] = text

    def path(self, text: str) -> str:
        """A path as the shell takes it, normalised."""
        return joined(self.directory, text)


def joined(directory: str, text: str) -> str:
    """A path relative to a directory; one that begins with a slash, `~` or a variable stands by itself."""
    whole = text if text.startswith(("/", "~", "$", "`")) else f"{directory}/{text}"
    return posixpath.normpath(whole)


def below(path: str, directory: str) -> str | None:
    """The path relative to a directory that it is, or lies below; None elsewhere."""
    path, directory = posixpath.normpath(path), posixpath.normpath(directory)
    if path == directory:
        return "."
    prefix = directory.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None
