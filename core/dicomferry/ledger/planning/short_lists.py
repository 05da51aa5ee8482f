"""Lists of servers that may lack something, and what came in spite of them.

A source tells of such a list as `LIST_INCOMPLETE`. Where the server tells how many instances there
are of a study or a series, and so many are in the plan, nothing was missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from dicomferry.ledger.items import member_bytes
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.rows import Verdict

LIST_INCOMPLETE: Final = "list-incomplete"
LIST_COMPLETED: Final = "list-completed"
"""The code of a list of which everything came that the server counts."""

_COUNTS: Final = ("NumberOfSeriesRelatedInstances", "NumberOfStudyRelatedInstances")


def settle_lists(catalog: PlanWriter, *, allowed: bool) -> None:
    """Let lists pass of which all came; where the recipe allows it, exclude the others."""
    rows = catalog.ledger.connection.execute(
        "SELECT id, source, path, row, reason FROM item"
        " WHERE scan = ? AND code = ? AND verdict <> 'passed'",
        (catalog.scan, LIST_INCOMPLETE),
    ).fetchall()
    catalog.hold(list(_settled(catalog, rows, allowed=allowed)))


def _settled(
    catalog: PlanWriter, rows: list[tuple[int, str, bytes, str, str]], *, allowed: bool
) -> Iterator[tuple[int, Verdict, str, str]]:
    for number, source, path, known, reason in rows:
        of_list: Mapping[str, str] = json.loads(known)
        told = next((int(of_list[count]) for count in _COUNTS if count in of_list), None)
        if told is not None and _in_plan(catalog, source, path, of_list) >= told:
            yield number, Verdict.PASSED, LIST_COMPLETED, f"{reason}; all {told:,} of them came"
        elif allowed:
            yield number, Verdict.EXCLUDED, LIST_INCOMPLETE, reason


def _in_plan(catalog: PlanWriter, source: str, path: bytes, of_list: Mapping[str, str]) -> int:
    uids = [of_list[key] for key in ("StudyInstanceUID", "SeriesInstanceUID") if key in of_list]
    whole = "/".join(uids)
    (count,) = catalog.ledger.connection.execute(
        "SELECT count(*) FROM item WHERE source = ? AND path = ? AND scan = ?"
        # a solidus is followed by the figure 0; a series without a list ends with one
        " AND member >= ? AND member < ? AND substr(member, -1) <> x'2f'",
        (source, path, catalog.scan, member_bytes(f"{whole}/"), member_bytes(f"{whole}0")),
    ).fetchone()
    return int(count)
