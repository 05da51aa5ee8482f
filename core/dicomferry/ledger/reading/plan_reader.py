"""The plan in a ledger, as the rest of the product reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

from msgspec import Struct

from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.planning.plan_sinks import noted_sinks
from dicomferry.ledger.reading import (
    filed_instances,
    found_items,
    held_items,
    item_states,
    missing_keys,
    partly_stored,
    passed_kinds,
    row_sessions,
    same_instance,
    series,
    sessions,
    sink_states,
    stored_elsewhere,
    stored_patients,
    stored_studies,
    stray_items,
    table_rows,
    unlisted,
)
from dicomferry.ledger.reading.expected import ExpectedReader
from dicomferry.ledger.reading.filed_instances import FiledInstance
from dicomferry.ledger.reading.found_items import FoundItem, PlannedItem
from dicomferry.ledger.reading.held_items import HeldItem
from dicomferry.ledger.reading.item_states import ItemState
from dicomferry.ledger.reading.missing_keys import MissingRow
from dicomferry.ledger.reading.partly_stored import PartlyStored
from dicomferry.ledger.reading.passed_kinds import PassedKind
from dicomferry.ledger.reading.row_sessions import RowSession
from dicomferry.ledger.reading.same_instance import Twin
from dicomferry.ledger.reading.series import SeriesState
from dicomferry.ledger.reading.sessions import SessionPlan, VerdictTally
from dicomferry.ledger.reading.sink_states import SinkFailure
from dicomferry.ledger.reading.stored_elsewhere import StoredElsewhere
from dicomferry.ledger.reading.stored_patients import StoredPatient
from dicomferry.ledger.reading.stored_studies import StoredStudy
from dicomferry.ledger.reading.stray_items import StrayItem
from dicomferry.ledger.reading.table_rows import RowState
from dicomferry.ledger.rows import Item
from dicomferry.ledger.store import Ledger


class PlanReader(Struct, frozen=True):
    """Reads one plan; `scan` is the number of the scan that it is made of.

    Every method asks the ledger as it is at that moment. Nothing is written, and no file but the
    ledger is opened.
    """

    ledger: Ledger
    scan: int

    @classmethod
    def last(cls, ledger: Ledger) -> Self:
        """Return the reader of the plan that was completed last; of no item while there is none."""
        return cls(ledger, int(ledger.get("planned scan") or 0))

    def is_latest(self) -> bool:
        """Tell whether no later plan was begun: one that was not finished, or is being made."""
        return int(self.ledger.get("scan") or 0) == self.scan

    def groups(self) -> ItemGroups:
        """Return the items in groups of those that are alike."""
        return ItemGroups.of(self.ledger, self.scan)

    def sessions(self) -> list[SessionPlan]:
        """Return every session of the plan, sorted by project, subject and session."""
        return sessions.session_plans(self.ledger, self.groups())

    def tallies(self) -> list[VerdictTally]:
        """Return how many items there are of each verdict and code."""
        return sessions.tallies(self.groups())

    def passed_kinds(self) -> list[PassedKind]:
        """Return what is passed as not DICOM, by the ends of the names."""
        return passed_kinds.passed_kinds(self.ledger, self.scan)

    def series(self) -> Iterator[SeriesState]:
        """Yield every series as it was found, sorted by its key."""
        return series.series_states(self.ledger, self.scan)

    def items(self, *, held: bool = False) -> Iterator[ItemState]:
        """Yield every item with what became of it; or only those that are not ready."""
        return item_states.item_states(self.ledger, self.scan, held=held)

    def held_items(self) -> Iterator[HeldItem]:
        """Yield every item that is not ready, with all that is known of it; candidates are none."""
        return held_items.held_items(self.ledger, self.scan)

    def refused_rows(self, candidates: list[int]) -> dict[int, int]:
        """Return the refused rows that candidates are of, and of how many studies these are."""
        return held_items.refused_rows(self.ledger, self.scan, candidates)

    def missing_rows(self) -> Iterator[MissingRow]:
        """Yield the keys that tables lack, each with its patients, by table and key."""
        return missing_keys.missing_rows(self.ledger, self.scan)

    def same_instance(self) -> Iterator[list[Twin]]:
        """Yield every group of two or more ready items with one SOP Instance UID."""
        return same_instance.twins(self.ledger, self.scan)

    def stray_items(self) -> Iterator[StrayItem]:
        """Yield every ready item with another session label than its study's first item."""
        return stray_items.stray_items(self.ledger, self.scan)

    def stored_elsewhere(self) -> Iterator[StoredElsewhere]:
        """Yield what a run with labels of a chosen plan has stored under other labels."""
        return stored_elsewhere.stored_elsewhere(self.ledger, self.scan)

    def stored_patients(self, sinks: Sequence[str]) -> Iterator[StoredPatient]:
        """Yield whose instances sinks have, and where, of whatever plan."""
        return stored_patients.stored_patients(self.ledger, self.scan, sinks)

    def stored_studies(self, sinks: Sequence[str]) -> Iterator[StoredStudy]:
        """Yield the StudyInstanceUIDs that sinks have sessions under, of whatever plan."""
        return stored_studies.stored_studies(self.ledger, sinks)

    def partly_stored(self, sink: str) -> Iterator[PartlyStored]:
        """Yield the studies of sessions that a sink has a part of, and gets more of."""
        return partly_stored.partly_stored(self.ledger, self.scan, sink)

    def find(self, which: str) -> FoundItem | None:
        """Return the item with a file name or SOP Instance UID, of whatever scan; None without."""
        return found_items.find(self.ledger, self.scan, which)

    def item(self, number: int) -> Item:
        """Return one item as its source found it, with what a PACS told of it."""
        return found_items.found_item(self.ledger, number)

    def planned_items(self, numbers: Sequence[int]) -> dict[int, PlannedItem]:
        """Return items by their numbers, each with the digest of its planned edits."""
        return found_items.planned_items(self.ledger, numbers)

    def table_rows(self, source: str, sinks: Sequence[str]) -> dict[int, RowState]:
        """Return what became of each row of a source's table at the sink that has it least."""
        return table_rows.row_states(self.ledger, self.scan, source, sinks)

    def row_sessions(self) -> Iterator[RowSession]:
        """Yield every session that a table row asks for with each study planned for it."""
        return row_sessions.row_sessions(self.ledger, self.scan)

    def expected(self, sink: str) -> ExpectedReader:
        """Return the reader of what the receiver behind a sink should hold."""
        return ExpectedReader(self.ledger, self.scan, sink)

    def filed_with(self, destination: int) -> list[FiledInstance]:
        """Return the instances of a session, and those of its studies and its label elsewhere."""
        return filed_instances.filed_with(self.ledger, self.scan, destination)

    def sinks(self) -> list[str]:
        """Return the keys of every sink something was ever brought to."""
        return sink_states.sinks(self.ledger)

    def former_sinks(self) -> list[str]:
        """Return the keys of sinks that the last plan lacks: gone, or at another address."""
        return [sink for sink in self.sinks() if self._is_former(sink)]

    def delivered(self, sink: str) -> dict[str, int]:
        """Return how many planned items are in each delivery state at a sink, as of now."""
        return sink_states.delivered(self.ledger, self.groups(), sink)

    def noted(self, sink: str, note: str) -> int:
        """Return how many planned items have a note that begins so, and are not stored there."""
        return sink_states.noted(self.ledger, self.scan, sink, note)

    def failures(self, *, former: bool = False) -> list[SinkFailure]:
        """Return what went wrong at sinks of the plan, or at former ones; most frequent first."""
        found = sink_states.failures(self.ledger, self.scan)
        return [one for one in found if self._is_former(one.sink) is former]

    def warnings(self) -> list[SinkFailure]:
        """Return what sinks of the plan have stored with a warning, the most frequent first."""
        found = sink_states.warnings(self.ledger, self.scan)
        return [one for one in found if not self._is_former(one.sink)]

    def _is_former(self, sink: str) -> bool:
        now = noted_sinks(self.ledger)
        return now is not None and sink not in now

    def remote(self) -> dict[tuple[str, str], int]:
        """Return how many planned instances come by each fetcher from each server."""
        return sink_states.remote(self.ledger, self.scan)

    def unlisted(self) -> dict[str, int]:
        """Return how many instances came beyond what their servers list, by SeriesInstanceUID."""
        return unlisted.unlisted(self.ledger, self.scan)
