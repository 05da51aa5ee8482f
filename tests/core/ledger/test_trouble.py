"""A ledger that lost something says so; one that cannot be written is not told to be put aside."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dicomferry.errors import LedgerError
from dicomferry.ledger import Ledger, store

NOBODY = 65534
ASIDE = "aside"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(Ledger(tmp_path)) as ledger:
        ledger.put("planned", "x" * 5000)
    return tmp_path


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Let the folder and its files be read and not written, by whoever runs the test."""
    paths = [folder, *folder.iterdir()]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        for above in folder.parents:
            if above.stat().st_uid == 0 and above.stat().st_mode & 0o777 == 0o700:
                above.chmod(0o711)
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in paths:
            path.chmod(0o700)


def manifest(folder: Path, number: int) -> None:
    (folder / "manifests").mkdir(exist_ok=True)
    (folder / "manifests" / f"run-{number}.jsonl").write_text("{}\n")


def forget(folder: Path) -> None:
    for path in folder.glob("ledger.sqlite*"):
        path.unlink()


def empty(folder: Path) -> None:
    forget(folder)
    (folder / "ledger.sqlite").touch()


def without_its_log(folder: Path) -> None:
    """Leave what a kill leaves of a new ledger whose write-ahead log was not copied."""
    forget(folder)
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA user_version = 0")


@pytest.mark.parametrize("lose", [forget, empty, without_its_log])
@pytest.mark.parametrize("readonly", [False, True])
def test_a_ledger_that_is_lost_is_missed_beside_manifests(
    folder: Path, lose: Callable[[Path], None], readonly: bool
) -> None:
    manifest(folder, 3)
    manifest(folder, 12)
    lose(folder)

    with pytest.raises(LedgerError, match=r"missing or empty.*up to run 12"):
        Ledger(folder, readonly=readonly)


def test_a_new_state_folder_begins_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()

    Ledger(tmp_path).close()


@pytest.mark.parametrize("table", ["item", "delivery", "spooled", "why"])
def test_a_table_that_is_missing_is_damage(folder: Path, table: str) -> None:
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
        connection.execute(f"DROP TABLE {table}")

    for readonly in (False, True):
        with pytest.raises(LedgerError, match=f"it is damaged: it has no table {table}"):
            Ledger(folder, readonly=readonly)


def test_a_column_that_is_missing_is_damage(folder: Path) -> None:
    with closing(Ledger(folder)) as ledger:
        ledger.connection.execute("ALTER TABLE run DROP COLUMN complete")

        with pytest.raises(LedgerError, match="it is damaged"), ledger.transaction() as connection:
            connection.execute("UPDATE run SET complete = 1")


def test_a_ledger_that_may_only_be_read_is_not_to_be_put_aside(folder: Path) -> None:
    with without_rights(folder), pytest.raises(LedgerError) as raised:
        Ledger(folder)

    assert "read-only" in raised.value.message or "cannot be made" in raised.value.message
    assert "nothing is wrong with the ledger" in raised.value.hint
    assert ASIDE not in raised.value.hint


def test_a_ledger_that_another_program_holds_is_not_to_be_put_aside(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store._connect

    def impatient(path: Path, how: str) -> sqlite3.Connection:
        connection = real(path, how)
        connection.execute("PRAGMA busy_timeout = 10")
        return connection

    monkeypatch.setattr(store, "_connect", impatient)
    with closing(sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(LedgerError, match="locked by another program") as raised:
            Ledger(folder)

    assert ASIDE not in raised.value.hint


@pytest.mark.parametrize("with_log", [False, True])
def test_a_ledger_in_a_folder_that_cannot_be_written_is_read(folder: Path, with_log: bool) -> None:
    copy = folder / "medium"
    copy.mkdir()
    with closing(Ledger(folder)) as ledger:
        ledger.put("planned", "in the log")
        if not with_log:
            ledger.checkpoint(now=True)
        shutil.copy(folder / "ledger.sqlite", copy)
        if with_log:
            shutil.copy(folder / "ledger.sqlite-wal", copy)

    with without_rights(copy):
        before = sorted(path.name for path in copy.iterdir())
        with closing(Ledger(copy, readonly=True)) as reading:
            assert reading.get("planned") == "in the log"
        assert sorted(path.name for path in copy.iterdir()) == before


def test_what_was_committed_before_a_checkpoint_is_in_the_file_itself(
    folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with closing(Ledger(folder)) as ledger:
        ledger.put("planned", "kept")
        ledger.checkpoint(now=True)
        ledger.put("planned", "lost with the log")
        shutil.copy(folder / "ledger.sqlite", elsewhere)

    with closing(Ledger(elsewhere)) as behind:
        assert behind.get("planned") == "kept"


def test_a_full_disk_is_told_with_the_place(folder: Path) -> None:
    with closing(Ledger(folder)) as ledger:
        (pages,) = ledger.connection.execute("PRAGMA page_count").fetchone()
        ledger.connection.execute(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(LedgerError, match=r"ledger\.sqlite: .*the disk is full") as raised:
            ledger.put("large", "x" * 100_000)

        assert "free some space" in raised.value.hint
        assert ledger.get("large") == ""
