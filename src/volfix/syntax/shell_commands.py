"""What a parsed shell script consists of: its commands, with their words, assignments, tests and redirections."""

from __future__ import annotations

from dataclasses import dataclass

from volfix.syntax.shell_words import Word
from volfix.syntax.source import Span


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=value`; an array's value is its words with blanks between them, which `elements` has one by one.

    `span` is the value as it is written; `appends` says that it is `NAME+=value`.
    """

    name: str
    value: str
    span: Span
    elements: tuple[Word, ...] | None = None
    appends: bool = False


@dataclass(frozen=True, slots=True)
class Heredoc:
    """The lines that a command reads from a here-document; `quoted` ones hold no expansions."""

    body: Span
    quoted: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """What must hold for a command to run: `texts` are the literals that are compared.

    Where all of it is that `subject` is one of `patterns`, and none of the `earlier` ones, these are known too.
    """

    texts: tuple[str, ...]
    subject: Word | None = None
    patterns: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around the commands in a part of a script, with the meaning that it has in them.

    `scope` are the subshells, outermost first; `guards` the tests and case patterns that must hold for the commands to
    run; `conditional` says that they may not run for another reason too, `repeated` that they may run more than once;
    `substituted`, that they stand inside `$(...)`; `decides`, that what runs next depends on whether they succeed.
    `piped_from` is the command whose output they read, `input` the file; `outputs` are the files that theirs goes to.
    `extra` are words behind a redirection that belong to the command; `rounds` how often the loops are read.
    """

    scope: tuple[int, ...] = ()
    guards: tuple[Guard, ...] = ()
    conditional: bool = False
    repeated: bool = False
    substituted: bool = False
    heredoc: Heredoc | None = None
    input: Word | None = None
    extra: tuple[Word, ...] = ()
    piped_from: Span | None = None
    rounds: int = 1
    outputs: tuple[Word, ...] = ()
    decides: bool = False


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """A simple command as POSIX calls it. Without words it only sets variables.

    `declaration` are the words of `export`, `local` and the like, but for the assignments; `text` is the word behind
    `<<<`. `[ -f x ]` is a command too, as it is in a shell.
    """

    around: Surroundings
    span: Span
    words: tuple[Word, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    declaration: tuple[Word, ...] = ()
    text: Word | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed script: its commands in the order in which they are written, those of functions by function."""

    text: str
    commands: tuple[SimpleCommand, ...]
    functions: dict[str, tuple[SimpleCommand, ...]]
    unread: tuple[Span, ...]
