"""What volfix says of a repository: every form of the result, every command, the editor, and what bulk leaves behind.

Not among them: patches (`bulk --patches`), the store of `undo` and an editor's edits, which are the true text.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

from volfix.cli.main import volfix as command_line

from .forked_workers import forked_workers

FORMATS = ("json", "sarif", "github", "gitlab", "junit", "rdjson")
ALL = ("--unsafe-fixes", "--trusted", "--carry-service")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("--dry-run", "--quiet"),
    ("--dry-run", "--statistics"),
    ("--dry-run", "--verify-with-compose", *ALL),
    ("--dry-run", "--baseline", "BASELINE", "--write-baseline"),
    ("--dry-run", "--baseline", "BASELINE", *ALL),
    ("--interactive", *ALL),
    ("--write", *ALL),
    ("undo",),
    ("explain",),
    ("config",),
    ("rows",),
    ("carry",),
    ("carry", "--script"),
)
"""The commands whose words a person reads, beside the run that prints every format."""
ANSWERS = "?\ne\ny\nn\n" + "y\n" * 20
"""What a person answers to `--interactive`."""
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent"}
BRANCH = "volfix/persistent-databases"


def outputs(repository: Path, scratch: Path, commands: Sequence[Sequence[str]] = COMMANDS) -> Iterator[tuple[str, str]]:
    """What volfix says of the repository, on both outputs: the name of the output, and its text."""
    files = [scratch / f"result.{form}" for form in FORMATS]
    words = ["--dry-run", "-v", "--diff", "--changes", *ALL]
    words += ["--output-format", "text", *(word for form in FORMATS for word in ("--output-format", form))]
    words += [word for file in files for word in ("--output-file", str(file))]
    yield "text", _said(words, repository)
    for file in files:
        yield file.suffix, file.read_text(encoding="utf-8")
        file.unlink()
    baseline = scratch / "baseline.json"
    for command in commands:
        yield " ".join(command), _said([str(baseline) if word == "BASELINE" else word for word in command], repository)
    if baseline.exists():
        yield "baseline", baseline.read_text(encoding="utf-8")
        baseline.unlink()


def _said(words: Sequence[str], repository: Path) -> str:
    done = CliRunner().invoke(command_line, [*words, str(repository)], input=ANSWERS, env=NO_ENGINE)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output


def editor_outputs(repository: Path) -> Iterator[tuple[str, str]]:
    """What an editor shows of the repository, all of its files open: no edit, which is the true text."""
    from lsprotocol.types import Position, Range

    from volfix.lsp.actions import Refused, made, offered
    from volfix.lsp.checks import Document, check
    from volfix.lsp.diagnostics import Shown

    files = [path for path in sorted(repository.rglob("*")) if path.is_file() and ".git" not in path.parts]
    documents = {os.path.realpath(path): Document(path.as_uri(), path, 1, path.read_bytes().decode()) for path in files}
    shown = Shown(check(repository, documents), "utf-32")
    for found in shown.diagnostics().values():
        for each in found:
            yield "diagnostic", "\n".join([each.message, *(one.message for one in each.related_information or [])])
            hovers = (shown.hover(path, each.range.start) for path in files)
            yield "hover", "\n".join(str(hover.contents) for hover in hovers if hover is not None)
    for path in files:
        lines = path.read_bytes().decode().split("\n")
        whole = Range(Position(0, 0), Position(len(lines) - 1, len(lines[-1])))
        for action in offered(shown, path, whole):
            yield "action", "\n".join([action.title, *(each.message for each in action.diagnostics or [])])
            try:
                assert isinstance(action.data, dict)
                made(shown.check, action.data, shown.encoding)
            except Refused as refused:
                yield "refusal", str(refused)


def bulk_outputs(repositories: Iterable[Path], scratch: Path) -> Iterator[tuple[str, str]]:
    """What a bulk run over these repositories prints, reports, keeps and commits."""
    clones = []
    for number, repository in enumerate(repositories):
        remote = scratch / "remotes" / f"{number}.git"
        _git(scratch, "init", "-q", "--bare", str(remote))
        _git(repository, "init", "-q", "-b", "main")
        _git(repository, "add", "-f", ".")
        _git(repository, "commit", "-q", "-m", "first")
        _git(repository, "remote", "add", "origin", str(remote))
        clones.append(repository)
    listed, state, report = scratch / "clones", scratch / "state", scratch / "report"
    listed.write_text("".join(f"{clone}\n" for clone in clones), encoding="utf-8")
    words = ["bulk", "--push", "--local-remote", str(scratch / "remotes"), "--state", str(state), "--jobs", "1"]
    words += ["--report", str(report), "--unsafe-fixes", "--trusted", str(listed)]
    with forked_workers():
        done = CliRunner().invoke(command_line, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    yield "bulk", done.output
    for path in sorted(report.rglob("*")):
        if path.is_file():
            yield f"report {path.name}", path.read_text(encoding="utf-8")
    with closing(sqlite3.connect(state)) as database:
        yield "state", "\n".join(database.iterdump())
        for (result,) in database.execute("SELECT result FROM repositories WHERE result IS NOT NULL"):
            yield "state, result", zlib.decompress(result).decode()
    for clone in clones:
        yield "commit message", _git(clone, "log", "-1", "--format=%B", BRANCH, "--", check=False)


def _git(at: Path, *words: str, check: bool = True) -> str:
    people = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(["git", "-C", str(at), *people, *words], capture_output=True, text=True, check=check)
    return done.stdout
