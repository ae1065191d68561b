"""The documentation as Markdown: a page for each rule, and one for the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from volfix.report.explain import files_of
from volfix.rules.rule import Example, Rule
from volfix.rules.severities import highest_severity
from volfix.syntax.visible import visible

CODE = re.compile(r"\bVF\d{3}\b")
LANGUAGES = {".yml": "yaml", ".yaml": "yaml", ".py": "python", ".sh": "sh", ".toml": "toml", ".json": "json"}


def rule_page(rule: Rule) -> str:
    """What the rule finds, why, its fix, its examples with their diffs, its sources; other rules are links."""
    off = "" if rule.default else ", off unless it is selected"
    parts = [
        f"# {rule.code}: {rule.name}",
        "[All rules](../index.md)",
        _linked(rule.summary, rule.code),
        f"Severity: {highest_severity(rule.code).value} at most{off}.",
        f"## Why\n\n{_linked(rule.why, rule.code)}",
        f"## Fix\n\n{_linked(rule.fix, rule.code)}",
        "## Examples",
        *(part for example in rule.examples for part in _example(example)),
        "## Sources\n\n" + "\n".join(f"- {source}" for source in rule.sources),
    ]
    return "\n\n".join(parts) + "\n"


def index_page(rules: Iterable[Rule], version: str) -> str:
    """The list of all pages."""
    lines = [
        f"# volfix {version}",
        "",
        "- [The command line](command-line.md)",
        "- [The configuration](configuration.md)",
    ]
    lines += ["", "| rule | finds |", "| --- | --- |"]
    lines += [f"| [{rule.code}](rules/{rule.code}.md) {rule.name} | {_cell(rule.summary)} |" for rule in rules]
    return "\n".join(lines) + "\n"


def configuration_page(schema: dict[str, Any]) -> str:
    """The keys of a configuration file, by its schema."""
    lines = [
        "# The configuration",
        "",
        "[All rules](index.md)",
        "",
        "The nearest file counts, from the Compose file's directory up to the repository's root: `.volfix.toml`,",
        "`volfix.toml` in a folder such as `.github` or `.config`, or `[tool.volfix]` in `pyproject.toml`.",
        "",
        "| key | holds | |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| `{key}` | {_kind(value)} | {_cell(value['description'])} |" for key, value in schema["properties"].items()
    ]
    lines += ["", "## Engines and applications", "", "| key | holds |", "| --- | --- |"]
    entry = schema["$defs"]["entry"]
    for key, value in entry["properties"].items():
        lines.append(f"| `{key}`{' (required)' if key in entry['required'] else ''} | {_kind(value)} |")
    return "\n".join(lines) + "\n"


def _kind(value: dict[str, Any]) -> str:
    if "enum" in value:
        return " or ".join(f"`{each}`" for each in value["enum"])
    if "$ref" in value:
        return {"codes": "list of codes", "entry": "table"}[value["$ref"].rpartition("/")[2]]
    if value["type"] == "array":
        inner = _kind(value["items"])
        return {"string": "list of strings", "integer": "two numbers", "table": "array of tables"}.get(
            inner, f"list of {inner}"
        )
    return {"boolean": "`true` or `false`", "object": "table"}.get(value["type"], str(value["type"]))


def _linked(text: str, own: str) -> str:
    """The text, in which each other rule's code leads to its page; what is written as code stays as it is."""
    parts = text.split("`")
    parts[::2] = [
        CODE.sub(lambda code: code[0] if code[0] == own else f"[{code[0]}]({code[0]}.md)", each) for each in parts[::2]
    ]
    return "`".join(parts)


def _example(example: Example) -> Iterator[str]:
    yield f"### {example.title}\n\nOutcome: {example.outcome.value}."
    for name, about, text in files_of(example):
        if name is None:
            yield _block("diff", text)
        else:
            yield f"`{name}`{about}:\n\n{_block(LANGUAGES.get(Path(name).suffix, ''), text)}"


def _block(language: str, text: str) -> str:
    """A fenced block, whose fence is longer than any in the text; control characters are written out."""
    text = visible(text)
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
