"""The Dockerfile line that creates a directory for the user of a service, who then owns a new volume there."""

from __future__ import annotations

from volfix.edits.code_edits import AddInstruction
from volfix.project.compose.model import Project
from volfix.project.compose.service import Service
from volfix.rules.evidence.image_directories import line_making
from volfix.rules.findings import InstructionChange


def given_directory(
    project: Project, service: Service, user: str, target: str
) -> tuple[AddInstruction, InstructionChange] | str:
    """The operation that adds the line for the directory `target`, and its change; or why there is none."""
    line = line_making(project, service, user, target)
    if isinstance(line, str):
        return line
    source, start, text = line
    return AddInstruction(source, start, text), InstructionChange(source.path, text)
