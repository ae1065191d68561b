"""git for many repositories: nothing of theirs is run, nobody is asked anything, and no credential is shown.

A repository that volfix is given is asked with every hook, monitor, filter and transport switched off. What reaches a
network is run from repositories that volfix made itself, so that only the user's own configuration counts.
Source: git, git-config, git (environment variables), gitattributes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from volfix.fixes.masking.messages import scrub
from volfix.project.children import Ended
from volfix.project.git_call import call, inert_environment
from volfix.syntax.visible import one_line

PROTOCOLS = "git:http:https:ssh"
OF_THE_NETWORK = ("GIT_SSH", "GIT_ASKPASS", "GIT_SSL", "GIT_PROXY", "GIT_HTTP")
"""Beginnings of the environment variables that say how git reaches a server."""


class GitFailed(Exception):
    """git failed, or took too long; `reason` is one line, `output` all that git said about it."""

    def __init__(self, reason: str, output: str = "") -> None:
        super().__init__(reason)
        self.reason, self.output = reason, output


@dataclass(frozen=True, slots=True)
class Git:
    """git until `deadline` (of time.monotonic); `addresses` maps URLs to those with credentials."""

    deadline: float
    addresses: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        *arguments: str,
        at: Path,
        data: bytes | None = None,
        index: Path | None = None,
        people: Mapping[str, str] | None = None,
    ) -> bytes:
        """What git prints in the repository at `at` (a work tree or git's directory), offline; raises GitFailed.

        `data` is its standard input, `index` another list of files than the repository's, `people` who commits.
        """
        done = self.call(*arguments, at=at, data=data, index=index, people=people)
        if done.returncode:
            raise self._failure(arguments, done.stderr)
        return done.stdout

    def call(
        self,
        *arguments: str,
        at: Path,
        data: bytes | None = None,
        index: Path | None = None,
        people: Mapping[str, str] | None = None,
    ) -> Ended:
        """As `run`, but returns a failure instead of raising it."""
        environment = {**inert_environment(), **(people or {})}
        environment["GIT_CEILING_DIRECTORIES"] = str(at.parent)  # `at` itself, not a repository around it
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        return self._process(("-C", str(at), *arguments), environment, data)

    def online(self, *arguments: str, at: Path, local: bool = False) -> tuple[bytes, str]:
        """Run git with the network in a repository that volfix made, and return both its outputs; raises GitFailed.

        `local`: the other repository is one of this machine, and a person named it.
        """
        kept = {name: value for name, value in os.environ.items() if name.startswith(OF_THE_NETWORK)}
        environment = {**inert_environment(), **kept, **self._credentials()}
        environment |= {
            "GIT_ALLOW_PROTOCOL": f"{PROTOCOLS}:file" if local else PROTOCOLS,
            "SSH_ASKPASS_REQUIRE": "never",
        }
        done = self._process(("--git-dir", str(at), *arguments), environment, None)
        if done.returncode:
            raise self._failure(arguments, done.stderr)
        return done.stdout, done.stderr.decode(errors="backslashreplace")

    def _credentials(self) -> dict[str, str]:
        """Settings that replace URLs by addresses with credentials; in the environment, which `ps` does not show."""
        number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
        found = {}
        for url, address in self.addresses.items():
            if url != address:
                found[f"GIT_CONFIG_KEY_{number}"] = f"url.{address}.insteadOf"
                found[f"GIT_CONFIG_VALUE_{number}"] = url
                number += 1
        return {**found, "GIT_CONFIG_COUNT": str(number)} if found else {}

    def _process(self, arguments: Sequence[str], environment: Mapping[str, str], data: bytes | None) -> Ended:
        seconds = max(0.1, self.deadline - time.monotonic())
        try:
            return call(arguments, seconds, environment, data=data)
        except FileNotFoundError:
            raise GitFailed("git is not installed, or not on PATH") from None
        except TimeoutError:
            raise GitFailed(f"git {_verb(arguments)} did not end in time") from None
        except (OSError, ValueError) as error:
            raise GitFailed(f"git cannot be run: {error}") from error

    def _failure(self, arguments: Sequence[str], stderr: bytes) -> GitFailed:
        output = stderr.decode(errors="backslashreplace")
        lines = [line for line in output.splitlines() if line.strip()]
        first = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
        first = first.removeprefix("fatal: ").removeprefix("error: ") or "no reason given"
        for url, address in self.addresses.items():
            first = first.replace(address, url)
        return GitFailed(one_line(scrub(f"git {_verb(arguments)}: {first}")), output)


def _verb(arguments: Sequence[str]) -> str:
    words = iter(arguments)
    for word in words:
        if word in ("-C", "--git-dir", "-c"):
            next(words)
        else:
            return word
    return ""


def is_branch_name(name: str) -> bool:
    """Whether git takes the name for a branch. Source: git-check-ref-format, --branch."""
    try:
        done = call(("-C", "/", "check-ref-format", "--branch", name), 60, inert_environment())
    except (OSError, ValueError):
        return False
    return done.returncode == 0 and not name.startswith("@{")
