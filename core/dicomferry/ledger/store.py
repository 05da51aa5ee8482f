"""The ledger file itself: opening, checking, upgrading, transactions."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from dicomferry.errors import LedgerError
from dicomferry.ledger.migrations import is_earlier, migrate, upgrade
from dicomferry.ledger.schema import SCHEMA_VERSION, make_indexes, make_tables, schema_of

_log = logging.getLogger(__name__)


class Ledger:
    """An open ledger. Writers hold a `Lock`; readers need none.

    A ledger of an earlier version is upgraded by the first that opens it for writing, and a copy
    of it is kept beside it; a reader reads an upgraded copy, and leaves the file as it is. Raises
    `LedgerError` where the file cannot be read or written, is damaged, or was written by a later
    version; it never starts again from nothing in place of a file that is there.
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
                on_failure.callback(self.close)
                _check(self.connection)
                if not readonly:
                    _prepare(self.connection)
                self._bring_to_this_version(readonly=readonly)
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
        """Return a value that differs after every change of the ledger by any process."""
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        return self.connection.total_changes, version

    def index(self) -> None:
        """Make look-ups by destination and by SOP Instance UID fast, if they are not yet."""
        with self.transaction() as connection:
            make_indexes(connection)

    def get(self, key: str) -> str:
        """Return a noted value, empty where there is none."""
        rows = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,))
        return next((str(value) for (value,) in rows), "")

    def put(self, key: str, value: str) -> None:
        """Note a value."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value)
            )

    def _bring_to_this_version(self, *, readonly: bool) -> None:
        version = schema_of(self.connection)
        if version == str(SCHEMA_VERSION):
            return
        if not is_earlier(version):
            raise LedgerError(
                f"{self.path}: the ledger has version '{version}', this dicomferry writes"
                f" {SCHEMA_VERSION}",
                hint="use the dicomferry it was written with, or another folder with --state",
            )
        if readonly:
            self.connection = _unnamed_copy(self.connection)
            migrate(self.connection, version)
            return
        try:
            kept = upgrade(self.connection, self.path, version)
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(
                f"{self.path}: the ledger has version {version} and cannot be brought to"
                f" {SCHEMA_VERSION}: {error}",
                hint="free some space or mend the disk, then run again: the ledger is as it was",
            ) from error
        _log.info("ledger upgraded from version %s; it was kept as %s", version, kept.name)


def _unnamed_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a copy in an unnamed file of SQLite's own, which is gone once it is closed."""
    copy = sqlite3.connect("", isolation_level=None)
    try:
        connection.backup(copy)
    except BaseException:
        copy.close()
        raise
    connection.close()
    return copy


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
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _prepare(connection: sqlite3.Connection) -> None:
    # WAL: a commit is durable against a killed process; a power cut may lose the last commits,
    # which only means that these instances are sent once more. It must not live on NFS.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    if not schema_of(connection):
        make_tables(connection)
    connection.execute("COMMIT")
