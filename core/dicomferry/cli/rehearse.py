"""`dicomferry rehearse`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from msgspec.structs import replace

from dicomferry.cli.options.common import (
    find_plugins,
    format_option,
    read_recipe,
    recipe_argument,
    set_option,
)
from dicomferry.cli.options.executor_option import executor_option
from dicomferry.cli.options.fault_option import fault_option
from dicomferry.cli.run import stoppable
from dicomferry.cli.views.mismatch_view import mismatch_lines, save_mismatches, vector_option
from dicomferry.cli.views.plan_view import plan_json, plan_lines
from dicomferry.cli.views.progress import choose_display
from dicomferry.cli.views.report_view import report_json, report_lines
from dicomferry.cli.views.text import count, say
from dicomferry.cli.views.tree_view import format_tree
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.servers import targets_of
from dicomferry.engine.plan.planned import Planned
from dicomferry.engine.rehearse.stand_ins import open_stage
from dicomferry.engine.session.job import Job
from dicomferry.engine.session.run import RunResult
from dicomferry.engine.session.session import Session, open_session
from dicomferry.engine.verify import Inquiry, SessionVerdict, inquire
from dicomferry.engine.verify.mismatch import MismatchExplainer, as_forecast
from dicomferry.xnat.filing.tree import Tree
from dicomferry.xnat.receiver import Faults

Verdicts = tuple[SessionVerdict, ...]


@click.command("rehearse")
@recipe_argument
@set_option
@format_option
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what the stand-in receives [default: nothing is kept].",
)  # fmt: skip
@executor_option
@fault_option
@vector_option
def command(
    recipe: Path,
    overrides: Mapping[str, str],
    form: str,
    keep: Path | None,
    executor: str,
    faults: Faults,
    vectors: Path | None,
) -> int:
    """Run RECIPE against a stand-in XNAT on this machine, and ask it what it holds.

    Nothing is sent to any server, and the recipe's own ledger is not touched. A PACS among the
    sources is asked, though, and retrieved from. Sinks that deliver to no server are left out.
    The stand-in is not an XNAT: it knows how XNAT identifies, groups and archives, and no more.
    """
    plugins = find_plugins()
    loaded = read_recipe(recipe, overrides, plugins)
    display = choose_display(form)
    with (
        tempfile.TemporaryDirectory(prefix="dicomferry-rehearsal-") as scratch,
        open_stage(loaded, plugins, keep, faults) as stage,
    ):
        job = Job(
            stage.recipe, plugins, Path(scratch), display.show, rehearsal=True, executor=executor
        )
        with open_session(job) as session, stoppable(session):
            with display:
                planned = session.plan()
            if planned.errors or not session.steps.sinks:
                return _stay(session, planned)
            if form == "text":
                say(plan_lines(session, planned))
            targets = targets_of(session.steps, BuildContext(stage.recipe, plugins))
            with display:
                report = session.run(planned, None)
                trees = {name: double.build() for name, double in stage.doubles.items()}
                inquiry = Inquiry(session.steps, session.ledger, targets, str(recipe))
                verdicts = inquire(inquiry, display.show).verdicts
            if vectors is not None:
                save_mismatches(verdicts, session.ledger, vectors)
            if form == "json":
                plan = plan_json(session, planned)
                click.echo(json.dumps(_json(report, trees, verdicts, plan), indent=2))
            else:
                say(_lines(report, trees, verdicts))
            return 0 if report.complete and all(map(as_forecast, verdicts)) else 1


def _stay(session: Session, planned: Planned) -> int:
    """Show a plan of which nothing can be sent, and return the exit code."""
    say(plan_lines(session, planned))
    why = "the plan has errors" if planned.errors else "no sink delivers to an XNAT"
    click.echo(f"Nothing was sent: {why}.")
    return 2 if planned.errors else int(bool(planned.rejected))


def _lines(report: RunResult, trees: Mapping[str, Tree], verdicts: Verdicts) -> Iterator[str]:
    yield ""
    # the plan above has told the problems
    told = replace(report, planned=replace(report.planned, problems=()))
    # without the recipe: the scratch ledger is gone with the rehearsal, and `status` of no help
    yield from report_lines(told, None, limited=False)
    for name, tree in trees.items():
        yield ""
        yield f"What the XNAT '{name}' would hold (from a stand-in, which is not an XNAT):"
        yield from format_tree(tree)
    yield ""
    yield from mismatch_lines(
        verdicts, MismatchExplainer(report.planned.view, report.planned.problems)
    )
    landed = sum(map(as_forecast, verdicts))
    yield f"{landed:,} of {count(len(verdicts), 'session')} landed as forecast."


def _json(
    report: RunResult, trees: Mapping[str, Tree], verdicts: Verdicts, plan: dict[str, object]
) -> dict[str, object]:
    holdings = {
        name: [
            {
                "project": project.id,
                "subject": subject.label,
                "session": session.label,
                "status": str(session.status),
                "conflict": session.conflict,
                "study_instance_uid": session.study_instance_uid,
                "scans": [
                    {"id": scan.id, "modality": scan.modality, "instances": scan.instances}
                    for scan in session.scans
                ],
            }
            for project in tree.projects
            for subject in project.subjects
            for session in subject.sessions
        ]
        for name, tree in trees.items()
    }
    explainer = MismatchExplainer(report.planned.view, report.planned.problems)
    return {
        "plan": plan,
        "run": report_json(report),
        "xnat": holdings,
        "verdicts": [
            {
                "server": verdict.server,
                "destination": str(verdict.destination),
                "verdict": str(verdict.standing),
                "as_forecast": as_forecast(verdict),
                "message": verdict.message,
                "explanation": explainer.rules(verdict),
            }
            for verdict in verdicts
        ],
        "landed_as_forecast": sum(map(as_forecast, verdicts)),
        "forecast": len(verdicts),
    }
