"""The model of a parsed shell script: commands with their words, assignments, tests and redirections."""

from __future__ import annotations

from dataclasses import dataclass

from volfix.syntax.shell_words import Word
from volfix.syntax.source import Span


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=value`. For an array, `elements` are its words and `value` is these words joined by blanks.

    `span` is the position of the written value; `appends` says that it is `NAME+=value`.
    """

    name: str
    value: str
    span: Span
    elements: tuple[Word, ...] | None = None
    appends: bool = False


@dataclass(frozen=True, slots=True)
class Heredoc:
    """The here-document that a command reads; if `quoted`, nothing in it is expanded."""

    body: Span
    quoted: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """A test that must succeed for a command to run; `texts` are the literals in it.

    If the whole test is that `subject` matches one of `patterns` and none of `earlier`, these are set too.
    """

    texts: tuple[str, ...]
    subject: Word | None = None
    patterns: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What surrounds the commands in a part of a script.

    - `scope`: the enclosing subshells, outermost first; `substituted`: the commands are inside `$(...)`.
    - `guards`: tests and case patterns that must succeed for the commands to run; `conditional`: they may not run for
      other reasons too; `repeated`: they may run more than once; `decides`: what runs next depends on their success.
    - `piped_from`: the command whose output they read; `input`: the file that they read; `outputs`: the files that
      they write to; `heredoc`: the here-document that they read.
    - `extra`: words after a redirection that belong to the command; `rounds`: how often the loops are read.
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
    """A simple command in the sense of POSIX. Without words it only sets variables.

    `declaration` are the words of `export`, `local` and similar, without the assignments; `text` is the word after
    `<<<`. `[ -f x ]` is a command too.
    """

    around: Surroundings
    span: Span
    words: tuple[Word, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    declaration: tuple[Word, ...] = ()
    text: Word | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed script: its commands in order; the commands of each function by its name; the parts not parsed."""

    text: str
    commands: tuple[SimpleCommand, ...]
    functions: dict[str, tuple[SimpleCommand, ...]]
    unread: tuple[Span, ...]
