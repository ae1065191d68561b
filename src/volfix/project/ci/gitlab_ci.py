"""GitLab CI: each job is a pipeline with one step; included files, `extends`, `default` and `!reference` are resolved.

Source: docs.gitlab.com, CI/CD YAML syntax; Use Docker to build Docker images (a dind service ends with its job); Pass
dotenv variables to specific jobs (they win over its own; later stages get all, or those that name it in `needs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from volfix.knowledge.systems import Life, Place, system
from volfix.project.ci.nodes import asked, environment_of, fragments, mappings, numbered, places_of, roots_of, text
from volfix.project.ci.pipeline import Pipeline, PipelineFile, Step
from volfix.project.compose.compose_file import strings
from volfix.syntax import disk
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, resolved

SYSTEM = system("gitlab_ci")
NO_JOBS = frozenset({"default", "include", "stages", "variables", "workflow", "image", "services", "cache", "spec"})
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
STOPS = "inputs: the environment is to be stopped"
STAGES = ("build", "test", "deploy")
"""The stages between `.pre` and `.post` if the file has no `stages:`."""
DEPTH = 11
"""How many levels of `extends` and `!reference` are followed, as GitLab does."""


def recognises(path: Path, _roots: Many[Mapping]) -> bool:
    """Whether the file's name begins with `.gitlab-ci`."""
    return path.name.lower().startswith(".gitlab-ci")


def read(source: Source, documents: tuple[Document, ...]) -> PipelineFile:
    """The pipeline file with the jobs of the file and of local files that it includes; each job is a pipeline."""
    document = next((each for each in documents if isinstance(resolved(each.root), Mapping)), documents[0])
    parts = tuple(_parts(source, documents, source.path.parent))
    settings = _Settings(parts)
    return PipelineFile(source, SYSTEM, documents, tuple(_pipeline(settings, document, name) for name in settings.jobs))


Part = tuple[Source, Mapping]
"""A mapping and the file that holds it."""


def _parts(source: Source, documents: Many[Document], home: Path) -> Iterator[Part]:
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
class _Settings:
    """The settings of jobs after `extends` and `default` are applied; the first of `parts` wins."""

    parts: tuple[Part, ...]

    @cached_property
    def jobs(self) -> list[str]:
        """The names of the jobs with a `script`, in the order of the files."""
        names = dict.fromkeys(name for _, root in self.parts for name, _ in mappings(root) if name not in NO_JOBS)
        return [name for name in names if not name.startswith(".") and self.value(name, "script") is not None]

    def lineage(self, name: str, depth: int = 0) -> Iterator[Part]:
        """The mappings that define a job: its own first, then those that it extends."""
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
            stage = self.stage_number(name)
            yield from (each for each in self.jobs if self.stage_number(each) < stage)
            return
        for item in named[1].items if isinstance(named[1], Sequence) else ():
            entry = resolved(item)
            if isinstance(entry, Mapping) and text(entry, "artifacts") != "false" and (job := text(entry, "job")):
                yield job
            yield from strings(entry) if isinstance(entry, Scalar) else ()

    def stage_number(self, name: str) -> int:
        """The position of a job's stage in the order of stages, from 0."""
        given = (list(strings(node)) for _, root in self.parts if (node := root.get("stages")) is not None)
        order = [".pre", *next(given, STAGES), ".post"]
        stage = self.value(name, "stage")
        own = next(strings(stage[1]), "test") if stage is not None else "test"
        return order.index(own) if own in order else order.index(".post")

    def commands(self, name: str, key: str, depth: int = 0) -> Iterator[Fragment]:
        """The commands under a key of a job, including those that a `!reference` points to."""
        found = self.value(name, key)
        if found is not None:
            yield from self._flattened(*found, depth)

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


