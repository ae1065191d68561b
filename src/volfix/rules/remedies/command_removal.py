"""The edit that stops a command from deleting volumes: it removes the option, or the whole command."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from volfix.edits.command_edits import SetText
from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import RemoveItem
from volfix.knowledge.commands import is_remote, is_shell
from volfix.knowledge.effects import is_end, is_quiet
from volfix.project.deployments.flow import VolumeDeletion
from volfix.project.deployments.stacks import Commands
from volfix.project.shell.command import Command
from volfix.rules.evidence.command_words import removal
from volfix.rules.evidence.deployments import NOT_EDITED
from volfix.syntax.fragment import Fragment
from volfix.syntax.shell import parse
from volfix.syntax.shell_removal import Taken, without
from volfix.syntax.source import Source, Span
from volfix.syntax.yaml_edit import nodes
from volfix.syntax.yaml_tree import Scalar, Sequence

WHOLE = frozenset({"volume prune", "volume rm", "volume remove"})
"""Verbs that do nothing but delete volumes, with any option."""


def taken_out(commands: Commands, item: VolumeDeletion) -> tuple[Operation, ...] | str:
    """The operations after which the command deletes none of the stack's volumes; or why there are none."""
    command = item.command
    pipeline = commands.files.pipeline(command.fragment.source.path)
    if pipeline is not None and not pipeline.system.edits_commands:
        return NOT_EDITED
    if not _is_whole(item):
        if item.option is None:
            return "the command also does something else"
        return removal(command, item.option, item.flow)
    if len(item.call.arguments) > 1 and item.deletion.reaches == "named":
        return "the command names several volumes"
    if not command.is_written:
        return "the text of the command comes from several places"
    alike = commands.by_text.get(id(command.fragment), ())
    also = [each.command.home for each in alike if each is not item and _is_whole(each)]
    found = _without(command.fragment, command.home, item, also)
    if isinstance(found, Taken) and found.alone and (outer := _outer(item)) is not None:
        fragment, home = outer
        found = _without(fragment, home, item, ())
    else:
        fragment = command.fragment
    return found if isinstance(found, str) else _edit(commands, command, fragment, found)


def _without(fragment: Fragment, home: Span, item: VolumeDeletion, also: Iterable[Span]) -> Taken | str:
    return without(
        fragment.text,
        home,
        fails=_fails(item),
        may_go=lambda words: is_quiet(words) or is_end(words),
        also=tuple(also),
    )


def _outer(item: VolumeDeletion) -> tuple[Fragment, Span] | None:
    """The outer command, as in `ssh host '...'`, if its text runs nothing but this command; else None."""
    command = item.command
    alike = item.flow.by_origin.get((id(command.start), command.origin_in.path, command.origin), ())
    if command.entry is not command.start or len(alike) != 1:
        return None
    for text in command.entry.texts:
        is_other = text is not command.fragment and text.source is command.origin_in
        if is_other and text.text and command.origin in text.place(0, len(text.text)):
            start, end = (bisect_left(text.starts, at) for at in (command.origin.start, command.origin.end))
            outer = (each for each in parse(text.text).commands if each.span.start == start)
            names = [posixpath.basename(word.value) for each in outer for word in each.words]
            if any(is_remote(name) or is_shell(name) for name in names):
                return text, Span(start, end)
    return None


def _is_whole(item: VolumeDeletion) -> bool:
    return item.call.verb in WHOLE


def _fails(item: VolumeDeletion) -> bool:
    """Whether the command fails while the volume does not exist, as it is before the fix's first deployment."""
    return item.deletion.reaches == "named" and not any(each.name in ("-f", "--force") for each in item.call.options)


def _edit(commands: Commands, command: Command, fragment: Fragment, found: Taken) -> tuple[Operation, ...] | str:
    source, text = fragment.source, fragment.text[found.span.start : found.span.end]
    begin = found.span.start + len(text) - len(text.lstrip())
    place = fragment.place(begin, begin + len(text.strip()))
    own = _own_text(command, fragment, place)
    if found.alone or (found.lines and own is not None and own.text.strip() == text.strip()):
        return _whole_text(commands, command, place, own)
    if source.text[place.start : place.end] != text.strip():
        return "the command has a form that volfix does not edit"
    if found.lines:
        return _lines(own or fragment, place)
    span = fragment.place(found.span.start, found.span.end)
    if not fragment.is_verbatim(found.span.start, found.span.end):
        return "the command has a form that volfix does not edit"
    return (SetText(source, span, found.replacement),)


def _own_text(command: Command, fragment: Fragment, place: Span) -> Fragment | None:
    """The text of the entry that holds the characters: a list item, or a line of a recipe."""
    if not any(fragment is text for text in command.entry.texts):
        return None
    texts = (own for own in command.entry.fragments if own.text)
    return next((own for own in texts if place in own.place(0, len(own.text))), None)


def _lines(fragment: Fragment, place: Span) -> tuple[Operation, ...] | str:
    """The operation that removes the lines of these characters; or why volfix cannot remove them."""
    source, text = fragment.source, fragment.text
    first, last = (bisect_left(fragment.starts, at) for at in (place.start, place.end - 1))
    following = text.find("\n", last) + 1
    start, end = fragment.starts[text.rfind("\n", 0, first) + 1], place.end
    if 0 < following < len(text):  # in a YAML block the next line moves behind the same indentation
        end = fragment.starts[following]
    else:  # the last line: its line end ends the text, so the line end before it goes
        start = source.line_start(start)
        start -= 2 if source.text[start - 2 : start] == "\r\n" else min(start, 1)
    if source.text[start:end].strip() != source.text[place.start : place.end]:
        return "the command shares its lines with other text"
    return (SetText(source, Span(start, end)),)


def _whole_text(commands: Commands, command: Command, place: Span, own: Fragment | None) -> tuple[Operation, ...] | str:
    """The operation that removes a list item or a line of a recipe as a whole; or why volfix cannot remove it."""
    source, entry = command.fragment.source, command.entry
    if own is None:
        return "removing the command would leave the text around it empty"
    if len(entry.fragments) < 2:
        return f"removing the command would leave {entry.name or source.path.name} without a command"
    if source.path.suffix in (".yml", ".yaml"):
        for items, item in _items(commands, source):
            if place in item.span and len(items.items) > 1:
                return (RemoveItem(source, items, item),)
        return "the command shares its list item with other text"
    start, end = source.line_start(place.start), source.line_end(place.end)
    around = source.text[start : place.start].strip(" \t@+-") + source.text[place.end : end].strip()
    if entry.kind != "target" or around:
        return "the command shares its line with other text"
    return (SetText(source, Span(start, end)),)


def _items(commands: Commands, source: Source) -> Iterator[tuple[Sequence, Scalar]]:
    """The scalars in lists of a YAML file."""
    for document in commands.documents(source):
        for node in nodes(document.root):
            if isinstance(node, Sequence):
                yield from ((node, item) for item in node.items if isinstance(item, Scalar))
