"""What is wrong when a ledger cannot be used, and what a user does about it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from dicomferry.errors import LedgerError

_DAMAGED: Final = (
    "put a copy of the state folder back that is whole; without one, move the whole folder aside:"
    " the next run then starts a new ledger and sends everything again"
)
_SPACE: Final = "free some space there, then run again: nothing is sent twice"
_DISK: Final = "mend the disk or the share, then run again: nothing is sent twice"
_RIGHTS: Final = (
    "nothing is wrong with the ledger: give yourself the right to write it, or choose another"
    " folder with --state"
)
_WAIT: Final = "nothing is wrong with the ledger: wait for the program that has it, or end it"
_MEMORY: Final = "end other programs, or raise the limit (ulimit -v), then run again"

_WORDS: Final = {
    sqlite3.SQLITE_BUSY: ("is locked by another program", _WAIT),
    sqlite3.SQLITE_LOCKED: ("is locked by another program", _WAIT),
    sqlite3.SQLITE_PROTOCOL: ("is locked by another program", _WAIT),
    sqlite3.SQLITE_READONLY: ("is read-only", _RIGHTS),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", f"{_RIGHTS}; or raise `ulimit -n`"),
    sqlite3.SQLITE_PERM: ("may not be opened", _RIGHTS),
    sqlite3.SQLITE_AUTH: ("may not be opened", _RIGHTS),
    sqlite3.SQLITE_FULL: ("has no room: the disk is full", _SPACE),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", _DISK),
    sqlite3.SQLITE_NOMEM: ("does not fit into memory", _MEMORY),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _DAMAGED),
    sqlite3.SQLITE_NOTADB: ("is damaged: it is no ledger any more", _DAMAGED),
    sqlite3.SQLITE_ERROR: ("is damaged", _DAMAGED),
}
"""By SQLite's primary result code. SQLITE_ERROR is a table or column that is missing."""


def ledger_error(path: Path, error: sqlite3.Error) -> LedgerError:
    """Return what to tell a user of an error that SQLite raised."""
    code = getattr(error, "sqlite_errorcode", None)
    words, hint = _WORDS.get((code or sqlite3.SQLITE_CORRUPT) & 0xFF, ("cannot be used", _DISK))
    return LedgerError(f"{path}: the ledger cannot be used, it {words}: {error}", hint=hint)


def trouble_in_a_ledger(error: BaseException) -> LedgerError | None:
    """Return what to tell of an error of SQLite that nobody expected where it happened.

    None for a mistake in a statement of ours, which is a bug.
    """
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.ProgrammingError):
        return ledger_error(Path("ledger.sqlite"), error)
    return None


def unwritable(path: Path, error: OSError) -> LedgerError:
    """Return what to tell a user of a ledger's file that cannot be made."""
    return LedgerError(f"{path}: the ledger cannot be made: {error.strerror}", hint=_RIGHTS)


def lost(path: Path, runs: int) -> LedgerError:
    """Return what to tell a user of a ledger that is gone, beside manifests of `runs` runs."""
    return LedgerError(
        f"{path}: the ledger is missing or empty, and beside it are manifests up to run {runs}:"
        " what these runs stored is not known any more",
        hint="put the ledger back, with ledger.sqlite-wal where there is one; to start anew and"
        " send everything again, move the folder `manifests` away",
    )
