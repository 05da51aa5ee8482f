"""`dicomferry status`."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

import click
from msgspec.structs import replace

from dicomferry.cli.options.common import format_option
from dicomferry.cli.options.with_ferry import with_ferry
from dicomferry.cli.views.report_view import failure_line, former_line, warning_lines
from dicomferry.cli.views.text import columns, count, problem_lines, say, show_json
from dicomferry.errors import FerryError
from dicomferry.ferry import Ferry
from dicomferry.ledger.reading.sessions import SessionPlan
from dicomferry.ledger.rows import Verdict
from dicomferry.private import open_private
from dicomferry.reports.status import STATES, ItemRecord, StatusReport


@click.command("status")
@with_ferry
@format_option
@click.option("--items", type=click.Choice(STATES), help="List the instances in this state.")
@click.option(
    "--crosswalk", "table", type=click.Path(path_type=Path, dir_okay=False),
    help="Save every changed UID, before and after, as CSV.",
)  # fmt: skip
def command(ferry: Ferry, form: str, items: str | None, table: Path | None) -> int:
    """Show what the ledger of RECIPE knows: what is where, and why.

    The exit code is 2 where the last plan has errors. It is 1 where something failed, was rejected
    or could not be looked into, and where the ledger is behind its manifests, or the last plan was
    not finished or is of another recipe.
    """
    report = ferry.status()
    if table is not None:
        _save_crosswalk(ferry, table)
    listed = ferry.items(items) if items else iter(())
    if form == "json":
        show_json(replace(report, items=tuple(listed)))
    else:
        say(_summary(report))
        say(line for item in listed for line in _item_lines(item))
    return 2 if report.errors else int(report.unsettled)


def _summary(report: StatusReport) -> Iterator[str]:
    if report.other_recipe:
        yield f"The last plan here is of another recipe: this tells of {report.other_recipe}."
    for one in report.counts:
        code = f" ({one.code})" if one.code else ""
        yield f"{one.verdict}: {count(one.items, 'file')}{code}"
    for sink, states in report.sinks.items():
        former = " [not a sink of the recipe any more]" if sink in report.former_sinks else ""
        yield f"{sink}{former}: " + (
            ", ".join(f"{n:,} {state}" for state, n in sorted(states.items())) or "nothing planned"
        )
    for failure in report.failures:
        yield failure_line(failure)
    yield from map(former_line, report.former)
    yield from warning_lines(report.warnings)
    if report.unfinished:
        before = "this is the plan before it" if report.counts else "there is none before it"
        yield f"The last plan was not finished, or is being made now; {before}."
    elif report.errors:
        yield "The last plan has errors; nothing is sent until it has none."
    elif not report.counts:
        yield "Nothing is planned."
    yield from problem_lines(report.errors)
    if report.behind:
        yield f"The ledger is behind its manifests: {report.behind}"
    if report.unverified:
        yield f"XNAT did not hold it all at {report.unverified}"
    yield from columns(
        [
            [
                str(session.destination),
                count(session.instances, "instance"),
                f"{_stored(session, report.former_sinks):,} stored",
            ]
            for session in report.sessions
        ]
    )


def _stored(session: SessionPlan, former: Collection[str]) -> int:
    """Return how many instances of a session the first of the recipe's sinks has."""
    return next((n for sink, n in session.stored.items() if sink not in former), 0)


def _item_lines(item: ItemRecord) -> Iterator[str]:
    yield item.location
    if item.verdict is not Verdict.READY:
        yield f"  {item.verdict} ({item.code}): {item.reason}"
        return
    yield f"  {item.sop_instance_uid} → {item.destination}"
    for sink, outcome in item.sinks.items():
        yield f"  {sink}: {outcome.state}: {outcome.reason}"
    if not item.sinks:
        yield "  not brought anywhere yet"


def _save_crosswalk(ferry: Ferry, path: Path) -> None:
    try:
        with open_private(path, newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["kind", "before", "after"])
            writer.writerows(ferry.crosswalk())
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None
