"""`python -m benchmarks`: measure, print the tables, write `results.json` and `plot.svg`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import machine, product, report, rerun
from benchmarks.cases import Case, all_cases, measure

_HERE = Path(__file__).parent
_QUICK = 0.02


def main() -> None:
    """Run the cases that the command line selects."""
    options = _options()
    scale = _QUICK if options.quick else 1.0
    product.compile_modules()
    about = machine.describe()
    print("\n".join(f"{key}: {value}" for key, value in about.items()), flush=True)
    started = time.monotonic()
    measured = [
        report.Measured(case, tuple(_told(case, options)))
        for case in all_cases(scale)
        if options.only in case.name
    ]
    figures = [] if options.only else list(_figures(options, scale))
    print()
    print("\n".join(report.lines(measured, figures)))
    print(f"\n{(time.monotonic() - started) / 60:.0f} minutes")
    report.write(options.out, about, measured, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the data")
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs, at most")
    parser.add_argument("--data", type=Path, default=_memory(), help="where the data is made")
    parser.add_argument("--out", type=Path, default=_HERE, help="where the results are written")
    return parser.parse_args()


def _memory() -> Path:
    """Return a folder in memory if it has room: the benchmarks must not measure the disk."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and shutil.disk_usage(shared).free > 6e9
    return shared if roomy else Path(tempfile.gettempdir())


def _told(case: Case, options: argparse.Namespace) -> Iterator[report.Result]:
    with _folder(options.data) as folder:
        for result in measure(case, folder, options.rounds):
            print(f"{case.name}: {result.name}: {result.cost.wall:.2f} s", file=sys.stderr)
            yield result


def _figures(options: argparse.Namespace, scale: float) -> Iterator[rerun.Figure]:
    tiny = max(1000, round(100_000 * scale))
    counts = [1_000, 10_000] + ([] if options.quick else [100_000, 1_000_000])
    with _folder(options.data) as folder:
        steps: tuple[Callable[[], list[rerun.Figure]], ...] = (
            lambda: rerun.no_op_rerun(folder, tiny, options.rounds),
            lambda: rerun.start_up(options.rounds),
            lambda: rerun.at_scale(counts),
        )
        for step in steps:
            yield from step()


@contextmanager
def _folder(above: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=above, prefix="dicomferry-bench-") as name:
        yield Path(name)


if __name__ == "__main__":
    main()
