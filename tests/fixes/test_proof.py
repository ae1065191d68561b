"""Given what a plan declares and what its files then mean, the two are equal, or the proof names where they are not."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import volfix
from volfix.fixes.proof import proof
from volfix.fixes.proof.differences import ABSENT, Difference, differences
from volfix.rules.findings import CarrierChange, Change, MountChange, ValueChange, VolumeChange, WaitChange

STACK = """\
name: shop
services:
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: hunter2, __MODE: fast}
    volumes: ['./pg:/var/lib/postgresql/data']
  app:
    image: python:3.12
    working_dir: /app
    environment: {DATABASE_URL: 'sqlite:////app/data/shop.db'}
    volumes: ['./data:/app/data']
"""
Changes = Callable[[Sequence[Change]], Sequence[Change]]
Text = Callable[[str], str]


@pytest.fixture
def proving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What the proof says of a plan whose declared changes or whose text is another; the trees are not looked at."""
    monkeypatch.setattr(proof, "_prove_tree", lambda *_: None)
    honest = proof.prove

    def prove(changes: Changes = lambda known: known, text: Text = lambda known: known) -> str:
        (tmp_path / "compose.yaml").write_text(STACK)

        def spoilt(stack: Any, operations: Any, declared: Sequence[Change], after: Any, loader: Any) -> object:
            files = {path: replace(source, text=text(source.text)) for path, source in after.items()}
            return honest(stack, operations, changes(declared), files, loader)

        monkeypatch.setattr(proof, "prove", spoilt)
        (project,) = volfix.plan(tmp_path, carry_service=True).projects
        reasons = [each.reason for each in project.carriages] + [item.finding.reason for item in project.findings]
        return project.failure or "; ".join(filter(None, reasons))

    return prove


def without(kind: type) -> Changes:
    return lambda known: [change for change in known if not isinstance(change, kind)]


def test_a_plan_that_does_what_it_declares_is_proven(proving: Callable[..., str]) -> None:
    assert proving() == ""


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("hunter2", "hunter3", "['services']['db']['environment']['POSTGRES_PASSWORD']"),
        ("__MODE: fast", "__MODE: slow", "['services']['db']['environment']['__MODE']"),
        ("postgres:16", "postgres:17", "['services']['db']['image']"),
        ("/app/data/shop.db", "/app/shop.db", "['services']['app']['environment']['DATABASE_URL']"),
        ("name: shop", "name: other", "['name']"),
        ("working_dir: /app", "working_dir: /", "['services']['app']['rest']['0 working_dir']"),
        ("  app:\n", "  app:\n    depends_on: [db]\n", "['services']['app']['depends_on']['db'][0]['condition']"),
        ("volumes:\n  ", "volumes:\n  more:\n  ", "['volumes']['more']"),
    ],
)
def test_a_change_that_nothing_declares_is_refused(old: str, new: str, place: str, proving: Callable[..., str]) -> None:
    said = proving(text=lambda text: text.replace(old, new))
    assert said.startswith("project shop: the change would do something else than it says: ")
    assert place in said
    assert "would change without being declared" in said
    assert "hunter" not in said


def test_a_mount_that_was_not_to_change_is_refused(proving: Callable[..., str]) -> None:
    declared: Changes = lambda known: [c for c in known if not (isinstance(c, MountChange) and c.service == "db")]  # noqa: E731
    said = proving(changes=declared)
    assert "['services']['db']['volumes']['/var/lib/postgresql/data'][0][0]" in said
    assert "['services']['app']" not in said


def test_a_volume_that_was_not_to_be_declared_is_refused(proving: Callable[..., str]) -> None:
    assert "['volumes']['db-data']" in proving(changes=without(VolumeChange))


