"""What a worker learned of an item, in the ledger's columns."""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec
from msgspec.structs import astuple

from dicomferry.dicom.patient import Patient
from dicomferry.ledger.items import destination_columns
from dicomferry.ledger.rows import Examined, Facts, Verdict
from dicomferry.model import Destination, Forecast, Wanted
from dicomferry.names import shown

# A column has the name of the field of `Facts` that it keeps, but for UIDs.
_FACTS: Final = (
    "study", "series", "sop", "sop_class", "transfer_syntax", *Facts.__struct_fields__[2:],
)  # fmt: skip
_COLUMNS: Final = (
    "examined", "verdict", "code", "reason", *_FACTS, "sent_study", "sent_series", "sent_sop",
    "destination", "why", "subject_original", "session_original", "edits", "missing",
)  # fmt: skip
_SET: Final = ", ".join(f"{column} = ?" for column in _COLUMNS)
UPDATE_EXAMINED: Final = f"UPDATE item SET {_SET} WHERE id = ?"  # noqa: S608  fixed columns
"""Takes what `examined_row` returns."""


class SharedRows:
    """Destinations, reasons and patients, which many items share: a row each, found by number.

    Used inside a transaction. Numbers are remembered, because rows of these tables stay.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._destinations: dict[Destination, int] = {}
        self._whys: dict[tuple[str, ...], int] = {}
        self._patients: dict[Patient, int] = {}

    def destination(self, destination: Destination) -> int:
        """Return the number of a destination, which is written if it is new."""
        if destination not in self._destinations:
            values = destination_columns(destination)
            self._connection.execute(
                "INSERT OR IGNORE INTO destination (project, subject, session) VALUES (?, ?, ?)",
                values,
            )
            (self._destinations[destination],) = self._connection.execute(
                "SELECT id FROM destination WHERE project = ? AND subject = ? AND session = ?",
                values,
            ).fetchone()
        return self._destinations[destination]

    def patient(self, patient: Patient) -> int:
        """Return the number of a patient, who is written if new."""
        if patient not in self._patients:
            values = tuple(map(shown, astuple(patient)))
            self._connection.execute(
                "INSERT OR IGNORE INTO patient (patient_id, issuer, name, birth_date, sex)"
                " VALUES (?, ?, ?, ?, ?)",
                values,
            )
            (self._patients[patient],) = self._connection.execute(
                "SELECT id FROM patient WHERE patient_id = ? AND issuer = ? AND name = ?"
                " AND birth_date = ? AND sex = ?",
                values,
            ).fetchone()
        return self._patients[patient]

    def why(self, forecast: Forecast, notes: tuple[str, ...] = ()) -> int:
        """Return the number of what a forecast rests on, which is written if it is new."""
        because = forecast.because
        values = (
            because.project, because.subject, because.session, str(forecast.auto_archive),
            " ".join(notes),
        )  # fmt: skip
        if values not in self._whys:
            self._connection.execute(
                "INSERT OR IGNORE INTO why (project, subject, session, auto_archive, notes)"
                " VALUES (?, ?, ?, ?, ?)",
                values,
            )
            (self._whys[values],) = self._connection.execute(
                "SELECT id FROM why WHERE project = ? AND subject = ? AND session = ?"
                " AND auto_archive = ? AND notes = ?",
                values,
            ).fetchone()
        return self._whys[values]


def examined_row(digest: str, result: Examined, shared: SharedRows) -> tuple[object, ...]:
    """Return what `UPDATE_EXAMINED` takes; `digest` is of the recipe an item was examined by.

    What could not be looked into counts as not examined: every plan looks at it again.
    """
    forecast = result.forecast
    by = "" if result.verdict is Verdict.NOT_LOOKED_INTO else digest
    return (
        by, result.verdict.value, result.code, shown(result.reason),
        *_facts_columns(result.facts, shared), *_sent_columns(result),
        shared.destination(forecast.destination) if forecast else None,
        shared.why(forecast, forecast.notes + result.notes) if forecast else None,
        *_originals(result), result.edits,
        msgspec.json.encode(result.missing).decode() if result.missing else "", result.item,
    )  # fmt: skip


def _facts_columns(facts: Facts | None, shared: SharedRows) -> tuple[object, ...]:
    if facts is None:
        return (None,) * len(_FACTS)
    ref, *texts, patient = astuple(facts)
    return (*astuple(ref), *texts, shared.patient(patient))


def _originals(result: Examined) -> tuple[str | None, str | None]:
    """Return the texts that the labels were made of: the recipe's, or else those XNAT reads.

    A chosen label has none: where two chosen labels are equal, a user has made them so.
    """
    found = result.forecast.originals if result.forecast else (None, None)
    wanted = result.wanted or Wanted()
    return (
        None if "subject" in wanted.chosen else wanted.subject_original or found[0],
        None if "session" in wanted.chosen else wanted.session_original or found[1],
    )


def _sent_columns(result: Examined) -> tuple[str | None, str | None, str | None]:
    if result.sent is None or result.facts is None:
        return (None, None, None)
    sent, was = result.sent, result.facts.ref
    return (
        sent.study_instance_uid if sent.study_instance_uid != was.study_instance_uid else None,
        sent.series_instance_uid if sent.series_instance_uid != was.series_instance_uid else None,
        sent.sop_instance_uid if sent.sop_instance_uid != was.sop_instance_uid else None,
    )
