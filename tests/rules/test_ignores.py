"""Comments that ignore findings: where they count, what of them is reported, and in which files."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Finding, Severity

BIND = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./rows:/var/lib/postgresql/data{}\n"
VOLUME = "services:\n  db:\n    image: postgres:16\n    volumes: ['rows:/var/lib/postgresql/data']\nvolumes: {rows: }\n"
APP = (
    "services:\n  app:\n    build: .\n    volumes: ['rows:/app/data']\n    environment:\n"
    "      DATABASE_URL: ${DATABASE_URL}\nvolumes: {rows: }\n"
)
SCRIPT = "docker compose down -v{}\ndocker compose up -d\n"
WORKFLOW = (
    "on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n      - run: |\n"
    "          docker compose down -v{}\n          docker compose up -d\n"
)
DOCKERFILE = (
    'FROM python:3.12\nWORKDIR /app\nCOPY . .\n{}ENV DATABASE_URL=sqlite:////srv/app.db\nCMD ["python", "app.py"]\n'
)
CODE = "from sqlalchemy import create_engine\n{}engine = create_engine('sqlite:////srv/app.db')\n"


def found(
    directory: Path, files: dict[str, str], *, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()
) -> list[Finding]:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(volfix.plan(directory, select=select, ignore=ignore).findings)


def complaints(
    directory: Path, files: dict[str, str], *, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()
) -> list[str]:
    findings = found(directory, files, select=select, ignore=ignore)
    return [each.danger for each in findings if each.code == "VF901"]


NEEDED = {
    "a mount": {"compose.yaml": BIND.format("  # volfix: ignore[VF101] snapshots")},
    "in small letters, with another code": {"compose.yaml": BIND.format("  # volfix:ignore[vf101]")},
    "a shell script, above the command": {
        "compose.yaml": VOLUME,
        "deploy.sh": "# volfix: ignore[VF401]\n" + SCRIPT.format(""),
    },
    "a workflow": {
        "compose.yaml": VOLUME,
        ".github/workflows/deploy.yml": WORKFLOW.format("  # volfix: ignore[VF401]"),
    },
    "a Makefile": {
        "compose.yaml": VOLUME,
        "Makefile": "deploy:\n\t# volfix: ignore[VF401] a demo\n\tdocker compose down -v\n\tdocker compose up -d\n",
    },
    "an env file": {
        "compose.yaml": APP,
        ".env": "# volfix: ignore[VF201] a scratch file\nDATABASE_URL=sqlite:////srv/app.db\n",
        "Dockerfile": "FROM python:3.12\nWORKDIR /app\nRUN pip install sqlalchemy\nCOPY . .\n",
    },
    "a Dockerfile": {
        "compose.yaml": APP.replace("    environment:\n      DATABASE_URL: ${DATABASE_URL}\n", ""),
        "Dockerfile": DOCKERFILE.format("# volfix: ignore[VF201] a scratch file\n"),
    },
    "code": {
        "compose.yaml": APP.replace("    environment:\n      DATABASE_URL: ${DATABASE_URL}\n", ""),
        "Dockerfile": DOCKERFILE.replace("{}ENV DATABASE_URL=sqlite:////srv/app.db\n", "RUN pip install sqlalchemy\n"),
        "app.py": CODE.format("# volfix: ignore[VF203] a scratch file\n"),
    },
}


@pytest.mark.parametrize("files", NEEDED.values(), ids=NEEDED)
def test_a_comment_that_is_needed_hides_its_finding_and_makes_none(files: dict[str, str], tmp_path: Path) -> None:
    commented = found(tmp_path / "commented", files)
    plain = {name: text.replace("volfix:", "volfix") for name, text in files.items()}
    assert not [each for each in commented if each.severity is not Severity.INFO]
    assert [each for each in found(tmp_path / "plain", plain) if each.severity is not Severity.INFO]


@pytest.mark.parametrize("files", NEEDED.values(), ids=NEEDED)
def test_a_code_without_a_finding_is_a_note_in_each_kind_of_file(files: dict[str, str], tmp_path: Path) -> None:
    """VF108 is never found here: whoever wrote it beside the code that is needed has mistaken the place."""
    wider = {name: _widened(text) for name, text in files.items()}
    notes = [each for each in found(tmp_path, wider) if each.code == "VF901"]
    assert [each.severity for each in notes] == [Severity.INFO]
    assert "VF108 has no finding here" in notes[0].danger
    assert notes[0].location.path.name == next(Path(name).name for name, text in files.items() if "volfix:" in text)


def _widened(text: str) -> str:
    before, mark, after = text.partition("volfix:")
    return before + mark + after.replace("]", ", VF108]", 1)


MISREAD = {
    "FV101": ("ignore[FV101]", "no rule FV101", "did you mean VF101?"),
    "a letter for a digit": ("ignore[VF1O1]", "no rule VF1O1", "did you mean VF101?"),
    "a blank in it": ("ignore[VF-101]", "no rule VF-101", "did you mean VF101?"),
    "the beginning of codes": ("ignore[VF30]", "no rule VF30", "write each code in full: VF301, VF302"),
    "another tool's": ("ignore[F401]", "no rule F401", "did you mean VF401?"),
    "no code at all": ("ignore[snapshots]", "no rule SNAPSHOTS", "`volfix explain --rules` lists the rules"),
    "several words": (
        "ignore-next-line[VF101]",
        "does not know the word `ignore-next-line`",
        "write `# volfix: ignore",
    ),
    "an open bracket": ("ignore[VF101", "its brackets do not name codes", "write `# volfix: ignore"),
    "round brackets": ("ignore(VF101)", "its brackets do not name codes", "write `# volfix: ignore"),
}


@pytest.mark.parametrize(("comment", "message", "reason"), MISREAD.values(), ids=MISREAD)
def test_what_cannot_be_read_hides_nothing_and_is_a_warning(
    comment: str, message: str, reason: str, tmp_path: Path
) -> None:
    findings = found(tmp_path, {"compose.yaml": BIND.format(f"  # volfix: {comment}")})
    assert "VF101" in [each.code for each in findings]
    (warning,) = (each for each in findings if each.code == "VF901")
    assert warning.severity is Severity.WARNING
    assert message in warning.danger
    assert reason in (warning.reason or "")


@pytest.mark.parametrize("comment", ["ignore", "ignore: snapshots", "ignore VF101", "ignore (snapshots)", "ignore[]"])
def test_a_comment_without_a_code_hides_the_finding_and_asks_for_the_code(comment: str, tmp_path: Path) -> None:
    findings = found(tmp_path, {"compose.yaml": BIND.format(f"  # volfix: {comment}")})
    assert [each.code for each in findings] == ["VF901"]
    assert "hides every finding here, also all later findings: today it hides VF101" in findings[0].danger


PLACES = {
    "above the service": BIND.format("").replace("  db:", "  # volfix: ignore[VF101]\n  db:"),
    "above the block": BIND.format("").replace("    volumes:", "    # volfix: ignore[VF101]\n    volumes:"),
    "above the file": "# volfix: ignore[VF101]\n" + BIND.format(""),
    "with a line between": BIND.format("").replace("      - ", "      # volfix: ignore[VF101]\n\n      - "),
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
def test_a_comment_elsewhere_hides_nothing_and_says_what_it_covers(text: str, tmp_path: Path) -> None:
    findings = found(tmp_path, {"compose.yaml": text})
    assert [each.code for each in findings if each.code != "VF101"] == ["VF901"]
    assert "VF101" in [each.code for each in findings]
    (note,) = (each for each in findings if each.code == "VF901")
    assert "on a line of its own, the next line" in note.evidence[0]


def test_several_codes_are_judged_one_by_one(tmp_path: Path) -> None:
    messages = complaints(tmp_path, {"compose.yaml": BIND.format("  # volfix: ignore[VF101 VF106;VF999]")})
    assert len(messages) == 2
    assert "VF106 has no finding here" in messages[0]
    assert "no rule VF999" in messages[1]


def test_a_comment_that_keeps_a_mount_for_another_service_is_needed(tmp_path: Path) -> None:
    backup = (
        "  backup:\n    image: alpine\n    volumes:\n      - ./rows:/backup  # volfix: ignore[VF101] the cron job\n"
    )
    findings = found(tmp_path, {"compose.yaml": BIND.format("") + backup})
    assert [each.code for each in findings] == ["VF101"]
    assert findings[0].fix is None


def test_who_leaves_the_rule_out_hears_nothing_of_it(tmp_path: Path) -> None:
    files = {"compose.yaml": BIND.format("  # volfix: ignore[VF101, VF106, VF999]")}
    assert not complaints(tmp_path, files, ignore=("VF9",))
    assert not complaints(tmp_path, files, select=("VF1",))
    assert not complaints(tmp_path, {"compose.yaml": BIND.format("  # volfix: ignore[VF101, VF106, VF901]")})


def test_a_rule_that_does_not_run_cannot_show_that_its_code_is_not_needed(tmp_path: Path) -> None:
    files = {"compose.yaml": BIND.format("  # volfix: ignore[VF101, VF106]")}
    assert not complaints(tmp_path, files, select=("VF101", "VF901"))
    assert len(complaints(tmp_path, files, select=("VF106", "VF901"))) == 1


def test_a_script_of_several_stacks_is_judged_once_behind_all_of_them(tmp_path: Path) -> None:
    deploy = "cd {0}\n# volfix: ignore[VF401] a demo\ndocker compose down -v\ndocker compose up -d\ncd ..\n"
    files = {
        "a/compose.yaml": VOLUME,
        "b/compose.yaml": VOLUME,
        "deploy.sh": deploy.format("a") + deploy.format("b") + "# volfix: ignore[VF402]\necho done\n",
    }
    assert complaints(tmp_path, files) == ["`volfix: ignore[VF402]` hides nothing: VF402 has no finding here"]
