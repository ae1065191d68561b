"""The result of a run in one line, and the counts in it."""

from __future__ import annotations

from volfix.fixes.results import RunResult


def is_silent(result: RunResult) -> bool:
    """Whether a run has no findings, no changes and no failures."""
    return not any(project.findings or project.failure or project.changes for project in result.projects)


def nothing_to_do(result: RunResult, verbose: int = 0) -> str:
    """The line that says so, or what could not be read, proven or written; empty where no project was found."""
    wrong = "; ".join(trouble(result))
    if result.errors:
        return f"{wrong}: not everything was checked."
    if wrong:
        return f"{wrong}."
    if not result.projects:
        return ""
    return f"Nothing to do: no findings in {count(len(result.projects), 'project')}{noted(result, verbose)}."


def noted(result: RunResult, verbose: int = 0) -> str:
    """`; 2 notes (-v shows them)`: the end of a sentence that counts findings; empty without notes."""
    notes = sum(item.is_note for project in result.projects for item in project.findings)
    how = "" if verbose else f" (-v shows {'it' if notes == 1 else 'them'})"
    return f"; {count(notes, 'note')}{how}" if notes else ""


def trouble(result: RunResult) -> list[str]:
    """The counts of files not read, projects not written and fixes not proven, in words; without those that are 0."""
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
