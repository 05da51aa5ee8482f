"""Receivers that give a whole study the session of its first instance to arrive."""

from __future__ import annotations

from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.planning.first_session import stray_items
from dicomferry.ledger.store import Ledger
from dicomferry.xnat.filing.first_session import in_first_session


def settle_first_sessions(ledger: Ledger, catalog: PlanWriter) -> None:
    """Move every ready item to the session in which its study begins."""
    catalog.move(
        (stray.item, in_first_session(stray.first, stray.destination))
        for stray in stray_items(ledger, catalog.scan)
    )
