"""Which projects serve tests: their data is thrown away on purpose."""

from __future__ import annotations

import re

from volfix.project.model import Project

TEST_WORDS = frozenset({"test", "tests", "testing", "ci", "e2e", "integration", "spec", "bench", "benchmark"})


def is_test_stack(project: Project) -> bool:
    """Whether the name of a file or of a directory below the root says that the project serves tests."""
    words = {file.path.name for file in project.files}
    if project.directory.is_relative_to(project.root):
        words.update(project.directory.relative_to(project.root).parts)
    return any(word in TEST_WORDS for text in words for word in re.split(r"[^a-z0-9]+", text.lower()))
