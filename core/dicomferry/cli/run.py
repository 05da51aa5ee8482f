"""`dicomferry run`."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dicomferry.cli.options.command_line import named_again
from dicomferry.cli.options.common import (
    find_plugins,
    format_option,
    read_recipe,
    recipe_argument,
    set_option,
    state_option,
)
from dicomferry.cli.options.duration import seconds
from dicomferry.cli.options.executor_option import executor_option
from dicomferry.cli.views.plan_view import plan_json, plan_lines
from dicomferry.cli.views.progress import choose_display
from dicomferry.cli.views.report_view import report_json, report_lines
from dicomferry.cli.views.text import say
from dicomferry.engine.plan.planned import Planned
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.engine.session.job import Job
from dicomferry.engine.session.run import RunResult
from dicomferry.engine.session.session import Session, open_session, state_folder

if TYPE_CHECKING:
    from dicomferry.cli.views.verdict_view import Explain
    from dicomferry.engine.verify import Findings, Inquiry


@click.command("run")
@recipe_argument
@set_option
@state_option
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
@click.option("--now", is_flag=True, help="Retrieve outside the hours of a PACS, too.")
@click.option("--wait-for-hours", is_flag=True, help="Sit out the time until a PACS's hours.")
@click.option(
    "--spool", type=click.IntRange(1), default=4096, metavar="MB",
    help="What retrieved instances may take up in the state folder [default: 4096].",
)  # fmt: skip
@executor_option
def command(
    recipe: Path,
    overrides: Mapping[str, str],
    state: Path | None,
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
    executor: str,
) -> int:
    """Bring what RECIPE says to its sinks. Run it again to go on after any kind of stop."""
    plugins = find_plugins()
    loaded = read_recipe(recipe, overrides, plugins)
    display = choose_display(form)
    folder = state_folder(loaded, state)
    courtesy = Courtesy(now, wait_for_hours, spool << 20)
    job = Job(loaded, plugins, folder, display.show, courtesy=courtesy, executor=executor)
    with open_session(job) as session, stoppable(session):
        if locked:
            from dicomferry.cli.lock import refuse_drift

            refuse_drift(recipe, loaded, plugins, session.steps)
        again = named_again(recipe, overrides, state)
        inquiry = _inquiry(session, job, again, wait) if verify else None
        with display:
            planned = session.plan(chosen)
        if dry_run or planned.errors:
            _show_plan(session, planned, form)
            return 2 if planned.errors else int(bool(planned.rejected))
        with display:
            report = session.run(planned, limit)
        findings = None
        if inquiry is not None and not report.interrupted:
            from dicomferry.engine.verify import inquire

            with display:
                findings = inquire(inquiry, display.show)
        named = f"{recipe} --plan {chosen}" if chosen else str(recipe)
        _show_report(report, recipe, form, findings, named, limited=limit is not None)
        landed = findings is None or findings.landed
        return 0 if landed and (report.complete or (limit and _only_limited(report))) else 1


@contextmanager
def stoppable(session: Session) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the run cleanly, and a second one at once."""

    def stop(_signal: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        session.stop()
        click.echo("\nstopping after the instances under way; once more stops at once", err=True)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _inquiry(session: Session, job: Job, again: str, wait: float) -> Inquiry:
    """Return what XNAT is to be asked; raises `FerryError` where it cannot be, before a run."""
    from dicomferry.engine.pipeline.context import BuildContext
    from dicomferry.engine.pipeline.servers import targets_of
    from dicomferry.engine.verify import Inquiry

    targets = targets_of(session.steps, BuildContext(job.recipe, job.plugins))
    return Inquiry(session.steps, session.ledger, targets, again, wait=wait)


def _only_limited(report: RunResult) -> bool:
    clean = all(not (t.failed or t.rejected or t.unreachable) for t in report.tallies.values())
    return clean and not report.rejected and not report.interrupted


def _show_plan(session: Session, planned: Planned, form: str) -> None:
    if form == "json":
        click.echo(json.dumps(plan_json(session, planned), indent=2))
        return
    say(plan_lines(session, planned))
    click.echo("Nothing was sent.")


def _show_report(
    report: RunResult,
    recipe: Path,
    form: str,
    findings: Findings | None,
    named: str,
    *,
    limited: bool,
) -> None:
    if form == "json":
        whole = {**report_json(report), "manifest": str(report.manifest)}
        if findings is not None:
            from dicomferry.cli.views.verdict_view import findings_json

            whole["verify"] = findings_json(findings, _explain(report))
        click.echo(json.dumps(whole, indent=2))
        return
    say(report_lines(report, recipe, limited=limited, again=named))
    say([f"Manifest: {report.manifest}"])
    if findings is not None:
        from dicomferry.cli.views.verdict_view import findings_lines

        say(findings_lines(findings, _explain(report)))


def _explain(report: RunResult) -> Explain:
    from dicomferry.engine.verify.mismatch import MismatchExplainer

    return MismatchExplainer(report.planned.view, report.planned.problems).rules
