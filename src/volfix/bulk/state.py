"""What a bulk run knows, in one SQLite file that is whole after Ctrl-C and after a kill at any instant.

Each repository is a row, saved in a transaction of its own (write-ahead log) when its work is done; work that a kill
has cut short is done again, and finds its branch. Source: sqlite.org, wal.html; flock(2).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from volfix.bulk.records import DO_NOT_MERGE, HazardKind, Status
from volfix.bulk.sources import Source, repository_name
from volfix.bulk.state_file import meta, open_locked, transaction
from volfix.bulk.state_records import Records, stored, stored_or_none, text_of
from volfix.bulk.worker import JobOutcome

DONE, TO_PLAN, TO_WRITE = 0, 1, 2
KEPT = frozenset({"clean", "findings", "written", "pushed"})
"""Statuses that stay true while neither the repository nor the options change."""
BATCH = 100


@dataclass(frozen=True, slots=True)
class Turn:
    """A repository whose turn it is; the known commits are those of an earlier run with the same options."""

    id: int
    source: Source
    known_head: str | None
    known_commit: str | None


class State:
    """The state file, open for one run. Raises StateProblem where another run has it, or it is no state file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock, self._database = open_locked(path)

    def close(self) -> None:
        self._database.close()
        os.close(self._lock)

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _meta(self, key: str) -> str | None:
        return meta(self._database, key)

    # The run

    def begin(self, sources: Iterable[Source], options: str, choices: str = "") -> None:
        """Begin a run over these sources: all of them are to be looked at, and nothing else is part of it.

        `options` is the word for the `choices`, which are kept to say how another run's differ.
        """
        with transaction(self._database):
            self._database.execute("UPDATE repositories SET current = 0, todo = 0")
            self._database.executemany(
                "INSERT INTO repositories (source, place, is_url, current, todo) VALUES (?, ?, ?, 1, ?) "
                "ON CONFLICT (place) DO UPDATE SET source = excluded.source, current = 1, todo = excluded.todo",
                ((stored(s.text), stored(s.place), s.address is not None, TO_PLAN) for s in sources),
            )
            self._started(options, choices)

    def begin_part(self, options: str, choices: str = "", *, failed: bool, codes: Sequence[str]) -> int:
        """Begin a run over a part of the last one: its failed repositories, or those with findings of these codes;
        returns how many they are."""
        wanted, values = ["current = 1"], []
        if failed:
            wanted.append("status = 'failed'")
        if codes:
            some = " OR ".join("code LIKE ?" for _ in codes)
            wanted.append(f"id IN (SELECT repository FROM causes WHERE {some})")  # noqa: S608 - question marks
            values += [f"{code}%" for code in codes]
        with transaction(self._database):
            self._database.execute("UPDATE repositories SET todo = 0")
            self._database.execute(f"UPDATE repositories SET todo = {TO_PLAN} WHERE {' AND '.join(wanted)}", values)  # noqa: S608
            self._started(options, choices)
        return self.left()

    def _started(self, options: str, choices: str) -> None:
        values = [("options", options), ("choices", choices), ("started", str(int(time.time())))]
        self._database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values)

    @property
    def options(self) -> str | None:
        """The options of the last run; None before the first."""
        return self._meta("options")

    @property
    def choices(self) -> str:
        """The choices with which the last run was begun; empty where they are not known."""
        return self._meta("choices") or ""

    @property
    def started(self) -> int:
        """When the last run was begun: the date of its commits."""
        return int(self._meta("started") or 0)

    def left(self) -> int:
        """The repositories whose work is not done."""
        return int(self._database.execute("SELECT count(*) FROM repositories WHERE todo > 0").fetchone()[0])

    def turns(self, todo: int, addresses: Mapping[str, str]) -> Iterator[Turn]:
        """The repositories with this to do, in order; `addresses` are the URLs whose credentials are known."""
        last = 0
        while True:
            rows = self._database.execute(
                "SELECT id, source, place, is_url, head, commit_id, options, status FROM repositories "
                "WHERE todo = ? AND id > ? ORDER BY id LIMIT ?",
                (todo, last, BATCH),
            ).fetchall()
            if not rows:
                return
            for id_, source, place, is_url, head, commit, options, status in rows:
                last, where = id_, text_of(place)
                kept = options == self.options and status in KEPT
                address = addresses.get(where, where) if is_url else None
                yield Turn(
                    id_, Source(text_of(source), where, address), head if kept else None, commit if kept else None
                )

    def save(self, id_: int, outcome: JobOutcome) -> None:
        """Save the outcome of a repository in one transaction."""
        with transaction(self._database):
            if outcome.unchanged:
                self._database.execute("UPDATE repositories SET todo = ? WHERE id = ?", (DONE, id_))
                return
            self._database.execute(
                "UPDATE repositories SET todo = ?, status = ?, reason = ?, head = ?, branch = ?, commit_id = ?, "
                "seconds = ?, links = ?, result = ?, identity = ?, options = ?, finished = ? WHERE id = ?",
                (
                    TO_WRITE if outcome.waits else DONE,
                    outcome.status.value,
                    outcome.reason,
                    outcome.head,
                    outcome.branch,
                    outcome.commit,
                    outcome.seconds,
                    json.dumps(outcome.links),
                    outcome.result,
                    stored(outcome.identity) if outcome.identity else None,
                    None if outcome.waits else self.options,
                    time.time(),
                    id_,
                ),
            )
            self._database.execute("DELETE FROM causes WHERE repository = ?", (id_,))
            self._database.executemany("INSERT INTO causes VALUES (?, ?, ?, ?, ?)", ((id_, *c) for c in outcome.causes))
            self._database.execute("DELETE FROM facts WHERE repository = ?", (id_,))
            self._database.executemany(
                "INSERT INTO facts VALUES (?, ?, ?, ?, ?)",
                ((id_, f.kind.value, stored_or_none(f.key), stored_or_none(f.after), f.host) for f in outcome.facts),
            )

    def skip(self, id_: int, reason: str) -> None:
        """Leave a repository that waits as it is; what was found stays."""
        change = "UPDATE repositories SET todo = ?, status = ?, reason = ? WHERE id = ?"
        self._database.execute(change, (DONE, Status.SKIPPED.value, reason, id_))

    def name_of(self, id_: int) -> str:
        """The name of a repository's file: its own name and a digest of its place, since two may have one name."""
        row = self._database.execute("SELECT place FROM repositories WHERE id = ?", (id_,)).fetchone()
        place = text_of(row[0])
        digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:8]
        return f"{re.sub(r'[^A-Za-z0-9._-]', '_', repository_name(place))[:100]}-{digest}"

    # What is known

    def records(self) -> Records:
        """The repositories of the run, in the order in which they were first seen, read as they are asked for."""
        return Records(self._database)

    def counts(self) -> dict[Status, int]:
        """The number of the run's repositories by status."""
        rows = self._database.execute(
            "SELECT status, count(*) FROM repositories WHERE current AND status IS NOT NULL GROUP BY status"
        )
        return {Status(status): count for status, count in rows}

    def causes(self) -> list[tuple[str, int, int, int, int]]:
        """For each code the repositories, the findings, those that the fixes of the run close, and those left open."""
        return self._database.execute(
            "SELECT code, count(*), sum(found), sum(iif(status IN ('skipped', 'failed'), 0, fixed)), sum(open) "
            "FROM causes JOIN repositories ON id = repository "
            "WHERE current GROUP BY code ORDER BY code"
        ).fetchall()

    def shared(self, column: str) -> Iterator[tuple[HazardKind, str, str, list[tuple[int, str]]]]:
        """What several repositories of the run share: kind, key, host, and the repositories by id and source.

        `column` is `key` for what they share now, `after` for what they would share after their fixes. Two clones of
        one repository are one.
        """
        assert column in ("key", "after")
        groups = self._database.execute(
            f"SELECT f.kind, f.{column}, f.host FROM facts f JOIN repositories r ON r.id = f.repository "  # noqa: S608
            f"WHERE r.current AND f.{column} IS NOT NULL GROUP BY 1, 2, 3 HAVING count(DISTINCT r.identity) > 1 "
            "ORDER BY 1, 2, 3"
        ).fetchall()
        for kind, key, host in groups:
            members = self._database.execute(
                "SELECT DISTINCT r.id, r.source FROM facts f JOIN repositories r ON r.id = f.repository "  # noqa: S608
                f"WHERE r.current AND f.kind = ? AND f.{column} = ? AND f.host = ? ORDER BY r.id",
                (kind, key, host),
            ).fetchall()
            yield HazardKind(kind), text_of(key), host, [(id_, text_of(source)) for id_, source in members]

    def with_problems(self) -> list[tuple[str, str]]:
        """The repositories of the run, neither skipped nor failed, with files that could not be read, proven or
        written: their sources, and which files and why."""
        query = (
            "SELECT source, reason FROM repositories "
            "WHERE current AND status NOT IN ('skipped', 'failed') AND reason NOTNULL ORDER BY id"
        )
        found = [(text_of(source), reason) for source, reason in self._database.execute(query)]
        return [(source, reason) for source, reason in found if not reason.startswith(DO_NOT_MERGE)]

    def uncarried(self) -> list[tuple[str, str]]:
        """The repositories whose change must not be merged before its data is carried: their sources, and why."""
        query = "SELECT source, reason FROM repositories WHERE current AND reason LIKE ? ORDER BY id"
        found = self._database.execute(query, (f"%{DO_NOT_MERGE}%",))
        return [(text_of(source), reason) for source, reason in found]

    def of_status(self, status: Status) -> Iterator[tuple[str, str | None]]:
        """The sources of this status with their reasons."""
        query = "SELECT source, reason FROM repositories WHERE current AND status = ? ORDER BY id"
        for source, reason in self._database.execute(query, (status.value,)):
            yield text_of(source), reason

    def branches(self) -> dict[tuple[Status, str], list[str]]:
        """The sources that were written or pushed, by status and branch."""
        query = (
            "SELECT status, branch, source FROM repositories "
            "WHERE current AND status IN ('written', 'pushed') AND branch NOTNULL ORDER BY status DESC, branch, id"
        )
        found: dict[tuple[Status, str], list[str]] = {}
        for status, branch, source in self._database.execute(query):
            found.setdefault((Status(status), branch), []).append(text_of(source))
        return found

    def links(self) -> Iterator[tuple[str, str]]:
        """The links for requests that the pushes returned, each with its source."""
        query = (
            "SELECT source, links FROM repositories WHERE current AND links IS NOT NULL AND links <> '[]' ORDER BY id"
        )
        for source, links in self._database.execute(query):
            yield from ((text_of(source), link) for link in json.loads(links))

    # The files of a run that was killed

    def take_scratch(self, directory: str) -> str | None:
        """Note where this run has its checkouts; returns where a run had them that did not come to its end."""
        before = self._meta("scratch")
        self._database.execute("INSERT OR REPLACE INTO meta VALUES ('scratch', ?)", (directory,))
        return before

    def drop_scratch(self) -> None:
        """Forget the directory of the checkouts, which is deleted."""
        self._database.execute("DELETE FROM meta WHERE key = 'scratch'")
