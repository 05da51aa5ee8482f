"""`dicomferry run`."""

from __future__ import annotations

from pathlib import Path

import click

from dicomferry.cli.options.common import (
    executor_option,
    format_option,
    now_option,
    wait_for_hours_option,
)
from dicomferry.cli.options.duration import seconds
from dicomferry.cli.options.stop import stoppable
from dicomferry.cli.options.with_ferry import with_ferry
from dicomferry.cli.views.plan_view import show_plan
from dicomferry.cli.views.progress import showing
from dicomferry.cli.views.report_view import report_lines
from dicomferry.cli.views.text import say, show_json
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.ferry import Ferry
from dicomferry.reports.plan import Plan
from dicomferry.reports.run import RunReport


@click.command("run")
@with_ferry
@format_option
@click.option("--dry-run", is_flag=True, help="Plan only, as `plan` does.")
@click.option(
    "--plan", "chosen", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Bring what a saved plan.csv includes, as it is labelled there.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Bring N sessions at most.")
@click.option("--locked", is_flag=True, help="Refuse where anything differs from NAME.lock.")
@click.option("--verify", is_flag=True, help="Wait for XNAT, then ask it what it holds.")
@click.option(
    "--wait", default="10m", metavar="TIME", callback=lambda _c, _p, v: seconds(v),
    help="How long --verify waits at most [default: 10m; XNAT takes five minutes and more].",
)  # fmt: skip
@now_option
@wait_for_hours_option
@click.option(
    "--spool", type=click.IntRange(1), default=4096, metavar="MB",
    help="What retrieved instances may take up in the state folder [default: 4096].",
)  # fmt: skip
@executor_option
def command(
    ferry: Ferry,
    form: str,
    dry_run: bool,
    chosen: Path | None,
    limit: int | None,
    locked: bool,
    verify: bool,
    wait: float,
    now: bool,
    wait_for_hours: bool,
    spool: int,
) -> int:
    """Bring what RECIPE says to its sinks. Run it again to go on after any kind of stop."""
    courtesy = Courtesy(now, wait_for_hours, spool << 20)
    with stoppable(ferry):
        if locked:
            ferry.check_lock()
        if verify:
            ferry.questions()  # raises before a plan is made if an XNAT cannot be asked
        with showing(ferry, form):
            plan = ferry.plan(chosen, courtesy=courtesy)
        if dry_run or plan.errors:
            return show_plan(plan, form)
        with showing(ferry, form):
            report = ferry.run(plan, limit=limit, verify=verify, wait=wait, courtesy=courtesy)
    if form == "json":
        show_json(report)
    else:
        named = f"{ferry.path} --plan {chosen}" if chosen else str(ferry.path)
        _show(report, plan, ferry.path, named, limited=limit is not None)
    return _exit_code(report, limited=limit is not None)


def _exit_code(report: RunReport, *, limited: bool) -> int:
    landed = report.verify is None or report.landed
    return 0 if landed and (report.complete or (limited and _only_limited(report))) else 1


def _only_limited(report: RunReport) -> bool:
    """Tell whether nothing but `--limit` kept a run from bringing everything."""
    clean = all(not (s.failed or s.rejected or s.unreachable) for s in report.sinks.values())
    held = report.rejected_before_sending or report.not_looked_into
    return clean and not held and not report.interrupted and not report.unverified


def _show(report: RunReport, plan: Plan, recipe: Path, named: str, *, limited: bool) -> None:
    say(report_lines(report, plan, recipe, limited=limited, again=named))
    say([f"Manifest: {report.manifest}"])
    if report.verify is not None:
        from dicomferry.cli.views.verdict_view import verdict_lines

        say(verdict_lines(report.verify))
