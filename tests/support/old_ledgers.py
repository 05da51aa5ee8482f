"""Ledgers of every version so far, made of the tables that each version had."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

_META = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY, verb TEXT NOT NULL, recipe TEXT NOT NULL, digest TEXT NOT NULL,
    started TEXT NOT NULL, finished TEXT, complete INTEGER
);
CREATE TABLE destination (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, subject TEXT NOT NULL, session TEXT NOT NULL,
    UNIQUE (project, session, subject)
);
"""
_ITEM = """
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
"""
_DELIVERY = """
CREATE TABLE delivery (
    item INTEGER NOT NULL REFERENCES item, sink TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT NOT NULL, retryable INTEGER NOT NULL, stamp TEXT NOT NULL, sop TEXT NOT NULL,
    destination INTEGER NOT NULL, attempts INTEGER NOT NULL, run INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (item, sink)
) WITHOUT ROWID;
"""

_TABLES: Mapping[str, str] = {
    "1": f"""{_META}
CREATE TABLE why (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, subject TEXT NOT NULL, session TEXT NOT NULL,
    auto_archive TEXT NOT NULL, UNIQUE (project, subject, session, auto_archive)
);
{_ITEM}    UNIQUE (source, path, member)
);
CREATE INDEX item_destination ON item (destination, id);
CREATE INDEX item_sop ON item (coalesce(sent_sop, sop));
CREATE TABLE study_at (
    stage INTEGER NOT NULL, study TEXT NOT NULL, destination INTEGER NOT NULL,
    study_date TEXT NOT NULL, instances INTEGER NOT NULL,
    PRIMARY KEY (stage, study, destination)
) WITHOUT ROWID;
CREATE TABLE series_at (
    stage INTEGER NOT NULL, series TEXT NOT NULL, destination INTEGER NOT NULL,
    PRIMARY KEY (stage, series, destination)
) WITHOUT ROWID;
{_DELIVERY}""",
    "2": f"""{_META}
CREATE TABLE why (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, subject TEXT NOT NULL, session TEXT NOT NULL,
    auto_archive TEXT NOT NULL, notes TEXT NOT NULL,
    UNIQUE (project, subject, session, auto_archive, notes)
);
{_ITEM}    remote TEXT NOT NULL DEFAULT '', table_row INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source, path, member)
);
CREATE TABLE spooled (
    item INTEGER PRIMARY KEY REFERENCES item, path BLOB NOT NULL, size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL, edits TEXT NOT NULL, transfer_syntax TEXT NOT NULL
);
{_DELIVERY}""",
}
_FOURTH = f"""{_TABLES["2"]}
CREATE TABLE patient (
    id INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, issuer TEXT NOT NULL, name TEXT NOT NULL,
    birth_date TEXT NOT NULL, sex TEXT NOT NULL,
    UNIQUE (patient_id, issuer, name, birth_date, sex)
);
ALTER TABLE item ADD COLUMN acquired TEXT;
ALTER TABLE item ADD COLUMN patient INTEGER REFERENCES patient;
ALTER TABLE delivery ADD COLUMN filed_study TEXT NOT NULL DEFAULT '';
"""
_FIFTH = f"""{_FOURTH}
ALTER TABLE item ADD COLUMN missing TEXT NOT NULL DEFAULT '';
CREATE TABLE answer (
    server TEXT NOT NULL, question TEXT NOT NULL, answer BLOB NOT NULL, studies TEXT NOT NULL,
    at REAL NOT NULL, PRIMARY KEY (server, question)
) WITHOUT ROWID;
"""
TABLES: Mapping[str, str] = {**_TABLES, "3": _TABLES["2"], "4": _FOURTH, "5": _FIFTH}
"""The tables of each version before the one of now."""


def open_old(folder: Path, version: str) -> sqlite3.Connection:
    """Make an empty ledger of a version as its own dicomferry did; return it open for writing."""
    path = folder / "ledger.sqlite"
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(TABLES[version])
    connection.execute("INSERT INTO meta VALUES ('schema', ?)", (version,))
    return connection


def put(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """Put a row into a table."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))


def rewrite_as(folder: Path, version: str) -> None:
    """Put a ledger of now, row by row, into one as an earlier version has it."""
    path = folder / "ledger.sqlite"
    now = path.rename(path.with_suffix(".now"))
    with (
        closing(sqlite3.connect(now)) as before,
        closing(open_old(folder, version)) as old,
    ):
        for table in _tables(old):
            kept = [name for name in _columns(before, table) if name in _columns(old, table)]
            if not kept:  # a table that only the old version has
                continue
            for row in before.execute(f"SELECT {', '.join(kept)} FROM {table}"):
                values = dict(zip(kept, row, strict=True))
                if table != "meta" or values["key"] != "schema":
                    put(old, table, **values)
    now.unlink()


def contents(path: Path) -> list[str]:
    """Return a ledger as SQL text, whatever is in a write-ahead log beside it included."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def _tables(connection: sqlite3.Connection) -> Iterable[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [name for (name,) in rows]


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [
        name for (name,) in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")
    ]
