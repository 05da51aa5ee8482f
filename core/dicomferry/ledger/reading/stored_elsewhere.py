"""What is stored under other labels than the plan has now."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dicomferry.ledger.delivering.deliveries import LABELLED_RUN
from dicomferry.ledger.items import destination_of
from dicomferry.ledger.rows import SAME_FILE, STAMP
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination


class StoredElsewhere(Struct, frozen=True):
    """Instances that are stored at `was`, and that the plan has for `now`.

    `by_chosen_plan` says that a table's labels were given to the run that stored them.
    """

    was: Destination
    now: Destination
    instances: int
    by_chosen_plan: bool


def stored_elsewhere(ledger: Ledger, scan: int) -> Iterator[StoredElsewhere]:
    """Yield what a run has stored elsewhere than a scan's plan says.

    Only what is to be sent again: its stamp is not that of the plan. Another instance at the path
    of a stored one, as of the next disk in a drive, is not stored yet.
    """
    rows = ledger.connection.execute(
        "SELECT was.project, was.subject, was.session, now.project, now.subject, now.session,"  # noqa: S608  fixed texts
        " count(DISTINCT item.id), run.verb = ? AS by_table"
        " FROM item JOIN delivery ON delivery.item = item.id JOIN run ON run.id = delivery.run"
        " JOIN destination AS was ON was.id = delivery.destination"
        " JOIN destination AS now ON now.id = item.destination"
        " WHERE scan = ? AND verdict = 'ready' AND state = 'stored'"
        " AND delivery.destination <> item.destination"
        f" AND stamp <> {STAMP}"
        f" AND (delivery.sop = coalesce(item.sent_sop, item.sop) OR {SAME_FILE})"
        " GROUP BY was.id, now.id, by_table",
        (LABELLED_RUN, scan),
    )
    for was_project, was_subject, was_session, project, subject, session, count, by_table in rows:
        yield StoredElsewhere(
            destination_of(was_project, was_subject, was_session),
            destination_of(project, subject, session),
            count,
            bool(by_table),
        )
