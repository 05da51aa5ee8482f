"""The ledger file: refused rather than guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry.errors import LedgerError
from dicomferry.ledger import Ledger


def test_what_is_put_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.put("planned", "x")
    ledger.close()

    again = Ledger(tmp_path)

    assert again.get("planned") == "x"
    again.close()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)

    def fail() -> None:
        with ledger.transaction() as connection:
            connection.execute("INSERT INTO meta VALUES ('half', 'done')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert ledger.get("half") == ""
    ledger.close()


def test_a_reader_of_no_ledger_is_told_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger yet"):
        Ledger(tmp_path, readonly=True)


def test_a_damaged_ledger_is_refused_and_kept(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.put("planned", "x" * 5000)
    ledger.close()
    path = tmp_path / "ledger.sqlite"
    damaged = bytearray(path.read_bytes())
    damaged[4096:8192] = b"\xff" * 4096
    path.write_bytes(damaged)

    with pytest.raises(LedgerError, match="cannot be used, it is damaged"):
        Ledger(tmp_path)

    assert path.read_bytes() == damaged


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("not a database, " * 100)

    with pytest.raises(LedgerError, match="cannot be used, it is damaged"):
        Ledger(tmp_path)


def test_a_ledger_of_another_version_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.put("schema", "99")
    ledger.close()

    with pytest.raises(LedgerError, match="version '99'"):
        Ledger(tmp_path)


def test_the_ledger_is_the_owners_alone(tmp_path: Path) -> None:
    Ledger(tmp_path).close()

    assert (tmp_path / "ledger.sqlite").stat().st_mode & 0o777 == 0o600
