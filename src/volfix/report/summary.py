"""What a run comes to in a line, for the runs in which there is nothing else to say."""

from __future__ import annotations

from volfix.fixes.results import RunResult


def is_silent(result: RunResult) -> bool:
    """Whether a run has nothing to show: no findings, no changes, nothing that failed."""
    return not any(project.findings or project.failure or project.changes for project in result.projects)


def nothing_to_do(result: RunResult) -> str:
    """The line that says so, and what could not be read or written; empty where nothing was checked, as a note says."""
    where = count(len(result.projects), "project")
    wrong = trouble(result)
    if wrong:
        return f"{'; '.join(wrong)}; no findings in the rest ({where})."
    return f"Nothing to do: no findings in {where}." if result.projects else ""


def trouble(result: RunResult) -> list[str]:
    """What went wrong, in a few words each."""
    failed = sum(project.failure is not None for project in result.projects)
    rejected = sum(item.rejected for project in result.projects for item in project.findings)
    return [
        *([f"{count(len(result.errors), 'file')} could not be read"] if result.errors else []),
        *([f"{count(failed, 'project')} not written"] if failed else []),
        *([f"{count(rejected, 'fix')} not proven"] if rejected else []),
    ]


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`, `2 fixes`."""
    plural = "es" if noun.endswith("x") else "s"
    return f"{number} {noun}{'' if number == 1 else plural}"
