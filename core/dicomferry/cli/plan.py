"""`dicomferry plan`."""

from __future__ import annotations

from pathlib import Path

import click

from dicomferry.cli.options.common import (
    executor_option,
    format_option,
    now_option,
    wait_for_hours_option,
)
from dicomferry.cli.options.with_ferry import with_ferry
from dicomferry.cli.views.plan_view import show_plan
from dicomferry.cli.views.progress import showing
from dicomferry.cli.views.text import say
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.ferry import Ferry


@click.command("plan")
@with_ferry
@format_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path),
    help="Save it as .json, or as .csv to choose from and to edit labels in.",
)  # fmt: skip
@click.option(
    "--audit", metavar="FILE.csv", type=click.Path(path_type=Path),
    help="Save the patients of the source beside the subjects they become.",
)  # fmt: skip
@click.option("--ask", is_flag=True, help="Ask XNAT what stands in the way there (needs rest:).")
@now_option
@wait_for_hours_option
@executor_option
@click.option("--diff", metavar="FILE|UID", help="Show the tag edits of one instance instead.")
def command(
    ferry: Ferry,
    form: str,
    output: Path | None,
    audit: Path | None,
    ask: bool,
    now: bool,
    wait_for_hours: bool,
    diff: str | None,
) -> int:
    """Show what a run of RECIPE would do, and what XNAT will call it. Nothing is sent."""
    with showing(ferry, form):
        plan = ferry.plan(ask=ask, courtesy=Courtesy(now, wait_for_hours))
    if diff is not None:
        from dicomferry.cli.views.diff_view import diff_of

        told = diff_of(ferry.session, plan.planned.view, diff)
        say(told.lines)
        return 0 if told.sent else 2
    if output is not None:
        plan.save(output)
    if audit is not None:
        plan.save_audit(audit)
    return show_plan(plan, form)
