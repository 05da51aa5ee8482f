"""What a run did, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dicomferry.cli.views.text import count, printable, problem_json, problem_lines
from dicomferry.engine.deliver.courier import SinkTally
from dicomferry.engine.session.run import RunResult
from dicomferry.ledger.reading.sink_states import SinkFailure
from dicomferry.ledger.rows import Verdict

_REASONS = 10


def report_lines(
    report: RunResult, recipe: Path | None, *, limited: bool, again: str = ""
) -> Iterator[str]:
    """Yield what was stored where, what was not and why, and how to go on.

    Without a `recipe`, as after a rehearsal, there is nothing to go on with.
    """
    for sink, tally in report.tallies.items():
        yield f"{sink}: {_tally(tally)}"
        if tally.unreachable:
            yield f"  {printable(tally.unreachable)}"
            if tally.hint:
                yield f"  hint: {tally.hint}"
    if report.retrieval.ended:
        yield f"not all was retrieved: {printable(report.retrieval.ended)}"
        if report.retrieval.hint:
            yield f"  hint: {report.retrieval.hint}"
    failures = report.planned.view.failures()
    for failure in failures[:_REASONS]:
        yield f"  {failure_line(failure)}"
    held = [t for t in report.planned.view.tallies() if t.verdict is Verdict.REJECTED]
    for kind in held:
        yield f"  rejected before sending: {count(kind.count, 'file')} ({kind.code})"
    if report.planned.problems:
        yield from problem_lines(report.planned.problems)
    yield _ending(report, recipe, again or str(recipe), limited=limited)


def report_json(report: RunResult) -> dict[str, object]:
    """Return what a run did as plain data."""
    return {
        "complete": report.complete,
        "interrupted": report.interrupted,
        "remaining": report.remaining,
        "sinks": {
            name: {
                "stored": tally.stored,
                "excluded": tally.excluded,
                "rejected": tally.rejected,
                "failed": tally.failed,
                "unreachable": tally.unreachable,
            }
            for name, tally in report.tallies.items()
        },
        "failures": [
            {
                "sink": failure.sink,
                "state": failure.state,
                "reason": failure.reason,
                "instances": failure.instances,
            }
            for failure in report.planned.view.failures()
        ],
        "retrieval": {
            "retrieved": report.retrieval.retrieved,
            "missing": report.retrieval.missing,
            "rejected": report.retrieval.held,
            "ended": report.retrieval.ended,
        },
        "rejected_before_sending": report.rejected,
        "problems": [problem_json(problem) for problem in report.planned.problems],
    }


def failure_line(failure: SinkFailure) -> str:
    """Return in a line what a sink did not take, and why."""
    told = f"{failure.state} at {failure.sink}: {count(failure.instances, 'instance')}"
    return f"{told}: {printable(failure.reason)}"


def _tally(tally: SinkTally) -> str:
    parts = [f"{count(tally.stored, 'instance')} stored"]
    for name in ("excluded", "rejected", "failed"):
        number = getattr(tally, name)
        if number:
            parts.append(f"{number:,} {name}")
    return ", ".join(parts)


def _ending(report: RunResult, recipe: Path | None, named: str, *, limited: bool) -> str:
    if report.complete:
        return "Everything is stored."
    if recipe is None:
        return "Not everything is stored; what was held back is listed above."
    again = f"dicomferry run {named}"
    if report.interrupted:
        return f"Stopped. {report.remaining:,} still to bring; go on with: {again}"
    if report.remaining and limited:
        return f"{report.remaining:,} still to bring; go on with: {again}"
    if report.remaining:
        return f"{report.remaining:,} not stored; when it is mended, try again with: {again}"
    return f"What was rejected is listed by: dicomferry status {recipe} --items rejected"
