"""Ledgers of every version so far: upgraded where they are, a copy kept, nothing lost."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dicomferry.errors import LedgerError
from dicomferry.ledger import Ledger
from dicomferry.ledger.delivering.deliveries import Deliveries
from dicomferry.ledger.delivering.retrievals import Retrievals
from dicomferry.ledger.migrations import MIGRATIONS
from dicomferry.ledger.rows import stamp_of
from dicomferry.ledger.schema import SCHEMA_VERSION
from dicomferry.model import InstanceRef
from support.old_ledgers import TABLES, contents, open_old, put

SINK = "xnat-cstore -> XNAT@127.0.0.1:104"
EDITS = "e" * 64

every_version = pytest.mark.parametrize("version", list(TABLES))


def made(folder: Path, version: str) -> sqlite3.Connection:
    """Make a ledger with a plan of two instances of which the first was sent; return it open."""
    old = open_old(folder, version)
    put(old, "meta", key="scan", value="4")
    put(old, "meta", key="planned scan", value="4")
    put(old, "run", id=1, verb="run", recipe="r", digest="d", started="2026-01-01T00:00:00+00:00")
    put(old, "destination", id=1, project="P", subject="S", session="S_MR")
    why = {"notes": "comment-of-several-lines"} if version != "1" else {}
    put(
        old, "why", id=1, project="StudyDescription; the server's projects are not declared",
        subject="PatientName", session="PatientID", auto_archive="auto", **why,
    )  # fmt: skip
    for number in (1, 2):
        put(
            old, "item", id=number, source="folder", path=f"/data/{number}.dcm".encode(),
            member=b"", size=100, modified_ns=7, names="{}", row="{}", scan=4, examined="d",
            verdict="ready", study="1.1", series="1.1.1", sop=f"1.1.1.{number}", sop_class="1.2",
            transfer_syntax="1.2.840.10008.1.2", study_date="20200101", modality="MR",
            series_number="1", destination=1, why=1, edits=EDITS,
        )  # fmt: skip
    put(
        old, "delivery", item=1, sink=SINK, state="stored", reason="0000", retryable=0,
        stamp=stamp_of(EDITS, 100, 7), sop="1.1.1.1", destination=1, attempts=1, run=1,
        at="2026-01-01T00:00:01+00:00",
    )  # fmt: skip
    return old


def due(ledger: Ledger) -> list[str]:
    deliveries = Deliveries(ledger, 4)
    loads = [deliveries.load(SINK, place) for place in deliveries.destinations(SINK)]
    return [one.sent.sop_instance_uid for load in loads for one in load.dues]


def test_there_is_a_ledger_of_every_version_that_can_be_upgraded() -> None:
    assert [int(version) + 1 for version in TABLES] == list(MIGRATIONS)
    assert max(MIGRATIONS) == SCHEMA_VERSION


@every_version
def test_what_an_earlier_version_had_sent_is_not_due_again(tmp_path: Path, version: str) -> None:
    made(tmp_path, version).close()

    ledger = Ledger(tmp_path)

    assert ledger.get("schema") == str(SCHEMA_VERSION)
    assert due(ledger) == ["1.1.1.2"]
    ledger.close()


@every_version
def test_an_upgraded_ledger_has_the_tables_of_a_new_one(tmp_path: Path, version: str) -> None:
    made(tmp_path, version).close()
    new = tmp_path / "new"
    new.mkdir()

    assert laid_out(tmp_path) == laid_out(new)


def laid_out(folder: Path) -> dict[str, list[object]]:
    """Open a ledger for writing; return the columns and keys of its tables."""
    ledger = Ledger(folder)
    ledger.index()
    found = {
        name: [
            *ledger.connection.execute(f"SELECT * FROM pragma_table_info('{name}')"),
            *ledger.connection.execute(f"SELECT * FROM pragma_foreign_key_list('{name}')"),
            *ledger.connection.execute(f"SELECT name, origin FROM pragma_index_list('{name}')"),
        ]
        for (name,) in ledger.connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
    }
    ledger.close()
    return found


@every_version
def test_a_copy_of_the_old_ledger_is_kept_with_all_that_was_in_it(
    tmp_path: Path, version: str
) -> None:
    old = made(tmp_path, version)
    before = list(old.iterdump())
    assert (tmp_path / "ledger.sqlite-wal").stat().st_size  # not all is in the file itself

    Ledger(tmp_path).close()
    old.close()

    copy = tmp_path / f"ledger-v{version}.sqlite"
    assert contents(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("ledger-v*")] == [copy.name]


def test_an_earlier_copy_is_never_overwritten(tmp_path: Path) -> None:
    earlier = [tmp_path / "ledger-v2.sqlite", tmp_path / "ledger-v2-2.sqlite"]
    for path in earlier:
        path.write_text("an earlier one")
    made(tmp_path, "2").close()

    Ledger(tmp_path).close()

    assert [path.read_text() for path in earlier] == ["an earlier one"] * 2
    assert contents(tmp_path / "ledger-v2-3.sqlite")


@every_version
def test_a_reader_reads_an_earlier_version_and_leaves_it_as_it_is(
    tmp_path: Path, version: str
) -> None:
    made(tmp_path, version).close()
    before = (tmp_path / "ledger.sqlite").read_bytes()

    reader = Ledger(tmp_path, readonly=True)

    assert due(reader) == ["1.1.1.2"]
    reader.close()
    assert (tmp_path / "ledger.sqlite").read_bytes() == before
    assert not list(tmp_path.glob("ledger-v*"))


def test_a_note_takes_the_place_of_a_sentence(tmp_path: Path) -> None:
    made(tmp_path, "2").close()

    ledger = Ledger(tmp_path)

    rows = ledger.connection.execute("SELECT notes FROM why").fetchall()
    assert rows == [("comment-of-several-lines projects-not-declared",)]
    ledger.close()


def test_an_upgrade_that_fails_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    old = made(tmp_path, "1")
    old.execute("DROP TABLE series_at")  # the last statement to version 2 wants it
    before = list(old.iterdump())
    old.close()

    with pytest.raises(LedgerError, match="cannot be brought to") as caught:
        Ledger(tmp_path)

    assert "as it was" in caught.value.hint
    assert contents(tmp_path / "ledger.sqlite") == before
    assert not list(tmp_path.glob("ledger-v*"))


def test_no_copy_no_upgrade(tmp_path: Path) -> None:
    made(tmp_path, "2").close()
    before = contents(tmp_path / "ledger.sqlite")
    (tmp_path / "ledger-v2.part").mkdir()  # where the copy is to be written

    with pytest.raises(LedgerError, match="cannot be brought to"):
        Ledger(tmp_path)

    assert contents(tmp_path / "ledger.sqlite") == before


_KILLED = """
import os, signal, sqlite3, sys
from dicomferry.ledger.migrations import migrate

