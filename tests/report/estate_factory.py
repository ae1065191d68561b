"""Estates made by hand: records of repositories as a bulk run could have left them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import volfix
from volfix.bulk.records import Hazard, HazardKind, RepositoryRecord, Status
from volfix.report.json_report import render

FIXTURES = Path(__file__).parents[2] / "fixtures"
MOUNT = """\
--- a/compose.yaml
+++ b/compose.yaml
@@ -4,4 +4,8 @@
     environment:
       PLACE: ***
     volumes:
-      - ./data:/app/data
+      - app-db:/app/data
+
+volumes:
+  app-db:
+    driver: local
"""
MARKUP = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\"></script><!--"
RIGHT_TO_LEFT = "\u202egnp.exe\u2066 \u05d0\u05d1\u05d2\u200b"
LONG = "n" * 300
HOSTILE = f"{MARKUP}{RIGHT_TO_LEFT}\x1b[2J\x00\u2028\u2029\ud800 {{{{ 7*7 }}}} ' \" & \\u003c {LONG}"
"""A name that would break each output in its own way."""
FORMULAS = ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1")


MOVE = {
    "service": "app",
    "source": "./data",
    "volume": "app-db",
    "volume_name": "shop_app-db",
    "target": "/app/data",
    "needs_map": False,
}
"""A move that no carry service carries."""


def finding(code: str = "VF101", **changed: Any) -> dict[str, Any]:
    """A finding as the JSON output has it: one that a dry run would fix."""
    return {
        "code": code,
        "severity": "error",
        "file": "compose.yaml",
        "line": 7,
        "column": 9,
        "service": "app",
        "target": "/app/data",
        "step": None,
        "data": None,
        "message": "the database is inside the checkout",
        "danger": "the database is kept in ./data, in the checkout: a fresh clone or `git clean` deletes it",
        "places": [],
        "evidence": ["acme/app keeps its rows in /app/data", "on the host the volume will be called shop_app-db"],
        "applicability": "safe",
        "reason": None,
        "fixable": False,
        "fixed": True,
        **changed,
    }


def unsafe(**changed: Any) -> dict[str, Any]:
    reason = "the source lies outside the repository: volfix cannot see whether it is backed up, or why it is there"
    return finding(**{"applicability": "unsafe", "fixed": False, "reason": reason, "service": "cache", **changed})


def refused(code: str = "VF110", **changed: Any) -> dict[str, Any]:
    reason = "which of the two servers owns the rows is for a person to say"
    return finding(code, **{"applicability": "none", "fixed": False, "reason": reason, "service": "db", **changed})


def project(*findings: dict[str, Any], **changed: Any) -> dict[str, Any]:
    move = {**MOVE, "carry_service": "carry-app-db"}
    fixed = any(item["fixed"] for item in findings)
    return {
        "root": "/srv/shop",
        "name": "shop",
        "files": ["compose.yaml"],
        "written": False,
        "findings": list(findings),
        "moves": [move] if fixed else [],
        "diff": MOUNT if fixed else "",
        **changed,
    }


def uncarried(*findings: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A project whose moves no carry service carries."""
    return project(*findings, **{"moves": [MOVE], **changed})


def result(*projects: dict[str, Any], errors: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"version": 1, "projects": list(projects), "errors": list(errors), "summary": {}}


def record(
    name: str = "shop", status: Status = Status.FINDINGS, *projects: dict[str, Any], **more: Any
) -> RepositoryRecord:
    more.setdefault("source", f"/srv/checkouts/{name}")
    more.setdefault("head", "8307395f0c7b4c1c9f0e4d1f6d2b3a4958671e2d")
    return RepositoryRecord(name=name, status=status, result=result(*projects), **more)


def of_fixture(name: str) -> RepositoryRecord:
    """What a dry run really says about one of the fixtures."""
    read: dict[str, Any] = json.loads(render(volfix.plan([FIXTURES / name / "repository"]).result))
    status = Status.FINDINGS if any(item["findings"] for item in read["projects"]) else Status.CLEAN
    return RepositoryRecord(str(FIXTURES / name / "repository"), name, status, result=read)


def hostile() -> RepositoryRecord:
    """Every text of a record is hostile, also those that volfix writes itself."""
    bad = finding(
        file=HOSTILE, service=HOSTILE, target=HOSTILE, step=HOSTILE, message=HOSTILE, evidence=[HOSTILE], reason=HOSTILE
    )
    bad["danger"] = HOSTILE
    line = HOSTILE.replace("\r", "").replace("\n", "")
    diff = (
        f"--- a/{line}\n+++ b/{line}\n@@ -1,2 +1,2 @@\n--- {line}\n+++ {line}\n {line}\n\\ No newline at end of file\n"
    )
    move = dict.fromkeys(MOVE, HOSTILE)
    project_ = {**project(bad), "root": HOSTILE, "name": HOSTILE, "files": [HOSTILE], "moves": [move], "diff": diff}
    error = {"file": HOSTILE, "line": 3, "column": 4, "message": HOSTILE}
    return RepositoryRecord(
        source=HOSTILE,
        name=HOSTILE,
        status=Status.FAILED,
        reason=HOSTILE,
        head=HOSTILE,
        branch=HOSTILE,
        commit=HOSTILE,
        seconds=1.5,
        links=("javascript:document.title='taken'", f"https://git.example.org/{MARKUP}"),
        result=result(project_, errors=(error,)),
    )


def hostile_hazard() -> Hazard:
    return Hazard(HazardKind.VOLUME, HOSTILE, HOSTILE, (HOSTILE,), HOSTILE)


def mixed() -> list[RepositoryRecord]:
    """One repository of each kind, and one of each outcome."""
    return [
        record("clean", Status.CLEAN, project()),
        record("fixable", Status.FINDINGS, project(finding())),
        record("unsafe", Status.FINDINGS, project(finding(), unsafe(code="VF104"))),
        record("refused", Status.FINDINGS, project(finding(), unsafe(), refused())),
        record("written", Status.WRITTEN, uncarried(finding()), branch="volfix/persistent-databases", commit="c0ffee"),
        record(
            "pushed",
            Status.PUSHED,
            project(finding()),
            source="git@git.example.org:acme/pushed.git",
            links=("https://git.example.org/acme/pushed/compare/volfix",),
        ),
        record("skipped", Status.SKIPPED, project(finding()), reason="uncommitted changes: README.md"),
        record("failed", Status.FAILED, reason="git fetch failed: could not resolve host", seconds=30.5),
    ]


def estate(size: int, diff_lines: int = 200) -> Iterator[RepositoryRecord]:
    """As many repositories as asked for, of every status; each tenth has a diff of `diff_lines` lines."""
    kinds = mixed()
    rows = "".join(f"-      - ./data{line}:/data\n+      - data-{line}:/data\n" for line in range(diff_lines // 2))
    long = f"--- a/compose.yaml\n+++ b/compose.yaml\n@@ -1,{diff_lines // 2} +1,{diff_lines // 2} @@\n{rows}"
    for number in range(size):
        kind = kinds[number % len(kinds)]
        name = f"{kind.name}-{number:05}"
        projects = kind.result["projects"]
        if number % 10 == 1:
            projects = [{**project(finding(), unsafe()), "diff": long}]
        yield RepositoryRecord(
            f"/srv/checkouts/{name}",
            name,
            kind.status,
            kind.reason,
            kind.head,
            kind.branch,
            kind.commit,
            kind.seconds,
            kind.links,
            result(*projects),
        )
