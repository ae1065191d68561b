"""What code means before and after an edit of its strings: Dockerfiles, Python modules, ini files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from volfix.rules.operations import AddInstruction, Operation, SetLiteral
from volfix.syntax import dockerfile
from volfix.syntax.source import FileProblem, Source, Span


def meanings(operations: Sequence[Operation], after: Source) -> tuple[Any, Any]:
    """What the changed file shall mean, and what it does mean; raises FileProblem where it cannot be read any more."""
    before = operations[0].source
    literals = [item for item in operations if isinstance(item, SetLiteral)]
    if before.path.suffix == ".py":
        return _module(before, literals), _module(after, ())
    if before.path.suffix == ".ini":
        return _options(before, literals), _options(after, ())
    new = [(item.place, item.text) for item in operations if isinstance(item, AddInstruction)]
    return _instructions(before, literals, new), _instructions(after, (), ())


def _instructions(
    source: Source, literals: Sequence[SetLiteral], new: Sequence[tuple[int, str]]
) -> list[tuple[str, tuple[str, ...], list[str], tuple[str, ...]]]:
    """Each instruction with its words, the replaced ones as they shall be, and the new ones where they are put."""
    found = []
    for item in dockerfile.read(source):
        for place, text in new:
            if place == item.span.start:
                added = dockerfile.read(Source.of(source.path, text.encode()))[0]
                found.append((added.keyword, added.flags, added.words, added.heredocs))
        words = item.words
        for literal in literals:
            if literal.span in item.span:
                number = _word_at(source, item, literal.span)
                old = source.text[literal.span.start : literal.span.end]
                words[number] = words[number].replace(old, literal.replacement)
        found.append((item.keyword, item.flags, words, item.heredocs))
    return found


def _word_at(source: Source, item: dockerfile.Instruction, span: Span) -> int:
    """Which of the instruction's words the characters lie in: each is written after the one before it."""
    at = item.span.start + len(item.keyword)
    for number, word in enumerate(item.words):
        start = source.text.find(word, at, item.span.end)
        if start < 0:
            break
        at = start + len(word)
        if start <= span.start < at:
            return number
    raise FileProblem(source.path, "the value's place in its instruction is not clear", *source.place(span.start))


def _module(source: Source, literals: Sequence[SetLiteral]) -> object:
    """The syntax tree, node by node, with the contents of the literals as they shall be."""
    from volfix.syntax.python_source import dump

    return dump(source, {item.span: item.replacement for item in literals})


def _options(source: Source, literals: Sequence[SetLiteral]) -> dict[str, dict[str, str]]:
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(source.text)
    except configparser.Error as error:
        raise FileProblem(source.path, "not an ini file") from error
    found = {name: dict(parser.items(name)) for name in parser.sections()}
    for item in literals:
        old = source.text[item.span.start : item.span.end]
        for options in found.values():
            for key, value in options.items():
                if key == "sqlalchemy.url" and value.endswith(old):
                    options[key] = value.removesuffix(old) + item.replacement
    return found
