"""The plan series by series, as people choose from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from msgspec import Struct

from dicomferry.ledger.items import destination_of
from dicomferry.ledger.rows import Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination

SeriesKey = tuple[str, int, str, str]
"""Source, table row (0 without a table), StudyInstanceUID and SeriesInstanceUID as found."""


class SeriesState(Struct, frozen=True):
    """One series as a source found it; `ready` are the items of it that the plan would bring.

    `settled` are the destinations among `destinations` that only the recipe can change: those of
    an instance that came from a PACS are corrected by its own header. `content` changes when
    what was found does.
    """

    key: SeriesKey
    ready: tuple[int, ...]
    held: int
    modality: str
    study_date: str
    series_number: str
    destinations: tuple[Destination, ...]
    settled: tuple[Destination, ...]
    content: str


def series_states(ledger: Ledger, scan: int) -> Iterator[SeriesState]:
    """Yield every series of a scan, sorted by its key."""
    rows = ledger.connection.execute(
        "SELECT source, table_row, study, series, item.id, verdict, path, member, size,"
        " modified_ns, modality, study_date, series_number, project, subject,"
        " destination.session, remote <> ''"
        " AND (item.id IN (SELECT item FROM spooled WHERE edits <> '')"
        "  OR EXISTS (SELECT 1 FROM delivery WHERE delivery.item = item.id))"
        " FROM item LEFT JOIN destination ON destination.id = item.destination"
        " WHERE scan = ? AND study <> '' AND series <> ''"
        " ORDER BY source, table_row, study, series, path, member",
        (scan,),
    )
    for key, of_series in groupby(rows, key=lambda row: tuple(row[:4])):
        yield _state(key, list(of_series))


def _state(key: SeriesKey, rows: Sequence[Sequence[Any]]) -> SeriesState:
    sha = hashlib.sha256()
    for row in rows:
        for part in (row[6], row[7], str(row[8]).encode(), str(row[9]).encode()):
            sha.update(len(part).to_bytes(4, "big") + part)
    ready = [row for row in rows if row[5] == Verdict.READY]
    modality, study_date, series_number = (ready or rows)[0][10:13]
    return SeriesState(
        key=key,
        ready=tuple(row[4] for row in ready),
        held=len(rows) - len(ready),
        modality=modality,
        study_date=study_date,
        series_number=series_number,
        destinations=_destinations(ready),
        settled=_destinations([row for row in ready if not row[16]]),
        content=sha.hexdigest(),
    )


def _destinations(rows: Sequence[Sequence[Any]]) -> tuple[Destination, ...]:
    return tuple(dict.fromkeys(destination_of(*row[13:16]) for row in rows))
