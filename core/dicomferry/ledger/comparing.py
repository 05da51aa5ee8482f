"""Two lists of instances set side by side in SQLite, so that memory stays small for any number."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

FACTS: Final = ("input", "edits", "destination", "sent_sop", "untouched", "sent", "outcome")
"""What is compared of an instance, in this order; fields of `ListedEntry`."""

_TABLE: Final = """
CREATE TABLE entry (
    n INTEGER PRIMARY KEY, side INTEGER, sink TEXT, path TEXT, member TEXT, key TEXT, input TEXT,
    edits TEXT, destination TEXT, sent_sop TEXT, untouched TEXT, sent TEXT, outcome TEXT,
    reason TEXT
)
"""
_INSERT: Final = """
INSERT INTO entry (side, sink, path, member, key, input, edits, destination, sent_sop, untouched,
                   sent, outcome, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# The same SOP Instance UID may come twice from a source; then the order of contents decides.
_NUMBERED: Final = """
WITH numbered AS (
    SELECT *, row_number() OVER (PARTITION BY side, key, sink ORDER BY input, path, member) AS twin
    FROM entry WHERE key <> ''
)
"""
_COUNTERPARTS: Final = """
FROM numbered AS one
LEFT JOIN numbered AS other ON other.side = :other AND other.key = one.key
    AND other.sink = one.sink AND other.twin = one.twin
LEFT JOIN entry AS held ON held.side = :other AND held.key = ''
    AND held.path = one.path AND held.member = one.member
WHERE one.side = :one
"""
_WHO: Final = "one.path, one.member, one.key, held.outcome || ': ' || held.reason"


class ListedEntry(Struct, frozen=True):
    """One line of a list, all text; `key` is the SOP Instance UID, empty for what is held back."""

    sink: str
    path: str
    member: str
    key: str
    input: str
    edits: str
    destination: str
    sent_sop: str
    untouched: str
    sent: str
    outcome: str
    reason: str


class Counterparts(Struct, frozen=True):
    """One instance of a list and what the other has in its place.

    `before` and `after` are by the names of `FACTS`; `after` is None where the other list has no
    such instance, and `held` says why if it holds it back.
    """

    path: str
    member: str
    key: str
    before: dict[str, str]
    after: dict[str, str] | None
    held: str


class SideBySide:
    """Two lists, compared by key and sink; made by `side_by_side`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def count(self) -> int:
        """Return how many instances the first list has."""
        (count,) = self._connection.execute(
            "SELECT count(*) FROM entry WHERE side = 0 AND key <> ''"
        ).fetchone()
        return int(count)

    def first(self) -> Iterator[Counterparts]:
        """Yield every instance of the first list and its counterpart, in the first list's order."""
        columns = ", ".join(f"{side}.{fact}" for side in ("one", "other") for fact in FACTS)
        rows = self._connection.execute(
            f"{_NUMBERED} SELECT {_WHO}, other.n IS NOT NULL, {columns} {_COUNTERPARTS}"
            " ORDER BY one.n",
            {"one": 0, "other": 1},
        )
        for path, member, key, held, there, *facts in rows:
            fact = iter(facts)
            before = dict(zip(FACTS, fact, strict=False))
            after = dict(zip(FACTS, fact, strict=False))
            yield Counterparts(path, member, key, before, after if there else None, held or "")

    def only_second(self) -> Iterator[Counterparts]:
        """Yield every instance that only the second list has, in the second list's order."""
        rows = self._connection.execute(
            f"{_NUMBERED} SELECT {_WHO} {_COUNTERPARTS} AND other.n IS NULL ORDER BY one.n",
            {"one": 1, "other": 0},
        )
        for path, member, key, held in rows:
            yield Counterparts(path, member, key, {}, None, held or "")


@contextmanager
def side_by_side(
    first: Iterable[ListedEntry], second: Iterable[ListedEntry]
) -> Iterator[SideBySide]:
    """Bring two lists together; the comparison is gone when the block ends."""
    # An unnamed file of SQLite's own: it grows on the disk, and nothing stays of it.
    connection = sqlite3.connect("", isolation_level=None)
    try:
        connection.execute(_TABLE)
        connection.execute("BEGIN")
        for side, entries in enumerate((first, second)):
            connection.executemany(_INSERT, ((side, *astuple(entry)) for entry in entries))
        connection.execute("COMMIT")
        connection.execute("CREATE INDEX entry_key ON entry (side, key, path, member)")
        yield SideBySide(connection)
    finally:
        connection.close()
