"""Operations on code: Dockerfiles, modules in Python, Go, JavaScript and TypeScript, ini files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volfix.edits.operation import Operation
from volfix.syntax.code_tree import GRAMMARS
from volfix.syntax.source import Edit, FileProblem, Source, Span

if TYPE_CHECKING:
    from volfix.syntax.dockerfile import Instruction

Described = tuple[str, tuple[str, ...], list[str], tuple[str, ...]]
"""An instruction: its keyword, flags, words and here-documents."""


class CodeEdit(Operation):
    """An operation on code; `apply` takes an instruction with what is described for it, or an option's text."""

    __slots__ = ()

    @staticmethod
    def meaning(source: Source, operations: Sequence[Operation]) -> Any:
        """The syntax tree of a module node by node, the options of an ini file, the instructions of a Dockerfile."""
        if source.path.suffix == ".py":
            from volfix.syntax.python_source import dump

            edits = (edit for operation in operations for edit in operation.splice())
            return dump(source, {edit.span: edit.replacement for edit in edits})
        if source.path.suffix in GRAMMARS:
            from volfix.syntax.code_tree import dump as dump_tree

            edits = (edit for operation in operations for edit in operation.splice())
            return dump_tree(source, {edit.span: edit.replacement for edit in edits})
        return (_options if source.path.suffix == ".ini" else _instructions)(source, operations)


@dataclass(frozen=True, slots=True)
class SetLiteral(CodeEdit):
    """Replaces the content of a string in code: of an ENV, a Python literal, an option of an ini file.

    `span` is what stands between the quotes, `value` what shall stand there, which needs no escape.
    """

    source: Source
    span: Span
    value: str

    @property
    def place(self) -> Span:
        return self.span

    @property
    def _old(self) -> str:
        return self.source.text[self.span.start : self.span.end]

    def splice(self) -> list[Edit]:
        return [Edit(self.source.path, self.span, self.value)]

    def apply(self, part: Any, data: Any, /) -> Any:
        if isinstance(data, str):
            return data.removesuffix(self._old) + self.value if data.endswith(self._old) else data
        if self.span not in part.span:
            return data
        *above, (keyword, flags, words, heredocs) = data
        number = _word_at(self.source, part, self.span)
        words = [*words[:number], words[number].replace(self._old, self.value), *words[number + 1 :]]
        return [*above, (keyword, flags, words, heredocs)]


@dataclass(frozen=True, slots=True)
class AddInstruction(CodeEdit):
    """Adds an instruction to a Dockerfile, on a line of its own at `start`, where another instruction begins."""

    source: Source
    start: int
    text: str

    @property
    def place(self) -> Span:
        return Span(self.start, self.start)

    def splice(self) -> list[Edit]:
        return [Edit(self.source.path, self.place, self.text + self.source.newline)]

    def apply(self, part: Instruction, data: list[Described], /) -> list[Described]:
        from volfix.syntax import dockerfile

        if part.span.start != self.start:
            return data
        added = dockerfile.read(Source.of(self.source.path, self.text.encode()))[0]
        return [*data[:-1], _described(added), data[-1]]

    def replaced(self) -> None:
        return None


def _instructions(source: Source, operations: Sequence[Operation]) -> list[Described]:
    """Each instruction, with those that are put in front of it."""
    from volfix.syntax import dockerfile

    found: list[Described] = []
    for item in dockerfile.read(source):
        data = [_described(item)]
        for operation in operations:
            data = operation.apply(item, data)
        found += data
    return found


def _described(item: Instruction) -> Described:
    return item.keyword, item.flags, item.words, item.heredocs


def _word_at(source: Source, item: Instruction, span: Span) -> int:
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


def _options(source: Source, operations: Sequence[Operation]) -> dict[str, dict[str, str]]:
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(source.text)
    except configparser.Error as error:
        raise FileProblem(source.path, "not an ini file") from error
    found = {name: dict(parser.items(name)) for name in parser.sections()}
    for operation in operations:
        for options in found.values():
            if "sqlalchemy.url" in options:
                options["sqlalchemy.url"] = operation.apply("sqlalchemy.url", options["sqlalchemy.url"])
    return found
