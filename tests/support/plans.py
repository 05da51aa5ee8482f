"""Plans put into a ledger without a disk, as a scan and its workers would."""

from __future__ import annotations

from collections.abc import Sequence

from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.rows import Examined
from dicomferry.ledger.store import Ledger
from dicomferry.model import LocalFile


def put_plan(ledger: Ledger, files: Sequence[LocalFile], results: Sequence[Examined]) -> None:
    """Write a plan of new files; result number n is of file number n, from 1."""
    catalog = PlanWriter(ledger)
    catalog.begin_scan()
    catalog.found("folder", files)
    catalog.examined("digest", results)
    catalog.plan_made("digest")
