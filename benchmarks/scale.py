"""Measures the ledger alone with many simulated entries, without files.

`python -m benchmarks.scale N` makes the ledger's part of a run with N instances in one process, and
prints seconds and megabytes as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dicomferry.engine.plan.make import batched
from dicomferry.ledger import Ledger
from dicomferry.ledger.delivering.deliveries import Delivered, Deliveries
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.rows import Examined, Facts, Verdict
from dicomferry.model import (
    AutoArchive,
    Because,
    Destination,
    Forecast,
    InstanceRef,
    LocalFile,
    Location,
    Stored,
)

_SINK = "xnat-cstore -> XNAT@127.0.0.1:8104"
_TO_A_SESSION = 500


def main() -> None:
    """Write a plan and its deliveries to a ledger, then read it as a second run does."""
    count = int(sys.argv[1])
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder))
        for name, step in (("plan", _plan), ("deliver", _deliver), ("again", _again)):
            started = time.perf_counter()
            step(ledger, count)
            seconds[name] = time.perf_counter() - started
        size = ledger.path.stat().st_size
        ledger.close()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": megabytes, "file": size}))


def _findings(count: int) -> Iterator[LocalFile]:
    for number in range(count):
        session = number // _TO_A_SESSION
        path = f"/archive/patient{session:06d}/series1/image{number:09d}.dcm"
        yield LocalFile(Location(path), 35_000, 1_700_000_000_000_000_000)


def _plan(ledger: Ledger, count: int) -> None:
    catalog = PlanWriter(ledger)
    catalog.begin_scan()
    for found in batched(_findings(count), 1000):
        catalog.found("folder", found)
    catalog.plan_opened()
    for items in batched(catalog.unexamined("digest"), 50):
        catalog.examined("digest", [_examined(item.id) for item in items])
    ledger.index()
    catalog.plan_made("digest")


def _examined(item: int) -> Examined:
    session = (item - 1) // _TO_A_SESSION
    root = "1.2.826.0.1.3680043.10.1561"
    ref = InstanceRef(
        f"{root}.1.{session}", f"{root}.2.{session}", f"{root}.3.{item}",
        "1.2.840.10008.5.1.4.1.1.4",
    )  # fmt: skip
    facts = Facts(ref, "1.2.840.10008.1.2.1", "20090402", "MR", "1")
    forecast = Forecast(
        Destination("LEGACY", f"PAT{session}", f"PAT{session}_MR"),
        Because("StudyDescription", "PatientName", "PatientID"),
        AutoArchive.PROJECT_DEFAULT,
    )
    return Examined(item, Verdict.READY, "", "", facts, ref, forecast, None, f"{item:064x}")


def _deliver(ledger: Ledger, count: int) -> None:
    deliveries = Deliveries(ledger, PlanReader.last(ledger).scan)
    run = deliveries.begin("run", "benchmark", "digest")
    delivered = 0
    for place in deliveries.destinations(_SINK):
        for dues in batched(deliveries.load(_SINK, place).dues, 16):
            stored = Stored("0x0000 success from XNAT@127.0.0.1:8104")
            deliveries.record(run, _SINK, [Delivered(due, stored) for due in dues])
            delivered += len(dues)
    if delivered != count:
        raise SystemExit(f"{delivered} of {count} were delivered")
    deliveries.finish(run, complete=True)


def _again(ledger: Ledger, count: int) -> None:
    catalog = PlanWriter(ledger)
    catalog.begin_scan()
    for found in batched(_findings(count), 1000):
        catalog.found("folder", found)
    if catalog.change() or Deliveries(ledger, catalog.scan).destinations(_SINK):
        raise SystemExit("an unchanged archive was not recognized")
    catalog.plan_made("digest")


if __name__ == "__main__":
    main()
