"""Scan IDs that will not be the SeriesNumber, or not the one that XNAT has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from dicomferry.engine.plan.problems.kinds import have, problem, several
from dicomferry.ledger.planning.alike import ItemGroups, SharedNumber
from dicomferry.ledger.reading.partly_stored import NumberedSeries, PartlyStored, SeriesArrival
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.model import Problem
from dicomferry.xnat.filing.archiving import QUIET_PERIOD
from dicomferry.xnat.filing.merging import archived_scan_ids, number_conflict
from dicomferry.xnat.filing.scans import lead_modality, scan_ids, shared_scan_ids
from dicomferry.xnat.labels import UNASSIGNED


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


def late_scans(items: ItemGroups, sinks: Sequence[str]) -> Iterator[Problem]:
    """Find scans of which an XNAT has a part, under another ID than the rest would get."""
    plan = PlanReader(items.ledger, items.scan)
    found = [
        f"'{one.destination.session}' in {one.destination.project or UNASSIGNED} ({scan})"
        for sink in sinks
        for one in plan.partly_stored(sink)
        if (scan := _late_scan(one)) is not None
    ]
    if found:
        sessions = "1 session has" if len(found) == 1 else f"{len(found):,} sessions have"
        yield problem(
            "scan-stored-under-another-number",
            f"{sessions} a scan in XNAT under another ID than the rest of it will get:"
            f" {several(found)}",
        )


def _late_scan(session: PartlyStored) -> str | None:
    """Return the ID of the first scan in the archive that the due files would not be merged to."""
    archived = archived_scan_ids(map(_numbers, _builds(session.arrivals)))
    return number_conflict(scan_ids(_numbers(session.due)), archived)


def _builds(arrivals: Sequence[SeriesArrival]) -> Iterator[list[NumberedSeries]]:
    """Yield what XNAT built at a time: it waits until nothing came for its quiet period."""
    build: list[NumberedSeries] = []
    for number, arrival in enumerate(arrivals):
        quiet = arrival.at - arrivals[max(number - 1, 0)].at
        if quiet >= timedelta(seconds=QUIET_PERIOD):
            yield build
            build = []
        build.append(arrival.series)
    yield build


def _numbers(series: Iterable[NumberedSeries]) -> dict[str, tuple[str, str]]:
    return {one.series_instance_uid: (one.series_number.strip(), one.modality) for one in series}
