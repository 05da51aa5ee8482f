"""The cases of the benchmarks: each runs its contestants in turn, round after round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import data, product, receivers, rivals
from benchmarks.measure import Cost, middle

Contestant = Callable[[Path, int], Cost]
Receiver = Callable[[Path], AbstractContextManager[int]]
FERRY = "dicomferry"
LABELS = "dicomferry, labels and unify-uids"
BATCHED, BLOG, PYNETDICOM = "dcmodify + storescu", "the blog's commands", "pydicom + pynetdicom"
DCMSEND, STORESCU = "dcmodify + dcmsend", "storescu"


@dataclass(frozen=True, slots=True)
class Entry:
    """A contestant and its part of the archive: all of it, or the first `count` instances."""

    name: str
    contestant: Contestant
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one contestant: instances, and the median of their cost."""

    name: str
    instances: int
    cost: Cost

    @property
    def per_second(self) -> float:
        """Instances per second."""
        return self.instances / self.cost.wall


@dataclass(frozen=True, slots=True)
class Case:
    """An archive, a receiver, and the contestants that send the one to the other."""

    name: str
    make: Callable[[Path, int], Path]
    count: int
    receiver: Receiver
    entries: tuple[Entry, ...]
    targets: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By contestant, how many times as fast dicomferry must be, and should be."""
    rounds: int = 3


def measure(case: Case, folder: Path, rounds: int) -> Iterator[Result]:
    """Run a case for at most `rounds` rounds, and yield its results."""
    counts = {entry.count or case.count for entry in case.entries}
    archives = {count: case.make(folder / f"data-{count}", count) for count in sorted(counts)}
    costs: dict[str, list[Cost]] = {entry.name: [] for entry in case.entries}
    with case.receiver(folder / "received") as port:
        for _ in range(min(rounds, case.rounds)):
            for entry in case.entries:
                archive = archives[entry.count or case.count]
                costs[entry.name].append(entry.contestant(archive, port))
    for entry in case.entries:
        yield Result(entry.name, entry.count or case.count, middle(costs[entry.name]))


def ferry(archive: Path, port: int, *, transforms: str = "four edits") -> Cost:
    """Send an archive with an empty ledger: start-up, index, edits, forecast and ledger."""
    recipe = product.Ferry(archive.parent, archive, port, transforms)
    cost = recipe.run()
    recipe.forget()
    return cost


def send_only(archive: Path, port: int) -> Cost:
    """Send the instances of an earlier plan, unchanged."""
    recipe = product.Ferry(archive.parent, archive, port, "none")
    recipe.plan()
    cost = recipe.run()
    recipe.forget()
    return cost


def index(archive: Path, port: int) -> Cost:
    """Plan an archive without transforms; the plan reads every header."""
    recipe = product.Ferry(archive.parent, archive, port, "none")
    cost = recipe.plan()
    recipe.forget()
    return cost


def _carrying(subset: int, full: int) -> tuple[Entry, ...]:
    return (
        Entry(FERRY, ferry),
        Entry(BATCHED, rivals.on_a_copy(rivals.batched)),
        Entry(LABELS, partial(ferry, transforms="labels and UIDs")),
        Entry(DCMSEND, rivals.on_a_copy(rivals.batched_dcmsend), min(full, 10 * subset)),
        Entry(PYNETDICOM, rivals.on_a_copy(rivals.pynetdicom_app), min(full, 2 * subset)),
        Entry(BLOG, rivals.on_a_copy(rivals.blog), subset),
    )


def _some(*names: str, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(Entry(e.name, e.contestant) for e in entries if e.name in names)


def all_cases(scale: float) -> list[Case]:
    """Return every case; `scale` is 1 for all the data, less for a quick run."""

    def sized(count: int) -> int:
        return max(100, round(count * scale))

    against = {BLOG: (50.0, 150.0), PYNETDICOM: (10.0, 25.0)}
    subset = max(40, round(200 * scale))
    mr = _carrying(subset, sized(20_000))
    ct = _carrying(subset, sized(2_000))
    few = _some(FERRY, BATCHED, entries=mr)
    sending = (Entry(FERRY, send_only), Entry(STORESCU, rivals.storescu))
    reading = (
        Entry(FERRY, index),
        Entry("pydicom, stop_before_pixels", lambda archive, _: rivals.pydicom_index(archive)),
    )
    scp, orthanc = receivers.storescp, receivers.orthanc
    return [
        Case("MR-sized", data.make_mr, sized(20_000), scp, mr, {BATCHED: (3, 6), **against}),
        Case("CT-sized", data.make_ct, sized(2_000), scp, ct, {BATCHED: (1.8, 2.5), **against}),
        Case("MR-sized, sent as they are", data.make_mr, sized(20_000), scp, sending,
             {STORESCU: (1, 2)}),
        Case("CT-sized, sent as they are", data.make_ct, sized(5_000), scp, sending,
             {STORESCU: (1, 2)}),
        Case("deep headers", data.make_deep, sized(2_000), scp, few),
        Case("one multi-frame of 500 MB", _multi_frame, 1, scp, few, rounds=2),
        Case("MR-sized, to Orthanc", data.make_mr, sized(400), orthanc, few, rounds=1),
        Case("index, warm", data.make_mr, sized(20_000), scp, reading,
             {"pydicom, stop_before_pixels": (8, 15)}),
    ]  # fmt: skip


def _multi_frame(folder: Path, _count: int) -> Path:
    return data.make_multi_frame(folder, 500)
