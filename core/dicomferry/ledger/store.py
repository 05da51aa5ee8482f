"""The ledger file itself: opening, checking, transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from dicomferry.errors import LedgerError

SCHEMA_VERSION = 2

# Text that occurs in many rows (labels, rules) has its own table, so that a million instances stay
# small. Paths are bytes: file names need not be UTF-8. `sent_*` is NULL where nothing changed.
_SCHEMA = """
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
    PRIMARY KEY (item, sink)
) WITHOUT ROWID;
"""

# They are made when there is a first plan: a catalog is filled a third faster without them.
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS item_destination ON item (destination, id)",
    "CREATE INDEX IF NOT EXISTS item_sop ON item (coalesce(sent_sop, sop))",
)


class Ledger:
    """An open ledger. Writers hold a `Lock`; readers need none.

    Raises `LedgerError` where the file cannot be read or written, is damaged, or was written by
    another version; it never starts again from nothing in place of a file that is there.
    """

    def __init__(self, folder: Path, *, readonly: bool = False) -> None:
        self.path = folder / "ledger.sqlite"
        self.grouped: tuple[int, ...] | None = None
        """What the temporary table of `ItemGroups` was made of."""
        if readonly and not self.path.exists():
            raise LedgerError(
                f"{self.path}: there is no ledger yet",
                hint="`dicomferry plan` or `dicomferry run` makes one",
            )
        try:
            self.connection = _connect(self.path, readonly)
            with ExitStack() as on_failure:
                on_failure.callback(self.connection.close)
                _check(self.connection)
                if not readonly:
                    _prepare(self.connection)
                self._refuse_other_versions()
                on_failure.pop_all()
        except sqlite3.Error as error:
            raise LedgerError(
                f"{self.path}: the ledger cannot be used: {error}",
                hint="if the file is damaged, put it aside: the next run then starts a new ledger"
                " and sends everything again",
            ) from None

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Make what happens inside one commit, or nothing of it."""
        hint = "free some space or mend the disk, then run again: nothing is sent twice"
        return self._as_one("BEGIN IMMEDIATE", "written", hint)

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Let all that is read inside be of one moment; only temporary tables may be written."""
        hint = "free some space or mend the disk, then try again"
        return self._as_one("BEGIN", "read", hint)

    @contextmanager
    def _as_one(self, begin: str, done: str, hint: str) -> Iterator[sqlite3.Connection]:
        try:
            self.connection.execute(begin)
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            message = f"{self.path}: the ledger cannot be {done}: {error}"
            raise LedgerError(message, hint=hint) from error

    def state(self) -> tuple[int, int]:
        """Return what is another after every change, whichever process made it."""
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        return self.connection.total_changes, version

    def index(self) -> None:
        """Make look-ups by destination and by SOP Instance UID fast, if they are not yet."""
        with self.transaction() as connection:
            for statement in _INDEXES:
                connection.execute(statement)

    def get(self, key: str) -> str:
        """Return a noted value, empty where there is none."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def put(self, key: str, value: str) -> None:
        """Note a value."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _refuse_other_versions(self) -> None:
        found = self.get("schema")
        if found != str(SCHEMA_VERSION):
            raise LedgerError(
                f"{self.path}: the ledger has version '{found}', this dicomferry writes"
                f" {SCHEMA_VERSION}",
                hint="use the dicomferry it was written with, or another folder with --state",
            )


def _connect(path: Path, readonly: bool) -> sqlite3.Connection:
    if not readonly:
        path.touch(mode=0o600, exist_ok=True)
    mode = "ro" if readonly else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    # A reader of a WAL ledger waits for a checkpoint rather than fail.
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)
    connection.execute("PRAGMA busy_timeout = 30000")
    return connection


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _prepare(connection: sqlite3.Connection) -> None:
    # WAL: a commit is durable against a killed process; a power cut may lose the last commits,
    # which only means that these instances are sent once more. It must not live on NFS.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
    connection.execute("COMMIT")
