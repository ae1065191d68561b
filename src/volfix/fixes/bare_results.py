"""The results of a stack before its findings are known, which are those of a stack without any."""

from __future__ import annotations

from volfix.fixes.results import ProjectResult
from volfix.project.compose.model import normalized_name
from volfix.project.stack import Stack


def bare_results(stack: Stack) -> tuple[ProjectResult, ...]:
    """The result of each project that was asked for; without one, that of the pipelines, or of files with commands."""
    asked = (project for project in stack.projects if stack.is_asked(project))
    results = (
        ProjectResult(project.root, project.deployed_as or project.name, tuple(file.path for file in project.files))
        for project in asked
    )
    return tuple(results) or (_pipeline_result(stack),)


def _pipeline_result(stack: Stack) -> ProjectResult:
    home = stack.workflows[0].checkout.root if stack.workflows else stack.root
    return ProjectResult(stack.root, normalized_name(home.name), tuple(each.file.path for each in stack.workflows))
