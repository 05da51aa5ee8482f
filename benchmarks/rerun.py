"""The costs of a second run, of a start-up, and of a ledger with many entries."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import data, product, receivers
from benchmarks.measure import middle


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its unit and targets: lower limits, or upper limits when `less`."""

    name: str
    value: float
    unit: str
    target: float | None = None
    aim: float | None = None
    less: bool = False


def no_op_rerun(folder: Path, count: int, rounds: int) -> list[Figure]:
    """Send tiny files once, then run the recipe again."""
    archive = data.make_tiny(folder / "tiny", count)
    with receivers.storescp(folder / "received") as port:
        recipe = product.Ferry(folder, archive, port, "four edits")
        first = recipe.run(memory=True)
        again = middle([recipe.run() for _ in range(rounds)])
    return [
        Figure("no-op rerun", count / again.wall, "files/s", 30_000, 100_000),
        Figure(f"memory of all processes, {count:,} instances", first.megabytes, "MB"),
    ]


def start_up(rounds: int) -> list[Figure]:
    """Measure verbs that do almost nothing."""
    figures = []
    for words, target, aim in (
        ("--help", 200, 120),
        ("plugins", None, None),
        ("schema", None, None),
    ):
        cost = middle([product.start_up(words) for _ in range(3 * rounds)])
        name = f"dicomferry {words}"
        figures.append(Figure(name, cost.wall * 1000, "ms", target, aim, less=True))
    return figures


def at_scale(counts: list[int]) -> list[Figure]:
    """Measure ledgers with `counts` simulated entries; see `benchmarks.scale`."""
    figures = []
    for count in counts:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.scale", str(count)], check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        found = json.loads(done.stdout)
        for step, seconds in found["seconds"].items():
            name = f"ledger, {step}, {count:,} entries"
            figures.append(Figure(name, seconds / count * 1e6, "us each"))
        limits = (600, 300) if count == 1_000_000 else (None, None)
        name = f"peak memory, {count:,} entries"
        figures.append(Figure(name, found["megabytes"], "MB", *limits, less=True))
    return figures
