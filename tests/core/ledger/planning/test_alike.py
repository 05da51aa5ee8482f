"""What a plan is asked is answered from groups of items, which are never older than the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry.ledger.planning import grouping
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.rows import Examined, Facts, Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import (
    AutoArchive,
    Because,
    Destination,
    Forecast,
    InstanceRef,
    LocalFile,
    Location,
)
from support.plans import put_plan


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Give a ledger with six planned instances of 1 to 6 bytes, of two series in turn."""
    ledger = Ledger(tmp_path)
    sizes = range(1, 7)
    files = [LocalFile(Location(f"/a/{size}"), size, 1) for size in sizes]
    put_plan(ledger, files, [examined(item) for item in sizes])
    yield ledger
    ledger.close()


def examined(item: int) -> Examined:
    ref = InstanceRef("1.1", f"1.2.{item % 2}", f"1.3.{item}", "1.2.840.10008.5.1.4.1.1.4")
    facts = Facts(ref, "1.2.840.10008.1.2.1", "20090402", "MR", "1")
    forecast = Forecast(
        Destination("P", "S", "E"), Because("a", "b", "c"), AutoArchive.PROJECT_DEFAULT
    )
    return Examined(item, Verdict.READY, "", "", facts, ref, forecast, None, "ab")


def tallies(ledger: Ledger) -> dict[tuple[str, str], int]:
    return {(t.verdict, t.code): t.items for t in PlanReader.last(ledger).tallies()}


def test_items_that_are_alike_are_one_group(ledger: Ledger) -> None:
    found = list(ItemGroups.of(ledger, 1).ready("series, instances, largest, bytes"))

    assert sorted(found) == [("1.2.0", 3, 6, 12), ("1.2.1", 3, 5, 9)]


def test_a_verdict_that_changes_is_counted_anew(ledger: Ledger) -> None:
    before = tallies(ledger)

    PlanWriter(ledger).hold([(1, Verdict.REJECTED, "duplicate-differs", "another")])

    assert before == {("ready", ""): 6}
    assert tallies(ledger) == {("ready", ""): 5, ("rejected", "duplicate-differs"): 1}


def test_what_another_process_changes_is_counted_anew(ledger: Ledger, tmp_path: Path) -> None:
    reader = Ledger(tmp_path, readonly=True)
    before = tallies(reader)

    PlanWriter(ledger).hold([(1, Verdict.EXCLUDED, "not-chosen", "left out")])

    assert before == {("ready", ""): 6}
    assert tallies(reader) == {("excluded", "not-chosen"): 1, ("ready", ""): 5}
    reader.close()


def test_nothing_is_read_again_while_nothing_changes(ledger: Ledger) -> None:
    ItemGroups.of(ledger, 1)
    statements: list[str] = []
    ledger.connection.set_trace_callback(statements.append)

    ItemGroups.of(ledger, 1)

    assert statements == ["PRAGMA data_version"]


def test_no_more_groups_are_gathered_than_there_is_room_for(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = PlanReader.last(ledger).sessions()
    ledger.grouped = None
    monkeypatch.setattr(grouping, "_MOST", 1)

    assert len(list(ItemGroups.of(ledger, 1).ready("series"))) == 6
    assert PlanReader.last(ledger).sessions() == whole
    assert whole[0].instances == 6
    assert whole[0].bytes == 21
    assert whole[0].series == 2
    assert tallies(ledger) == {("ready", ""): 6}
