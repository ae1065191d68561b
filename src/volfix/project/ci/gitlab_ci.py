"""GitLab CI: each job is a pipeline with one step; included files, `extends`, `default` and `!reference` are resolved.

Source: docs.gitlab.com, CI/CD YAML syntax; Use Docker to build Docker images (a dind service ends with its job); Pass
dotenv variables to specific jobs (they win over its own; later stages get all, or those that name it in `needs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence as Many
from pathlib import Path

from volfix.knowledge.systems import Life, Place, system
from volfix.project.ci.gitlab_settings import Settings, parts_of
from volfix.project.ci.nodes import asked, environment_of, numbered, places_of, text
from volfix.project.ci.pipeline import Pipeline, PipelineFile, Step
from volfix.project.compose.compose_file import strings
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, resolved

SYSTEM = system("gitlab_ci")
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
STOPS = "inputs: the environment is to be stopped"


def recognises(path: Path, _roots: Many[Mapping]) -> bool:
    """Whether the file's name begins with `.gitlab-ci`."""
    return path.name.lower().startswith(".gitlab-ci")


def read(source: Source, documents: tuple[Document, ...]) -> PipelineFile:
    """The pipeline file with the jobs of the file and of local files that it includes; each job is a pipeline."""
    document = next((each for each in documents if isinstance(resolved(each.root), Mapping)), documents[0])
    parts = tuple(parts_of(source, documents, source.path.parent))
    settings = Settings(parts)
    return PipelineFile(source, SYSTEM, documents, tuple(_pipeline(settings, document, name) for name in settings.jobs))


def _pipeline(settings: Settings, document: Document, name: str) -> Pipeline:
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


def _events(settings: Settings, name: str) -> frozenset[str] | None:
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
