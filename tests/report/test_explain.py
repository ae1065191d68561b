"""A rule in words: everything that it says of itself, in lines that fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from volfix.report.explain import explain, overview
from volfix.rules import REGISTRY
from volfix.rules.context import Context
from volfix.rules.findings import Finding
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
    off = replace(RULE, default=False)
    assert "A summary.\n\nOff unless it is selected.\n" in explain(off)
    assert overview([off]).startswith("VF999* A summary.\n\n* off unless it is selected\n")
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
