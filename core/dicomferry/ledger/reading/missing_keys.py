"""The keys that tables lack, with the patients whose instances are held back for it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dicomferry.ledger.store import Ledger
from dicomferry.model import MissingKey


class MissingRow(msgspec.Struct, frozen=True):
    """A key that a table lacks, one of its patients, and how many instances of that one wait."""

    missing: MissingKey
    patient_id: str
    name: str
    birth_date: str
    instances: int


def missing_rows(ledger: Ledger, scan: int) -> Iterator[MissingRow]:
    """Yield every missing key of a scan, by table, key and patient."""
    for missing, patient, name, born, count in ledger.connection.execute(
        "SELECT missing, coalesce(patient_id, ''), coalesce(name, ''), coalesce(birth_date, ''),"
        " count(*) FROM item LEFT JOIN patient ON patient.id = item.patient"
        " WHERE scan = ? AND verdict = 'rejected' AND missing <> '' GROUP BY 1, 2, 3, 4"
        " ORDER BY 1, 2, 3, 4",
        (scan,),
    ):
        key = msgspec.json.decode(missing, type=MissingKey)
        yield MissingRow(key, patient, name, born, count)
