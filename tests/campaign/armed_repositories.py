"""Repositories whose every setting, hook and file has a program run: who only reads them runs none.

Each arm writes a file outside of the repository when it is run.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./pg:/var/lib/postgresql/data\n"
HOOKS = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg"),
    *("commit-msg", "post-commit", "pre-rebase", "post-checkout", "post-merge", "pre-push", "pre-receive", "update"),
    *("proc-receive", "post-receive", "post-update", "reference-transaction", "push-to-checkout", "pre-auto-gc"),
    *("post-rewrite", "sendemail-validate", "fsmonitor-watchman", "post-index-change"),
)
SETTINGS = {
    "core.fsmonitor": "{run}",
    "core.sshCommand": "{run}",
    "core.gitProxy": "{run}",
    "core.editor": "{run}",
    "core.pager": "{run}",
    "core.askPass": "{run}",
    "core.alternateRefsCommand": "{run}",
    "sequence.editor": "{run}",
    "pager.log": "{run}",
    "pager.status": "{run}",
    "diff.external": "{run}",
    "gpg.program": "{run}",
    "gpg.ssh.program": "{run}",
    "gpg.ssh.defaultKeyCommand": "{run}",
    "credential.helper": "!{run}",
    "uploadpack.packObjectsHook": "{run}",
    "receive.procReceiveRefs": "refs",
    "interactive.diffFilter": "{run}",
    "browser.x.cmd": "{run}",
    "trace2.eventTarget": "{run}",
    "filter.arm.clean": "{run}",
    "filter.arm.smudge": "{run}",
    "filter.arm.process": "{run}",
    "filter.arm.required": "true",
    "diff.arm.textconv": "{run}",
    "diff.arm.command": "{run}",
    "merge.arm.driver": "{run}",
    "log.showSignature": "true",
    "commit.gpgSign": "true",
    "submodule.recurse": "true",
    "status.submoduleSummary": "true",
}
"""Settings of a repository that name a program, or have one run."""
ALIASES = ("status", "log", "ls-files", "config", "cat-file", "rev-parse", "push", "read-tree", "checkout-index")
Arm = Callable[[Path, str], None]


@dataclass(frozen=True, slots=True)
class Armed:
    """A repository; `trap` is the file that is there once an arm was run."""

    arm: str
    repository: Path
    trap: Path

    @property
    def went_off(self) -> bool:
        return self.trap.exists()


def git(place: Path, *words: str) -> None:
    """git as its owner calls it, without what the machine's user configured."""
    people = {f"GIT_{role}_{part}": "a@b" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    environment = {**os.environ, **people, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "-C", str(place), *words], check=True, capture_output=True, env=environment)


def _setting(name: str) -> Arm:
    def arm(place: Path, run: str) -> None:
        git(place, "config", name, SETTINGS[name].format(run=run))

    return arm


def _hook(name: str) -> Arm:
    def arm(place: Path, run: str) -> None:
        hook = place / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{run}\n")
        hook.chmod(0o755)

    return arm


def _alias(name: str) -> Arm:
    return lambda place, run: git(place, "config", f"alias.{name}", f"!{run}")


def _remote(url: str, *more: tuple[str, str]) -> Arm:
    def arm(place: Path, run: str) -> None:
        git(place, "config", "remote.origin.url", url.format(run=run, place=place))
        for name, value in more:
            git(place, "config", name, value.format(run=run, place=place))

    return arm


def _hooks_elsewhere(place: Path, run: str) -> None:
    hooks = place / "hooks"
    hooks.mkdir()
    for name in HOOKS:
        (hooks / name).write_text(f"#!/bin/sh\n{run}\n")
        (hooks / name).chmod(0o755)
    git(place, "config", "core.hooksPath", str(hooks))


def _included(place: Path, run: str, key: str = "include.path") -> None:
    (place / ".git/more").write_text(
        f'[core]\n\tfsmonitor = "{run}"\n\tsshCommand = "{run}"\n[diff]\n\texternal = "{run}"\n'
        f'[filter "arm"]\n\tclean = "{run}"\n\tsmudge = "{run}"\n\tprocess = "{run}"\n'
    )
    git(place, "config", key, str(place / ".git/more"))


def _remote_within(place: Path, run: str) -> None:
    """A bare repository in the work tree, with a hook, as the remote that a push would go to."""
    git(place, "init", "-q", "--bare", "vendor.git")
    for name in ("pre-receive", "update", "post-receive", "reference-transaction"):
        hook = place / "vendor.git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{run}\n")
        hook.chmod(0o755)


def _remote_path_within(place: Path, run: str) -> None:
    _remote_within(place, run)
    git(place, "config", "remote.origin.url", "vendor.git")


def _remote_url_within(place: Path, run: str) -> None:
    _remote_within(place, run)
    git(place, "config", "remote.origin.url", f"file://{place}/vendor.git")


def _pushed_elsewhere(place: Path, run: str) -> None:
    _remote_within(place, run)
    git(place, "config", "remote.origin.url", "https://git.invalid/a.git")
    git(place, "config", "remote.origin.pushurl", f"{place}/vendor.git")


def _rewritten_url(place: Path, run: str) -> None:
    _remote_within(place, run)
    git(place, "config", "remote.origin.url", "https://git.invalid/a.git")
    git(place, "config", f"url.{place}/vendor.git.insteadOf", "https://git.invalid/a.git")


def _other_remote(place: Path, run: str) -> None:
    """A remote beside the repository that nobody named."""
    _remote_within(place, run)
    (place / "vendor.git").rename(place.parent / f"{place.name}-other.git")
    git(place, "config", "remote.origin.url", f"{place.parent}/{place.name}-other.git")


