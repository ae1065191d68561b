"""VF901: an ignore comment that ignores no finding."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.codes import nearest, unknown
from volfix.rules.context import Context, at
from volfix.rules.evidence.ignore_places import ignores_of
from volfix.rules.findings import Finding, Severity, shortened
from volfix.rules.ignores import ANY, OWN, Ignore
from volfix.rules.rule import Rule, reported, untouched
from volfix.syntax.source import Span

FORM = "write `# volfix: ignore[VF101] reason`, with the codes to ignore"


def check(context: Context) -> Iterator[Finding]:
    """A finding for each comment that volfix cannot read, that has no code or an unknown code, or whose code has no
    finding.

    The rule runs after all other rules: the context then knows which comments hid a finding.
    """
    for ignore in ignores_of(context):
        for place, severity, message, danger, reason in _problems(context, ignore):
            yield Finding(
                code=OWN,
                severity=severity,
                location=at(ignore.source, place.start, place.end),
                message=message,
                danger=danger,
                evidence=("a comment covers its own line; on a line of its own, the next line",),
                reason=reason,
            )


def _problems(context: Context, ignore: Ignore) -> Iterator[tuple[Span, Severity, str, str, str]]:
    text = ignore.source.text[ignore.span.start : ignore.span.end].strip()
    used = sorted(code for path, span, code in context.used_ignores if (path, span) == _key(ignore))
    kept, used = used == [ANY], [code for code in used if code != ANY]
    if ignore.word != "ignore":
        yield (
            ignore.span,
            Severity.WARNING,
            "the comment ignores nothing: an unknown word",
            f"`{text}` ignores nothing: volfix does not know the word `{ignore.word}`",
            FORM,
        )
    elif ignore.codes is None:
        danger = f"`{text}` ignores nothing: its brackets do not name codes"
        yield ignore.span, Severity.WARNING, "the comment ignores nothing: no codes", danger, FORM
    elif not ignore.codes:
        now = f": today it hides {', '.join(used)}" if used else ""
        danger = f"`{text}` hides every finding here, also all later findings{now}"
        yield ignore.span, Severity.WARNING, "the comment hides every finding", danger, FORM
    else:
        for code, place in ignore.codes.items():
            if unknown(code, whole=True):
                danger = f"`{text}`: volfix has no rule {code}"
                yield place, Severity.WARNING, f"volfix has no rule {shortened(code)}", danger, nearest(code)
            elif code in context.selected and code not in used and code != OWN and not kept:
                danger = f"`{text}` hides nothing: {code} has no finding here"
                reason = f"remove {code}, or move the comment to the line of the finding"
                yield place, Severity.INFO, f"{code} has no finding here", danger, reason


def _key(ignore: Ignore) -> tuple[object, object]:
    return ignore.source.path, ignore.span


BIND = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./rows:/var/lib/postgresql/data{}\n"

RULE = Rule(
    code=OWN,
    name="ignore-without-effect",
    summary="An ignore comment has an unknown code, no code, or a code that it does not need.",
    why=(
        "A misspelt code hides nothing, although its author believes that it does. A comment without a code hides every "
        "later finding on its line, and so does a code whose finding is gone: volfix would not warn of the next "
        "loss."
    ),
    fix="None: name the codes that the comment should ignore, or delete the comment.",
    sources=("astral-sh/ruff: RUF100 unused-noqa, PGH004 blanket-noqa",),
    examples=(
        reported("a code that no rule has", {"compose.yaml": BIND.format("  # volfix: ignore[VF1O1]")}),
        reported(
            "no code: it hides every finding of the line",
            {"compose.yaml": BIND.format("  # volfix: ignore the host's snapshots need the files")},
        ),
        reported(
            "two codes, of which only VF101 has a finding",
            {"compose.yaml": BIND.format("  # volfix: ignore[VF101, VF106] snapshots")},
        ),
        reported(
            "a comment above the service: it covers only the next line",
            {
                "compose.yaml": "# volfix: ignore[VF105]\nservices:\n  db:\n    image: postgres:16\n"
                "    volumes: ['rows:/var/lib/postgresql/data']\nvolumes: {rows: }\n"
            },
        ),
        untouched(
            "a comment that hides a finding",
            {"compose.yaml": BIND.format("  # volfix: ignore[VF101] the host's snapshots need the files")},
        ),
        untouched(
            "text that mentions volfix",
            {
                "compose.yaml": "# volfix: see the README about its ignore comments\nservices:\n  web:\n    image: nginx\n"
                "    command: ['echo', 'volfix: ignore[VF999]']\n"
            },
        ),
    ),
    check=check,
)
