"""The plan as it is written: what sources find, and what workers learn of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from dicomferry.ledger.items import SELECT_ITEMS, finding_row, item_of, new_item
from dicomferry.ledger.planning.examined import UPDATE_EXAMINED, SharedRows, examined_row
from dicomferry.ledger.planning.whereabouts import lost_instances, note_lost
from dicomferry.ledger.rows import Examined, Item, Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination, Finding, LocalFile
from dicomferry.names import shown

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
        self.ledger = ledger
        self.scan = int(ledger.get("scan") or 0)
        self._shared = SharedRows(ledger.connection)

    def begin_scan(self) -> None:
        """Open a new scan: what it does not see again is not part of the plan."""
        self.scan += 1
        self.ledger.put("scan", str(self.scan))

    def found(self, source: str, findings: Sequence[Finding]) -> list[Item]:
        """Note a batch of findings and return what of them the ledger did not have before."""
        newest = self._newest()
        with self.ledger.transaction() as connection:
            connection.executemany(
                _UPSERT, [finding_row(source, self.scan, finding) for finding in findings]
            )
        fresh = self._newest() - newest
        files = [finding for finding in findings if isinstance(finding, LocalFile)]
        if fresh == len(findings) == len(files):
            # All are new, and SQLite numbers rows in the order they come.
            return [new_item(newest + 1 + at, source, file) for at, file in enumerate(files)]
        rows = self.ledger.connection.execute(
            f"{SELECT_ITEMS} WHERE id > ? AND examined <> 'unusable' ORDER BY id", (newest,)
        )
        return list(map(item_of, rows))

    def change(self) -> DiskChange:
        """Compare this scan with the one that the last plan was made of."""
        connection = self.ledger.connection
        (fresh,) = connection.execute(
            "SELECT count(*) FROM item WHERE scan = ? AND examined = ''", (self.scan,)
        ).fetchone()
        (vanished,) = connection.execute(
            "SELECT count(*) FROM item WHERE scan >= ? AND scan < ?",
            (int(self.ledger.get("planned scan") or 0), self.scan),
        ).fetchone()
        return DiskChange(fresh, vanished)

    @property
    def planned(self) -> str:
        """Return the digest of what made the plan in the ledger; empty while there is none."""
        return self.ledger.get("planned")

    def plan_opened(self) -> None:
        """Note that the plan in the ledger is not to be relied on."""
        self.ledger.put("planned", "")

    def plan_made(self, digest: str) -> None:
        """Note that the plan is complete, and of which scan."""
        self.ledger.put("planned scan", str(self.scan))
        self.ledger.put("planned", digest)

    def unexamined(self, digest: str) -> Iterator[Item]:
        """Yield what was not examined by the recipe with this digest, in the order found."""
        # Paged by id, because results are written while this is read.
        last = 0
        while True:
            rows = self.ledger.connection.execute(
                f"{SELECT_ITEMS} WHERE scan = ? AND examined NOT IN (?, 'unusable') AND id > ?"
                " ORDER BY id LIMIT 1000",
                (self.scan, digest, last),
            ).fetchall()
            if not rows:
                return
            for item in map(item_of, rows):
                yield item
                last = item.id

    def count_unexamined(self, digest: str) -> int:
        """Return how many items `unexamined` would yield."""
        (count,) = self.ledger.connection.execute(
            "SELECT count(*) FROM item WHERE scan = ? AND examined NOT IN (?, 'unusable')",
            (self.scan, digest),
        ).fetchone()
        return int(count)

    def reopen(self) -> None:
        """Forget the examinations whose verdict came from another item, or from a choice."""
        with self.ledger.transaction() as connection:
            connection.execute(
                "UPDATE item SET examined = '' WHERE code LIKE 'duplicate%' OR code = 'not-chosen'"
            )

    def reopen_allowed(self, codes: Iterable[str]) -> int:
        """Forget the verdicts of items that were rejected by codes which are allowed now.

        Returns how many there were.
        """
        with self.ledger.transaction() as connection:
            cursor = connection.execute(
                "UPDATE item SET examined = '' WHERE verdict = 'rejected'"
                " AND code IN (SELECT value FROM json_each(?))",
                (json.dumps(list(codes)),),
            )
        return int(cursor.rowcount)

    def examined(self, digest: str, results: Sequence[Examined]) -> None:
        """Note what a batch of items turned out to be."""
        lost = lost_instances(self.ledger, results)
        with self.ledger.transaction() as connection:
            connection.executemany(
                UPDATE_EXAMINED,
                [
                    examined_row(digest, result, self._shared)
                    for result in results
                    if result.item not in lost
                ],
            )
            note_lost(connection, lost)
            (spooled,) = connection.execute("SELECT EXISTS (SELECT 1 FROM spooled)").fetchone()
            if spooled:
                # What was retrieved is to be looked at again as well, by its own header.
                connection.executemany(
                    "UPDATE spooled SET edits = '' WHERE item = ?",
                    [(result.item,) for result in results],
                )

    def hold(self, items: Iterable[tuple[int, Verdict, str, str]]) -> None:
        """Change the verdict on items: (item, verdict, code, reason).

        What could not be looked into counts as not examined, as in `examined_row`.
        """
        with self.ledger.transaction() as connection:
            connection.executemany(
                "UPDATE item SET verdict = ?1, code = ?2, reason = ?3, examined ="
                " CASE ?1 WHEN 'not-looked-into' THEN '' ELSE examined END WHERE id = ?4",
                [(verdict, code, shown(reason), item) for item, verdict, code, reason in items],
            )

    def move(self, items: Iterable[tuple[int, Destination]]) -> None:
        """Give items another destination, whose session label is not made of their own text."""
        with self.ledger.transaction() as connection:
            connection.executemany(
                "UPDATE item SET destination = ?, session_original = NULL WHERE id = ?",
                [(self._shared.destination(place), item) for item, place in items],
            )

    def keep_only(self, sop_instance_uids: Iterable[str]) -> None:
        """Exclude every ready item of the scan whose own SOP Instance UID is not listed."""
        with self.ledger.transaction() as connection:
            connection.execute("CREATE TEMP TABLE listed (sop TEXT PRIMARY KEY) WITHOUT ROWID")
            connection.executemany(
                "INSERT OR IGNORE INTO listed VALUES (?)", ((uid,) for uid in sop_instance_uids)
            )
            connection.execute(
                "UPDATE item SET verdict = 'excluded', code = 'not-in-manifest',"
                " reason = 'the manifest does not list it'"
                " WHERE scan = ? AND verdict = 'ready' AND sop NOT IN (SELECT sop FROM listed)",
                (self.scan,),
            )
            connection.execute("DROP TABLE listed")

    def _newest(self) -> int:
        (newest,) = self.ledger.connection.execute("SELECT max(id) FROM item").fetchone()
        return int(newest or 0)
