"""Whose instances lie where, by what earlier runs have stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from dicomferry.dicom.patient import Patient
from dicomferry.ledger.items import destination_of, location_of
from dicomferry.ledger.rows import SAME_FILE
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination, Location

# What a plan has of the very file that was stored: its destination then and now are compared.
_QUERY: Final = f"""
    SELECT DISTINCT was.project, was.subject, was.session, stored.study,
        patient_id, issuer, patient.name, birth_date, sex, item.path, item.member,
        coalesce(run.started, ''), item.scan = :scan AND item.verdict = 'ready'
            AND delivery.state = 'stored' AND delivery.destination = stored.destination
            AND {SAME_FILE} AS planned,
        item.destination = stored.destination
    FROM stored_patient AS stored
    JOIN destination AS was ON was.id = stored.destination
    JOIN patient ON patient.id = stored.patient JOIN item ON item.id = stored.item
    LEFT JOIN delivery ON delivery.item = item.id AND delivery.sink = stored.sink
    LEFT JOIN run ON run.id = stored.run
    WHERE stored.sink IN (SELECT value FROM json_each(:sinks))
    ORDER BY stored.run, stored.item
"""  # noqa: S608  fixed texts


class StoredPatient(Struct, frozen=True):
    """A patient of whom a study was stored somewhere, by the run that started at `run`.

    `first` is where its first instance was found. `planned` says that the plan has that very file
    still, and `here` that it goes where it was stored.
    """

    destination: Destination
    study_instance_uid: str
    patient: Patient
    first: Location
    run: str
    planned: bool
    here: bool


def stored_patients(ledger: Ledger, scan: int, sinks: Sequence[str]) -> Iterator[StoredPatient]:
    """Yield the patients of all that sinks have, of whatever plan, the first stored first."""
    rows = ledger.connection.execute(_QUERY, {"scan": scan, "sinks": json.dumps(sinks)})
    for row in rows.fetchall():
        study, *who = row[3:9]
        path, member, run, planned, here = row[9:]
        planned = bool(planned)
        yield StoredPatient(
            destination_of(*row[:3]), study, Patient(*who), location_of(path, member), run,
            planned, planned and bool(here),
        )  # fmt: skip
