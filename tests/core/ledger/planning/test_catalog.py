"""What a scan finds comes back as items, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.store import Ledger
from dicomferry.model import InstanceRef, LocalFile, Location, RemoteInstance, Unusable


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[PlanWriter]:
    ledger = Ledger(tmp_path)
    catalog = PlanWriter(ledger)
    catalog.begin_scan()
    yield catalog
    ledger.close()


def file(path: str, **others: dict[str, str]) -> LocalFile:
    return LocalFile(Location(path), 7, 8, **others)


FOUND = (
    file("/a/caf\udce9"),
    file("/a/b", names={"subject": "Ø"}, row={"id": "1"}),
    LocalFile(Location("/a/c.zip", "inside"), 7, 8),
)
NOTHING = Unusable(Location("/a/fifo"), "not-a-file", "a pipe")
REMOTE = RemoteInstance("pacs", "old", InstanceRef("1", "2", "3", "4"), {"PatientID": "P"})


def test_new_items_are_those_the_ledger_has(catalog: PlanWriter) -> None:
    new = catalog.found("folder", FOUND)

    assert new == list(catalog.unexamined("digest"))
    assert [item.location for item in new] == [one.location for one in FOUND]


def test_of_a_mixed_batch_what_can_be_examined_is_new(catalog: PlanWriter) -> None:
    new = catalog.found("folder", (FOUND[0], NOTHING, FOUND[0], REMOTE, FOUND[1]))

    assert new == list(catalog.unexamined("digest"))
    assert [item.remote is not None for item in new] == [False, True, False]


def test_what_was_found_before_is_not_new(catalog: PlanWriter) -> None:
    catalog.found("folder", FOUND[:2])
    catalog.begin_scan()

    assert catalog.found("folder", FOUND[:2]) == []
    assert [item.location for item in catalog.found("folder", FOUND)] == [FOUND[2].location]
