"""`python -m benchmarks.pacing`: sessions poured into an XNAT that gets stuck above 8 builds.

Each contestant sends the same sessions to a stand-in of its own: without a pace, with a given limit
of some outstanding sessions, and with the limit found out. What is outstanding is counted by the
stand-in. Then the same with a stand-in that builds at once, with and without a pace in turn; the
medians are compared. Writes `pacing.svg`, and prints tables.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest.mock import patch

from benchmarks import product
from benchmarks.measure import Cost, middle, run
from benchmarks.pacing_plot import Line, svg
from dicomferry.contract import Faults
from dicomferry.xnat import ClassicIdentifier, Identification
from dicomferry_plugins._stand_in.rest.http import HttpAnswer, HttpRequest
from dicomferry_plugins._stand_in.rest.routes import Routes
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.instances import make_instances

_WEDGE = 8
_SAMPLE = 0.05
_FOUND = "{patience: 20}"
_RECIPE = """\
recipe: 1
name: pacing
servers:
  xnat:
    xnat:
      dicom: {{host: 127.0.0.1, port: {port}}}
      rest: {{url: "{url}", login: "${{env:PACING_LOGIN}}"}}
{pace}      identification: {{projects: [P1]}}
sources: [{{folder: {{path: {data}}}}}]
transforms:
  - identify: {{project: P1, subject: "{{{{ PatientID }}}}", session: "{{{{ StudyInstanceUID }}}}"}}
