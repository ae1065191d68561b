"""Source lines with numbers and marks: where a finding is, and every second place that explains it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import east_asian_width

from volfix.fixes.masking.secrets import HIDDEN, secret_spans
from volfix.report.view import View
from volfix.rules.findings import Place
from volfix.syntax.source import Source, Span
from volfix.syntax.visible import INVISIBLE, visible

TAB = "    "
CUT = "..."


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked part of a file; `first` says that it is the place of the finding itself."""

    place: Place
    first: bool
    color: str = "blue"


@dataclass(frozen=True, slots=True)
class Frames:
    """Draws the marked lines of files; `changed` are the characters of each file that a fix changes, never masked."""

    view: View
    gutter: int
    changed: Mapping[Path, Sequence[Span]]

    def drawn(self, marks: Sequence[Mark], place: str) -> Iterator[str]:
        """The file of the finding, at `place`, with its marks in the order of lines; then the other files."""
        files: dict[object, list[Mark]] = {}
        for mark in marks:
            files.setdefault(mark.place.location.path, []).append(mark)
        for number, own in enumerate(files.values()):
            yield from self.header(own[0], ":::") if number else self.arrow("-->", place)
            yield from self._file(own)

    def header(self, mark: Mark, arrow: str) -> Iterator[str]:
        """`--> compose.yaml:15:9`."""
        place = mark.place.location
        yield from self.arrow(arrow, f"{self.view.path(place.path)}:{place.line}:{place.column}")

    def arrow(self, arrow: str, where: str) -> Iterator[str]:
        yield f"{' ' * (self.gutter - 1)}{self.view.style(arrow, fg='blue', bold=True)} {where}"

    def _file(self, marks: Sequence[Mark]) -> Iterator[str]:
        lines: dict[int, list[Mark]] = {}
        for mark in sorted(marks, key=lambda mark: mark.place.location.span):
            lines.setdefault(mark.place.location.line, []).append(mark)
        for number, own in sorted(lines.items()):
            yield from self._line(number, own)

    def _line(self, number: int, marks: Sequence[Mark]) -> Iterator[str]:
        source = marks[0].place.location.source
        start = marks[0].place.location.span.start - marks[0].place.location.column + 1
        end = source.text.find("\n", start)
        end = len(source.text) if end < 0 else end
        if not 0 <= start < end:
            return
        named = [mark.place.location.span for mark in marks if mark.place.names_file]
        text, columns = self._shown(source, start, end, named)
        spans = [self._columns(mark, start, columns) for mark in marks]
        text, shift = self._cut(text, spans)
        yield f"{self.margin(str(number))} {text}"
        for mark, (left, right) in zip(marks, spans, strict=True):
            left, right = max(left - shift, 0), min(right - shift, len(text))
            yield from self._marked(mark, cells(text[:left]), max(cells(text[left:right]), 1))

    def margin(self, number: str = "", bar: str = "|") -> str:
        return self.view.style(f"{number:>{self.gutter}} {bar}", fg="blue")

    def _shown(self, source: Source, start: int, end: int, named: Sequence[Span]) -> tuple[str, list[int]]:
        """The masked line, and for each character of the true line its column in the masked line."""
        shown = (*self.changed.get(source.path, ()), *named)
        hidden = () if self.view.show_secrets else secret_spans(source, shown, within=Span(start, end))
        starts = [span.start for span in hidden]
        text, columns = "", []
        written: set[int] = set()
        for offset in range(start, end):
            character = source.text[offset]
            number = bisect_right(starts, offset) - 1
            columns.append(len(text))
            if number >= 0 and offset < hidden[number].end and not character.isspace():
                text += "" if number in written else HIDDEN
                written.add(number)
            elif number not in written or offset >= hidden[number].end:
                text += _seen(character)
        return text, [*columns, len(text)]

    def _columns(self, mark: Mark, start: int, columns: list[int]) -> tuple[int, int]:
        span = mark.place.location.span
        last = len(columns) - 1
        return columns[min(span.start - start, last)], columns[min(span.end - start, last)]

    def _cut(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, int]:
        """The part of the line that fits, and how many columns are cut on its left."""
        room = None if self.view.columns is None else self.view.columns - self.gutter - 3
        if room is None or len(text) <= room:
            return text, 0
        first = min(left for left, _ in spans)
        begin = 0 if first < room // 2 else text.rfind(" ", 0, first - 8) + 1
        text, shift = (f"{CUT} {text[begin:]}", begin - len(CUT) - 1) if begin else (text, 0)
        if len(text) > room:
            blank = text.rfind(" ", max(first - shift, 1), room - len(CUT))
            text = f"{text[: blank + 1 if blank > 0 else room - len(CUT)]}{CUT}"
        return text, shift

    def _marked(self, mark: Mark, left: int, length: int) -> Iterator[str]:
        view, label = self.view, self.view.clean(mark.place.label)
        style = {"fg": mark.color, "bold": mark.first}
        under = ("^" if mark.first else "-") * length
        margin = f"{self.margin()} "
        room = None if view.columns is None else view.columns - self.gutter - 3
        if not label or room is None or left + length + 1 + len(label) <= room:
            yield f"{margin}{' ' * left}{view.style(f'{under} {label}'.rstrip(), **style)}"
            return
        yield f"{margin}{' ' * left}{view.style(under, **style)}"
        indent = min(left, max(room - 40, 0))
        left_out = " " * (self.gutter + 3 + indent)
        for line in view.lines(label, left_out, left_out):
            yield f"{margin}{' ' * indent}{view.style(line.strip(), **style)}"


def _seen(character: str) -> str:
    if character == "\t":
        return TAB
    if character == "\r":
        return ""
    return visible(character) if INVISIBLE.match(character) else character


def cells(text: str) -> int:
    """The columns that a text takes on a terminal."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
