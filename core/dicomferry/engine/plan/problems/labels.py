"""Labels that fall together in XNAT, or nearly do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dicomferry.engine.plan.problems.kinds import have, instances, problem
from dicomferry.ledger.delivering.deliveries import LABELLED_RUN
from dicomferry.ledger.items import destination_of
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.rows import STAMP
from dicomferry.model import Problem

_CASE: Final = {
    "subject": "are one to XNAT, which matches subjects without regard to case",
    "session": "differ only by case, and XNAT keeps them apart",
}


def labels(items: ItemGroups) -> Iterator[Problem]:
    """Find labels that are one to XNAT and were two before, and those two of one spelling."""
    for level in _CASE:
        yield from _collisions(items, level)
        yield from _cases(items, level)


def stored_elsewhere(items: ItemGroups) -> Iterator[Problem]:
    """Find what a run with labels of a chosen plan has stored, and would now be filed anew."""
    rows = items.ledger.connection.execute(
        "SELECT was.project, was.subject, was.session, now.project, now.subject, now.session,"  # noqa: S608  fixed texts
        " count(DISTINCT item.id)"
        " FROM item JOIN delivery ON delivery.item = item.id JOIN run ON run.id = delivery.run"
        " JOIN destination AS was ON was.id = delivery.destination"
        " JOIN destination AS now ON now.id = item.destination"
        " WHERE scan = ? AND verdict = 'ready' AND state = 'stored' AND run.verb = ?"
        " AND delivery.destination <> item.destination"
        f" AND stamp <> {STAMP} GROUP BY was.id, now.id",
        (items.scan, LABELLED_RUN),
    )
    for *places, count in rows:
        was, now = destination_of(*places[:3]), destination_of(*places[3:])
        yield problem(
            "stored-under-other-labels",
            f"{have(count)} been stored as {was} by a chosen plan, and would go to {now} as well",
        )


def _collisions(items: ItemGroups, level: str) -> Iterator[Problem]:
    original = f"{level}_original"
    rows = items.ready(
        f"project, destination.{level}, count(DISTINCT {original}), sum(instances)",
        f"AND {original} IS NOT NULL GROUP BY 1, 2 HAVING count(DISTINCT {original}) > 1",
    )
    for project, label, originals, count in rows:
        yield problem(
            "label-collision",
            f"{originals} different {level}s fall together on the label '{label}' in"
            f" {project or 'Unassigned'} ({instances(count)})",
        )


def _cases(items: ItemGroups, level: str) -> Iterator[Problem]:
    name = f"destination.{level}"
    rows = items.ready(
        f"project, group_concat(DISTINCT {name})",
        f"GROUP BY project, lower({name}) HAVING count(DISTINCT {name}) > 1",
    )
    for project, found in rows:
        yield problem(
            "labels-differ-by-case",
            f"the {level}s {found} in {project or 'Unassigned'} {_CASE[level]}",
        )