sinks: [{{xnat-cstore: {{server: xnat}}}}]
"""


@dataclass(frozen=True, slots=True)
class Poured:
    """What came of one contestant: seconds until all was built, and how many were built.

    `sending` is what the program cost that sent; `asked` is how many REST requests it made.
    """

    name: str
    seconds: float
    built: int
    stuck: bool
    most_outstanding: int
    most_builds: int
    sending: Cost
    asked: int
    curve: tuple[tuple[float, int], ...]


def main() -> None:
    """Pour, print and draw."""
    options = _options()
    os.environ["PACING_LOGIN"] = "bench:bench"
    product.compile_modules()
    with tempfile.TemporaryDirectory(dir=options.data) as name:
        folder = Path(name)
        count = options.sessions * options.instances
        make_instances(folder / "data", count, sessions=options.sessions)
        if not options.only_free:
            _wedge(folder, options)
        if options.rounds:
            _free(folder, options)


def _wedge(folder: Path, options: argparse.Namespace) -> None:
    """Pour into stand-ins that get stuck; print and draw what came of it."""
    wedge = Faults(wedge_above=_WEDGE, build_ms=options.build_ms)
    paces = {"without": "", **{f"given {n}": f"{{outstanding: {n}}}" for n in options.given},
             "found": _FOUND}  # fmt: skip
    poured = [_pour(folder, name, pace, options, wedge) for name, pace in paces.items()]
    print("\n".join(_told(poured, options.sessions)), flush=True)
    lines = [Line(one.name, one.curve, one.stuck) for one in poured
             if one.name in ("without", "found", "given 8")]  # fmt: skip
    (options.out / "pacing.svg").write_text(svg(lines, _WEDGE), encoding="utf-8")


def _free(folder: Path, options: argparse.Namespace) -> None:
    """Pour into stand-ins that build at once, without and with a pace in turn; print medians."""
    free = [
        _pour(folder, name, pace, options, Faults())
        for _ in range(options.rounds)
        for name, pace in (("without", ""), ("found", _FOUND))
    ]
    print("\nA receiver that builds at once:\n")
    print("\n".join(_told(free, options.sessions)))
    without, found = ([one for one in free if one.name == name] for name in ("without", "found"))
    slower = median(one.seconds for one in found) / median(one.seconds for one in without)
    costs = [middle([one.sending for one in side]) for side in (found, without)]
    print(f"\nWith a pace it takes {slower - 1:+.1%} of the time, in the medians,", end=" ")
    print(f"{costs[0].wall / costs[1].wall - 1:+.1%} of that until all was sent", end=" ")
    print(f"and {costs[0].cpu / costs[1].cpu - 1:+.1%} of the CPU; the aim is +3 % of the time.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pacing", description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000, help="sessions that are poured")
    parser.add_argument("--instances", type=int, default=10, help="instances of each session")
    parser.add_argument("--given", type=int, nargs="*", default=[2, 4, 6, 8], help="fixed limits")
    parser.add_argument("--build-ms", type=int, default=400, help="what one build takes")
    parser.add_argument("--quiet", type=float, default=0.2, help="seconds of the quiet period")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that build at once")
    parser.add_argument("--only-free", action="store_true", help="none that gets stuck")
    parser.add_argument("--data", type=Path, default=Path("/dev/shm"), help="where data is made")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="for the picture")
    return parser.parse_args()


def _pour(
    folder: Path, name: str, pace: str, options: argparse.Namespace, faults: Faults
) -> Poured:
    declared = Identification(projects=["P1"])
    settings = SiteSettings(quiet_period=options.quiet, faults=faults, declared=declared)
    xnat = XnatStandIn(ClassicIdentifier(declared), None, rest_port=0, settings=settings)
    recipe = folder / f"recipe-{time.monotonic_ns()}" / "recipe.yaml"
    recipe.parent.mkdir()
    with xnat, _sampled(xnat) as curve, _counted() as requests:
        line = f"      pace: {pace}\n" if pace else ""
        recipe.write_text(
            _RECIPE.format(port=xnat.port, url=xnat.url, pace=line, data=folder / "data")
        )
        run([*product.PROGRAM, "plan", "--format", "json", recipe])
        began, before = time.monotonic(), len(requests)
        # Where the stand-in gets stuck, a paced run ends with 1: that is what is shown.
        sending = run([*product.PROGRAM, "run", recipe], check=False)
        while xnat.site.holdings.prearchive and not xnat.site.builder.stuck:
            time.sleep(_SAMPLE)
        seconds = time.monotonic() - began
    built, builder = len(xnat.site.holdings.archive), xnat.site.builder
    most = xnat.site.holdings.most_outstanding
    told = Poured(name, seconds, built, builder.stuck, most, builder.peak, sending,
                  len(requests) - before,
                  tuple((at - began, count) for at, count in curve if at >= began))  # fmt: skip
    print(f"{name}: {seconds:.1f} s, {built} built", file=sys.stderr, flush=True)
    return told


@contextmanager
def _sampled(xnat: XnatStandIn) -> Iterator[list[tuple[float, int]]]:
    """Note again and again how many sessions the stand-in has not built."""
    curve: list[tuple[float, int]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_SAMPLE):
            curve.append((time.monotonic(), len(xnat.site.holdings.prearchive)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield curve
    finally:
        over.set()
        thread.join()


@contextmanager
def _counted() -> Iterator[list[str]]:
    """Note the method of every REST request that a stand-in of this process is asked."""
    requests: list[str] = []
    answer = Routes.answer

    def noted(routes: Routes, request: HttpRequest) -> HttpAnswer:
        requests.append(request.method)
        return answer(routes, request)

    with patch.object(Routes, "answer", noted):
        yield requests


def _told(poured: list[Poured], sessions: int) -> Iterator[str]:
    yield (
        "| pace | sessions a second | built | stuck | most outstanding | most builds | sending"
        " | CPU | requests a session |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in poured:
        yield (
            f"| {one.name} | {one.built / one.seconds:.1f} | {one.built} of {sessions}"
            f" | {'yes' if one.stuck else 'no'} | {one.most_outstanding} | {one.most_builds}"
            f" | {one.sending.wall:.1f} s | {one.sending.cpu:.1f} s | {one.asked / sessions:.3f} |"
        )


if __name__ == "__main__":
    main()
