"""The knowledge base as data: engines and applications, each with where it keeps its state and how volfix knows.

The tables are in `engines/*.toml` and `applications/*.toml`. Parsing them all costs more than a dry run may, so the
files are only cut into their tables and indexed by image name; a table is parsed when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from volfix.knowledge.tables import HERE, parsed, record

if TYPE_CHECKING:
    from volfix.knowledge.absences import Absence

Kind = Literal["engine", "application"]
Result = TypeVar("Result")
Needs = Literal["first", "all", "any"]
FOLDERS: Mapping[str, Kind] = {"engines": "engine", "applications": "application"}
LEADING_NUMBER = r"^v?(\d+(?:\.\d+)*)"


@dataclass(frozen=True, slots=True)
class Setting:
    """What moves a data directory; exactly one of `env`, `flag` and `after` says where the value stands.

    `env` is a variable; `flag` a command word (`--datadir`, or `data_directory` for `-c data_directory=/x`); `after` a
    command word that is followed by paths. `moves` is the default directory that is replaced, empty for the first;
    `append` a default sub-directory of the value; `file` says that the value is a file in the directory, `store` that
    it is a store URL (`rocksdb:/x`), `field` which `key=path` field of the value counts; the words of `skip` are flags
    whose value is no path.
    """

    env: str = ""
    flag: str = ""
    after: str = ""
    moves: str = ""
    append: str = ""
    file: bool = False
    store: bool = False
    field: str = ""
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One engine or application, in one range of its versions.

    `images` are repositories, with a trailing `*` as a pattern; `versions` is a range such as `>=2 <3`, empty for all;
    `version` the pattern that finds the version in a tag; `tag_has` and `tag_lacks` are words that a tag has or lacks;
    `superseded` says that the tag `latest` has meant a newer version for three years or more.
    `data_directories` are absolute, the most important first; `needs` says whether the rows are lost without the first
    of them, without each, or only without all (the image uses one of them). `inner` are places below them that hold the
    database all the same, the first of them by itself. A server does not start with a mount at one of `refused_mounts`.
    `database_settings` name the variables that name the database;
    `bundles` are the database servers that an application's image runs inside. `at` are directories that identify the
    engine by themselves, `words` those that identify it in a foreign image's name. `default_command` is the image's
    own command where it decides whether anything is kept; `subcommands` are first words of a command with which the
    image's entry point starts the server. `owner` is the user and group that the server runs as, `alpine_owner` where
    the tag says alpine and the numbers are others.
    """

    name: str
    family: str
    kind: Kind
    images: tuple[str, ...]
    source: str
    data_directories: tuple[str, ...] = ()
    verified: bool = False
    versions: str = ""
    version: str = LEADING_NUMBER
    tag_has: str = ""
    tag_lacks: str = ""
    superseded: bool = False
    needs: Needs = "first"
    inner: tuple[str, ...] = ()
    refused_mounts: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    absences: tuple[Absence, ...] = ()
    default_command: tuple[str, ...] = ()
    subcommands: tuple[str, ...] = ()
    working_directory: str = ""
    declared_volumes: tuple[str, ...] = ()
    never_convert: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None
    alpine_owner: tuple[int, int] | None = None
    cache: bool = False
    hand_edited: bool = False
    database_settings: tuple[str, ...] = ()
    bundles: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    note: str = ""


class Table(NamedTuple):
    """The text of one `[[entry]]` table, not parsed yet; `own` is an entry that comes from a configuration file."""

    kind: Kind
    text: str
    own: Entry | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """The tables, and by a repository or a pattern of repositories the numbers of those about it."""

    tables: tuple[Table, ...]
    repositories: Mapping[str, tuple[int, ...]]
    patterns: Mapping[str, tuple[int, ...]]


_OWN: list[Entry] = []
_DERIVED: list[Callable[[], None]] = []


def from_index(function: Callable[..., Result]) -> Callable[..., Result]:
    """Keep the result of a function of the index until the knowledge base gets new entries."""
    kept = cache(function)
    _DERIVED.append(kept.cache_clear)
    return kept


def learn(entries: Sequence[Entry]) -> None:
    """Add the user's own entries for this run, and forget those of the run before."""
    if list(entries) != _OWN:
        _OWN[:] = entries
        for clear in _DERIVED:
            clear()


@from_index
def index() -> Index:
    """The index over every table of the knowledge base, read once."""
    tables: list[Table] = []
    for folder, kind in FOLDERS.items():
        for path in sorted((HERE / folder).glob("*.toml")):
            cut = path.read_text(encoding="utf-8").split("[[entry]]\n")
            tables += (Table(kind, text) for text in cut[1:])
    tables += (Table(known.kind, "", known) for known in _OWN)
    images = _numbered(tables, "images")
    return Index(
        tables=tuple(tables),
        repositories={name: numbers for name, numbers in images.items() if not name.endswith("*")},
        patterns={name[:-1]: numbers for name, numbers in images.items() if name.endswith("*")},
    )


@from_index
def image_words() -> Mapping[str, tuple[int, ...]]:
    """The numbers of the tables by the words that identify them in an image's name."""
    return _numbered(index().tables, "words")


@from_index
def identifying_directories() -> Mapping[str, tuple[int, ...]]:
    """The numbers of the tables by the directories that identify them."""
    return _numbered(index().tables, "at")


def _numbered(tables: Iterable[Table], key: str) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for number, table in enumerate(tables):
        for value in getattr(table.own, key) if table.own else strings_of(table.text, key):
            found[value] = (*found.get(value, ()), number)
    return found


def strings_of(text: str, key: str) -> list[str]:
    """The strings of the array `key` in the text of a table, which holds no quotes or brackets inside its strings."""
    return text.partition(f"\n{key} = [")[2].partition("]")[0].split('"')[1::2]


@from_index
def entry(number: int) -> Entry:
    """The entry of the index's table `number`."""
    table = index().tables[number]
    return table.own or entry_of(parsed(table.text), table.kind)


def entry_of(row: Mapping[str, Any], kind: Kind) -> Entry:
    """The entry that a parsed table describes; raises TypeError for a key that no entry has."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    values.setdefault("family", values["name"].lower().replace(" ", "-"))
    values["settings"] = tuple(record(Setting, item) for item in row.get("settings", ()))
    if absences := row.get("absences"):
        from volfix.knowledge.absences import absence_of  # few engines can be told to keep nothing

        values["absences"] = tuple(map(absence_of, absences))
    return Entry(kind=kind, **values)
