"""Given a write, then the end of the run says what the next run will say: the same findings, the same exit status."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import volfix
from volfix.cli.main import volfix as command
from volfix.fixes.results import ProjectResult, RunResult
from volfix.rules.registry import REGISTRY
from volfix.rules.rule import Example

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = [
    *(pytest.param(path, id=path.parent.name) for path in sorted(FIXTURES.glob("*/repository"))),
    *(
        pytest.param(example, id=f"{rule.code}: {example.title}")
        for rule in REGISTRY.values()
        for example in rule.examples
    ),
]
PLAIN: dict[str, object] = {}
OPTIONS = [
    PLAIN,
    {"unsafe_fixes": True},
    {"select": ("VF1",)},
    {"select": ("VF2",), "unsafe_fixes": True},
    {"confirm": lambda finding: finding.code != "VF101"},
]


def laid(case: Path | Example, directory: Path) -> Path:
    if isinstance(case, Path):
        return Path(shutil.copytree(case, directory / "repository"))
    for name, text in case.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return directory


def files_below(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def rest(result: RunResult) -> Counter[tuple[object, ...]]:
    """The findings that remain, each with its place and how sure its fix is."""
    return Counter(_rest(result))


def _rest(result: RunResult) -> Iterator[tuple[object, ...]]:
    for project in result.projects:
        for item in project.findings:
            if not (item.fixed and project.written):
                finding = item.finding
                place = (str(finding.location.path), finding.location.line, finding.location.column)
                yield finding.code, *place, finding.service, finding.applicability, finding.reason, finding.evidence


@pytest.mark.parametrize("options", OPTIONS, ids=["safe", "unsafe", "VF1", "VF2 unsafe", "asked"])
@pytest.mark.parametrize("case", CASES)
def test_the_end_of_a_write_is_what_the_next_run_says_which_changes_nothing(
    case: Path | Example, options: dict[str, object], tmp_path: Path
) -> None:
    directory = laid(case, tmp_path)
    before = files_below(directory)
    plan = volfix.plan(directory, **options)  # type: ignore[arg-type]
    edits = plan.edits
    written = plan.write()
    if not edits:
        assert files_below(directory) == before, "the next run reads what this one has read"
        return
    again = volfix.plan(directory, **options)  # type: ignore[arg-type]
    assert again.edits == ()
    after = again.result
    assert rest(written) == rest(after)
    assert written.status == after.status
    assert [str(problem) for problem in written.errors] == [str(problem) for problem in after.errors]


POSTGRES = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./rows:/var/lib/postgresql/data\n"
CLEAN = "services:\n  web:\n    image: nginx:1\n"


def one(result: RunResult) -> ProjectResult:
    assert len(result.projects) == 1
    return result.projects[0]


def test_what_is_fixed_stays_in_the_result_beside_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        POSTGRES + "  cache:\n    image: redis:7\n    command: redis-server --appendonly yes\n    tmpfs: /data\n"
    )
    project = one(volfix.plan(tmp_path).write())
    assert project.written
    assert project.changes
    assert [(item.finding.code, item.fixed) for item in project.findings] == [("VF101", True), ("VF107", False)]
    lines = (tmp_path / "compose.yaml").read_text().splitlines()
    left = project.findings[1].finding.location
    assert "tmpfs" in lines[left.line - 1] or "cache" in lines[left.line - 1]


def test_a_finding_that_only_the_write_brings_about_changes_the_status(tmp_path: Path) -> None:
    """The write makes a bind mount's directory idle: what lies there is what the next run names."""
    (tmp_path / "compose.yaml").write_text(POSTGRES)
    first = CliRunner().invoke(command, ["--write", "--output-format", "json", str(tmp_path)])
    second = CliRunner().invoke(command, ["--output-format", "json", str(tmp_path)])
    assert first.exit_code == second.exit_code
    written, after = json.loads(first.stdout), json.loads(second.stdout)
    assert written["projects"][0]["written"] is True
    assert written["summary"]["fixed"] == 1
    assert [item for each in written["projects"] for item in each["findings"] if not item["fixed"]] == [
        item for each in after["projects"] for item in each["findings"]
    ]


def test_only_roots_with_a_written_stack_are_planned_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("a", POSTGRES), ("b", CLEAN)):
        subprocess.run(["git", "init", "-q", str(tmp_path / name)], check=True)
        (tmp_path / name / "compose.yaml").write_text(text)
    plan = volfix.plan(tmp_path)
    from volfix.fixes import plan as plans
    from volfix.fixes.stack_plan import plan_stack

    planned: list[str] = []
    honest = plan_stack

    def counted(context: object, *arguments: object) -> object:
        planned.append(context.root.name)  # type: ignore[attr-defined]
        return honest(context, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(plans, "plan_stack", counted)
    plan.write(allow_dirty=True)
    assert planned == ["a"]


def test_nothing_is_planned_again_where_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "compose.yaml").write_text(CLEAN)
    plan = volfix.plan(tmp_path)
    monkeypatch.setattr("volfix.fixes.after_write.plans_of", lambda *_: pytest.fail("planned again"))
    assert plan.write().status == 0
