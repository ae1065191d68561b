"""Plain words: a headline fits a line, and no text of volfix has the turns that people stumbled over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import shortened

PACKAGE = Path(volfix.__file__).parent
TURNS = re.compile(
    r"for (?:a person|people|you|volfix) to say|yours to say|volfix's to say|\bsomebody\b|\bgets\b|"
    r"(?<!no )\bsuch\b(?! as\b)|the texts that there are|says the one|is no change of|is without it|"
    r"unused then\b|in it is\b|then gone\b|\bfor (?:a|one) person\b|only a person can|\bno part of this one\b|"
    r"another one\b|\bof the one\b|what it (?:renders|says|gets)\b|nothing says that\b|is no question of|"
    r"are there already\b|files of now\b|do(?:es)? so\b|stands? twice|is not said\b|, and not the\b|"
    r"was not measured|handed on to\b",
    re.IGNORECASE,
)
"""What stands for a noun, turns a sentence round, or is a riddle."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module that are no docstring: what people read, and some that they do not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    comments = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in comments:
            yield node.lineno, node.value


IN_COMMENTS = re.compile(r"\bsomebody\b|for a person to say|the texts that there are", re.IGNORECASE)


IN_RULES = re.compile(
    r"of one's own|(?:is|are) told (?:to|the|another)|called (?:otherwise|so)\b|go(?:es)? on [a-z]+ing|has to know|"
    r"nobody knows|as few as will do|all the same\b|takes? the (?:very )?(?:same )?value|"
    r"(?:is|are) meant(?! for| to)\b|could be meant|take(?:s|n)? (?:it |them )?out\b|thrown away|(?:is|are) said\b|"
    r"says it all|what VF[0-9]+ says|\bshall\b|hand(?:s|ed) (?:on|to)\b|otherwise at|, and stays\b|\bwhom\b|\bgets\b",
    re.IGNORECASE,
)
"""Turns in messages, docstrings and comments of the rules that a new programmer or operator had to read twice."""


def test_no_rule_has_a_turn_that_is_read_twice() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {turn[0]}"
        for path in sorted((PACKAGE / "rules").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (turn := IN_RULES.search(line))
    ]
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "a user of one's own",
        "a cache that is told to keep nothing",
        "a volume that is called otherwise at each deployment",
        "a service that goes on writing",
        "which of the two is meant",
        "a machine that is thrown away",
        "worker takes the same value",
        "the service that gets the mount",
    ],
)
def test_the_turns_of_rules_are_recognised(text: str) -> None:
    assert IN_RULES.search(text)


@pytest.mark.parametrize("text", ["a mount that is meant for the database", "Compose is meant to replace it"])
def test_a_plain_phrase_is_no_turn(text: str) -> None:
    assert not IN_RULES.search(text)


def test_no_docstring_or_comment_has_the_worst_turns() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {turn[0]}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (turn := IN_COMMENTS.search(line))
    ]
    assert not found


def test_no_text_has_a_turn_that_people_stumbled_over() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {turn[0]}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in texts(path)
        if (turn := TURNS.search(text))
    ]
    assert not found


@pytest.mark.parametrize("text", ["that is for a person to say", "it gets one", "Such a file", "somebody chose it"])
def test_the_turns_are_recognised(text: str) -> None:
    assert TURNS.search(text)


@pytest.mark.parametrize("text", ["there is no such file", "in a folder such as .github"])
def test_a_common_phrase_is_none(text: str) -> None:
    assert not TURNS.search(text)


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("app", "app"),
        ("a" * 24, "a" * 24),
        ("a" * 12 + "b" * 13, "a" * 11 + "..." + "b" * 10),
        ("customer-orders-database-primary", "customer...primary"),
        ("postgres-for-the-orders-of-2026", "postgres...of-2026"),
        ("docker compose down --volumes", "docker...--volumes"),
        ("x-" + "y" * 60, "x-yyyyyyyyy...yyyyyyyyyy"),
    ],
)
def test_a_name_in_a_headline_loses_its_middle_where_it_is_too_long(name: str, then: str) -> None:
    assert shortened(name) == then
    assert len(shortened(name)) <= 24
