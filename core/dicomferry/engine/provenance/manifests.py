"""Two manifests compared, instance by instance, in bounded memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from dicomferry.engine.provenance.lock_file import drift
from dicomferry.engine.provenance.manifest import Entry, read_entries, read_head

_FACTS = ("input", "edits", "destination", "sent_sop", "untouched", "sent", "outcome")
_WORDS = {
    "input": "the file",
    "edits": "the edits",
    "destination": "the destination",
    "sent_sop": "its SOP Instance UID as sent",
    "untouched": "the number of bytes that were sent untouched",
    "sent": "the bytes that were sent",
    "outcome": "the outcome",
}
_SHOWN = 16

# The same SOP Instance UID may come twice from a source; then the order of contents decides.
_PAIRS = """
WITH numbered AS (
    SELECT *, row_number() OVER (PARTITION BY side, key, sink ORDER BY input, path, member) AS twin
    FROM entry WHERE key <> ''
)
SELECT one.path, one.member, one.key, {facts}, held.outcome || ': ' || held.reason
FROM numbered AS one
LEFT JOIN numbered AS other ON other.side = :other AND other.key = one.key
    AND other.sink = one.sink AND other.twin = one.twin
LEFT JOIN entry AS held ON held.side = :other AND held.key = ''
    AND held.path = one.path AND held.member = one.member
WHERE one.side = :one AND (:both OR other.n IS NULL) ORDER BY one.n
"""


class ManifestDifference(Struct, frozen=True):
    """The first fact in which one instance differs; `before` or `after` is empty where it is not.

    `fact` is `input`, `edits`, `destination`, `sent_sop`, `untouched`, `sent`, `outcome`,
    `missing` or `extra`.
    """

    sop_instance_uid: str
    location: str
    fact: str
    before: str
    after: str

    def __str__(self) -> str:
        where = f"{self.sop_instance_uid} ({self.location})"
        if self.fact == "missing":
            return f"{where}: is not in the second" + (f" ({self.after})" if self.after else "")
        if self.fact == "extra":
            return f"{where}: is not in the first" + (f" ({self.before})" if self.before else "")
        change = f"{_short(self.before)} → {_short(self.after)}"
        return f"{where}: {_WORDS[self.fact]}: {change}"


class Comparison:
    """Two sets of entries, compared by the SOP Instance UID of the source; made by `compare`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def count(self) -> int:
        """Return how many instances there are on the first side."""
        row = self._connection.execute("SELECT count(*) FROM entry WHERE side = 0 AND key <> ''")
        return int(row.fetchone()[0])

    def differences(self) -> Iterator[ManifestDifference]:
        """Yield one difference for each instance that has any, in the order of the first side."""
        facts = ", ".join(f"one.{fact}, other.{fact}" for fact in _FACTS)
        query = _PAIRS.format(facts=facts)
        for row in self._connection.execute(query, {"one": 0, "other": 1, "both": 1}):
            if found := _difference(row):
                yield found
        for row in self._connection.execute(query, {"one": 1, "other": 0, "both": 0}):
            path, member, uid, *_, held = row
            yield ManifestDifference(uid, _location(path, member), "extra", held or "", "")


@contextmanager
def compare(first: Iterable[Entry], second: Iterable[Entry]) -> Iterator[Comparison]:
    """Bring two sets of entries together; the comparison is gone when the block ends."""
    # An unnamed file of SQLite's own: it grows on the disk, and nothing stays of it.
    connection = sqlite3.connect("", isolation_level=None)
    try:
        connection.execute(
            "CREATE TABLE entry (n INTEGER PRIMARY KEY, side INTEGER, sink TEXT, path TEXT,"
            " member TEXT, key TEXT, input TEXT, edits TEXT, destination TEXT, sent_sop TEXT,"
            " untouched TEXT, sent TEXT, outcome TEXT, reason TEXT)"
        )
        connection.execute("BEGIN")
        for side, entries in enumerate((first, second)):
            connection.executemany(
                "INSERT INTO entry (side, sink, path, member, key, input, edits, destination,"
                " sent_sop, untouched, sent, outcome, reason)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                ((side, *_row(entry)) for entry in entries),
            )
        connection.execute("COMMIT")
        connection.execute("CREATE INDEX entry_key ON entry (side, key, path, member)")
        yield Comparison(connection)
    finally:
        connection.close()


def diff_manifests(first: Path, second: Path) -> Iterator[str]:
    """Yield a line for each difference of two runs; none where they did the same.

    What the runs were made of comes first, then their instances. Raises `FerryError` for a file
    that is no manifest.
    """
    yield from drift(
        read_head(first).lock, read_head(second).lock, ("in the first", "in the second")
    )
    with compare(read_entries(first), read_entries(second)) as comparison:
        yield from map(str, comparison.differences())


def _row(entry: Entry) -> tuple[str, ...]:
    # One that failed before it was opened has no UID of the source; the sent one is as good.
    key = entry.sop or entry.sent_sop
    destination = " / ".join(part or "-" for part in entry.destination or ())
    return (
        entry.sink, _printable(entry.path), _printable(entry.member), key, entry.input,
        entry.edits, destination, entry.sent_sop, str(entry.untouched), entry.sent, entry.outcome,
        entry.reason,
    )  # fmt: skip


def _difference(row: tuple[str | None, ...]) -> ManifestDifference | None:
    path, member, uid, *facts, held = row
    where = _location(path or "", member or "")
    pairs = list(zip(_FACTS, facts[::2], facts[1::2], strict=True))
    if all(after is None for _, _, after in pairs):
        return ManifestDifference(uid or "", where, "missing", "", held or "")
    for fact, before, after in pairs:
        if before != after:
            return ManifestDifference(uid or "", where, fact, before or "", after or "")
    return None


def _location(path: str, member: str) -> str:
    return f"{path}!{member}" if member else path


def _short(fact: str) -> str:
    return f"{fact[:_SHOWN]}…" if len(fact) > 4 * _SHOWN - 1 and fact.isalnum() else fact or "none"


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