def _partial(place: Path, run: str) -> None:
    git(place, "config", "core.repositoryFormatVersion", "1")
    git(place, "config", "extensions.partialClone", "origin")
    git(place, "config", "remote.origin.promisor", "true")
    git(place, "config", "remote.origin.url", f"ext::{run}")
    git(place, "config", "remote.origin.uploadpack", run)
    git(place, "config", "protocol.ext.allow", "always")


def _submodule(place: Path, run: str) -> None:
    (place / ".gitmodules").write_text(f'[submodule "a"]\n\tpath = sub\n\turl = ext::{run}\n\tupdate = !{run}\n')
    git(place, "config", "submodule.a.update", f"!{run}")
    git(place, "config", "submodule.a.url", f"ext::{run}")
    git(place, "config", "protocol.ext.allow", "always")
    git(place, "init", "-q", "sub")
    git(place / "sub", "config", "core.fsmonitor", run)
    git(place / "sub", "commit", "-q", "--allow-empty", "-m", "a")
    git(place, "add", "sub", ".gitmodules")
    git(place, "commit", "-qm", "sub")


def _git_file(place: Path, run: str) -> None:
    (place / ".git").rename(place.parent / f"{place.name}-git")
    (place / ".git").write_text(f"gitdir: {place.parent}/{place.name}-git\n")
    git(place, "config", "core.fsmonitor", run)


def _bare_within(place: Path, run: str) -> None:
    """The files of a bare repository in the work tree itself: git could take a directory for a repository."""
    for name in ("objects", "refs"):
        (place / "app" / name).mkdir(parents=True)
    (place / "app/HEAD").write_text("ref: refs/heads/main\n")
    (place / "app/config").write_text(f'[core]\n\tbare = false\n\tworktree = "."\n\tfsmonitor = "{run}"\n')
    (place / "app/compose.yaml").write_text(COMPOSE)


def _branch(name: str) -> Arm:
    def arm(place: Path, run: str) -> None:
        git(place, "config", "protocol.ext.allow", "always")
        (place / ".git/HEAD").write_text(f"ref: refs/heads/{name.format(run=run)}\n")

    return arm


def _attributes(text: str, *settings: str) -> Arm:
    def arm(place: Path, run: str) -> None:
        for name in settings:
            git(place, "config", name, SETTINGS[name].format(run=run))
        (place / ".git/info").mkdir(exist_ok=True)
        (place / ".git/info/attributes").write_text(text)
        (place / "compose.yaml").write_text(COMPOSE + "# changed\n")

    return arm


ARMS: dict[str, Arm] = {
    **{f"hook {name}": _hook(name) for name in HOOKS},
    **{f"setting {name}": _setting(name) for name in SETTINGS},
    **{f"alias {name}": _alias(name) for name in ALIASES},
    "hooks elsewhere": _hooks_elsewhere,
    "an included file": _included,
    "a file included under a condition": lambda place, run: _included(place, run, "includeIf.gitdir:**.path"),
    "remote in the work tree, a path": _remote_path_within,
    "remote in the work tree, a URL": _remote_url_within,
    "remote in the work tree, to push to": _pushed_elsewhere,
    "remote in the work tree, behind another URL": _rewritten_url,
    "remote beside it that nobody named": _other_remote,
    "remote ext::": _remote("ext::{run} %S", ("protocol.ext.allow", "always")),
    "remote fd::": _remote("fd::17", ("protocol.fd.allow", "always")),
    "remote with an option for ssh": _remote("ssh://-oProxyCommand={run}/a"),
    "remote with an option for scp": _remote("-oProxyCommand={run}:a"),
    "remote that is an option": _remote("--upload-pack={run}"),
    "remote with a program to receive": _remote("https://git.invalid/a", ("remote.origin.receivepack", "{run}")),
    "remote with its own helper": _remote("arm::x", ("remote.origin.vcs", "ext"), ("protocol.allow", "always")),
    "a partial clone": _partial,
    "a submodule": _submodule,
    "a .git file": _git_file,
    "a bare repository within": _bare_within,
    "a branch that is an option": _branch("--upload-pack={run}"),
    "a branch with a command": _branch("$({run})"),
    "attributes, filter": _attributes("* filter=arm\n", "filter.arm.clean", "filter.arm.smudge", "filter.arm.required"),
    "attributes, process": _attributes("* filter=arm\n", "filter.arm.process", "filter.arm.required"),
    "attributes, textconv": _attributes("* diff=arm\n", "diff.arm.textconv", "diff.arm.command"),
    "attributes, merge": _attributes("* merge=arm\n", "merge.arm.driver"),
}
"""More than sixty ways to have a program run."""


def arm(directory: Path, name: str) -> Armed:
    """The repository with one arm, in the directory `shop` of a new directory."""
    directory.mkdir(parents=True, exist_ok=True)
    place, trap, program = directory / "shop", directory / "went-off", directory / "run"
    program.write_text(f"#!/bin/sh\ntouch '{trap}'\n")
    program.chmod(0o755)
    place.mkdir()
    git(place, "init", "-q", "-b", "main")
    (place / "compose.yaml").write_text(COMPOSE)
    (place / "deploy.sh").write_text("#!/bin/sh\ndocker compose up -d\n")
    git(place, "add", ".")
    git(place, "commit", "-qm", "shop")
    ARMS[name](place, str(program))
    trap.unlink(missing_ok=True)
    return Armed(name, place, trap)
