"""Every rule's own examples, which also are its documentation: given these files, this result."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import volfix
from volfix.rules.registry import REGISTRY
from volfix.rules.rule import Example, Outcome, Rule

CASES = [
    pytest.param(rule, example, id=f"{rule.code}: {example.title}")
    for rule in REGISTRY.values()
    for example in rule.examples
]
HEADLINE = 72
"""Characters that a headline has at most."""
AUTHOR = ("-c", "user.email=a@b", "-c", "user.name=a")


def written(directory: Path, example: Example) -> Path:
    if example.before is not None:
        lay_down(directory, example.before)
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "before")):
            subprocess.run(["git", "-C", str(directory), *AUTHOR, *words], check=True)
    return lay_down(directory, example.files)


def lay_down(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return directory


def planned(directory: Path, rule: Rule, *, unsafe: bool) -> volfix.Plan:
    """All rules that run by default, and this one; VF109 alone is off."""
    return volfix.plan(directory, unsafe_fixes=unsafe, select=() if rule.default else (rule.code,))


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_example(rule: Rule, example: Example, tmp_path: Path) -> None:
    written(tmp_path, example)
    unsafe = example.outcome is Outcome.FIXED_UNSAFE
    plan = planned(tmp_path, rule, unsafe=unsafe)
    found = [finding for finding in plan.findings if finding.code == rule.code]
    assert not [finding.message for finding in plan.findings if len(finding.message) > HEADLINE]
    assert not plan.result.errors
    assert not [project.failure for project in plan.projects if project.failure]
    if example.outcome is Outcome.UNTOUCHED:
        assert not found
        assert not plan.edits
        return
    assert found
    if example.outcome is Outcome.REPORTED:
        assert all(finding.fix is None and finding.reason for finding in found)
        assert not plan.edits
        return
    assert all(finding.applicability.value == ("unsafe" if unsafe else "safe") for finding in found)
    if unsafe:
        assert not planned(tmp_path, rule, unsafe=False).edits
    plan.write()
    after = {**example.files, **(example.after or {})}
    assert {name: (tmp_path / name).read_bytes().decode() for name in after} == after
    assert not planned(tmp_path, rule, unsafe=unsafe).edits


@pytest.mark.parametrize("rule", REGISTRY.values(), ids=lambda rule: rule.code)
def test_a_rule_shows_what_it_changes_and_what_it_leaves(rule: Rule) -> None:
    outcomes = [example.outcome for example in rule.examples]
    assert Outcome.UNTOUCHED in outcomes
    assert Outcome.FIXED in outcomes or Outcome.FIXED_UNSAFE in outcomes or rule.fix.startswith("None")
    assert all(example.after for example in rule.examples if example.outcome in (Outcome.FIXED, Outcome.FIXED_UNSAFE))


GUARDED = re.compile(r"VF1\d\d")
"""The rules that must show enough of what they leave alone."""
ENOUGH = 5


@pytest.mark.parametrize(
    "rule", [rule for code, rule in REGISTRY.items() if GUARDED.fullmatch(code)], ids=lambda rule: rule.code
)
def test_a_rule_shows_enough_of_what_it_must_not_touch(rule: Rule) -> None:
    """Only what is no finding at all counts: a refusal leaves the files alone too, but it tells a person to act.

    Each guards against another mistake, so that titles and files differ.
    """
    untouched = [example for example in rule.examples if example.outcome is Outcome.UNTOUCHED]
    assert len({example.title for example in untouched}) >= ENOUGH, [example.title for example in untouched]
    assert len({str((example.files, example.before)) for example in untouched}) == len(untouched)
