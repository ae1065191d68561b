"""A rule in words: everything that it says of itself, in lines that fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from volfix.cli.main import volfix
from volfix.configuration.keys import KEYS
from volfix.report.explain import explain, overview
from volfix.rules.context import Context
from volfix.rules.findings import Finding
from volfix.rules.registry import REGISTRY
from volfix.rules.rule import Example, Outcome, Rule

BEFORE = "services:\n  app:\n    environment: {PASSWORD: hunter2}\n    volumes: [./data:/app/data]\n"


def silent(context: Context) -> Iterator[Finding]:
    del context
    return iter(())


RULE = Rule(
    code="VF999",
    name="a-rule",
    summary="A summary.",
    why="Because of a reason that takes more than one line of eighty characters to be told, as reasons often do.",
    fix="A fix.",
    sources=("acme/docs: volumes.md",),
    examples=(
        Example(
            "it is fixed",
            {"compose.yaml": BEFORE, "Dockerfile": "FROM a\n"},
            Outcome.FIXED_UNSAFE,
            {"compose.yaml": BEFORE.replace("./data:", "app-db:")},
        ),
        Example("it is left", {"compose.yaml": "services: {}\n"}, Outcome.UNTOUCHED),
    ),
    check=silent,
)


def test_a_rule_says_everything_in_order() -> None:
    assert (
        explain(RULE)
        == """\
VF999  a-rule

A summary.

Why
  Because of a reason that takes more than one line of eighty characters to be
  told, as reasons often do.

Fix
  A fix.

Example: it is fixed (fixed with --unsafe-fixes)

    Dockerfile
      FROM a

    --- a/compose.yaml
    +++ b/compose.yaml
    @@ -1,4 +1,4 @@
     services:
       app:
         environment: {PASSWORD: hunter2}
    -    volumes: [./data:/app/data]
    +    volumes: [app-db:/app/data]

Example: it is left (not a finding)

    compose.yaml
      services: {}

Sources
  - acme/docs: volumes.md"""
    )


def test_a_rule_that_is_off_says_so() -> None:
    off = replace(RULE, code="VF109")
    assert "A summary.\n\nOff unless it is selected.\n" in explain(off)
    assert overview([off]).startswith("VF109* A summary.\n\n* off unless it is selected\n")
    assert "off unless" not in overview([RULE])


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_every_rule_can_be_explained_in_eighty_columns(code: str) -> None:
    rule = REGISTRY[code]
    text = explain(rule)
    prose = [line for line in text.splitlines() if not line.startswith("    ")]
    assert max(map(len, prose)) <= 80
    for example in rule.examples:
        assert f"({example.outcome.value})".replace(" ", "") in text.replace("\n", "").replace(" ", "")


def test_the_overview_is_in_the_order_of_the_codes() -> None:
    text = overview([REGISTRY[code] for code in sorted(REGISTRY, reverse=True)])
    codes = [line[:5] for line in text.splitlines() if line.startswith("VF")]
    assert codes == sorted(REGISTRY)
    assert max(map(len, text.splitlines())) <= 80


def test_the_documentation_is_written_from_what_there_is(tmp_path: Path) -> None:
    done = CliRunner().invoke(volfix, ["explain", "--markdown", str(tmp_path / "docs")])
    assert done.exit_code == 0
    pages = {path.relative_to(tmp_path / "docs").as_posix(): path.read_text() for path in tmp_path.rglob("*.md")}
    assert set(pages) == {"index.md", "command-line.md", "configuration.md", *(f"rules/{code}.md" for code in REGISTRY)}
    assert done.stdout == f"{len(pages)} pages in {tmp_path / 'docs'}\n"
    for code, rule in REGISTRY.items():
        page = pages[f"rules/{code}.md"]
        assert page.startswith(f"# {code}: {rule.name}\n")
        assert all(example.title in page for example in rule.examples)
        assert page.count("```diff") == sum(len(example.after or {}) for example in rule.examples)
        assert f"(rules/{code}.md)" in pages["index.md"]
    assert "--unsafe-fixes" in pages["command-line.md"]
    assert "## volfix carry" in pages["command-line.md"]
    assert all(f"`{key}`" in pages["configuration.md"] for key in KEYS)


def test_each_link_of_the_documentation_leads_to_a_page(tmp_path: Path) -> None:
    CliRunner().invoke(volfix, ["explain", "--markdown", str(tmp_path)])
    pages = sorted(tmp_path.rglob("*.md"))
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)\s]+\.md)\)", page.read_text())]
    assert not [(page.name, link) for page, link in links if (page.parent / link).resolve() not in pages]
    reached = {(page.parent / link).resolve() for page, link in links}
    assert reached == set(pages)
    assert "[VF201](VF201.md)" in (tmp_path / "rules" / "VF206.md").read_text()


def test_a_page_is_text_whatever_an_example_holds(tmp_path: Path) -> None:
    CliRunner().invoke(volfix, ["explain", "--markdown", str(tmp_path)])
    assert not [page.name for page in tmp_path.rglob("*.md") if b"\0" in page.read_bytes()]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "docs").write_text("")
    assert CliRunner().invoke(volfix, ["explain", "--markdown", str(tmp_path / "docs" / "x")]).exit_code in (1, 2)
