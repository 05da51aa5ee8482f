"""Sessions of which a sink has something stored, and of which more is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final

from msgspec import Struct

from dicomferry.ledger.items import destination_of
from dicomferry.ledger.rows import STAMP
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination

_DUE: Final = f"""
    FROM item JOIN destination ON destination.id = item.destination
    LEFT JOIN delivery ON delivery.item = item.id AND delivery.sink = :sink
    WHERE item.scan = :scan AND item.verdict = 'ready'
    AND (delivery.state IS NULL OR delivery.state <> 'stored' OR delivery.stamp <> {STAMP})
"""
_STUDY: Final = "project, session, coalesce(sent_study, study)"
_SERIES: Final = (
    "coalesce(sent_series, series), coalesce(series_number, ''), coalesce(modality, '')"
)
_STORED: Final = f"""
    SELECT project, session, filed_study, delivery.at, {_SERIES}
    FROM delivery JOIN destination ON destination.id = delivery.destination
    JOIN item ON item.id = delivery.item
    WHERE delivery.sink = :sink AND delivery.state = 'stored'
    AND (project, session, filed_study) IN (SELECT {_STUDY} {_DUE})
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4
"""  # noqa: S608  fixed texts of the ledger


class NumberedSeries(Struct, frozen=True):
    """A series as it is sent, with the number and the modality that its scan is named by."""

    series_instance_uid: str
    series_number: str
    modality: str


class SeriesArrival(Struct, frozen=True):
    """A moment at which something of a series was stored."""

    at: datetime
    series: NumberedSeries


class PartlyStored(Struct, frozen=True):
    """A study in a session: what is due of it, and what arrived, in this order."""

    destination: Destination
    due: tuple[NumberedSeries, ...]
    arrivals: tuple[SeriesArrival, ...]


def partly_stored(ledger: Ledger, scan: int, sink: str) -> Iterator[PartlyStored]:
    """Yield what a sink has a part of, and gets more of; what any plan brought there counts."""
    execute, names = ledger.connection.execute, {"sink": sink, "scan": scan}
    study_of = itemgetter(0, 1, 2)
    there = "SELECT EXISTS (SELECT 1 FROM delivery WHERE sink = :sink AND state = 'stored')"
    if not execute(there, names).fetchone()[0]:
        return
    stored = {
        study: tuple(
            SeriesArrival(datetime.fromisoformat(at), NumberedSeries(*series))
            for _, _, _, at, *series in rows
        )
        for study, rows in groupby(execute(_STORED, names), key=study_of)
    }
    if not stored:
        return
    due = f"SELECT {_STUDY}, subject, {_SERIES} {_DUE} GROUP BY 1, 2, 3, 5 ORDER BY 1, 2, 3"
    for study, rows in groupby(execute(due, names), key=study_of):
        if study in stored:
            found = list(rows)
            place = destination_of(study[0], found[0][3], study[1])
            series = tuple(NumberedSeries(*one) for _, _, _, _, *one in found)
            yield PartlyStored(place, series, stored[study])
