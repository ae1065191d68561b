"""The state of a shell while its commands are read in order: its directory, variables, functions and more."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from volfix.project.shell.paths import below, joined

if TYPE_CHECKING:
    from volfix.project.shell.command import Argument
    from volfix.syntax.fragment import Fragment
    from volfix.syntax.shell_commands import SimpleCommand
    from volfix.syntax.source import Source, Span

    Place = tuple[Source, int]

Value = str | tuple[str, ...] | None
"""A variable's value: text, the elements of an array, or None if it is set but unknown."""


class Unset:
    """The value of a variable that no command sets; it may come from outside."""


UNSET = Unset()
LONGEST = 4000
"""The longest value that is kept, in characters: a variable appended to itself would grow without end."""


@dataclass(slots=True)
class State:
    """The state of a shell.

    - `directory`: a path as in paths.py; inside the checkout, the path on this machine. `in_checkout`: it is inside.
    - `home`: the checkout's directory here; `workspace`: its path where the commands run; `has_checkout`: it is there.
    - `is_remote`: the shell is on another machine.
    - `zero`: `$0`; `script`: the file being read; `arguments`: `$1` and so on, None if unknown.
    - `maybe`: the commands being read may not run; `leaves_early`: an earlier command may have left the function.
      `uncertain`: variables set by commands that may not run.
    - `local`: the caller's values, restored after a function. `given_at`: where each variable was last set.
    - `functions`: with the text that contains them; `traps`: commands for the end of the shell.
    - `scopes`: the states that the enclosing subshells return to; `scope`: the numbers of these subshells.
    - `ended_by`: the command after which nothing runs: `exit` or `exec`, or `return` in a function.
    """

    directory: str
    home: str
    in_checkout: bool = True
    has_checkout: bool = True
    is_remote: bool = False
    workspace: str | None = None
    zero: str = ""
    script: str = ""
    previous: str = "~"
    pushed: list[str] = field(default_factory=list)
    variables: dict[str, Value] = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)
    exported: set[str] = field(default_factory=set)
    maybe: bool = False
    leaves_early: bool = False
    ended_by: str = ""
    local: dict[str, Value | Unset] = field(default_factory=dict)
    exports_all: bool = False
    arguments: tuple[Argument, ...] | None = None
    functions: dict[str, tuple[tuple[SimpleCommand, ...], Fragment]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    traps: list[tuple[Argument, Span, Source]] = field(default_factory=list)
    given_at: dict[str, Place] = field(default_factory=dict)
    scope: tuple[int, ...] = ()
    scopes: list[State] = field(default_factory=list)

    def copy(self) -> State:
        """The state of a subshell that starts here."""
        return replace(
            self,
            pushed=list(self.pushed),
            variables=dict(self.variables),
            uncertain=set(self.uncertain),
            exported=set(self.exported),
            given_at=dict(self.given_at),
            functions=dict(self.functions),
            aliases=dict(self.aliases),
            scope=(),
            scopes=[],
        )

    def process(self) -> State:
        """The state of a program that starts here: with the exported variables but without functions."""
        variables = {name: self.variables.get(name) for name in self.exported}
        return replace(
            self.copy(),
            variables=variables,
            functions={},
            aliases={},
            traps=[],
            pushed=[],
            exports_all=False,
            ended_by="",
        )

    def remote(self) -> State:
        """The state of a shell on another machine: nothing of this shell is there."""
        return State(
            "~", self.home, in_checkout=False, has_checkout=False, is_remote=True, zero="~", script="~", arguments=()
        )

    def enter(self, scope: tuple[int, ...]) -> None:
        """Enter or leave subshells; what a subshell sets does not change the shell around it."""
        common = 0
        while common < min(len(scope), len(self.scope)) and scope[common] == self.scope[common]:
            common += 1
        while len(self.scopes) > common:
            outer, scopes = self.scopes.pop(), self.scopes
            for each in fields(State):
                setattr(self, each.name, getattr(outer, each.name))
            self.scopes = scopes
        while len(self.scopes) < len(scope):
            self.scopes.append(self.copy())
        self.scope = scope

    @property
    def script_directory(self) -> str:
        """The directory of the script that is read."""
        return posixpath.dirname(self.script) if "/" in self.script else self.script

    def path(self, text: str) -> str:
        """The path `text` as the shell resolves it, normalised; a path in the workspace is mapped to the checkout."""
        path = joined(self.directory, text)
        if self.workspace and (relative := below(path, self.workspace)) is not None:
            return posixpath.normpath(f"{self.home}/{relative}")
        return path

    def set(self, name: str, value: Value, *, exported: bool = False, at: Place | None = None) -> None:
        """Set a variable; `at` is where the value is written."""
        if isinstance(value, str) and len(value) > LONGEST:
            value = None
        self.variables[name] = value
        if at is not None:
            self.given_at[name] = at
        (self.uncertain.add if self.maybe else self.uncertain.discard)(name)
        if exported or self.exports_all:
            self.exported.add(name)

    def is_certain(self, name: str) -> bool:
        """Whether the variable's value is certain: set by commands that were read and that do run."""
        if name.isdigit():
            return self.arguments is not None and name != "0" and "@" not in self.uncertain
        return name in self.variables and name not in self.uncertain

    def doubt(self) -> None:
        """Make all variables uncertain, because something that was not read may have set them."""
        self.uncertain |= {*self.variables, "@"}

    def call(self, arguments: tuple[Argument, ...]) -> State:
        """Enter a function with `arguments`; returns the state to pass to `back`."""
        before = replace(self, uncertain=self.uncertain & {"@"})
        self.arguments, self.local, self.leaves_early = arguments, {}, False
        self.uncertain.discard("@")
        return before

    def back(self, before: State) -> None:
        """Leave a function: restore arguments and local variables, keep everything else that it set."""
        for name, value in self.local.items():
            if isinstance(value, Unset):
                self.variables.pop(name, None)
                self.exported.discard(name)
            else:
                self.variables[name] = value
        self.arguments, self.local, self.leaves_early = before.arguments, before.local, before.leaves_early
        self.uncertain.discard("@")
        self.uncertain |= before.uncertain
        if self.ended_by == "return":
            self.ended_by = ""

    def environment(self) -> dict[str, str | None]:
        """The environment of a program that starts here; None for an unknown value."""
        found = {name: self.variables.get(name) for name in self.exported}
        return {name: value if isinstance(value, str) else None for name, value in found.items()}
