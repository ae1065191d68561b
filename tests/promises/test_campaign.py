"""The campaign: whatever goes wrong in a case is in the table with the command that makes it again, and is status 1."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from campaign import __main__ as command
from campaign import run
from campaign.parts import PARTS
from campaign.rows_kept import Places, differences
from campaign.table import Outcome, Part

Case = Callable[[int, Path], Outcome]


def holds(seed: int, directory: Path) -> Outcome:
    return Outcome(1)


def fails(seed: int, directory: Path) -> Outcome:
    return Outcome(1, ("a row is lost",))


def raises(seed: int, directory: Path) -> Outcome:
    raise ValueError("a row is lost")


def dies(seed: int, directory: Path) -> Outcome:
    os._exit(9)


def asked(monkeypatch: pytest.MonkeyPatch, cases: dict[str, Case], *words: str) -> tuple[int, str]:
    """Status and output of the command, whose parts have these cases."""
    monkeypatch.setattr(command, "alone", lambda: None)
    for name, case in cases.items():
        monkeypatch.setitem(PARTS, name, Part("it holds", case))
    parts = [word for name in cases for word in ("--part", name)]
    done = CliRunner().invoke(command.main, [*words, "--seed", "7", "--jobs", "1", *parts])
    return done.exit_code, done.output


@pytest.mark.parametrize("case", [fails, raises, dies])
def test_what_goes_wrong_is_counted_named_and_the_status_and_the_next_part_goes_on(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, output = asked(monkeypatch, {"races": case, "fuzzing": holds}, "--cases", "1")
    lines = [line.split() for line in output.splitlines() if line.startswith("it holds")]
    assert lines == [["it", "holds", "races", "1", "1"], ["it", "holds", "fuzzing", "1", "0"]]
    assert "python -m tests.campaign --part races --seed 7 --cases 1" in output
    assert status == 1


def test_each_part_is_tried_however_short_the_time_and_zeros_are_status_0(monkeypatch: pytest.MonkeyPatch) -> None:
    status, output = asked(monkeypatch, dict.fromkeys(PARTS, holds), "--minutes", "0")
    tried = [line.split()[-2:] for line in output.splitlines() if line.startswith("it holds")]
    assert tried == [["1", "0"]] * len(PARTS)
    assert status == 0


def test_a_part_ends_before_its_time_once_it_has_tried_all_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: 0.0))
    part = Part("it holds", holds, different=3)
    monkeypatch.setitem(PARTS, "races", part)
    tallies = run.campaign(
        {"races": part},
        first=7,
        minutes=1,
        cases={},
        jobs=1,
        progress=lambda tallies: None,
        failed=lambda name, seed, text: None,
    )
    assert tallies["races"].tried == 3


URL, PATH = ("app", "DATABASE_URL"), ("app", "DB_PATH")
LAYER, VOLUME, HOST = ("the container of app", "/app/a.db"), ("volume app_rows", "a.db"), ("data", "a.db")
LOST: dict[str, tuple[Places, Places | None, str]] = {
    "one file becomes two": ({URL: LAYER, PATH: LAYER}, {URL: VOLUME, PATH: LAYER}, "shared"),
    "two become one": ({URL: LAYER, PATH: VOLUME}, {URL: VOLUME, PATH: VOLUME}, "share"),
    "a file leaves its mount": ({URL: HOST}, {URL: LAYER}, "leaves"),
    "a file goes to a host directory": ({URL: LAYER}, {URL: HOST}, "goes from"),
    "a value names no file any more": ({URL: LAYER}, {}, "names no file"),
    "Compose refuses the project": ({URL: LAYER}, None, "refuses"),
}


@pytest.mark.parametrize(("before", "after", "said"), LOST.values(), ids=LOST)
def test_a_fix_that_loses_or_joins_databases_is_told(before: Places, after: Places | None, said: str) -> None:
    assert [said in text for text in differences(before, after)] == [True]


def test_a_database_that_moves_into_a_volume_with_all_its_values_is_not() -> None:
    assert not list(differences({URL: LAYER, PATH: LAYER}, {URL: VOLUME, PATH: VOLUME}))
