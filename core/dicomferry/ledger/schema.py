"""The tables of a ledger, as this version writes them."""

from __future__ import annotations

import re
import sqlite3
from typing import Final

SCHEMA_VERSION: Final = 6
"""Goes up with every change to what a ledger holds; `migrations` then has the way to it."""

# Text that occurs in many rows (labels, rules, patients) has its own table, so that a million
# instances stay small. Paths are bytes: file names need not be UTF-8. `sent_*` is NULL where it is
# as found.
_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY, verb TEXT NOT NULL, recipe TEXT NOT NULL, digest TEXT NOT NULL,
    started TEXT NOT NULL, finished TEXT, complete INTEGER
);
CREATE TABLE destination (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, subject TEXT NOT NULL, session TEXT NOT NULL,
    UNIQUE (project, session, subject)
);
CREATE TABLE why (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, subject TEXT NOT NULL, session TEXT NOT NULL,
    auto_archive TEXT NOT NULL, notes TEXT NOT NULL,
    UNIQUE (project, subject, session, auto_archive, notes)
);
CREATE TABLE patient (
    id INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, issuer TEXT NOT NULL, name TEXT NOT NULL,
    birth_date TEXT NOT NULL, sex TEXT NOT NULL,
    UNIQUE (patient_id, issuer, name, birth_date, sex)
);
CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL, path BLOB NOT NULL, member BLOB NOT NULL,
    size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, names TEXT NOT NULL, row TEXT NOT NULL,
    scan INTEGER NOT NULL, examined TEXT NOT NULL DEFAULT '',
    verdict TEXT NOT NULL DEFAULT 'found', code TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    study TEXT, series TEXT, sop TEXT, sop_class TEXT, transfer_syntax TEXT,
    study_date TEXT, modality TEXT, series_number TEXT,
    sent_study TEXT, sent_series TEXT, sent_sop TEXT,
    destination INTEGER REFERENCES destination, why INTEGER REFERENCES why,
    subject_original TEXT, session_original TEXT, edits TEXT,
    remote TEXT NOT NULL DEFAULT '', table_row INTEGER NOT NULL DEFAULT 0,
    acquired TEXT, patient INTEGER REFERENCES patient, missing TEXT NOT NULL DEFAULT '',
    UNIQUE (source, path, member)
);
CREATE TABLE spooled (
    item INTEGER PRIMARY KEY REFERENCES item, path BLOB NOT NULL, size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL, edits TEXT NOT NULL, transfer_syntax TEXT NOT NULL
);
CREATE TABLE delivery (
    item INTEGER NOT NULL REFERENCES item, sink TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT NOT NULL, retryable INTEGER NOT NULL, stamp TEXT NOT NULL, sop TEXT NOT NULL,
    destination INTEGER NOT NULL, attempts INTEGER NOT NULL, run INTEGER NOT NULL, at TEXT NOT NULL,
    filed_study TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (item, sink)
) WITHOUT ROWID;
CREATE TABLE answer (
    server TEXT NOT NULL, question TEXT NOT NULL, answer BLOB NOT NULL, studies TEXT NOT NULL,
    at REAL NOT NULL, PRIMARY KEY (server, question)
) WITHOUT ROWID;
CREATE TABLE stored_patient (
    sink TEXT NOT NULL, destination INTEGER NOT NULL, patient INTEGER NOT NULL,
    study TEXT NOT NULL, item INTEGER NOT NULL, run INTEGER NOT NULL,
    PRIMARY KEY (sink, destination, patient, study)
) WITHOUT ROWID;
"""

_INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS item_destination ON item (destination, id)",
    "CREATE INDEX IF NOT EXISTS item_sop ON item (coalesce(sent_sop, sop))",
)


_NAMES: Final = frozenset(re.findall(r"CREATE TABLE (\w+)", _TABLES))


def check_tables(connection: sqlite3.Connection) -> None:
    """Raise `sqlite3.DatabaseError` where a table of this version is missing."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    missing = _NAMES - {name for (name,) in rows}
    if missing:
        raise sqlite3.DatabaseError(f"it has no table {', '.join(sorted(missing))}")


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of a new ledger; the caller begins and ends the transaction."""
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))


def make_indexes(connection: sqlite3.Connection) -> None:
    """Make look-ups by destination and by SOP Instance UID fast, if they are not yet.

    A plan makes them once it has examined its items: a ledger is filled a third faster without.
    """
    for statement in _INDEXES:
        connection.execute(statement)


def schema_of(connection: sqlite3.Connection) -> str:
    """Return the version that a ledger notes of itself; empty where a file has no table at all."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return ""
    rows = connection.execute("SELECT value FROM meta WHERE key = 'schema'")
    return next((str(version) for (version,) in rows), "none")
