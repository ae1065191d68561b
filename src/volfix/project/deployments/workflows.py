"""Finds which projects each pipeline file deploys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.ci.names import checkout_of
from volfix.project.ci.pipeline import PipelineFile
from volfix.project.compose.model import Project, normalized_name
from volfix.project.deployments.deployment import Checkout, Deployment, deployments
from volfix.project.git import work_tree
from volfix.syntax import disk
from volfix.syntax.disk import LARGEST
from volfix.syntax.source import FileProblem, Source, Span

if TYPE_CHECKING:
    from volfix.project.loader import Loader

MENTIONS = re.compile(r"docker|compose")


@dataclass(frozen=True, eq=False)
class Workflow:
    """A pipeline file, the checkout of its repository, and every deployment in its steps.

    `unread` are the parts of files that volfix cannot read as shell: file, offset of the problem, position of the part.
    """

    file: PipelineFile
    checkout: Checkout
    deployments: tuple[Deployment, ...]
    unread: tuple[tuple[Path, int, Span], ...] = ()

    def notes(self) -> Iterator[str]:
        """A line for each unread part that mentions Docker or Compose."""
        for path, offset, span in self.unread:
            try:
                source = self.file.source if path == self.file.path else Source.read(path)
            except FileProblem:  # it was there when it was interpreted
                continue
            if MENTIONS.search(source.text[span.start : span.end]):
                line, column = source.place(offset)
                yield f"{path}:{line}:{column}: not read: volfix does not understand these commands"

    def paths(self, deployment: Deployment) -> tuple[Path, ...]:
        """The Compose files of a deployment that are in the repository, in the order in which Compose merges them."""
        found = (self.checkout.find(deployment.pipeline, path) for path in deployment.files)
        return tuple(path for path in found if path is not None and disk.is_file(path))

    def projects(self, deployment: Deployment, projects: Iterable[Project]) -> list[Project]:
        """The projects that the deployment starts: the best match between their files and the files that it names."""
        paths = self.paths(deployment)
        wanted = set(paths)
        own = [project for project in projects if wanted & {file.path for file in project.files}]
        exact = [project for project in own if {file.path for file in project.files} == wanted]
        if exact or len(own) < 2:
            return exact or own
        first = [project for project in own if project.files[0].path == paths[0]]
        return first if len(paths) == 1 and first else own

    def local(self, deployment: Deployment, path: str) -> Path | None:
        """The path in the repository of the step's absolute `path`; None outside its workspace."""
        return self.checkout.find(deployment.pipeline, path)

    @property
    def repository(self) -> str:
        """The name of the repository's remote, otherwise of its directory, normalised as a project name."""
        return normalized_name(_remote_name(self.checkout.root) or self.checkout.root.name)

    def reaches(self, project: Project) -> bool:
        """Whether the project is in the pipeline's repository."""
        return project.directory.is_relative_to(self.checkout.root)


def _remote_name(root: Path) -> str | None:
    """The last part of the address of `origin` in git's configuration; None if there is none."""
    tree = work_tree(root)
    try:
        text = disk.read_for_git(tree.git_dir / "config", LARGEST).decode(errors="replace") if tree else ""
    except OSError:
        return None
    found = re.search(r'^\[remote "origin"\][^\[]*?^\s*url *= *\S*?([^/:\s]+?)(?:\.git)?/?\s*$', text, re.MULTILINE)
    return found[1] if found else None


def read_workflows(paths: Sequence[Path], loader: Loader) -> Iterator[Workflow]:
    """The pipelines at these paths, without those that only test. The loader reports what cannot be read."""
    for path in paths:
        file = loader.pipeline(path)
        if file is not None:
            workflow = _workflow(file)
            if file.system.tests_by_default and all(deployment.is_test for deployment in workflow.deployments):
                continue
            for note in workflow.notes():
                loader.note(note)
            yield workflow


def _workflow(file: PipelineFile) -> Workflow:
    """The pipeline's workflow. Its checkout is the git work tree, unless its Compose files are only beside the file."""
    roots = list(_roots(file.path))
    found = []
    for root in roots:
        unread: dict[tuple[Path, int], Span] = {}
        deployed = tuple(deployments(file, Checkout(root), unread))
        parts = tuple((path, offset, span) for (path, offset), span in unread.items())
        found.append(Workflow(file, Checkout(root), deployed, parts))
    return next((workflow for workflow in found if any(map(workflow.paths, workflow.deployments))), found[0])


def _roots(path: Path) -> Iterator[Path]:
    tree = work_tree(path.parent)
    if tree is not None:
        yield tree.root
    own = checkout_of(path)
    if tree is None or tree.root != own:
        yield own


def with_projects(
    pipelines: Sequence[tuple[Path, Path]], projects: Sequence[Project], loader: Loader
) -> Iterator[tuple[Workflow, list[Project], Path]]:
    """Each pipeline (given as path and root) with the projects that it deploys, and its root.

    If its commands do not tell the projects, they are those of the repository's only directory with projects.
    """
    roots = dict(pipelines)
    for workflow in read_workflows(list(roots), loader):
        reached = [item for deployment in workflow.deployments for item in workflow.projects(deployment, projects)]
        if not reached:
            near = [project for project in projects if workflow.reaches(project)]
            reached = near if len({project.directory for project in near}) == 1 else []
        yield workflow, reached, roots[workflow.file.path]


def as_deployed(project: Project, found: Sequence[Workflow]) -> Project:
    """The project with the name under which the pipelines deploy it, if they all use the same name."""
    if any(file.name for file in project.files):
        return project
    names = {
        deployment.project
        for workflow in found
        for deployment in workflow.deployments
        if not deployment.is_test and deployment.project and workflow.projects(deployment, [project])
    }
    return replace(project, deployed_as=names.pop()) if len(names) == 1 else project
