"""Instances that are not forecast for the session in which their study begins."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dicomferry.ledger.items import destination_of
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination


class StrayItem(Struct, frozen=True):
    """An item to be sent, by its number, whose session label is not that of its study's first.

    The first of a study is the one that was found first: items are delivered in the order found.
    """

    item: int
    destination: Destination
    first: Destination


def stray_items(ledger: Ledger, scan: int) -> Iterator[StrayItem]:
    """Yield every ready item of a scan with another session label than its study's first item."""
    rows = ledger.connection.execute(
        "SELECT item.id, destination.project, destination.subject, destination.session,"
        " first.project, first.subject, first.session"
        " FROM item JOIN destination ON destination.id = item.destination"
        " JOIN (SELECT coalesce(sent_study, study) AS uid, min(item.id) AS head FROM item"
        "       WHERE scan = ?1 AND verdict = 'ready' GROUP BY 1) AS lead"
        "   ON lead.uid = coalesce(item.sent_study, item.study)"
        " JOIN item AS head ON head.id = lead.head"
        " JOIN destination AS first ON first.id = head.destination"
        " WHERE item.scan = ?1 AND item.verdict = 'ready'"
        " AND destination.session <> first.session",
        (scan,),
    ).fetchall()  # not read on while the caller moves items
    for item, project, subject, session, first_project, first_subject, first_session in rows:
        yield StrayItem(
            item,
            destination_of(project, subject, session),
            destination_of(first_project, first_subject, first_session),
        )
