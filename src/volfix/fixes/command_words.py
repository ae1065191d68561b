"""Every word of every command in a file, for the proof that an edit changes the words that it names and no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from volfix.project.command_files import entries_of
from volfix.rules.operations import SetText
from volfix.syntax.fragment import Fragment
from volfix.syntax.shell import SimpleCommand, parse
from volfix.syntax.shell_words import characters, heredoc_characters
from volfix.syntax.source import Source, Span

DEPTH = 6


def words_of(source: Source) -> list[str]:
    """The words in order; a word that holds a command itself counts as that command's words."""
    return [value for _, value in _leaves(source)]


def expected_words(operations: Sequence[SetText]) -> list[str]:
    """The words that the file shall have after the operations: words inside a replaced part go, others lose a part."""
    found = []
    for span, value in _leaves(operations[0].source):
        for operation in operations:
            if span in operation.span:
                value = operation.replacement.strip()
            elif operation.span in span:
                start = operation.span.start - span.start
                length = operation.span.end - operation.span.start
                value = value[:start] + operation.replacement + value[start + length :]
        if value:
            found.append(value)
    return found


def _leaves(source: Source) -> Iterator[tuple[Span, str]]:
    for entry in entries_of(source):
        for fragment in entry.fragments:
            yield from _words(fragment, 0)


def _words(fragment: Fragment, depth: int) -> Iterator[tuple[Span, str]]:
    script = parse(fragment.text)
    for commands in (script.commands, *script.functions.values()):
        for command in commands:
            yield from _of_command(command, fragment, depth)


def _of_command(command: SimpleCommand, fragment: Fragment, depth: int) -> Iterator[tuple[Span, str]]:
    for item in command.assignments:
        if item.span.start == item.span.end:  # `NAME=`
            continue
        yield fragment.place(item.span.start, item.span.end), f"{item.name}={item.value}"
    for word in command.words:
        inner = fragment.inner(characters(fragment.text, word.span.start, word.span.end))
        if word.quoted and " " in word.value and depth < DEPTH and inner.text:
            yield from _words(inner, depth + 1)
        elif word.value:
            yield fragment.place(word.span.start, word.span.end), word.value
    if command.heredoc is not None and depth < DEPTH:
        body = command.heredoc.body
        text = heredoc_characters(fragment.text, body.start, body.end, quoted=command.heredoc.quoted)
        yield from _words(fragment.inner(text), depth + 1)
