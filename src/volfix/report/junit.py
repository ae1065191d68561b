"""JUnit XML: a test case for each finding, which fails while the finding is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.fixes.diff import INVISIBLE
from volfix.fixes.results import ProjectResult, RunResult
from volfix.fixes.secrets import scrub
from volfix.report.entries import Entry, base_of, finding_entry, is_done, main_file, relative

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NOT_XML = re.compile("[\ufffe\uffff]")


def render(result: RunResult, *, base: Path | None = None, show_secrets: bool = False) -> str:
    """The XML document; findings of severity info pass, and so do those that have just been fixed."""
    from xml.etree import ElementTree

    base = base or base_of(result)
    root = ElementTree.Element("testsuites", name="volfix")
    seen: Counter[tuple[str | None, ...]] = Counter()
    for project in result.projects:
        _suite(root, project, base, seen, show_secrets=show_secrets)
    if result.errors:
        suite = ElementTree.SubElement(root, "testsuite", name="files that could not be read")
        for problem in result.errors:
            case = ElementTree.SubElement(
                suite, "testcase", name=_clean(relative(problem.path, base)), classname="volfix"
            )
            message = problem.message if show_secrets else scrub(problem.message)
            ElementTree.SubElement(case, "error", message=_clean(message), type="unreadable").text = _clean(
                str(problem)
            )
    for suite in root:
        _count(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode")


def _suite(
    root: Element, project: ProjectResult, base: Path, seen: Counter[tuple[str | None, ...]], *, show_secrets: bool
) -> None:
    from xml.etree import ElementTree

    file = main_file(project)
    suite = ElementTree.SubElement(root, "testsuite", name=_clean(f"{project.name} ({relative(file, base)})"))
    for reported in project.findings:
        entry = finding_entry(reported.finding, base, seen, show_secrets=show_secrets)
        case = ElementTree.SubElement(
            suite, "testcase", name=_clean(_name(entry)), classname=_clean(entry.path), file=_clean(entry.path)
        )
        case.set("line", str(entry.line))
        if entry.severity.value == "info":
            ElementTree.SubElement(case, "system-out").text = _clean(entry.text)
        elif not is_done(project, reported):
            failure = ElementTree.SubElement(case, "failure", message=_clean(entry.message), type=entry.severity.value)
            failure.text = _clean(f"{entry.path}:{entry.line}:{entry.column}: {entry.text}")
    if project.failure:
        case = ElementTree.SubElement(
            suite, "testcase", name="the fix is written", classname=_clean(relative(file, base))
        )
        message = project.failure if show_secrets else scrub(project.failure)
        ElementTree.SubElement(case, "error", message=_clean(message), type="not-written").text = _clean(message)


def _name(entry: Entry) -> str:
    finding = entry.finding
    about = [part for part in (finding.service, finding.target, finding.step) if part] if finding else []
    return " ".join((entry.code, *about, f"line {entry.line}"))


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))


def _clean(text: str) -> str:
    """The text without the characters that XML cannot hold, and without those that a terminal would obey."""
    return NOT_XML.sub("", INVISIBLE.sub("", text))
