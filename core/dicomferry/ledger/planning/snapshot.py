"""Snapshots: all studies and series of a plan, for a preparing transform.

A snapshot is an SQLite file beside the ledger. Workers read it while the ledger is being written.
They must not open the ledger: a process that is forked while the ledger is open would believe
that it holds its parent's locks.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from dicomferry.contract.transform import StudyAt
from dicomferry.errors import LedgerError
from dicomferry.ledger.items import destination_of
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.model import Destination

_PLACE = "project TEXT NOT NULL, subject TEXT NOT NULL, session TEXT NOT NULL"
_STUDY_TABLE = f"""
CREATE TABLE stage.study_at (
    study TEXT NOT NULL, {_PLACE}, study_date TEXT NOT NULL, instances INTEGER NOT NULL
)
"""
_SERIES_TABLE = f"""
CREATE TABLE stage.series_at (
    series TEXT NOT NULL, {_PLACE}, PRIMARY KEY (series, project, subject, session)
) WITHOUT ROWID
"""
_STORED_TABLE = f"""
CREATE TABLE stage.stored_at (study TEXT NOT NULL, {_PLACE}, instances INTEGER NOT NULL)
"""
_STUDIES = """
INSERT INTO stage.study_at
SELECT study, project, subject, session, min(coalesce(study_date, '')), count(*)
FROM item JOIN destination ON destination.id = item.destination
WHERE scan = ? AND verdict = 'ready' GROUP BY study, destination
ORDER BY project, subject, session, 5, study
"""
_SERIES = """
INSERT INTO stage.series_at
SELECT DISTINCT series, project, subject, session
FROM item JOIN destination ON destination.id = item.destination
WHERE scan = ? AND verdict = 'ready'
"""
_EARLIER_TABLE = "CREATE TABLE stage.renamed_before (study TEXT NOT NULL)"
_EARLIER = """
INSERT INTO stage.renamed_before
SELECT DISTINCT study FROM item
WHERE scan < ? AND sent_study IS NOT NULL AND study <> ''
"""
STORED_STUDIES: Final = """
SELECT filed_study, project, subject, session, count(*) AS instances
FROM delivery JOIN destination ON destination.id = delivery.destination
WHERE state = 'stored' AND filed_study <> '' AND sink IN (SELECT value FROM json_each(?))
GROUP BY project, session, filed_study ORDER BY project, session, instances DESC, filed_study
"""
"""Takes the keys of sinks as a JSON list; what earlier scans found counts as well."""


def snapshot_path(folder: Path, stage: int) -> Path:
    """Return where the snapshot taken before transform number `stage` is kept."""
    return folder / f"stage-{stage}.sqlite"


def take_snapshot(catalog: PlanWriter, stage: int, sinks: Iterable[str]) -> None:
    """Keep studies and series per destination as the plan has them now, and what `sinks` have."""
    ledger = catalog.ledger
    path = snapshot_path(ledger.path.parent, stage)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    connection = ledger.connection
    try:
        fresh.touch(mode=0o600)
        connection.execute("ATTACH DATABASE ? AS stage", (fresh.absolute().as_uri(),))
        try:
            with ledger.transaction():
                connection.execute(_STUDY_TABLE)
                connection.execute(_SERIES_TABLE)
                connection.execute(_STUDIES, (catalog.scan,))
                connection.execute(_SERIES, (catalog.scan,))
                connection.execute(_STORED_TABLE)
                stored = f"INSERT INTO stage.stored_at {STORED_STUDIES}"
                connection.execute(stored, (json.dumps(list(sinks)),))
                connection.execute(_EARLIER_TABLE)
                connection.execute(_EARLIER, (catalog.scan,))
        finally:
            connection.execute("DETACH DATABASE stage")
        fresh.rename(path)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"{path}: cannot be written: {error}", hint="free some space") from error


class SnapshotReader:
    """Implements `Catalog` on a snapshot."""

    def __init__(self, folder: Path, stage: int) -> None:
        path = snapshot_path(folder, stage)
        try:
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(uri, uri=True)
        except sqlite3.Error as error:
            raise LedgerError(
                f"{path}: cannot be read: {error}", hint="`dicomferry plan` makes it anew"
            ) from error

    def studies(self) -> Iterator[StudyAt]:
        """Yield every pair of study and destination, ordered by destination, date and UID."""
        rows = self._connection.execute(
            "SELECT study, project, subject, session, study_date, instances FROM study_at"
            " ORDER BY project, subject, session, study_date, study"
        )
        for study, project, subject, session, study_date, instances in rows:
            yield StudyAt(study, destination_of(project, subject, session), study_date, instances)

    def stored_studies(self) -> Iterator[StudyAt]:
        """Yield the studies that stored sessions were sent as, that of most instances first.

        A snapshot of an earlier dicomferry has none.
        """
        if not self._has("stored_at"):
            return
        for study, project, subject, session, instances in self._connection.execute(
            "SELECT study, project, subject, session, instances FROM stored_at ORDER BY rowid"
        ):
            yield StudyAt(study, destination_of(project, subject, session), "", instances)

    def renamed_before(self) -> Iterator[str]:
        """Yield the studies that earlier plans have given another UID, as the sources had them."""
        if self._has("renamed_before"):
            yield from (
                study for (study,) in self._connection.execute("SELECT study FROM renamed_before")
            )

    def _has(self, table: str) -> bool:
        query = "SELECT 1 FROM sqlite_master WHERE name = ?"
        return self._connection.execute(query, (table,)).fetchone() is not None

    def destinations_of_series(self, series_instance_uid: str) -> tuple[Destination, ...]:
        """Return where the instances of a series go."""
        rows = self._connection.execute(
            "SELECT project, subject, session FROM series_at WHERE series = ?"
            " ORDER BY project, subject, session",
            (series_instance_uid,),
        )
        return tuple(destination_of(*place) for place in rows)