@pytest.mark.parametrize(
    ("more", "place"),
    [
        (lambda path: VolumeChange(path, "third"), "['volumes']['third']"),
        (lambda path: MountChange(path, "app", "/new", "third", added=True), "['services']['app']['volumes']['/new']"),
        (lambda path: WaitChange(path, "app", "db"), "['services']['app']['depends_on']['db'][0]['condition']"),
        (
            lambda path: CarrierChange(path, "carry-x", "x-moved", "db", "bind", "./pg"),
            "['services']['carry-x']['image']",
        ),
        (
            lambda path: ValueChange(
                path, STACK.index("'sqlite"), "DATABASE_URL", "sqlite:////app/data/shop.db", "sqlite:////elsewhere"
            ),
            "['services']['app']['environment']['DATABASE_URL']",
        ),
    ],
)
def test_a_declared_change_that_does_not_happen_is_refused(
    more: Callable[[Path], Change], place: str, tmp_path: Path, proving: Callable[..., str]
) -> None:
    said = proving(changes=lambda known: [*known, more(tmp_path / "compose.yaml")])
    assert place in said
    assert "would not be as declared" in said
    assert "without being declared" not in said


def test_a_declared_mount_that_becomes_another_volume_is_refused(proving: Callable[..., str]) -> None:
    said = proving(text=lambda text: text.replace("db-data:/var", "app-db:/var"))
    assert "without being declared" in said
    assert "not be as declared" in said


def test_a_carry_service_that_reads_another_directory_is_refused(proving: Callable[..., str]) -> None:
    said = proving(text=lambda text: text.replace("./pg:/from:ro", "./data:/from:ro"))
    assert "['services']['carry-db-data']['volumes']['/from'] would not be as declared" in said


def test_a_mapping_that_comes_is_told_by_its_entries() -> None:
    assert differences({"a": 1}, {"a": 1, "b": {"c": {"d": 2}, "e": {}}}) == [
        Difference(("b",), ABSENT, {}),
        Difference(("b", "c"), ABSENT, {}),
        Difference(("b", "c", "d"), ABSENT, 2),
        Difference(("b", "e"), ABSENT, {}),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"__a": 1}, {"__a": 2}),
        ({"a": None}, {}),
        ({"a": {}}, {}),
        ({"a": {}}, {"a": None}),
        ({"a": "1"}, {"a": 1}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": [[1], [2]]}, {"a": [[1]]}),
        ({1: "a"}, {"1": "a"}),
        ({"a": "x "}, {"a": "x"}),
        ("a", "b"),
    ],
)
def test_no_difference_is_overlooked(before: Any, after: Any) -> None:
    assert differences(before, before) == []
    assert differences(before, after)
    assert differences(before, after) != differences(after, before)


def some(source: random.Random, depth: int = 0) -> Any:
    """A model of plain data with few keys and values, so that two of them are often nearly equal."""
    kind = source.random()
    if depth == 0 or (depth < 4 and kind < 0.5):
        return {source.choice("abc_"): some(source, depth + 1) for _ in range(source.randint(0, 3))}
    if depth < 4 and kind < 0.6:
        return [some(source, depth + 1) for _ in range(source.randint(0, 3))]
    return source.choice(["", "x", "y", None, 1, False])


@pytest.mark.parametrize("seed", range(20))
def test_two_models_are_equal_where_they_differ_from_a_third_in_the_same(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(40):
        first, second, third = (some(source) for _ in range(3))
        assert (differences(first, second) == differences(first, third)) == (second == third)


def test_the_price_is_that_of_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    import deepdiff

    seen: list[tuple[Any, Any]] = []
    honest = deepdiff.DeepDiff
    monkeypatch.setattr(deepdiff, "DeepDiff", lambda *two, **how: (seen.append(two), honest(*two, **how))[1])  # type: ignore[func-returns-value]
    services = {f"s{number}": {"image": "a", "environment": dict.fromkeys("abc", "v")} for number in range(1000)}
    changed = {**services, "s7": {"image": "a", "environment": {"a": "v", "b": "w", "c": "v"}}}
    assert differences(services, changed) == [Difference(("s7", "environment", "b"), "v", "w")]
    assert seen == [({"s7": {"environment": {"b": "v"}}}, {"s7": {"environment": {"b": "w"}}})]
