"""What a plan does not bring, with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dicomferry.ledger.items import ITEM_COLUMNS, destination_of, item_of
from dicomferry.ledger.reading.series import SeriesKey
from dicomferry.ledger.rows import CANDIDATE, Item, Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination


class HeldItem(Struct, frozen=True):
    """An item that is not ready; its series is empty in `key` where nobody knows it.

    `destination` is None where nobody forecast one.
    """

    item: Item
    key: SeriesKey
    verdict: Verdict
    code: str
    reason: str
    modality: str
    study_date: str
    series_number: str
    destination: Destination | None


def held_items(ledger: Ledger, scan: int) -> Iterator[HeldItem]:
    """Yield every item of a scan that is not ready, in the order found, but for candidates."""
    columns = ", ".join(f"item.{column}" for column in ITEM_COLUMNS.split(", "))
    width = ITEM_COLUMNS.count(",") + 1
    for row in ledger.connection.execute(
        f"SELECT {columns}, table_row, coalesce(study, ''), coalesce(series, ''),"  # noqa: S608
        " verdict, code, reason, coalesce(modality, ''), coalesce(study_date, ''),"
        " coalesce(series_number, ''), destination, project, subject, destination.session"
        " FROM item LEFT JOIN destination ON destination.id = item.destination"
        " WHERE scan = ? AND verdict <> 'ready' AND code <> ? ORDER BY item.id",
        (scan, CANDIDATE),
    ):
        item = item_of(row[:width])
        table_row, study, series, verdict, code, reason, modality, date, series_number = row[
            width:-4
        ]
        number, project, subject, session = row[-4:]
        yield HeldItem(
            item=item,
            key=(item.source, table_row, study, series),
            verdict=Verdict(verdict),
            code=code,
            reason=reason,
            modality=modality,
            study_date=date,
            series_number=series_number,
            destination=destination_of(project, subject, session) if number else None,
        )


def refused_rows(ledger: Ledger, scan: int, candidates: list[int]) -> dict[int, int]:
    """Return the refused rows of candidates by their items' numbers: how many studies of each.

    `candidates` are items that somebody has included.
    """
    studies: dict[int, set[str]] = {}
    for at in range(0, len(candidates), 500):
        some = candidates[at : at + 500]
        marks = ", ".join("?" * len(some))
        for number, study in ledger.connection.execute(
            "SELECT DISTINCT row.id, item.study FROM item JOIN item AS row"  # noqa: S608
            " ON row.source = item.source AND row.scan = item.scan"
            " AND row.verdict = 'rejected' AND row.table_row = item.table_row AND row.remote = ''"
            " AND CAST(row.path AS TEXT) = json_extract(item.remote, '$.candidate_of[0]')"
            " AND CAST(row.member AS TEXT) = json_extract(item.remote, '$.candidate_of[1]')"
            f" WHERE item.scan = ? AND item.remote LIKE '%candidate_of%' AND item.id IN ({marks})",
            (scan, *some),
        ):
            studies.setdefault(number, set()).add(study)
    return {number: len(found) for number, found in studies.items()}
