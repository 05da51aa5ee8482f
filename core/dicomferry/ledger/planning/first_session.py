"""Receivers that give a whole study the session of its first instance to arrive."""

from __future__ import annotations

from dicomferry.ledger.items import destination_of
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination


def settle_first_sessions(ledger: Ledger, catalog: PlanWriter) -> None:
    """Move every ready item to the session of the first found item of its study.

    XNAT's DQR identifier keeps the first session label it has seen for a StudyInstanceUID and
    gives it to what follows (`OverrideStudyIdExtractor`); items are delivered in the order found.
    """
    rows = ledger.connection.execute(
        "SELECT item.id, destination.project, destination.subject, destination.session,"
        " first.session"
        " FROM item JOIN destination ON destination.id = item.destination"
        " JOIN (SELECT coalesce(sent_study, study) AS uid, min(item.id) AS head FROM item"
        "       WHERE scan = ?1 AND verdict = 'ready' GROUP BY 1) AS lead"
        "   ON lead.uid = coalesce(item.sent_study, item.study)"
        " JOIN item AS head ON head.id = lead.head"
        " JOIN destination AS first ON first.id = head.destination"
        " WHERE item.scan = ?1 AND item.verdict = 'ready'"
        " AND destination.session <> first.session",
        (catalog.scan,),
    ).fetchall()
    catalog.move(
        (item, _in_session(destination_of(project, subject, session), first))
        for item, project, subject, session, first in rows
    )


def _in_session(destination: Destination, session: str) -> Destination:
    return Destination(destination.project, destination.subject, session)
