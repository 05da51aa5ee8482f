"""Files that come to a session whose scans XNAT has renamed already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dicomferry.engine.plan.problems import find_problems
from dicomferry.ledger import Ledger
from dicomferry.ledger.delivering.deliveries import Delivered, Deliveries
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.rows import Examined, Facts, Verdict
from dicomferry.model import (
    AutoArchive,
    Because,
    Destination,
    Forecast,
    InstanceRef,
    LocalFile,
    Location,
    Stored,
)

A, B = "1.2.1", "1.2.2"
CODE = "scan-stored-under-another-number"
Instance = tuple[str, str]
"""A series and its SeriesNumber."""


class Migration:
    """A ledger into which plans are put, and runs that store the first instances of them."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder)
        self._scan = 0

    def plan(self, *instances: Instance) -> None:
        catalog = PlanWriter(self.ledger)
        catalog.begin_scan()
        self._scan = catalog.scan
        files = [LocalFile(Location(f"disk/{i}"), 1000, 1) for i, _ in enumerate(instances)]
        fresh = catalog.found("folder", files)
        catalog.examined(
            "digest",
            [_examined(item.id, *instances[int(item.location.path[5:])]) for item in fresh],
        )
        catalog.plan_made("digest")

    def run(self, first: int, at: str) -> None:
        """Bring the first instances that are due; all of them came at one moment."""
        deliveries = Deliveries(self.ledger, self._scan)
        run = deliveries.begin("run", "recipe", "digest")
        (place,) = deliveries.destinations("xnat")
        dues = deliveries.load("xnat", place).dues[:first]
        deliveries.record(run, "xnat", [Delivered(due, Stored("0x0000")) for due in dues])
        with self.ledger.transaction() as connection:
            connection.execute("UPDATE delivery SET at = ? WHERE run = ?", (at, run))

    def messages(self) -> list[str]:
        found = find_problems(self.ledger, frozenset(), xnat=True, sinks=["xnat"])
        return [one.message for one in found if one.code == CODE]


def _examined(item: int, series: str, number: str) -> Examined:
    ref = InstanceRef("1.2", series, f"{series}.{item}", "1.2.840.10008.5.1.4.1.1.4")
    facts = Facts(ref, "1.2.840.10008.1.2.1", "20200101", "MR", number)
    because = Because("StudyDescription", "PatientName", "PatientID")
    forecast = Forecast(Destination("P", "S", "E"), because, AutoArchive.PROJECT_DEFAULT)
    return Examined(item, Verdict.READY, facts=facts, sent=ref, forecast=forecast, edits="digest")


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[Migration]:
    made = Migration(tmp_path)
    yield made
    made.ledger.close()


def test_a_file_from_a_second_disk_does_not_meet_its_renamed_scan(migration: Migration) -> None:
    migration.plan((A, "1"), (B, "1"))
    migration.run(2, "2026-01-01T12:00:00+00:00")
    migration.plan((A, "1"), (B, "1"), (A, "1"))

    (message,) = migration.messages()

    assert "'E' in P (1-MR1)" in message


def test_a_run_that_was_stopped_between_two_series_of_one_number_leaves_a_conflict(
    migration: Migration,
) -> None:
    migration.plan((A, "1"), (A, "1"), (B, "1"))
    migration.run(1, "2026-01-01T12:00:00+00:00")

    (message,) = migration.messages()

    assert "'E' in P (1)" in message


def test_what_came_before_xnat_built_the_session_was_built_together(migration: Migration) -> None:
    migration.plan((A, "1"), (A, "1"), (B, "1"), (B, "1"))
    migration.run(1, "2026-01-01T12:00:00+00:00")
    migration.run(2, "2026-01-01T12:04:00+00:00")

    (message,) = migration.messages()

    assert "(1-MR2)" in message


@pytest.mark.parametrize(
    ("first", "instances"),
    [
        (1, [(A, "1"), (A, "1"), (B, "2")]),
        (1, [(A, "1"), (B, "1")]),
        (3, [(A, "1"), (A, "1"), (B, "1")]),
        (0, [(A, "1"), (B, "1")]),
    ],
    ids=["own-numbers", "a-series-each", "nothing-due", "nothing-stored"],
)
def test_no_conflict_is_foretold_where_there_is_none(
    migration: Migration, first: int, instances: Sequence[Instance]
) -> None:
    migration.plan(*instances)
    migration.run(first, "2026-01-01T12:00:00+00:00")

    assert migration.messages() == []
