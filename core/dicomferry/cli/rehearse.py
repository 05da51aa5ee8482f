"""`dicomferry rehearse`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from msgspec.structs import replace

from dicomferry.cli.options.common import (
    executor_option,
    format_option,
    now_option,
    vector_option,
    wait_for_hours_option,
)
from dicomferry.cli.options.fault_option import fault_option
from dicomferry.cli.options.stop import stoppable
from dicomferry.cli.options.with_ferry import with_recipe
from dicomferry.cli.views.plan_view import plan_code, plan_lines
from dicomferry.cli.views.progress import showing
from dicomferry.cli.views.report_view import report_lines
from dicomferry.cli.views.text import count, printable, say, show_json
from dicomferry.cli.views.tree_view import format_tree
from dicomferry.contract.stand_in import Faults
from dicomferry.contract.tree import Tree
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.ferry import Ferry
from dicomferry.reports.plan import Plan
from dicomferry.reports.rehearsal import RehearsalReport, RehearsedSession


@click.command("rehearse")
@with_recipe
@format_option
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what the stand-in receives [default: nothing is kept].",
)  # fmt: skip
@now_option
@wait_for_hours_option
@executor_option
@fault_option
@vector_option
def command(
    ferry: Ferry,
    form: str,
    keep: Path | None,
    now: bool,
    wait_for_hours: bool,
    faults: Faults,
    vectors: Path | None,
) -> int:
    """Run RECIPE against a stand-in XNAT on this machine, and ask it what it holds.

    Nothing is sent to any server, and the recipe's own ledger is not touched. A PACS among the
    sources is asked, though, and retrieved from. Sinks that deliver to no server are left out.
    The stand-in is not an XNAT: it knows how XNAT identifies, groups and archives, and no more.
    """
    with stoppable(ferry), ferry.rehearsal(keep=keep, faults=faults) as rehearsal:
        with showing(ferry, form):
            plan = rehearsal.plan(Courtesy(now, wait_for_hours))
        if plan.errors or not rehearsal.has_sinks:
            return _stay(plan)
        if form == "text":
            say(plan_lines(plan))
        with showing(ferry, form):
            report = rehearsal.run(plan, save_vectors=vectors)
        if form == "json":
            show_json(report)
        else:
            say(_lines(report, plan, rehearsal.holdings))
        return 0 if report.complete else 1


def _stay(plan: Plan) -> int:
    """Show a plan of which nothing can be sent, and return the exit code."""
    say(plan_lines(plan))
    why = "the plan has errors" if plan.errors else "no sink delivers to an XNAT"
    say([f"Nothing was sent: {why}."])
    return plan_code(plan)


def _lines(report: RehearsalReport, plan: Plan, trees: Mapping[str, Tree]) -> Iterator[str]:
    yield ""
    # the plan above has told the problems
    told = replace(report.run, problems=())
    # without the recipe: the scratch ledger is gone with the rehearsal, and `status` of no help
    yield from report_lines(told, plan, None, limited=False)
    for name, tree in trees.items():
        yield ""
        yield f"What the XNAT '{name}' would hold (from a stand-in, which is not an XNAT):"
        yield from format_tree(tree)
    yield ""
    for verdict in report.verdicts:
        yield from _mismatch(verdict)
    sessions = count(report.forecast, "session")
    yield f"{report.landed_as_forecast:,} of {sessions} landed as forecast."


def _mismatch(verdict: RehearsedSession) -> Iterator[str]:
    """Yield what is not as forecast of a session, with the rules that made the difference."""
    if verdict.explanation:
        yield printable(f"{verdict.destination}: {verdict.verdict}")
        yield from (f"  {printable(line)}" for line in [verdict.message] if line)
        yield from (f"  {printable(line)}" for line in verdict.explanation)
