"""The options of `volfix bulk`: checked before the run, and turned into the task of each repository."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import click

from volfix.cli.config import named_text

if TYPE_CHECKING:
    from volfix.bulk.worker import Task


def check(arguments: tuple[str, ...], options: dict[str, Any]) -> None:
    """Refuse options that cannot work, before the run begins; raises click.UsageError. `--push` sets `write`."""
    parts = [name for name in ("resume", "only_failed", "only") if options[name]]
    if "resume" in parts and len(parts) > 1:
        raise click.UsageError("--resume continues the last run as it was begun: leave out --only and --only-failed")
    if not arguments and not parts:
        raise click.UsageError(
            "which repositories? Name directories, URLs, or a file with a directory or URL in each line"
        )
    options["write"] |= options["push"]
    if options["scheduler"] and options["write"] and not options["push"]:
        raise click.UsageError("on a cluster a branch that is not pushed is lost: add --push or --patches DIR")
    if options["report"] is not None and find_spec("jinja2") is None:  # checked before the run, which may take hours
        raise click.UsageError("--report needs the template library: pip install 'volfix[report]'")
    from volfix.bulk.git import is_branch_name

    if not is_branch_name(options["branch"]):
        raise click.BadParameter(f"{options['branch']!r} cannot be a branch's name", param_hint="--branch")
    for name in ("patches", "report", "cache"):
        if options[name] is not None and not (
            name == "cache" and options["scheduler"]
        ):  # on a cluster the cache is on the workers' machines
            _check_directory(name, options[name])


def _check_directory(name: str, directory: Path) -> None:
    """Check that the directory can be written, by making it and a file in it; raises click.BadParameter."""
    try:
        directory.mkdir(mode=0o777 if name == "report" else 0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=directory):
            pass
    except OSError as error:
        reason = f"{directory} cannot be written: {error.strerror or error}"
        raise click.BadParameter(f"{reason}; name another directory", param_hint=f"--{name}") from error


def default_state() -> Path:
    """The state file of the current directory: each directory has its own.

    Source: freedesktop.org, XDG Base Directory Specification; platformdirs, user_state_dir (macOS and Windows).
    """
    home = Path.home()
    if sys.platform == "darwin":
        above = home / "Library" / "Application Support"
    elif sys.platform == "win32":
        above = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        given = os.environ.get("XDG_STATE_HOME", "")
        above = Path(given) if given.startswith("/") else home / ".local" / "state"
    here = Path.cwd()
    name = f"{here.name or 'root'}-{hashlib.sha256(os.fsencode(here)).hexdigest()[:8]}.sqlite"
    path = above / "volfix" / "bulk" / name
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"{path.parent} cannot be made ({error.strerror}): name a file with --state") from error
    return path


def task_of(options: dict[str, Any]) -> Task:
    """The task of every repository; raises click.BadParameter for a message template that cannot be used."""
    from volfix import __version__
    from volfix.bulk import message
    from volfix.bulk.worker import Task
    from volfix.report.json_report import render

    template = message.DEFAULT
    if options["message_file"] is not None:
        try:
            template = options["message_file"].read_text(encoding="utf-8")
            message.check(template)
        except (OSError, UnicodeDecodeError, message.BadTemplate) as error:
            raise click.BadParameter(f"{options['message_file']}: {error}", param_hint="--message-file") from error
    return Task(
        version=__version__,
        render=render,
        message=template,
        date=0,
        limit=options["time_limit"],
        cache=None if options["cache"] is None else str(options["cache"].absolute()),
        branch=options["branch"],
        write=options["write"],
        push=options["push"],
        local_remotes=tuple(os.path.abspath(path) for path in options["local_remote"]),  # noqa: PTH100 - `..` is taken out
        patches=options["patches"] is not None,
        unsafe_fixes=options["unsafe_fixes"],
        carry_service=options["carry_service"],
        only_carried=True,
        trusted=options["trusted"],
        select=options["select"],
        ignore=options["ignore"],
        exclude=options["exclude"],
        config=None if options["config"] is None else named_text(options["config"]),
    )


def begun_with(before: str, now: str) -> str:
    """How the options of the last run differ from those of this run, as command-line words."""
    if not before:
        return "with other options"
    old, new = json.loads(before), json.loads(now)
    differ = [name for name in new if old.get(name) != new[name]]
    if "push" in differ and "write" in differ:
        differ.remove("write")  # --push includes --write
    return " and ".join(_in_words(name, old.get(name)) for name in differ)


def _in_words(name: str, value: Any) -> str:
    if name == "version":
        return f"by volfix {value}"
    if name == "message":
        return "with another --message-file"
    flag = f"--{name.replace('_', '-')}"
    if value is True or not value:
        return f"{'with' if value else 'without'} {flag}"
    return f"with {flag} {','.join(value) if isinstance(value, list) else value}"
