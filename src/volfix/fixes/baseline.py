"""Findings that an estate had before volfix came to it: they are left out, and only what is new is reported.

A finding is known by its rule, file, service, target, step and the text that it is about, not by its line or message.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from volfix.fixes.masking.credentials import hide_credentials
from volfix.fixes.masking.messages import scrub
from volfix.project.compose.host_directories import is_within, relative
from volfix.rules.findings import Finding

VERSION = 1


class BaselineProblem(Exception):
    """A file that is no baseline; the message says why."""


class Known(NamedTuple):
    """What a finding is known by; `file` starts from the baseline's directory, `digest` is that of the text."""

    code: str
    file: str
    service: str | None
    target: str | None
    step: str | None
    digest: str


@dataclass(slots=True)
class Baseline:
    """The findings in the file at `path`, each with how often it is there; `left` are those that were not met yet."""

    path: Path
    findings: Counter[Known]
    left: Counter[Known] = field(default_factory=Counter)

    @classmethod
    def of(cls, path: Path, findings: Iterable[Finding]) -> Baseline:
        """The baseline of these findings."""
        return cls(path, Counter(_known(finding, path.parent) for finding in findings))

    @classmethod
    def read(cls, path: Path, text: str) -> Baseline:
        """The baseline that the file's text is; raises BaselineProblem."""
        try:
            data = json.loads(text)
            if data["version"] != VERSION:
                raise BaselineProblem(f"{path}: a baseline of another version, {data['version']}: write it again")
            found = [(Known(*(item[key] for key in Known._fields)), int(item["count"])) for item in data["findings"]]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BaselineProblem(f"{path}: no baseline of volfix: {error}") from error
        return cls(path, Counter(dict(found)))

    @property
    def text(self) -> str:
        """The file's text, a finding a line."""
        lines = [json.dumps({**known._asdict(), "count": count}, ensure_ascii=False) for known, count in self._sorted()]
        return f'{{"version": {VERSION}, "findings": [\n' + ",\n".join(lines) + "\n]}\n"

    def begin(self) -> None:
        """Start a run, in which each finding is met once more."""
        self.left = Counter(self.findings)

    def has(self, finding: Finding) -> bool:
        """Whether the finding is one of those; it is one less then."""
        known = _known(finding, self.path.parent)
        if not self.left[known]:
            return False
        self.left[known] -= 1
        return True

    def notes(self, paths: Sequence[Path], codes: Collection[str], unread: Collection[Path]) -> Iterator[str]:
        """A line on how many findings are left out, then one for each stale entry."""
        if met := self.findings.total() - self.left.total():
            yield f"{self.path}: leaves out {met} known finding{'' if met == 1 else 's'}"
        yield from self._stale(paths, codes, unread)

    def _stale(self, paths: Sequence[Path], codes: Collection[str], unread: Collection[Path]) -> Iterator[str]:
        """A line for each entry that the run has looked for below its paths, and not found."""
        for known, count in sorted((+self.left).items(), key=lambda item: _order(item[0])):
            file = self.path.parent / known.file
            if (
                known.code in codes
                and file not in unread
                and any(file == path or is_within(file, path) for path in paths)
            ):
                about = ", ".join(filter(None, (known.service, known.target, known.step)))
                often = f" ({count} times)" if count > 1 else ""
                yield (
                    f"{self.path}: stale: {known.code} in {known.file}{f' on {about}' if about else ''} is found no "
                    f"longer{often}; the same command with --write-baseline takes it out"
                )

    def _sorted(self) -> list[tuple[Known, int]]:
        return sorted(self.findings.items(), key=lambda item: _order(item[0]))


def _order(known: Known) -> tuple[Any, ...]:
    return (known.file, *(part or "" for part in known))


def _known(finding: Finding, base: Path) -> Known:
    location = finding.location
    text = hide_credentials(location.source.text[location.span.start : location.span.end])
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    target = None if finding.target is None else scrub(finding.target)
    step = None if finding.step is None else scrub(finding.step)
    return Known(finding.code, relative(location.path, base), finding.service, target, step, digest)
