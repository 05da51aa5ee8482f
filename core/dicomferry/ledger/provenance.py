"""What a manifest needs of the ledger: the proof of a delivery, and what a plan holds back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from dicomferry.ledger.items import location_of
from dicomferry.ledger.rows import Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Location


class Proof(Struct, frozen=True):
    """What one delivery was made of, as hex BLAKE3.

    `sop_instance_uid` is the source's. `input` is of the file or archive member as it is on the
    disk, `sent` of the data set that the sink was given, but for its last `untouched` bytes, which
    are the input's last ones. Both are empty when they could not be read once more.
    """

    sop_instance_uid: str
    input: str
    sent: str
    untouched: int


class HeldBack(Struct, frozen=True):
    """One item that the plan sends nowhere, and why."""

    location: Location
    verdict: Verdict
    code: str
    reason: str


def held_back(ledger: Ledger, scan: int) -> Iterator[HeldBack]:
    """Yield every item of a scan that is not ready, in the order found."""
    rows = ledger.connection.execute(
        "SELECT path, member, verdict, code, reason FROM item"
        " WHERE scan = ? AND verdict <> 'ready' ORDER BY id",
        (scan,),
    )
    for path, member, verdict, code, reason in rows:
        yield HeldBack(location_of(path, member), Verdict(verdict), code, reason)


def keep_only(ledger: Ledger, scan: int, sop_instance_uids: Iterable[str]) -> None:
    """Exclude from a scan's plan every ready item whose own SOP Instance UID is not listed."""
    with ledger.transaction() as connection:
        connection.execute("CREATE TEMP TABLE listed (sop TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.executemany(
            "INSERT OR IGNORE INTO listed VALUES (?)", ((uid,) for uid in sop_instance_uids)
        )
        connection.execute(
            "UPDATE item SET verdict = 'excluded', code = 'not-in-manifest',"
            " reason = 'the manifest does not list it'"
            " WHERE scan = ? AND verdict = 'ready' AND sop NOT IN (SELECT sop FROM listed)",
            (scan,),
        )
        connection.execute("DROP TABLE listed")