def _pipeline(settings: _Settings, document: Document, name: str) -> Pipeline:
    source, node = next(iter(settings.lineage(name)))
    home = settings.parts[0][0].path.parent
    environment: dict[str, str | None] = {}
    given_at: dict[str, tuple[Source, int]] = {}
    for file, scope in settings.variables(name):
        environment |= environment_of(scope)
        given_at |= places_of(file, scope)
    commands = [*settings.commands(name, "before_script"), *settings.commands(name, "script")]
    commands += settings.commands(name, "after_script")
    if _stops(settings.value(name, "environment")):
        commands = [asked(each, STOPS) for each in commands]
    stage, image = settings.value(name, "stage"), settings.value(name, "image")
    checkout, cleaned_by = _checkout(environment)
    step = Step(
        name=name,
        node=node,
        image=next(_images(image[1] if image else None), None),
        commands=tuple(commands),
        script=(),
        environment={},
        mounts=(),
        source=source,
    )
    services = settings.value(name, "services")
    workspace = SYSTEM.workspace_of(home.name)
    known = {**environment, **dict.fromkeys(SYSTEM.workspace_variables, workspace)}
    return Pipeline(
        system=SYSTEM,
        place=Place.UNKNOWN,
        runner="a GitLab runner",
        name=name,
        document=document,
        node=node,
        steps=(step, *_services(services)),
        volumes=(),
        workspace=workspace,
        environment={key: value and _expanded(value, known) for key, value in environment.items()},
        given_at=given_at,
        events=_events(settings, name),
        titles=(name, *(strings(stage[1]) if stage else ())),
        checkout=checkout,
        cleaned_by=cleaned_by,
        clean_flags=tuple((environment.get("GIT_CLEAN_FLAGS") or " ".join(SYSTEM.clean_flags)).split()),
        names_environment=settings.value(name, "environment") is not None,
        reports=tuple(settings.reports(name)),
        takes_from=tuple(settings.takes_from(name)),
    )


def _stops(environment: tuple[Source, Node] | None) -> bool:
    """Whether the job stops its environment: it runs only on request or after its branch was deleted."""
    node = environment[1] if environment is not None else None
    return isinstance(node, Mapping) and text(node, "action") == "stop"


def _expanded(value: str, known: dict[str, str | None]) -> str:
    """The value with the known variables in it replaced; GitLab replaces them before the shell runs."""
    return VARIABLE.sub(lambda found: known.get(found[1] or found[2]) or found[0], value)


def _checkout(environment: dict[str, str | None]) -> tuple[Life, str]:
    """What happens to the runner's checkout between two jobs, and the command that does it."""
    strategy = environment.get("GIT_STRATEGY", "fetch") or ""
    flags = environment.get("GIT_CLEAN_FLAGS", " ".join(SYSTEM.clean_flags))
    life = Life(SYSTEM.strategies.get(strategy, "unknown"))
    if life is Life.CLEANED and (flags is None or "$" in flags):
        return Life.UNKNOWN, ""
    if life is Life.CLEANED and flags == "none":
        return Life.KEPT, ""
    return life, SYSTEM.cleaned_by.get(strategy, "").replace("{flags}", flags or "")


def _services(found: tuple[Source, Node] | None) -> Iterator[Step]:
    if found is None:
        return
    source, node = found
    for item in node.items if isinstance(node, Sequence) else (node,):
        entry = resolved(item)
        image = next(_images(entry), None)
        if image and isinstance(entry, Mapping | Scalar):
            alias = text(entry, "alias") if isinstance(entry, Mapping) else None
            name = alias or image.partition(":")[0].replace("/", "-")
            place = entry if isinstance(entry, Mapping) else Mapping(entry.span, (), flow=False)
            yield Step(name, place, image, (), (), {}, (), is_service=True, source=source)


def _images(node: Node | None) -> Iterator[str]:
    node = resolved(node) if node is not None else None
    if isinstance(node, Scalar):
        yield node.value
    elif isinstance(node, Mapping) and (image := text(node, "name")):
        yield image


def _events(settings: _Settings, name: str) -> frozenset[str] | None:
    """`pull_request` if `only:` or `rules:` limit the job to merge requests; None for any event."""
    found = settings.value(name, "only")
    refs = found[1].get("refs") if found and isinstance(found[1], Mapping) else found[1] if found else None
    names = set(strings(refs))
    if names and names.issubset(SYSTEM.requests):
        return frozenset({"pull_request"})
    rules = settings.value(name, "rules")
    entries = [entry for _, entry in numbered(rules[1] if rules else None)]
    tests = [text(entry, "if") or "" for entry in entries if text(entry, "when") != "never"]
    if tests and all("merge_request" in test and "==" in test and "||" not in test for test in tests):
        return frozenset({"pull_request"})
    return None
