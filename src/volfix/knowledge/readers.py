"""How the libraries that open a database read its address: slashes, escapes, and where a relative path starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from volfix.knowledge.tables import record, table

Form = Literal["url", "short", "file", "plain", "jdbc", "data source"]
"""`sqlite://x`, `sqlite:x`, `file:x`, a path alone, `jdbc:...`, `Data Source=x`."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A library, or some of its versions.

    `forms` are the forms of an address that it takes, `three_slashes` and `two_slashes` what `sqlite:///x` and
    `sqlite://x` are to it, `decodes` whether %20 is a blank. `relative_to` says where a relative path starts and
    `folder` where that lies from the working directory, None where it is not known. `over` are the readers that it
    stands on and replaces. `basis` says how that is known: the library was run, or its documentation was read; from
    what is unverified no value is changed. It speaks of the versions from `since` to below `before`.
    """

    name: str
    ecosystem: str
    packages: tuple[str, ...]
    forms: tuple[Form, ...]
    source: str
    three_slashes: Literal["relative", "absolute"] = "absolute"
    two_slashes: Literal["relative", "refused"] = "refused"
    decodes: bool = False
    relative_to: Literal[
        "working directory", "instance folder", "schema directory", "application root", "root of the module", "process"
    ] = "working directory"
    basis: Literal["run", "documentation", "unverified"] = "run"
    schemes: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    since: str = ""
    before: str = ""
    folder: str | None = ""


@cache
def readers() -> tuple[Reader, ...]:
    """Every reader of the knowledge base; `folder` is None if only the project can say it."""
    found = (record(Reader, row) for row in table("readers")["reader"])
    return tuple(each if each.relative_to == "working directory" else replace(each, folder=None) for each in found)


def reader_of_scheme(scheme: str) -> tuple[Reader, ...]:
    """The readers that alone take addresses of this scheme (`sqlite+aiosqlite`, `jdbc:h2`): versions of one library."""
    return tuple(reader for reader in readers() if scheme in reader.schemes)
