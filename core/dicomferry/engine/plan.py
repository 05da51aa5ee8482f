"""From sources to a plan in the ledger: scan, examine, resolve; nothing is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from msgspec import Struct

from dicomferry.engine.duplicates import resolve_duplicates
from dicomferry.engine.pool import Pool
from dicomferry.engine.stages import Stages
from dicomferry.engine.worker import Done, Examinations, ExamineTask, WorkerSpec
from dicomferry.errors import FerryError
from dicomferry.ledger.arrival import settle_first_sessions
from dicomferry.ledger.catalog import CatalogWriter
from dicomferry.ledger.snapshot import snapshot_path, take_snapshot
from dicomferry.ledger.store import Ledger
from dicomferry.model import Finding

T = TypeVar("T")

_SCAN_BATCH = 1000
_EXAMINE_BATCH = 50

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how many are done, and of how many if that is known."""


class Workshop(Struct, frozen=True):
    """What planning and delivery work with."""

    stages: Stages
    ledger: Ledger
    spec: WorkerSpec
    processes: int
    progress: Progress


def make_plan(shop: Workshop) -> int:
    """Bring the ledger's plan up to date and return the number of the scan it belongs to.

    Files that have not changed since they were last examined under the same recipe are not
    opened. Raises `FerryError` when a source cannot be read at all or a transform stops the run.
    """
    catalog = CatalogWriter(shop.ledger)
    catalog.begin_scan()
    for source in shop.stages.sources:
        for batch in batched(source.source.discover(), _SCAN_BATCH):
            _note(shop, catalog, source.id, batch)
    kept = all(
        snapshot_path(shop.ledger.path.parent, stage).exists() for stage in shop.stages.preparing
    )
    if kept and catalog.planned == shop.stages.digest and not catalog.change():
        catalog.plan_made(shop.stages.digest)
        return catalog.scan
    catalog.plan_opened()
    _examine_all(shop, catalog)
    if any(identifier.first_session_wins for _, identifier in shop.stages.identifiers):
        settle_first_sessions(shop.ledger, catalog)
    resolve_duplicates(shop.ledger, catalog, shop.spec, shop.processes)
    catalog.plan_made(shop.stages.digest)
    return catalog.scan


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield `items` in tuples of `size`, the last one shorter."""
    iterator = iter(items)
    while batch := tuple(islice(iterator, size)):
        yield batch


def _note(
    shop: Workshop, catalog: CatalogWriter, source: str, findings: tuple[Finding, ...]
) -> None:
    catalog.found(source, findings)
    shop.progress("found", len(findings), None)


def _examine_all(shop: Workshop, catalog: CatalogWriter) -> None:
    # Verdicts that depend on other items are given anew.
    catalog.reopen()
    digest = shop.stages.digest
    whole = bool(shop.stages.preparing) or any(
        identifier.first_session_wins for _, identifier in shop.stages.identifiers
    )
    for stage in shop.stages.preparing:
        _examine(shop, catalog, _stage_digest(digest, catalog.scan, stage), stage)
        take_snapshot(shop.ledger, catalog.scan, stage)
    if whole:
        _examine(shop, catalog, _stage_digest(digest, catalog.scan, -1), None)
    else:
        _examine(shop, catalog, digest, None)


def _stage_digest(digest: str, scan: int, stage: int) -> str:
    # With a transform that looks at the whole, one new file can change every other's edits.
    return hashlib.sha256(f"{digest} {scan} {stage}".encode()).hexdigest()


def _examine(shop: Workshop, catalog: CatalogWriter, digest: str, stage: int | None) -> None:
    upto = len(shop.stages.transforms) if stage is None else stage
    items = batched(catalog.unexamined(digest), _EXAMINE_BATCH)
    tasks = (ExamineTask(batch, upto) for batch in items)
    total = catalog.count_unexamined(digest)
    with Pool(shop.spec, min(shop.processes, 1 + total // _EXAMINE_BATCH)) as pool:
        left = total
        for said in pool.work(tasks, ahead=True):
            results = [
                result
                for one in said
                if isinstance(one.message, Examinations)
                for result in one.message.results
            ]
            catalog.examined(digest, results)
            left -= len(results)
            shop.progress("examined", len(results), total)
            for one in said:
                if isinstance(one.message, Done) and one.message.error:
                    raise FerryError(one.message.error, hint=one.message.hint)
        if left:
            raise FerryError("the worker processes died", hint="see the log in the state folder")
