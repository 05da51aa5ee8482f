"""Scan IDs that will not be the SeriesNumber (section 1.7 of XNAT's behavior)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.engine.plan.problems.kinds import have, problem, several
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Problem
from dicomferry.xnat.filing.scans import lead_modality


def scans(items: ItemGroups) -> Iterator[Problem]:
    """Find series that share a SeriesNumber within a session, and series without one."""
    shared = [
        f"{session} ({number}-{lead_modality(sorted(modalities.split(',')))}1 to {count})"
        for session, number, modalities, count in items.ready(
            "session, series_number, group_concat(DISTINCT modality), count(DISTINCT series)",
            "AND series_number <> '' GROUP BY project, session, study, series_number"
            " HAVING count(DISTINCT series) > 1 ORDER BY project, session, series_number",
        )
    ]
    if shared:
        yield problem(
            "series-number-shared",
            f"{len(shared):,} SeriesNumbers belong to several series of a session, so that the scan"
            f" IDs become {several(shared)}",
        )
    if count := items.count_ready("series_number = '' AND NOT remote"):
        yield problem("series-number-missing", f"{have(count)} no SeriesNumber")