def at(statement):
    if statement == "DROP TABLE series_at":
        os.kill(os.getpid(), signal.SIGKILL)

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.set_trace_callback(at)
migrate(connection, "1")
"""


def test_a_kill_in_the_middle_of_an_upgrade_leaves_a_ledger_that_the_next_run_upgrades(
    tmp_path: Path,
) -> None:
    made(tmp_path, "1").close()
    path = tmp_path / "ledger.sqlite"
    before = contents(path)

    killed = subprocess.run([sys.executable, "-c", _KILLED, path], check=False)

    assert killed.returncode == -signal.SIGKILL
    assert contents(path) == before
    ledger = Ledger(tmp_path)
    assert due(ledger) == ["1.1.1.2"]
    ledger.close()


@pytest.mark.parametrize("version", ["99", "0", "two", str(SCHEMA_VERSION + 1)])
@pytest.mark.parametrize("readonly", [True, False])
def test_a_version_that_nobody_can_bring_to_this_one_is_refused(
    tmp_path: Path, version: str, readonly: bool
) -> None:
    made(tmp_path, "2").close()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (version,))
        connection.commit()

    with pytest.raises(LedgerError, match=f"the ledger has version '{version}'"):
        Ledger(tmp_path, readonly=readonly)

    assert not list(tmp_path.glob("ledger-v*"))


def test_what_version_2_knew_of_an_instance_on_a_pacs_is_read(tmp_path: Path) -> None:
    old = made(tmp_path, "2")
    told = {"AccessionNumber": "A1"}
    put(
        old, "item", id=3, source="pacs-query", path=b"pacs:clinic", member=b"1.5/1.5.1/1.5.1.1",
        size=0, modified_ns=0, names="{}", row="{}", scan=4, examined="d", verdict="ready",
        study="1.5", series="1.5.1", sop="1.5.1.1", sop_class="1.2", destination=1, why=1,
        edits=EDITS, remote=json.dumps(
            {"server": "clinic", "sop_class": "1.2", "attributes": told, "relabel": {}}
        ),
    )  # fmt: skip
    old.close()

    ledger = Ledger(tmp_path)

    (study,) = Retrievals(ledger, 4, 2, [SINK]).wanted(None)
    (item,) = study.items
    assert (study.server, study.uid) == ("clinic", "1.5")
    assert item.remote is not None
    assert item.remote.ref == InstanceRef("1.5", "1.5.1", "1.5.1.1", "1.2")
    assert item.remote.attributes == told
    ledger.close()


@pytest.mark.parametrize(("modified_ns", "known"), [(7, [(SINK, 1, 3, "1.1", 1, 1)]), (8, [])])
def test_whose_images_were_stored_is_known_where_the_file_is_as_it_was(
    tmp_path: Path, modified_ns: int, known: list[tuple[object, ...]]
) -> None:
    old = made(tmp_path, "5")
    put(old, "patient", id=3, patient_id="P", issuer="", name="", birth_date="", sex="")
    old.execute("UPDATE item SET patient = 3, modified_ns = ?", (modified_ns,))
    old.close()

    ledger = Ledger(tmp_path)

    assert ledger.connection.execute("SELECT * FROM stored_patient").fetchall() == known
    ledger.close()
