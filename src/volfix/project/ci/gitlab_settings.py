"""What the files of a GitLab pipeline say of its jobs: `include`, `extends`, `default` and `!reference` are resolved.

Source: docs.gitlab.com, CI/CD YAML syntax.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from volfix.project.ci.nodes import fragments, mappings, roots_of, text
from volfix.project.compose.compose_file import strings
from volfix.syntax import disk
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, resolved

NO_JOBS = frozenset({"default", "include", "stages", "variables", "workflow", "image", "services", "cache", "spec"})
STAGES = ("build", "test", "deploy")
"""The stages between `.pre` and `.post` if the file has no `stages:`."""
DEPTH = 11
"""How many levels of `extends` and `!reference` are followed, as GitLab does."""
MOST = 2_000
"""Commands under a key of a job that are read: each `!reference` can name a list of others."""
Part = tuple[Source, Mapping]
"""A mapping and the file that holds it."""


def parts_of(source: Source, documents: Many[Document], home: Path) -> Iterator[Part]:
    """The file and the files that it includes. The first in the order wins: a file wins over those that it includes."""
    roots = [root for each in documents if isinstance(root := resolved(each.root), Mapping)]
    yield from ((source, root) for root in roots)
    seen, waiting = {source.path}, [path for root in roots for path in _included(root, home)]
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 150:  # GitLab's own limit
            continue
        seen.add(path)
        try:
            other = Source.read(path)
        except FileProblem:
            continue
        for root in roots_of(other):
            yield other, root
            waiting += _included(root, home)


def _included(root: Mapping, home: Path) -> Iterator[Path]:
    """The local files that `include:` names, if they are inside the repository."""
    node = root.get("include")
    for item in node.items if isinstance(node, Sequence) else (node,):
        entry = resolved(item) if item is not None else None
        local = entry.get("local") if isinstance(entry, Mapping) else entry
        for name in strings(local):
            if "://" not in name and "$" not in name and ".." not in name:
                for path in disk.matching(home, name.lstrip("/")) if "*" in name else (home / name.lstrip("/"),):
                    if disk.is_file(path):
                        yield path


@dataclass(frozen=True)
class Settings:
    """What the files say of jobs, after `extends` and `default`; `parts` have that which wins first.

    `lineages` and `fragments` are those that were asked for, by job, key and depth: each may name others many times.
    """

    parts: tuple[Part, ...]
    lineages: dict[tuple[str, int], tuple[Part, ...]] = field(default_factory=dict)
    fragments: dict[tuple[str, str, int], tuple[Fragment, ...]] = field(default_factory=dict)

    @cached_property
    def jobs(self) -> list[str]:
        """The names of the jobs with a `script`, in the order of the files."""
        names = dict.fromkeys(name for _, root in self.parts for name, _ in mappings(root) if name not in NO_JOBS)
        return [name for name in names if not name.startswith(".") and self.value(name, "script") is not None]

    def lineage(self, name: str, depth: int = 0) -> tuple[Part, ...]:
        """The mappings that say what a job is, each once, the nearest first: its own, then those that it extends."""
        key = name, depth
        if key not in self.lineages:
            self.lineages[key] = tuple({id(own): (source, own) for source, own in self._extended(name, depth)}.values())
        return self.lineages[key]

    def _extended(self, name: str, depth: int) -> Iterator[Part]:
        for source, root in self.parts:
            own = root.get(name)
            if not isinstance(own, Mapping):
                continue
            yield source, own
            for parent in reversed(list(strings(own.get("extends")))) if depth < DEPTH else ():
                yield from self.lineage(parent, depth + 1)

    def value(self, name: str, key: str) -> tuple[Source, Node] | None:
        """The value of a job's key; without the key in the job, the value in `default` or at the top of a file."""
        for source, own in self.lineage(name):
            if (node := own.get(key)) is not None:
                return self._referenced(source, node)
        for source, root in self.parts:
            default = root.get("default")
            for shared in (default, root):
                if isinstance(shared, Mapping) and key != "script" and (node := shared.get(key)) is not None:
                    return self._referenced(source, node)
        return None

    def variables(self, name: str) -> list[Part]:
        """The `variables:` that apply to a job; a later mapping overrides an earlier mapping."""
        scopes = reversed([*self.lineage(name), *self.parts])
        given = ((source, node) for source, own in scopes if (node := own.get("variables")) is not None)
        return [
            (source, node) for source, node in (self._referenced(*each) for each in given) if isinstance(node, Mapping)
        ]

    def _referenced(self, source: Source, node: Node, depth: int = 0) -> tuple[Source, Node]:
        """The value that a `!reference` points to; any other value unchanged."""
        node = resolved(node)
        if not isinstance(node, Sequence) or node.tag != "!reference" or depth == DEPTH:
            return source, node
        names = list(strings(node))
        for file, own in self.lineage(names[0]) if len(names) > 1 else ():
            found: Node | None = own
            for key in names[1:]:
                found = (
                    resolved(entry) if isinstance(found, Mapping) and (entry := found.get(key)) is not None else None
                )
            if found is not None:
                return self._referenced(file, found, depth + 1)
        return source, node

    def reports(self, name: str) -> Iterator[str]:
        """The env files (`artifacts: reports: dotenv:`) whose variables a job passes to later jobs."""
        for _, own in self.lineage(name):
            artifacts = own.get("artifacts")
            found = artifacts.get("reports") if isinstance(artifacts, Mapping) else None
            if isinstance(found, Mapping) and (named := found.get("dotenv")) is not None:
                yield from strings(named)
                return

    def takes_from(self, name: str) -> Iterator[str]:
        """The jobs whose artifacts a job downloads: those that it names; by default all jobs of earlier stages."""
        named = self.value(name, "dependencies") or self.value(name, "needs")
        if named is None:
            yield from self.earlier[self.stage_numbers[name]]
            return
        for item in named[1].items if isinstance(named[1], Sequence) else ():
            entry = resolved(item)
            if isinstance(entry, Mapping) and text(entry, "artifacts") != "false" and (job := text(entry, "job")):
                yield job
            yield from strings(entry) if isinstance(entry, Scalar) else ()

    @cached_property
    def earlier(self) -> dict[int, tuple[str, ...]]:
        """The jobs of earlier stages, by the number of a stage."""
        numbers = self.stage_numbers
        return {stage: tuple([name for name in self.jobs if numbers[name] < stage]) for stage in set(numbers.values())}

    @cached_property
    def stage_numbers(self) -> dict[str, int]:
        """Where the stage of each job stands in the order of stages."""
        return {name: self._stage_number(name) for name in self.jobs}

    def _stage_number(self, name: str) -> int:
        stage = self.value(name, "stage")
        own = next(strings(stage[1]), "test") if stage is not None else "test"
        return self._stages.get(own, self._stages[".post"])

    @cached_property
    def _stages(self) -> dict[str, int]:
        """The stages, each with its number; of a stage that is there twice the first."""
        given = (list(strings(node)) for _, root in self.parts if (node := root.get("stages")) is not None)
        order = [".pre", *next(given, STAGES), ".post"]
        return {stage: number for number, stage in reversed([*enumerate(order)])}

    def commands(self, name: str, key: str, depth: int = 0) -> tuple[Fragment, ...]:
        """The commands under a key of a job, those that `!reference` names included, MOST of them at most."""
        asked = name, key, depth
        if asked not in self.fragments:
            found = self.value(name, key)
            self.fragments[asked] = tuple(islice(self._flattened(*found, depth), MOST + 1)) if found is not None else ()
            if len(self.fragments[asked]) > MOST:
                disk.refuse(self.parts[0][0].path, f"a job of more than {MOST} commands: volfix does not read them all")
        return self.fragments[asked]

    def _flattened(self, source: Source, node: Node, depth: int) -> Iterator[Fragment]:
        node = resolved(node)
        if not isinstance(node, Sequence):
            yield from fragments(source, node)
            return
        if node.tag == "!reference":
            names = list(strings(node))
            if len(names) == 2 and depth < DEPTH:
                yield from self.commands(names[0], names[1], depth + 1)
            return
        for item in node.items:
            yield from self._flattened(source, item, depth)
