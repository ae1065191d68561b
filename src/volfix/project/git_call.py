"""The one call of git, with everything switched off that a repository's configuration could have it run.

No hook, file-system monitor, pager, filter, signature program, submodule or transport that a repository names is run,
and nothing is written, not even the index's cached times. Source: git, git-config, git (environment variables).
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
    """git with these words: options of git itself, the command, its arguments. Raises as `children.run` does."""
    set_off = [word for setting in (*INERT, *settings) for word in ("-c", setting)]
    return children.run(["git", *OPTIONS, *set_off, *words], seconds, data=data, environment=environment)


def inert_environment() -> dict[str, str]:
    """Without what points git elsewhere, as within a hook; what the user configures through GIT_CONFIG_* stays."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_") or name == "GIT_EXEC_PATH"
    }
    # No protocol is allowed: a partial clone would fetch what it misses with commands from its configuration.
    inert = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
    return {**kept, "LC_ALL": "C", **inert}
