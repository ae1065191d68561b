"""Every command in a file, its words and what joins it: for the proof that an edit changes what it names and no more.

A command that goes takes with it what is replaced together with it; all others are as before, in the same order, joined
by the same operators.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from volfix.project.ci import steps
from volfix.project.ci.load import load
from volfix.project.ci.names import YAML, is_pipeline_name
from volfix.project.ci.nodes import roots_of, scalar_fragment
from volfix.project.commands.command_files import entries_of
from volfix.syntax.fragment import Fragment
from volfix.syntax.shell import parse
from volfix.syntax.shell_commands import SimpleCommand
from volfix.syntax.shell_removal import outline
from volfix.syntax.shell_words import characters, heredoc_characters
from volfix.syntax.source import Source, Span
from volfix.syntax.yaml_tree import Alias, Mapping, Node, Scalar
from volfix.syntax.yaml_tree import Sequence as YamlSequence

DEPTH = 6


@dataclass(frozen=True, slots=True)
class Leaf:
    """A word of a command as it is written, or what holds commands together (see shell_removal.outline).

    `starts` is where each character of a word is written; none for what is no word.
    """

    span: Span
    value: str
    starts: Sequence[int] = ()

    @classmethod
    def word(cls, fragment: Fragment, span: Span) -> Leaf:
        starts = fragment.starts[span.start : span.end]
        return cls(fragment.place(span.start, span.end), fragment.text[span.start : span.end], starts)

    def without(self, span: Span, replacement: str) -> str:
        """The word with another text for the characters that are written in the span."""
        kept = [char for char, at in zip(self.value, self.starts, strict=True) if at < span.start]
        rest = [char for char, at in zip(self.value, self.starts, strict=True) if at >= span.end]
        return "".join((*kept, replacement, *rest))


def words_of(source: Source) -> list[str]:
    """The leaves in order; a word that holds a command itself counts as that command's words."""
    return [leaf.value for leaf in _leaves(source)]


def expected_words(source: Source, replaced: Sequence[tuple[Span, str]]) -> list[str]:
    """The leaves that the file shall have once spans get other texts: those inside a span go, others lose a part."""
    return [value for value in _replaced(_leaves(source), replaced) if value]


def _replaced(leaves: Iterable[Leaf], replaced: Sequence[tuple[Span, str]]) -> Iterator[str]:
    placed: set[tuple[Span, bool]] = set()
    order = sorted(range(len(replaced)), key=lambda number: replaced[number][0])
    starts = [replaced[number][0].start for number in order]
    ends = list(accumulate((replaced[number][0].end for number in order), max))
    for leaf in leaves:
        value = leaf.value
        near = order[bisect_left(ends, leaf.span.start) : bisect_right(starts, leaf.span.end)]
        for span, replacement in (replaced[number] for number in sorted(near)):
            if leaf.span in span:  # a replacement is one command of one word: `true`, or a part of a word
                key = (span, bool(leaf.starts))
                value = "" if key in placed or not replacement else replacement.strip() if leaf.starts else leaf.value
                placed.add(key)
            elif span in leaf.span and leaf.starts:
                value = leaf.without(span, replacement)
        yield value


def _leaves(source: Source) -> Iterator[Leaf]:
    for fragment in _texts(source):
        yield from _words(fragment, 0)


def _texts(source: Source) -> Iterator[Fragment]:
    """The commands that the file says, or every text of a YAML file that only another one makes part of a pipeline."""
    is_pipeline = is_pipeline_name(str(source.path))
    entries = list(steps.entries(load(source.path, source)) if is_pipeline else entries_of(source))
    if not entries and source.path.suffix in YAML:
        for root in roots_of(source):
            yield from _scalars(source, root)
    for entry in entries:
        yield from (fragment for fragment in entry.fragments if fragment.source.path == source.path)


def _scalars(source: Source, node: Node) -> Iterator[Fragment]:
    if isinstance(node, Mapping):
        for pair in node.pairs:
            yield from _scalars(source, pair.value)
    elif not isinstance(node, Alias):
        for item in node.items if isinstance(node, YamlSequence) else ():
            yield from _scalars(source, item)
        if isinstance(node, Scalar):
            yield scalar_fragment(source, node)


def _words(fragment: Fragment, depth: int) -> Iterator[Leaf]:
    for span, token in outline(fragment.text):
        if span.end > span.start:
            yield Leaf(fragment.place(span.start, span.end), token)
    script = parse(fragment.text)
    for commands in (script.commands, *script.functions.values()):
        for command in commands:
            yield from _of_command(command, fragment, depth)


def _of_command(command: SimpleCommand, fragment: Fragment, depth: int) -> Iterator[Leaf]:
    for item in command.assignments:
        if item.span.start == item.span.end:  # `NAME=`
            continue
        yield Leaf(fragment.place(item.span.start, item.span.end), f"{item.name}=")
        yield Leaf.word(fragment, item.span)
    for word in command.words:
        inner = fragment.inner(characters(fragment.text, word.span.start, word.span.end))
        escaped = fragment.text.startswith("$'", word.span.start)  # its line ends are escapes: one word, as written
        if word.quoted and " " in word.value and depth < DEPTH and inner.text and not escaped:
            yield from _words(inner, depth + 1)
        elif word.value:
            yield Leaf.word(fragment, word.span)
    if (heredoc := command.around.heredoc) is not None and depth < DEPTH:
        text = heredoc_characters(fragment.text, heredoc.body.start, heredoc.body.end, quoted=heredoc.quoted)
        yield from _words(fragment.inner(text), depth + 1)
