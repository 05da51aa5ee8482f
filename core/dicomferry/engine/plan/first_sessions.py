"""Receivers that give a whole study the session of its first instance to arrive."""

from __future__ import annotations

from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.xnat.filing.first_session import in_first_session


def settle_first_sessions(catalog: PlanWriter) -> None:
    """Move every ready item to the session in which its study begins."""
    catalog.move(
        (stray.item, in_first_session(stray.first, stray.destination))
        for stray in PlanReader(catalog.ledger, catalog.scan).stray_items()
    )
