"""What a server sent of a series beyond what was listed, made a part of the plan."""

from __future__ import annotations

import os
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.ledger.delivering.arrival import Arrival
from dicomferry.ledger.items import member_bytes
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.rows import Examined, Verdict
from dicomferry.model import RemoteInstance

SERIES_CAME: Final = "series-came"
"""The code of an item that stood for a series of which instances came."""

_TWICE: Final = "it came unlisted, and the plan has an instance with its SOP Instance UID elsewhere"


class Unlisted(Struct, frozen=True):
    """An instance that came with its series and that nobody had listed.

    `sibling` is the item of the plan that its series was ordered for. `planned` is what a plan says
    of it, `arrival` what its file says; None where there was no room for it.
    """

    finding: RemoteInstance
    sibling: int
    planned: Examined
    arrival: Arrival | None


def note_unlisted(catalog: PlanWriter, found: Unlisted, *, in_first_session: bool) -> int | None:
    """Make an instance a part of the last scan; return its number, or None where it is held back.

    `in_first_session` says that a study stays in one session, which its sibling knows.
    """
    connection = catalog.ledger.connection
    source, table_row, digest = connection.execute(
        "SELECT source, table_row, examined FROM item WHERE id = ?", (found.sibling,)
    ).fetchone()
    place = found.finding.location
    catalog.found(source, [replace(found.finding, table_row=table_row)])
    (number,) = connection.execute(
        "SELECT id FROM item WHERE source = ? AND path = ? AND member = ?",
        (source, os.fsencode(place.path), member_bytes(place.member)),
    ).fetchone()
    catalog.examined(digest, [replace(found.planned, item=number)])
    with catalog.ledger.transaction():
        connection.execute(
            "UPDATE item SET remote = json_set(remote, '$.unlisted', json('true')) WHERE id = ?",
            (number,),
        )
        if in_first_session:
            connection.execute(
                "UPDATE item SET destination = sibling.destination, session_original = NULL"
                " FROM item AS sibling WHERE item.id = ? AND sibling.id = ?"
                " AND sibling.session_original IS NULL AND item.destination IS NOT NULL",
                (number, found.sibling),
            )
    if _is_elsewhere(catalog, number):
        catalog.hold([(number, Verdict.REJECTED, "untrusted-answer", _TWICE)])
        return None
    return int(number) if found.planned.verdict is Verdict.READY else None


def note_series(catalog: PlanWriter, item: int, instances: int) -> None:
    """Note that instances came of a series that an item stands for."""
    came = "1 instance came" if instances == 1 else f"{instances:,} instances came"
    reason = f"the server lists no instance of this series; {came} of it"
    catalog.hold([(item, Verdict.PASSED, SERIES_CAME, reason)])


def _is_elsewhere(catalog: PlanWriter, number: int) -> bool:
    (found,) = catalog.ledger.connection.execute(
        "SELECT EXISTS (SELECT 1 FROM item AS other JOIN item ON item.id = ? WHERE"
        " coalesce(other.sent_sop, other.sop) = coalesce(item.sent_sop, item.sop)"
        " AND other.scan = ? AND other.verdict = 'ready' AND other.id <> item.id)",
        (number, catalog.scan),
    ).fetchone()
    return bool(found)
