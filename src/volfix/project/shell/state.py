"""What a shell knows while its commands are read in order: its directory, its variables, its functions."""

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
"""A variable's value: text, the elements of an array, or None where it is set and not known."""


class Unset:
    """The value of a variable that nothing sets: it may come from outside."""


UNSET = Unset()
LONGEST = 4000
"""Characters of a value that is kept: a variable that is appended to itself would grow without end."""


@dataclass(slots=True)
class State:
    """`directory` is a path as in paths.py; in the checkout it is the place on the machine that reads it.

    `home` is the checkout's directory, `workspace` its path where the commands run; `has_checkout` says that it is
    there. `in_checkout`: the directory lies in it; `is_remote`: on another machine. `zero` is `$0`, `script` the file
    that is read, both absolute. `arguments` are `$1` and so on, None where nobody knows them. `uncertain` are the
    variables that were set by commands that may not run, as they do while `maybe` is set, and behind a command that may
    leave the function (`leaves_early`). `local` are the values that its caller gets back. `functions` have the text
    that they stand in; `traps` run when the shell ends; `given_at` says where a variable's last value stands. `scopes`
    are the states that the subshells around return to, `scope` their numbers. `ended_by` is the command behind which
    nothing runs any more: `exit` or `exec` in the shell, `return` in the function.
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
        """The state of a subshell."""
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
        """The state of a program that starts here: it gets what is exported, and none of the shell's functions."""
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
        """The state of a shell on another machine: nothing of this one is there."""
        return State(
            "~", self.home, in_checkout=False, has_checkout=False, is_remote=True, zero="~", script="~", arguments=()
        )

    def enter(self, scope: tuple[int, ...]) -> None:
        """Go into and out of subshells: whatever they set, the shell around them stays as it was."""
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
        return posixpath.dirname(self.script) if "/" in self.script else self.script

    def path(self, text: str) -> str:
        """A path as the shell takes it, normalised; below the workspace it is the place in the checkout."""
        path = joined(self.directory, text)
        if self.workspace and (relative := below(path, self.workspace)) is not None:
            return posixpath.normpath(f"{self.home}/{relative}")
        return path

    def set(self, name: str, value: Value, *, exported: bool = False, at: Place | None = None) -> None:
        """Give a variable a value, which is written at a place."""
        if isinstance(value, str) and len(value) > LONGEST:
            value = None
        self.variables[name] = value
        if at is not None:
            self.given_at[name] = at
        (self.uncertain.add if self.maybe else self.uncertain.discard)(name)
        if exported or self.exports_all:
            self.exported.add(name)

    def is_certain(self, name: str) -> bool:
        """Whether nothing but the commands that were read gives the variable its value."""
        if name.isdigit():
            return self.arguments is not None and name != "0" and "@" not in self.uncertain
        return name in self.variables and name not in self.uncertain

    def doubt(self) -> None:
        """Something that was not read may have set any of the variables."""
        self.uncertain |= {*self.variables, "@"}

    def call(self, arguments: tuple[Argument, ...]) -> State:
        """Go into a function, in this state; the state to go back to."""
        before = replace(self, uncertain=self.uncertain & {"@"})
        self.arguments, self.local, self.leaves_early = arguments, {}, False
        self.uncertain.discard("@")
        return before

    def back(self, before: State) -> None:
        """Go back from a function to the state that it was called in, but for what it set for good."""
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
        """What a program that starts here gets."""
        found = {name: self.variables.get(name) for name in self.exported}
        return {name: value if isinstance(value, str) else None for name, value in found.items()}
