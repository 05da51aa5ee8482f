"""What earlier runs have stored, and what a plan adds to it.

A list of April and one of May are two plans, and so are two disks of one folder: whose images lie
under a subject already is known by the ledger alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from dicomferry.dicom.patient import Patient
from dicomferry.ledger.planning.alike import ItemGroups, SourceSeries
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.model import Destination
from dicomferry.xnat.filing.keys import subject_key

_Key = tuple[str, str, str, Patient, str]


class StoredBefore(Struct, frozen=True):
    """Something that a sink has. `planned` says that the plan has its file still, `here` that it
    goes to where it lies: then the plan's own audit has seen it.
    """

    part: SourceSeries
    planned: bool
    here: bool


def stored_before(items: ItemGroups, sinks: Sequence[str]) -> list[StoredBefore]:
    """Return what sinks have of each patient in each session, the first stored first."""
    plan = PlanReader(items.ledger, items.scan)
    return [
        StoredBefore(
            SourceSeries(
                one.destination, one.study_instance_uid, "", one.patient, "", "", one.first, 0,
                one.run or "an earlier day",
            ),
            one.planned,
            one.here,
        )
        for one in plan.stored_patients(sinks)
    ]  # fmt: skip


def added(parts: Iterable[SourceSeries], stored: Iterable[StoredBefore]) -> list[SourceSeries]:
    """Return those parts of a plan whose patients were not stored before where they go."""
    known = {_key(one.part.destination, one.part) for one in stored}
    return [part for part in parts if _key(part.destination, part) not in known]


def _key(place: Destination, part: SourceSeries) -> _Key:
    # Two studies whose headers do not say whose they are may be of two patients.
    study = "" if part.patient else part.study_instance_uid
    subject = subject_key(place.subject)
    return place.project or "", subject, place.session, part.patient, study
