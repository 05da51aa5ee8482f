"""Scan IDs that will not be the SeriesNumber."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.engine.plan.problems.kinds import have, problem, several
from dicomferry.ledger.planning.alike import ItemGroups, SharedNumber
from dicomferry.model import Problem
from dicomferry.xnat.filing.scans import lead_modality, shared_scan_ids


def scans(items: ItemGroups) -> Iterator[Problem]:
    """Find series that share a SeriesNumber within a session, and series without one."""
    shared = [f"{one.session} ({_scan_ids(one)})" for one in items.series_sharing_a_number()]
    if shared:
        one = len(shared) == 1
        numbers = "1 SeriesNumber belongs" if one else f"{len(shared):,} SeriesNumbers belong"
        yield problem(
            "series-number-shared",
            f"{numbers} to several series of a session, so that the scan"
            f" IDs become {several(shared)}",
        )
    if count := items.without_series_number():
        yield problem("series-number-missing", f"{have(count)} no SeriesNumber")


def _scan_ids(shared: SharedNumber) -> str:
    modalities = (lead_modality(sorted(found)) for found in shared.series.values())
    ids = shared_scan_ids(shared.series_number, modalities)
    return ", ".join(
        f"{stem}1 to {count}" if count > 1 else f"{stem}1" for stem, count in sorted(ids.items())
    )
