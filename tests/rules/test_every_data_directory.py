"""Every entry of the knowledge base: a mount that does not hold its data is found, and a mount that does is not.

Each case is a service of a Compose file; the findings that count are VF105 and VF106.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import pytest

import volfix
from volfix.knowledge.entries import Entry, Setting, entry, index
from volfix.knowledge.images import Image
from volfix.knowledge.lookup import entries_for
from volfix.knowledge.paths import is_below, lies_in, matches
from volfix.knowledge.storage import data_directories

TAGS = [
    f"{before}{number}{after}"
    for number in ("1", "0.1", "0.30", "2", "3", "5", "6", "7", "8", "9", "12", "17", "18", "21.0", "22.0")
    for before in ("", "v", "pg", "debian-", "RELEASE.")
    for after in ("", "-rootless", "-alpine")
]
MOVED = "/moved/rows"
SERVICES = 200
"""In a Compose file."""


@dataclass(frozen=True)
class Case:
    """A service of the image, with named volumes at these targets."""

    image: str
    entry: Entry
    targets: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.image} {self.targets} {self.environment} {self.command}"


def all_entries() -> list[Entry]:
    return [entry(number) for number in range(len(index().tables))]


@cache
def known() -> tuple[tuple[str, Entry], ...]:
    """Each entry that keeps data by default, with an image that no other entry is about."""
    found = []
    for each in all_entries():
        where = data_directories(each, {}, ())
        image = None if where.keeps_nothing else image_of(each)
        if image is not None:
            found.append((image, entries_for(Image.parse(image))[0]))
    return tuple(found)


def image_of(entry: Entry) -> str | None:
    for repository in entry.images:
        for tag in TAGS:
            image = f"{repository.replace('*', 'thing')}:{tag}"
            if len(entries_for(Image.parse(image))) == 1 and entries_for(Image.parse(image))[0].name == entry.name:
                return image
    return None


def needed(entry: Entry) -> tuple[str, ...]:
    return {"all": entry.data_directories, "first": entry.data_directories[:1], "any": entry.data_directories[:1]}[
        entry.needs
    ]


def right(image: str, entry: Entry) -> Iterator[Case]:
    yield Case(image, entry, needed(entry))


def below(image: str, entry: Entry) -> Iterator[Case]:
    targets = tuple(f"{path}/part-of-it" for path in entry.data_directories)
    if not any(matches(target, inner) for target in targets for inner in entry.inner) and not set(
        entry.data_directories
    ) & {posixpath.dirname(path) for path in entry.data_directories}:
        yield Case(image, entry, targets)


def beside(image: str, entry: Entry) -> Iterator[Case]:
    yield Case(image, entry, tuple(f"{path}-rows" for path in entry.data_directories))


def without(image: str, entry: Entry) -> Iterator[Case]:
    yield Case(image, entry, ())


def above(image: str, entry: Entry) -> Iterator[Case]:
    path = entry.data_directories[0]
    if len(needed(entry)) == 1 and path.count("/") > 1:
        yield Case(image, entry, (posixpath.dirname(path),))


def shadowed(case: Case) -> bool:
    path, target = case.entry.data_directories[0], case.targets[0]
    return any(is_below(volume, target) and lies_in(path, volume) for volume in case.entry.declared_volumes)


def value_of(setting: Setting) -> str:
    value = f"{MOVED}/rows.db" if setting.file else MOVED
    return f"{setting.field}={value}" if setting.field else value


def moving(entry: Entry) -> Iterator[tuple[tuple[tuple[str, str], ...], tuple[str, ...]]]:
    """The environments and commands that move the first data directory."""
    for setting in entry.settings:
        if setting.moves in ("", entry.data_directories[0]) and not setting.store:
            if setting.env:
                yield ((setting.env, value_of(setting)),), ()
            elif setting.flag.startswith("-"):
                yield (), (f"{setting.flag}={value_of(setting)}",)
            elif setting.flag:
                yield (), ("-c", f"{setting.flag}={value_of(setting)}")


def moved_with_it(image: str, entry: Entry) -> Iterator[Case]:
    for environment, command in moving(entry):
        yield Case(image, entry, (MOVED, *needed(entry)[1:]), environment, command)


def moved_away(image: str, entry: Entry) -> Iterator[Case]:
    for environment, command in moving(entry):
        yield Case(image, entry, needed(entry), environment, command)


def cases(make: Callable[[str, Entry], Iterator[Case]]) -> list[Case]:
    return [case for image, entry in known() for case in make(image, entry)]


def silent(root: Path, wanted: list[Case]) -> list[Case]:
    """The cases for whose service neither rule says anything."""
    named = {f"s{number}": case for number, case in enumerate(wanted)}
    for number, part in enumerate(batched(named.items(), SERVICES)):
        write(root / str(number) / "compose.yaml", dict(part))
    plan = volfix.plan(root)
    assert not plan.result.errors
    found = {finding.service for finding in plan.findings if finding.code in ("VF105", "VF106")}
    return [case for name, case in named.items() if name not in found]


def batched(items: Iterable[tuple[str, Case]], size: int) -> Iterator[list[tuple[str, Case]]]:
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def write(path: Path, named: dict[str, Case]) -> None:
    """A Compose file with the services, and named volumes at the targets of each."""
    services: dict[str, object] = {}
    volumes: dict[str, object] = {}
    for name, case in named.items():
        mounts = [f"{name}-{index}:{target}" for index, target in enumerate(case.targets)]
        services[name] = {
            "image": case.image,
            "volumes": mounts,
            "environment": dict(case.environment),
            "command": list(case.command),
        }
        volumes.update({mount.partition(":")[0]: {} for mount in mounts})
    path.parent.mkdir()
    path.write_text(json.dumps({"services": services, "volumes": volumes}))


def test_nearly_every_entry_is_asked() -> None:
    keeping = [each for each in all_entries() if not data_directories(each, {}, ()).keeps_nothing]
    assert len(known()) > 0.98 * len(keeping)


@pytest.mark.parametrize("make", [below, beside, without, moved_away])
def test_a_mount_that_does_not_hold_the_data_is_found(
    make: Callable[[str, Entry], Iterator[Case]], tmp_path: Path
) -> None:
    wanted = cases(make)
    assert len(wanted) > 100
    assert [str(case) for case in silent(tmp_path, wanted)] == []


@pytest.mark.parametrize("make", [right, moved_with_it])
def test_a_mount_that_holds_the_data_is_not_reported(
    make: Callable[[str, Entry], Iterator[Case]], tmp_path: Path
) -> None:
    wanted = cases(make)
    assert len(wanted) > 100
    quiet = set(map(str, silent(tmp_path, wanted)))
    assert [str(case) for case in wanted if str(case) not in quiet] == []


def test_a_mount_above_holds_the_data_unless_the_image_declares_a_volume_below_it(tmp_path: Path) -> None:
    wanted = cases(above)
    quiet = set(map(str, silent(tmp_path, wanted)))
    assert {shadowed(case) for case in wanted} == {True, False}
    assert [str(case) for case in wanted if shadowed(case) == (str(case) in quiet)] == []
