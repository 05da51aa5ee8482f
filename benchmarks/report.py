"""Writes the results as Markdown tables, as JSON and as a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import FERRY, Case, Result
from benchmarks.plot import Group, svg
from benchmarks.rerun import Figure


@dataclass(frozen=True, slots=True)
class Measured:
    """One case with its results."""

    case: Case
    results: tuple[Result, ...]

    @property
    def ferry(self) -> Result:
        """Return dicomferry's own result."""
        return next(result for result in self.results if result.name == FERRY)

    def lead(self, result: Result) -> float:
        """Return how many times as fast as `result` dicomferry is."""
        return self.ferry.per_second / result.per_second


def lines(measured: Sequence[Measured], figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the tables in Markdown."""
    yield "| case | contestant | instances | instances/s | CPU, ms each | dicomferry is |"
    yield "|---|---|---|---|---|---|"
    for one in measured:
        for result in one.results:
            each = result.cost.cpu / result.instances * 1000
            yield (
                f"| {one.case.name} | {result.name} | {result.instances:,} |"
                f" {_number(result.per_second)} | {each:.2f} | {_verdict(one, result)} |"
            )
    yield ""
    yield "| figure | value | target | aim |"
    yield "|---|---|---|---|"
    for figure in figures:
        sign = "≤" if figure.less else "≥"
        bounds = (f"{sign} {_number(b)}" if b else "" for b in (figure.target, figure.aim))
        yield f"| {figure.name} | {_number(figure.value)} {figure.unit} | {' | '.join(bounds)} |"


def write(
    folder: Path, machine: dict[str, str], measured: Sequence[Measured], figures: Sequence[Figure]
) -> None:
    """Write `results.json` and `plot.svg`."""
    cases = [
        {
            "case": one.case.name,
            "contestant": result.name,
            "instances": result.instances,
            "seconds": round(result.cost.wall, 4),
            "cpu_seconds": round(result.cost.cpu, 4),
            "lead": round(one.lead(result), 2),
            "target": one.case.targets.get(result.name, (None, None))[0],
            "aim": one.case.targets.get(result.name, (None, None))[1],
        }
        for one in measured
        for result in one.results
    ]
    rest = [
        {"figure": f.name, "value": round(f.value, 2), "unit": f.unit, "target": f.target}
        for f in figures
    ]
    whole = {"machine": machine, "cases": cases, "figures": rest}
    (folder / "results.json").write_text(json.dumps(whole, indent=2) + "\n")
    groups = [
        Group(one.case.name, tuple((r.name, r.per_second, r.name == FERRY) for r in one.results))
        for one in measured
    ]
    if groups:
        (folder / "plot.svg").write_text(svg(groups))


def _verdict(one: Measured, result: Result) -> str:
    if result.name == FERRY:
        return ""
    lead = f"{one.lead(result):.1f} times as fast"
    if result.name not in one.case.targets:
        return lead
    least, aim = one.case.targets[result.name]
    met = "aim met" if one.lead(result) >= aim else "met" if one.lead(result) >= least else "missed"
    return f"{lead} (at least {least:g}, aim {aim:g}: {met})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
