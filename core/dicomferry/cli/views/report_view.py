"""What a run did, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dicomferry.cli.views.held_view import unsettled_lines
from dicomferry.cli.views.text import count, printable, problem_lines
from dicomferry.engine.deliver.courier import SinkTally
from dicomferry.ledger.reading.sink_states import SinkFailure
from dicomferry.ledger.rows import Verdict
from dicomferry.reports.plan import Plan
from dicomferry.reports.run import RunReport

_REASONS = 10


def report_lines(
    report: RunReport,
    plan: Plan,
    recipe: Path | None,
    *,
    limited: bool,
    again: str = "",
) -> Iterator[str]:
    """Yield what was stored where, what was not and why, and how to go on.

    `plan` is the one that was run. Without a `recipe`, as after a rehearsal, there is nothing to go
    on with.
    """
    for sink, tally in report.sinks.items():
        yield f"{sink}: {_tally(tally)}"
        if tally.unreachable:
            yield f"  {printable(tally.unreachable)}"
            if tally.hint:
                yield f"  hint: {tally.hint}"
    if report.retrieval.ended:
        yield f"not all was retrieved: {printable(report.retrieval.ended)}"
        if report.retrieval.hint:
            yield f"  hint: {report.retrieval.hint}"
    if report.retrieval.unlisted:
        came = count(report.retrieval.unlisted, "instance")
        yield f"  {came} came that the PACS had not listed; they are stored with their series"
    for failure in report.failures[:_REASONS]:
        yield failure_line(failure)
    if others := report.failures[_REASONS:]:
        instances = sum(failure.instances for failure in others)
        yield f"  and {count(len(others), 'other reason')} for {count(instances, 'instance')}"
    yield from map(former_line, report.former)
    yield from warning_lines(report.warnings)
    yield from unsettled_lines(plan)
    if report.problems:
        yield from problem_lines(report.problems)
    yield _ending(report, recipe, again or str(recipe), limited=limited)


def warning_lines(warnings: Sequence[SinkFailure]) -> Iterator[str]:
    """Yield what receivers stored and warned of: how many instances, and in what words."""
    for one in warnings[:_REASONS]:
        what = f"  stored with a warning at {one.sink}: {count(one.instances, 'instance')}"
        yield f"{what}: {printable(one.reason)}"
    if more := sum(one.instances for one in warnings[_REASONS:]):
        yield f"  stored with other warnings: {count(more, 'instance')}"


def failure_line(failure: SinkFailure) -> str:
    """Return how many instances a sink did not take, and why."""
    what = f"  {failure.state} at {failure.sink}: {count(failure.instances, 'instance')}"
    return f"{what}: {printable(failure.reason)}"


def former_line(failure: SinkFailure) -> str:
    """Return what a receiver did not take that the recipe named before: it does not count."""
    return f"{failure_line(failure)} [not a sink of the recipe any more]"


def _tally(tally: SinkTally) -> str:
    parts = [f"{count(tally.stored, 'instance')} stored"]
    for name in ("excluded", "rejected", "failed"):
        number = getattr(tally, name)
        if number:
            parts.append(f"{number:,} {name}")
    return ", ".join(parts)


def _all_is_well(report: RunReport) -> str:
    if not report.planned:
        return "There is nothing to store."
    warned = sum(one.instances for one in report.warnings)
    if warned:
        return f"Everything is stored; receivers warned of {count(warned, 'instance')}, see above."
    return "Everything is stored."


def _ending(report: RunReport, recipe: Path | None, named: str, *, limited: bool) -> str:
    if report.complete:
        return _all_is_well(report)
    if recipe is None:
        return "Not everything is stored; what was held back is listed above."
    again = f"dicomferry run {named}"
    if report.interrupted:
        return f"Stopped. {report.remaining:,} still to bring; go on with: {again}"
    if report.remaining and limited:
        return f"{report.remaining:,} still to bring; go on with: {again}"
    held = report.rejected_before_sending or report.not_looked_into
    if report.unverified and not (report.remaining or held):
        ask = f"dicomferry verify {recipe}"
        return f"All was sent, and XNAT did not hold it all at {report.unverified}; ask it: {ask}"
    if report.remaining:
        return f"{report.remaining:,} not stored; when it is mended, try again with: {again}"
    held_back = (report.rejected_before_sending, report.not_looked_into)
    states = [
        state for state, some in zip(("rejected", Verdict.NOT_LOOKED_INTO), held_back, strict=True)
        if some
    ]  # fmt: skip
    listing = " and ".join(f"dicomferry status {recipe} --items {state}" for state in states)
    return f"Not everything is stored; the rest is listed by: {listing}"
