"""`python -m benchmarks.rehearsal`: a rehearsal against a run to storescp.

Both plan and send the same MR-sized instances with the same recipe, in turn, several rounds. The
rehearsal then asks its stand-in over REST what it holds; storescp throws away what it gets. Prints
seconds and the ratio of the medians. The aim is a rehearsal that is at least half as fast.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import data, product, receivers
from benchmarks.measure import Cost, middle, run

_AIM = 0.5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearsal", description=__doc__)
    parser.add_argument("--instances", type=int, default=20_000, help="instances that are sent")
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs")
    parser.add_argument("--data", type=Path, default=Path("/dev/shm"), help="where data is made")
    options = parser.parse_args()
    product.compile_modules()
    with tempfile.TemporaryDirectory(dir=options.data) as name:
        folder = Path(name)
        archive = data.make_mr(folder / "archive", options.instances)
        with receivers.storescp(folder / "storescp") as port:
            ferry = product.Ferry(folder, archive, port, "labels and UIDs")
            costs = [_both(ferry) for _ in range(options.rounds)]
    runs, rehearsals = middle([one for one, _ in costs]), middle([other for _, other in costs])
    print("| | seconds | CPU |\n|---|---|---|")
    print(f"| run to storescp | {runs.wall:.1f} | {runs.cpu:.1f} |")
    print(f"| rehearse | {rehearsals.wall:.1f} | {rehearsals.cpu:.1f} |")
    ratio = runs.wall / rehearsals.wall
    print(f"\nrehearse is {ratio:.2f} times as fast as run; the aim is {_AIM}")


def _both(ferry: product.Ferry) -> tuple[Cost, Cost]:
    return _fresh(ferry, ferry.run), _fresh(ferry, lambda: _rehearsed(ferry))


def _fresh(ferry: product.Ferry, work: Callable[[], Cost]) -> Cost:
    ferry.forget()
    return work()


def _rehearsed(ferry: product.Ferry) -> Cost:
    return run([*product.PROGRAM, "rehearse", ferry.recipe])


if __name__ == "__main__":
    main()
