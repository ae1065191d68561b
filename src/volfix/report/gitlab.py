"""A Code Quality report, which GitLab shows in merge requests.

Source: gitlab-org/gitlab, doc/ci/testing/code_quality.md (the fields that it reads).
"""

from __future__ import annotations

from pathlib import Path

from volfix.fixes.results import RunResult
from volfix.report.encoding import dumps
from volfix.report.entries import base_of, entries
from volfix.syntax.visible import one_line

SEVERITIES = {"error": "critical", "warning": "major", "info": "info"}


def render(result: RunResult, *, context: int = 3, base: Path | None = None, show_secrets: bool = False) -> str:
    """A JSON list with an object for each finding and failure, paths from `base` (that of all projects if None)."""
    del context  # for diffs, which this format does not show
    return dumps(
        [
            {
                "description": one_line("; ".join((entry.message, *entry.details))),
                "check_name": entry.code,
                "fingerprint": entry.fingerprint,
                "severity": SEVERITIES[entry.severity.value],
                "location": {"path": entry.path, "lines": {"begin": entry.line}},
            }
            for entry in entries(result, base or base_of(result), show_secrets=show_secrets)
        ]
    )
