"""The ledger file itself: opening, checking, upgrading, transactions."""

from __future__ import annotations

import logging
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from dicomferry.errors import LedgerError
from dicomferry.ledger.migrations import is_earlier, migrate, upgrade
from dicomferry.ledger.schema import (
    SCHEMA_VERSION,
    check_tables,
    make_indexes,
    make_tables,
    schema_of,
)
from dicomferry.ledger.trouble import ledger_error, lost, unwritable

_log = logging.getLogger(__name__)
_MANIFEST = re.compile(r"run-(\d+)(?:-\d+)?\.jsonl")


class Ledger:
    """An open ledger. Writers hold a `Lock`; readers need none.

    A ledger of an earlier version is upgraded by the first that opens it for writing, and a copy
    of it is kept beside it; a reader reads an upgraded copy, and leaves the file as it is. Raises
    `LedgerError` where the file cannot be read or written, is damaged, or was written by a later
    version; it never starts again from nothing in place of a file that is there, nor of one that
    is gone while manifests of its runs are there.
    """

    def __init__(self, folder: Path, *, readonly: bool = False) -> None:
        self.path = folder / "ledger.sqlite"
        self.grouped: tuple[int, ...] | None = None
        """What the temporary table of `ItemGroups` was made of."""
        self._checkpoint_due = 0.0
        runs = self._manifests = _runs_beside(folder)
        if not self.path.exists():
            if runs:
                raise lost(self.path, runs)
            if readonly:
                raise LedgerError(
                    f"{self.path}: there is no ledger yet",
                    hint="`dicomferry plan` or `dicomferry run` makes one",
                )
        try:
            self.connection = _for_reading(self.path) if readonly else _for_writing(self.path)
            with ExitStack() as on_failure:
                on_failure.callback(self.close)
                _check(self.connection)
                if runs and not schema_of(self.connection):
                    raise lost(self.path, runs)
                if not readonly:
                    _prepare(self.connection)
                self._bring_to_this_version(readonly=readonly)
                check_tables(self.connection)
                on_failure.pop_all()
        except sqlite3.Error as error:
            raise ledger_error(self.path, error) from None

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Make what happens inside one commit, or nothing of it."""
        return self._as_one("BEGIN IMMEDIATE")

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Let all that is read inside be of one moment; only temporary tables may be written."""
        return self._as_one("BEGIN")

    def checkpoint(self, *, now: bool = False) -> None:
        """Bring what was committed to the disk, so that a power cut cannot lose it.

        Without `now`, not while the last one is so recent that disks slow at this would do little
        else: a twentieth of the time is spent here at most.
        """
        began = time.monotonic()
        if not now and began < self._checkpoint_due:
            return
        try:
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            raise ledger_error(self.path, error) from error
        ended = time.monotonic()
        self._checkpoint_due = ended + 20 * (ended - began)

    @contextmanager
    def _as_one(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            self.connection.execute(begin)
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                # A full disk has ended the transaction already.
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise ledger_error(self.path, error) from error

    def last_run(self) -> int:
        """Return the number of the last run; 0 while there is none."""
        (known,) = self.connection.execute("SELECT coalesce(max(id), 0) FROM run").fetchone()
        return int(known)

    def lost_runs(self) -> tuple[int, int] | None:
        """Return the last run that is known and the last one with a manifest, if that is later."""
        known = self.last_run()
        return (known, self._manifests) if known < self._manifests else None

    def unfinished_run(self) -> tuple[int, int] | None:
        """Return the last run and how many outcomes are of it, where it did not end by itself."""
        row = self.connection.execute(
            "SELECT id, finished, (SELECT count(*) FROM delivery WHERE run = run.id)"
            " FROM run ORDER BY id DESC LIMIT 1"
        ).fetchone()
        return (int(row[0]), int(row[2])) if row and row[1] is None else None

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


def _for_writing(path: Path) -> sqlite3.Connection:
    try:
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None
    return _connect(path, "mode=rw")


def _for_reading(path: Path) -> sqlite3.Connection:
    """Return a connection that writes nothing beside the file, where nothing can be written.

    SQLite reads a write-ahead log by way of a file that it makes beside it.
    """
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        return _copy_elsewhere(path)
    return connection


def _copy_elsewhere(path: Path) -> sqlite3.Connection:
    from shutil import copyfile
    from tempfile import TemporaryDirectory

    log = path.with_name(f"{path.name}-wal")
    try:
        if not log.exists() or not log.stat().st_size:
            return _connect(path, "mode=ro&immutable=1")
        with TemporaryDirectory(prefix="dicomferry-ledger-") as folder:
            for file in (path, log):
                copyfile(file, Path(folder, file.name))
            return _unnamed_copy(_connect(Path(folder, path.name), "mode=rw"))
    except OSError as error:
        raise LedgerError(
            f"{path}: the ledger cannot be read: {error.strerror}",
            hint="give yourself the right to read it and the file -wal beside it",
        ) from None


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{how}"
    # A reader of a WAL ledger waits for a checkpoint rather than fail.
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)
    connection.execute("PRAGMA busy_timeout = 30000")
    return connection


def _runs_beside(folder: Path) -> int:
    """Return the number of the last run that has a manifest in a state folder; 0 without any."""
    names = (path.name for path in (folder / "manifests").glob("run-*.jsonl"))
    numbers = (_MANIFEST.fullmatch(name) for name in names)
    return max((int(found[1]) for found in numbers if found), default=0)


def _check(connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _prepare(connection: sqlite3.Connection) -> None:
    # WAL: a commit is durable against a killed process. A power cut may lose what was committed
    # since the last checkpoint, which only means that it is sent once more. It must not live on
    # NFS.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    if not schema_of(connection):
        make_tables(connection)
    connection.execute("COMMIT")
