"""The catalog half of the ledger: what was found, and what was learned of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from dicomferry.ledger.items import SELECT_ITEMS, finding_row, item_of, new_item
from dicomferry.ledger.rows import Examined, Item, Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination, Finding, Forecast, LocalFile, Wanted

# A row keeps its examination only while the file and what its path says are as they were.
_UPSERT = """
INSERT INTO item (source, path, member, size, modified_ns, names, row, scan, examined, verdict,
                  code, reason, remote, table_row)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source, path, member) DO UPDATE SET
    scan = excluded.scan,
    examined = CASE WHEN size = excluded.size AND modified_ns = excluded.modified_ns
        AND names = excluded.names AND row = excluded.row AND remote = excluded.remote
        AND excluded.verdict = 'found'
        THEN examined ELSE excluded.examined END,
    verdict = CASE WHEN size = excluded.size AND modified_ns = excluded.modified_ns
        AND names = excluded.names AND row = excluded.row AND remote = excluded.remote
        AND excluded.verdict = 'found'
        THEN verdict ELSE excluded.verdict END,
    size = excluded.size, modified_ns = excluded.modified_ns,
    names = excluded.names, row = excluded.row,
    remote = excluded.remote, table_row = excluded.table_row,
    code = CASE WHEN excluded.verdict <> 'found' THEN excluded.code ELSE code END,
    reason = CASE WHEN excluded.verdict <> 'found' THEN excluded.reason ELSE reason END
"""


class DiskChange(Struct, frozen=True):
    """How the disk differs from the last plan: whether anything must be examined again."""

    fresh: int
    vanished: int

    def __bool__(self) -> bool:
        return bool(self.fresh or self.vanished)


class PlanWriter:
    """Writes what sources find and what workers learn. Used by the one writing process."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.scan = int(ledger.get("scan") or 0)
        self._destinations: dict[Destination, int] = {}
        self._whys: dict[tuple[str, ...], int] = {}

    def begin_scan(self) -> None:
        """Open a new scan: what it does not see again is not part of the plan."""
        self.scan += 1
        self._ledger.put("scan", str(self.scan))

    def found(self, source: str, findings: Sequence[Finding]) -> list[Item]:
        """Note a batch of findings and return what of them the ledger did not have before."""
        newest = self._newest()
        with self._ledger.transaction() as connection:
            connection.executemany(
                _UPSERT, [finding_row(source, self.scan, finding) for finding in findings]
            )
        fresh = self._newest() - newest
        files = [finding for finding in findings if isinstance(finding, LocalFile)]
        if fresh == len(findings) == len(files):
            # All are new, and SQLite numbers rows in the order they come.
            return [new_item(newest + 1 + at, source, file) for at, file in enumerate(files)]
        rows = self._ledger.connection.execute(
            f"{SELECT_ITEMS} WHERE id > ? AND examined <> 'unusable' ORDER BY id",
            (newest,),
        )
        return list(map(item_of, rows))

    def change(self) -> DiskChange:
        """Compare this scan with the one that the last plan was made of."""
        connection = self._ledger.connection
        fresh = connection.execute(
            "SELECT count(*) FROM item WHERE scan = ? AND examined = ''", (self.scan,)
        ).fetchone()[0]
        vanished = connection.execute(
            "SELECT count(*) FROM item WHERE scan >= ? AND scan < ?",
            (int(self._ledger.get("planned scan") or 0), self.scan),
        ).fetchone()[0]
        return DiskChange(fresh, vanished)

    @property
    def planned(self) -> str:
        """Return the digest of what made the plan in the ledger; empty while there is none."""
        return self._ledger.get("planned")

    def plan_opened(self) -> None:
        """Note that the plan in the ledger is not to be relied on."""
        self._ledger.put("planned", "")

    def plan_made(self, digest: str) -> None:
        """Note that the plan is complete, and of which scan."""
        self._ledger.put("planned scan", str(self.scan))
        self._ledger.put("planned", digest)

    def unexamined(self, digest: str) -> Iterator[Item]:
        """Yield what was not examined by the recipe with this digest, in the order found."""
        # Paged by id, because results are written while this is read.
        last = 0
        while True:
            rows = self._ledger.connection.execute(
                f"{SELECT_ITEMS} WHERE scan = ? AND examined NOT IN (?, 'unusable') AND id > ?"
                " ORDER BY id LIMIT 1000",
                (self.scan, digest, last),
            ).fetchall()
            if not rows:
                return
            yield from map(item_of, rows)
            last = rows[-1][0]

    def _newest(self) -> int:
        row = self._ledger.connection.execute("SELECT max(id) FROM item").fetchone()
        return int(row[0] or 0)

    def count_unexamined(self, digest: str) -> int:
        """Return how many items `unexamined` would yield."""
        row = self._ledger.connection.execute(
            "SELECT count(*) FROM item WHERE scan = ? AND examined NOT IN (?, 'unusable')",
            (self.scan, digest),
        ).fetchone()
        return int(row[0])

    def reopen(self) -> None:
        """Forget the examinations whose verdict came from another item, or from a choice."""
        with self._ledger.transaction() as connection:
            connection.execute(
                "UPDATE item SET examined = '' WHERE code LIKE 'duplicate%' OR code = 'not-chosen'"
            )

    def examined(self, digest: str, results: Sequence[Examined]) -> None:
        """Note what a batch of items turned out to be."""
        with self._ledger.transaction() as connection:
            connection.executemany(
                "UPDATE item SET examined = ?, verdict = ?, code = ?, reason = ?, study = ?,"
                " series = ?, sop = ?, sop_class = ?, transfer_syntax = ?, study_date = ?,"
                " modality = ?, series_number = ?, sent_study = ?, sent_series = ?, sent_sop = ?,"
                " destination = ?, why = ?, subject_original = ?, session_original = ?, edits = ?"
                " WHERE id = ?",
                [self._examined_row(connection, digest, result) for result in results],
            )
            if connection.execute("SELECT EXISTS (SELECT 1 FROM spooled)").fetchone()[0]:
                # What was retrieved is to be looked at again as well, by its own header.
                connection.executemany(
                    "UPDATE spooled SET edits = '' WHERE item = ?",
                    [(result.item,) for result in results],
                )

    def hold(self, items: Iterable[tuple[int, Verdict, str, str]]) -> None:
        """Change the verdict on items: (item, verdict, code, reason)."""
        with self._ledger.transaction() as connection:
            connection.executemany(
                "UPDATE item SET verdict = ?, code = ?, reason = ? WHERE id = ?",
                [(verdict, code, reason, item) for item, verdict, code, reason in items],
            )

    def move(self, items: Iterable[tuple[int, Destination]]) -> None:
        """Bring items into another session: it is not of their own text that its label is made."""
        with self._ledger.transaction() as connection:
            connection.executemany(
                "UPDATE item SET destination = ?, session_original = NULL WHERE id = ?",
                [(self._destination(connection, place), item) for item, place in items],
            )

    def _examined_row(
        self, connection: sqlite3.Connection, digest: str, result: Examined
    ) -> tuple[object, ...]:
        facts, forecast = result.facts, result.forecast
        learned: tuple[object, ...] = (None,) * 8
        if facts:
            ref = facts.ref
            learned = (
                ref.study_instance_uid, ref.series_instance_uid, ref.sop_instance_uid,
                ref.sop_class_uid, facts.transfer_syntax_uid, facts.study_date, facts.modality,
                facts.series_number,
            )  # fmt: skip
        return (
            digest, result.verdict.value, result.code, result.reason, *learned, *_sent(result),
            self._destination(connection, forecast.destination) if forecast else None,
            self._why(connection, forecast) if forecast else None,
            *_originals(result), result.edits, result.item,
        )  # fmt: skip

    def _destination(self, connection: sqlite3.Connection, destination: Destination) -> int:
        if destination not in self._destinations:
            values = (destination.project or "", destination.subject or "", destination.session)
            connection.execute(
                "INSERT OR IGNORE INTO destination (project, subject, session) VALUES (?, ?, ?)",
                values,
            )
            self._destinations[destination] = connection.execute(
                "SELECT id FROM destination WHERE project = ? AND subject = ? AND session = ?",
                values,
            ).fetchone()[0]
        return self._destinations[destination]

    def _why(self, connection: sqlite3.Connection, forecast: Forecast) -> int:
        because = forecast.because
        values = (
            because.project, because.subject, because.session, str(forecast.auto_archive),
            " ".join(forecast.notes),
        )  # fmt: skip
        if values not in self._whys:
            connection.execute(
                "INSERT OR IGNORE INTO why (project, subject, session, auto_archive, notes)"
                " VALUES (?, ?, ?, ?, ?)",
                values,
            )
            self._whys[values] = connection.execute(
                "SELECT id FROM why WHERE project = ? AND subject = ? AND session = ?"
                " AND auto_archive = ? AND notes = ?",
                values,
            ).fetchone()[0]
        return self._whys[values]


