"""JUnit XML: a test case for each finding, which fails while the finding is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.fixes.masking.messages import scrub
from volfix.fixes.results import ProjectResult, RunResult
from volfix.project.compose.host_directories import relative
from volfix.report.entries import Entry, base_of, finding_entry, is_done, main_file
from volfix.syntax.visible import INVISIBLE

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Cleaner = Callable[[str], str]

NOT_XML = re.compile("[\ufffe\uffff]")


def render(result: RunResult, *, context: int = 3, base: Path | None = None, show_secrets: bool = False) -> str:
    """The XML document; notes of severity info and findings that were just fixed count as passed."""
    del context  # for diffs, which this format does not show
    from xml.etree import ElementTree

    base = base or base_of(result)
    clean = _plain if show_secrets else _clean
    root = ElementTree.Element("testsuites", name="volfix")
    seen: Counter[tuple[str | None, ...]] = Counter()
    for project in result.projects:
        _suite(root, project, base, seen, clean)
    if result.errors:
        suite = ElementTree.SubElement(root, "testsuite", name="files that could not be read")
        for problem in result.errors:
            case = ElementTree.SubElement(
                suite, "testcase", name=clean(relative(problem.path, base)), classname="volfix"
            )
            ElementTree.SubElement(case, "error", message=clean(problem.message), type="unreadable").text = clean(
                str(problem)
            )
    for suite in root:
        _count(suite)
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=True)
    return data.decode("ascii")


def _suite(
    root: Element, project: ProjectResult, base: Path, seen: Counter[tuple[str | None, ...]], clean: Cleaner
) -> None:
    from xml.etree import ElementTree

    file = main_file(project)
    suite = ElementTree.SubElement(root, "testsuite", name=clean(f"{project.name} ({relative(file, base)})"))
    for reported in project.findings:
        entry = finding_entry(reported.finding, base, seen, show_secrets=True)
        case = ElementTree.SubElement(
            suite, "testcase", name=clean(_name(entry)), classname=clean(entry.path), file=clean(entry.path)
        )
        case.set("line", str(entry.line))
        if entry.severity.value == "info":
            ElementTree.SubElement(case, "system-out").text = clean(entry.text)
        elif not is_done(project, reported):
            failure = ElementTree.SubElement(case, "failure", message=clean(entry.message), type=entry.severity.value)
            failure.text = clean(f"{entry.path}:{entry.line}:{entry.column}: {entry.text}")
    if project.failure:
        case = ElementTree.SubElement(
            suite, "testcase", name="the fix is written", classname=clean(relative(file, base))
        )
        ElementTree.SubElement(case, "error", message=clean(project.failure), type="not-written")


def _name(entry: Entry) -> str:
    finding = entry.finding
    about = [part for part in (finding.service, finding.target, finding.step) if part] if finding else []
    return " ".join((entry.code, *about, f"line {entry.line}"))


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))


def _clean(text: str) -> str:
    """The text without credentials, characters that XML cannot hold, and those that a terminal would obey."""
    return _plain(scrub(text))


def _plain(text: str) -> str:
    return NOT_XML.sub("", INVISIBLE.sub("", text))
