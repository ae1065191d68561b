"""The keys of a configuration file: what each holds, and whether it counts in a file that volfix found itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from volfix.rules.findings import Severity


class Kind(Enum):
    """What a key holds; the value is how a message calls it."""

    CODES = "a list of rule codes"
    GLOBS = "a list of glob patterns"
    CODES_BY_GLOB = "a table of glob patterns with lists of rule codes"
    SEVERITY = f"one of {', '.join(each.value for each in Severity)}"
    NAMES = "a table of mounts with the names of their volumes"
    ENTRIES = "an array of tables as in the knowledge base"
    SWITCH = "true or false"
    TEXTS = "a list of strings"


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `named` says that it counts only in a file that a person names with `--config`."""

    kind: Kind
    text: str
    named: bool = False


KEYS = {
    "select": Key(Kind.CODES, "Check only these rules; VF1 stands for all VF1xx."),
    "ignore": Key(Kind.CODES, "Check all but these rules."),
    "exclude": Key(Kind.GLOBS, "Leave out the paths that match, from this file's directory."),
    "per-file-ignores": Key(Kind.CODES_BY_GLOB, "Rules that are not checked in the files that match."),
    "min-severity": Key(Kind.SEVERITY, "Leave out findings that are less severe."),
    "volumes": Key(Kind.NAMES, 'Names of new volumes, by host directory ("./data") or by mount ("app:/var/lib/app").'),
    "engines": Key(Kind.ENTRIES, "Database engines that the knowledge base does not have."),
    "applications": Key(Kind.ENTRIES, "Applications that the knowledge base does not have."),
    "write": Key(Kind.SWITCH, "Write the fixes.", named=True),
    "unsafe-fixes": Key(Kind.SWITCH, "Also make the fixes that need your decision.", named=True),
    "carry-service": Key(Kind.SWITCH, "Also add the services that carry the data.", named=True),
    "trusted": Key(Kind.SWITCH, "The CI server trusts the repositories.", named=True),
    "allow-dirty": Key(Kind.SWITCH, "Write also to files with uncommitted changes.", named=True),
    "show-secrets": Key(Kind.SWITCH, "Do not mask values in the output.", named=True),
    "no-outside": Key(Kind.SWITCH, "Read no file outside of the repository.", named=True),
    "verify-with-compose": Key(Kind.SWITCH, "Also ask `docker compose` about each changed project.", named=True),
    "output-format": Key(Kind.TEXTS, "Forms of the result.", named=True),
    "output-file": Key(Kind.TEXTS, "Files for the results, one for each form.", named=True),
}
