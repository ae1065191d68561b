"""The README's recording shows what volfix prints now, and is readable by itself."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import Host

HOME = Path(__file__).parents[2] / ".github"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def recording() -> Any:
    """The script that makes it."""
    spec = importlib.util.spec_from_file_location("recording", HOME / "recording.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["recording"] = module  # for its dataclasses
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def picture(recording: Any) -> str:
    text: str = recording.PICTURE.read_text(encoding="utf-8")
    return text


def test_the_picture_is_what_the_script_draws(recording: Any, picture: str) -> None:
    steps = recording.steps_of(picture)
    assert [step.command for step in steps] == list(recording.COMMANDS)
    assert recording.drawn(steps) == picture


def test_what_needs_no_engine_is_what_volfix_prints_now(recording: Any, picture: str, tmp_path: Path) -> None:
    steps = recording.steps_of(picture)
    assert recording.renewed(steps, tmp_path) == steps, "python .github/recording.py --without-engine"


@pytest.mark.engine
def test_all_of_it_is_what_is_printed_now(host: Host, recording: Any, picture: str, tmp_path: Path) -> None:
    try:
        assert recording.recorded(host, tmp_path) == recording.steps_of(picture)
    finally:
        host.compose(tmp_path / "shop", "down", "-v")


def test_it_tells_the_rows_before_and_after(recording: Any, picture: str) -> None:
    first, *_, last = recording.steps_of(picture)
    assert first.output.splitlines()[1:] == last.output.splitlines()[1:2]
    assert " 1000" in last.output
    assert last.output.endswith("every row that was there is there")


def test_it_stands_by_itself(picture: str) -> None:
    root = ElementTree.fromstring(picture)
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")
    assert set(re.findall(r"https?://[^\"' )]*", picture)) == {"http://www.w3.org/2000/svg"}
    assert not root.findall(f".//{SVG}script")
    assert {"prefers-color-scheme: dark", "prefers-reduced-motion"} <= set(
        re.findall(r"prefers-[a-z-]+(?:: dark)?", picture)
    )
    assert int(root.attrib["width"]) <= 830, "GitHub's column"
    width = max(len(text.text or "") for text in root.iter(f"{SVG}text"))
    assert width <= 92
