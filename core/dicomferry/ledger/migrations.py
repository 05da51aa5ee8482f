"""A ledger of an earlier version brought to this one, after a copy of it was kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Final

from dicomferry.ledger.schema import SCHEMA_VERSION

# Each entry leads from the version before it. Statements name their columns and use nothing of
# `schema`: they must do the same to an old ledger when later versions have other tables.
MIGRATIONS: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType(
    {
        # Sources that are a PACS or a table; notes on a forecast; snapshots in files of their own.
        2: (
            "ALTER TABLE item ADD COLUMN remote TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE item ADD COLUMN table_row INTEGER NOT NULL DEFAULT 0",
            """
            CREATE TABLE spooled (
                item INTEGER PRIMARY KEY REFERENCES item, path BLOB NOT NULL,
                size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, edits TEXT NOT NULL,
                transfer_syntax TEXT NOT NULL
            )
            """,
            """
            CREATE TABLE why_noted (
                id INTEGER PRIMARY KEY, project TEXT NOT NULL, subject TEXT NOT NULL,
                session TEXT NOT NULL, auto_archive TEXT NOT NULL, notes TEXT NOT NULL,
                UNIQUE (project, subject, session, auto_archive, notes)
            )
            """,
            """
            INSERT INTO why_noted (id, project, subject, session, auto_archive, notes)
            SELECT id, project, subject, session, auto_archive, '' FROM why
            """,
            "DROP TABLE why",
            "ALTER TABLE why_noted RENAME TO why",
            "DROP TABLE study_at",
            "DROP TABLE series_at",
        ),
        # A note on a forecast takes the place of a sentence that problems were read out of.
        3: (
            """
            UPDATE why SET notes = trim(notes || ' projects-not-declared')
            WHERE project LIKE '%projects are not declared'
            """,
        ),
        # The patients and days of the source, and the StudyInstanceUID that each sink was given.
        4: (
            """
            CREATE TABLE patient (
                id INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, issuer TEXT NOT NULL,
                name TEXT NOT NULL, birth_date TEXT NOT NULL, sex TEXT NOT NULL,
                UNIQUE (patient_id, issuer, name, birth_date, sex)
            )
            """,
            "ALTER TABLE item ADD COLUMN acquired TEXT",
            "ALTER TABLE item ADD COLUMN patient INTEGER REFERENCES patient",
            "ALTER TABLE delivery ADD COLUMN filed_study TEXT NOT NULL DEFAULT ''",
            # What was sent is known only where the item has not been planned otherwise since.
            """
            UPDATE delivery SET filed_study = coalesce(
                (
                    SELECT coalesce(item.sent_study, item.study) FROM item
                    WHERE item.id = delivery.item AND delivery.stamp =
                        substr(item.edits, 1, 32) || ':' || item.size || ':' || item.modified_ns
                ),
                ''
            )
            """,
            "UPDATE item SET examined = '' WHERE examined <> 'unusable'",
        ),
        # What servers have answered to sources, and the keys that tables lack.
        5: (
            "ALTER TABLE item ADD COLUMN missing TEXT NOT NULL DEFAULT ''",
            "UPDATE item SET examined = '' WHERE verdict = 'rejected' AND code = 'rejected'",
            """
            CREATE TABLE answer (
                server TEXT NOT NULL, question TEXT NOT NULL, answer BLOB NOT NULL,
                studies TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (server, question)
            ) WITHOUT ROWID
            """,
        ),
        # Whose instances each sink has where: paths of files are used again by the next disk.
        6: (
            """
            CREATE TABLE stored_patient (
                sink TEXT NOT NULL, destination INTEGER NOT NULL, patient INTEGER NOT NULL,
                study TEXT NOT NULL, item INTEGER NOT NULL, run INTEGER NOT NULL,
                PRIMARY KEY (sink, destination, patient, study)
            ) WITHOUT ROWID
            """,
            # Of a file that has changed since, the patient who was stored is not known.
            """
            INSERT OR IGNORE INTO stored_patient (sink, destination, patient, study, item, run)
            SELECT delivery.sink, delivery.destination, item.patient, coalesce(item.study, ''),
                min(item.id), delivery.run
            FROM delivery JOIN item ON item.id = delivery.item
            WHERE delivery.state = 'stored' AND item.patient IS NOT NULL
                AND substr(delivery.stamp, instr(delivery.stamp, ':')) =
                    ':' || item.size || ':' || item.modified_ns
            GROUP BY 1, 2, 3, 4
            """,
        ),
    }
)


def is_earlier(version: str) -> bool:
    """Tell whether ledgers of a version, as `schema_of` returns it, can be brought to this one."""
    return version in {str(reached - 1) for reached in MIGRATIONS}


def keep_copy(connection: sqlite3.Connection, path: Path, version: str) -> Path:
    """Copy a ledger to a file beside it, `ledger-v2.sqlite` for version 2; return its path.

    An earlier copy is never overwritten: the next one is called `ledger-v2-2.sqlite`. Raises
    `sqlite3.Error` and `OSError` where it cannot be written; then nothing of it stays.
    """
    part = path.with_name(f"{path.stem}-v{version}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            # SQLite's own backup: it has what is still in the write-ahead log, too.
            connection.backup(copy)
            # One file that needs no other beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
        return part.rename(_free(path, version))
    finally:
        part.unlink(missing_ok=True)


def upgrade(connection: sqlite3.Connection, path: Path, version: str) -> Path:
    """Bring the ledger at `path` to this version; return the copy that was kept of it.

    Raises `sqlite3.Error` and `OSError` where that cannot be done; then all is as it was.
    """
    kept = keep_copy(connection, path, version)
    try:
        migrate(connection, version)
    except sqlite3.Error:
        kept.unlink()
        raise
    return kept


def migrate(connection: sqlite3.Connection, version: str) -> None:
    """Bring a ledger to this version in one transaction: a crash leaves it as it was."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for reached in range(int(version) + 1, SCHEMA_VERSION + 1):
            for statement in MIGRATIONS[reached]:
                connection.execute(statement)
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION),))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _free(path: Path, version: str) -> Path:
    free = path.with_name(f"{path.stem}-v{version}{path.suffix}")
    for number in count(2):
        if not free.exists():
            break
        free = path.with_name(f"{path.stem}-v{version}-{number}{path.suffix}")
    return free
