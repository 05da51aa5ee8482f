"""What takes part in how a receiver files one session."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from dicomferry.ledger.items import destination_of
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination

_FILED: Final = """
SELECT destination.project, destination.subject, destination.session,
    coalesce(sent_study, study), coalesce(sent_series, series), coalesce(sent_sop, item.sop),
    series_number, modality, auto_archive
FROM item JOIN destination ON destination.id = item.destination JOIN why ON why.id = item.why
WHERE scan = ?1 AND verdict = 'ready' AND (
    item.destination = ?2
    OR coalesce(sent_study, study) IN (
        SELECT coalesce(sent_study, study) FROM item
        WHERE scan = ?1 AND verdict = 'ready' AND destination = ?2
    )
    OR (destination.project, destination.session) =
        (SELECT project, session FROM destination WHERE id = ?2)
)
ORDER BY item.id
"""


class FiledInstance(Struct, frozen=True):
    """One instance as it was to be sent, and what a receiver files it by."""

    destination: Destination
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    series_number: str
    modality: str
    auto_archive: str


def filed_with(ledger: Ledger, scan: int, destination: int) -> list[FiledInstance]:
    """Return the instances of a session, and those of its studies and its label elsewhere."""
    rows = ledger.connection.execute(_FILED, (scan, destination))
    return [
        FiledInstance(destination_of(project, subject, session), *instance)
        for project, subject, session, *instance in rows
    ]
