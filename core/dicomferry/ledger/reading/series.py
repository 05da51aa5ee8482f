"""The plan series by series, as people choose from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from msgspec import Struct

from dicomferry.ledger.items import destination_of
from dicomferry.ledger.planning.whereabouts import GONE
from dicomferry.ledger.rows import CANDIDATE, Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination

SeriesKey = tuple[str, int, str, str]
"""Source, table row (0 without a table), StudyInstanceUID and SeriesInstanceUID as found."""


class SeriesState(Struct, frozen=True):
    """One series as a source found it; `ready` are the items of it that the plan would bring.

    `candidates` are items that wait for somebody to include them; then they are ready.
    `settled` are the destinations among `destinations` that only the recipe can change: those of
    an instance that came from a PACS are corrected by its own header. `content` changes when
    what was found does.
    """

    key: SeriesKey
    ready: tuple[int, ...]
    candidates: tuple[int, ...]
    held: int
    modality: str
    study_date: str
    series_number: str
    destinations: tuple[Destination, ...]
    settled: tuple[Destination, ...]
    content: str


class _Instance(Struct, frozen=True):
    """One item of a series; `corrected` where its own header has told more than its PACS did."""

    item: int
    verdict: str
    code: str
    path: bytes
    member: bytes
    size: int
    modified_ns: int
    modality: str
    study_date: str
    series_number: str
    project: str
    subject: str
    session: str
    corrected: int


def series_states(ledger: Ledger, scan: int) -> Iterator[SeriesState]:
    """Yield every series of a scan, sorted by its key; items that are gone are in none."""
    rows = ledger.connection.execute(
        "SELECT source, table_row, study, series, item.id, verdict, code, path, member, size,"
        " modified_ns, modality, study_date, series_number, project, subject,"
        " destination.session, remote <> ''"
        " AND (item.id IN (SELECT item FROM spooled WHERE edits <> '')"
        "  OR EXISTS (SELECT 1 FROM delivery WHERE delivery.item = item.id))"
        " FROM item LEFT JOIN destination ON destination.id = item.destination"
        " WHERE scan = ? AND study <> '' AND series <> '' AND code <> ?"
        " ORDER BY source, table_row, study, series, path, member",
        (scan, GONE),
    )
    for key, of_series in groupby(rows, key=itemgetter(0, 1, 2, 3)):
        yield _state(key, [_Instance(*instance) for _, _, _, _, *instance in of_series])


def _state(key: SeriesKey, instances: Sequence[_Instance]) -> SeriesState:
    ready = [one for one in instances if one.verdict == Verdict.READY]
    candidates = [one for one in instances if one.code == CANDIDATE]
    told = ready or candidates
    shown = (told or instances)[0]
    return SeriesState(
        key=key,
        ready=tuple(one.item for one in ready),
        candidates=tuple(one.item for one in candidates),
        held=len(instances) - len(ready),
        modality=shown.modality,
        study_date=shown.study_date,
        series_number=shown.series_number,
        destinations=_destinations(told),
        settled=_destinations(one for one in told if not one.corrected),
        content=_content(instances),
    )


def _content(instances: Iterable[_Instance]) -> str:
    """Return a digest of what was found, each part with its length before it."""
    sha = hashlib.sha256()
    for one in instances:
        sizes = (str(one.size).encode(), str(one.modified_ns).encode())
        for part in (one.path, one.member, *sizes):
            sha.update(len(part).to_bytes(4, "big") + part)
    return sha.hexdigest()


def _destinations(instances: Iterable[_Instance]) -> tuple[Destination, ...]:
    places = dict.fromkeys((one.project, one.subject, one.session) for one in instances)
    return tuple(destination_of(*place) for place in places)
