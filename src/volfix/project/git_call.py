"""The only call of git. It switches off every program that a repository's configuration could make git run.

git runs no hook, file-system monitor, pager, filter, signature program, submodule or transport that a repository names,
and writes nothing, not even the cached times in the index. Source: git, git-config, git (environment variables).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from volfix.project import children

INERT = (
    *("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.alternateRefsCommand=", "core.splitIndex=false"),
    *("submodule.recurse=false", "log.showSignature=false", "diff.external=", "core.pager=cat", "core.editor=false"),
    *("gc.auto=0", "maintenance.auto=false"),
)
OPTIONS = ("--no-pager", "--no-optional-locks", "--literal-pathspecs", "--no-replace-objects")


def call(
    words: Sequence[str],
    seconds: float,
    environment: Mapping[str, str],
    *,
    settings: Sequence[str] = (),
    data: bytes | None = None,
) -> children.Ended:
    """Run git and return its output. `words` are options of git, the command and its arguments.

    `settings` are further `-c` settings, `data` is git's standard input. Raises what `children.run` raises.
    """
    set_off = [word for setting in (*INERT, *settings) for word in ("-c", setting)]
    return children.run(["git", *OPTIONS, *set_off, *words], seconds, data=data, environment=environment)


def inert_environment() -> dict[str, str]:
    """volfix's environment without the GIT_* variables that lead git to another repository, as a hook has them.

    The user's own configuration in GIT_CONFIG_* stays.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_") or name == "GIT_EXEC_PATH"
    }
    # No protocol is allowed: a partial clone would run commands from its configuration to fetch missing objects.
    inert = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
    return {**kept, "LC_ALL": "C", **inert}