def _originals(result: Examined) -> tuple[str | None, str | None]:
    """Return what the labels were made of: as the recipe means it, or else as XNAT finds it.

    Nothing for what somebody has chosen: a label that is meant is no accident of cleaning.
    """
    found = result.forecast.originals if result.forecast else (None, None)
    wanted = result.wanted or Wanted()
    return (
        None if "subject" in wanted.chosen else wanted.subject_original or found[0],
        None if "session" in wanted.chosen else wanted.session_original or found[1],
    )


def _sent(result: Examined) -> tuple[str | None, str | None, str | None]:
    if result.sent is None or result.facts is None:
        return (None, None, None)
    sent, was = result.sent, result.facts.ref
    return (
        sent.study_instance_uid if sent.study_instance_uid != was.study_instance_uid else None,
        sent.series_instance_uid if sent.series_instance_uid != was.series_instance_uid else None,
        sent.sop_instance_uid if sent.sop_instance_uid != was.sop_instance_uid else None,
    )


def keep_only(ledger: Ledger, scan: int, sop_instance_uids: Iterable[str]) -> None:
    """Exclude from a scan's plan every ready item whose own SOP Instance UID is not listed."""
    with ledger.transaction() as connection:
        connection.execute("CREATE TEMP TABLE listed (sop TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.executemany(
            "INSERT OR IGNORE INTO listed VALUES (?)", ((uid,) for uid in sop_instance_uids)
        )
        connection.execute(
            "UPDATE item SET verdict = 'excluded', code = 'not-in-manifest',"
            " reason = 'the manifest does not list it'"
            " WHERE scan = ? AND verdict = 'ready' AND sop NOT IN (SELECT sop FROM listed)",
            (scan,),
        )
        connection.execute("DROP TABLE listed")
