"""The sessions that rows of tables ask for, and the studies that are planned for them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dicomferry.ledger.store import Ledger


class RowSession(Struct, frozen=True):
    """A study that a table row asks to have in a session; labels are as the row has them."""

    subject: str
    session: str
    study_instance_uid: str
    study_date: str


def row_sessions(ledger: Ledger, scan: int) -> Iterator[RowSession]:
    """Yield every session that a row asks for with each study that is planned for it."""
    rows = ledger.connection.execute(
        "SELECT DISTINCT coalesce(json_extract(remote, '$.labels.subject'), ''),"
        " json_extract(remote, '$.labels.session') AS session, study, coalesce(study_date, '')"
        " FROM item WHERE scan = ? AND verdict = 'ready' AND table_row > 0 AND remote <> ''"
        " AND session <> '' ORDER BY item.id",
        (scan,),
    )
    yield from (RowSession(*row) for row in rows)
