"""`dicomferry rehearse`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from dicomferry.cli.common import (
    find_plugins,
    find_selection,
    format_option,
    read_recipe,
    recipe_argument,
    set_option,
)
from dicomferry.cli.plan_view import plan_json, plan_lines
from dicomferry.cli.progress import choose_display
from dicomferry.cli.report_view import report_json, report_lines
from dicomferry.cli.run import stoppable
from dicomferry.cli.text import count, say
from dicomferry.engine.rehearsal import open_stage
from dicomferry.engine.session import Job, RunReport, open_session
from dicomferry.xnat.sessions import Status
from dicomferry.xnat.tree import Tree, format_tree


@click.command("rehearse")
@recipe_argument
@set_option
@format_option
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what the stand-in receives [default: nothing is kept].",
)  # fmt: skip
def command(recipe: Path, overrides: Mapping[str, str], form: str, keep: Path | None) -> int:
    """Run RECIPE against a stand-in XNAT on this machine and show what XNAT would hold.

    Nothing leaves the machine, no real server is contacted, and the recipe's own ledger is not
    touched. Sinks that deliver to no server are left out. The stand-in is not an XNAT: it knows
    how XNAT identifies, groups and archives, and no more.
    """
    plugins = find_plugins()
    selection = find_selection()
    loaded = read_recipe(recipe, overrides, plugins)
    display = choose_display(form)
    with (
        tempfile.TemporaryDirectory(prefix="dicomferry-rehearsal-") as scratch,
        open_stage(loaded, selection, keep) as stage,
    ):
        job = Job(stage.recipe, plugins, selection, Path(scratch), display.show, rehearsal=True)
        with open_session(job) as session, stoppable(session):
            with display:
                planned = session.plan()
            if planned.errors or not session.stages.sinks:
                say(plan_lines(session, planned))
                why = "the plan has errors" if planned.errors else "no sink delivers to an XNAT"
                click.echo(f"Nothing was sent: {why}.")
                return 2 if planned.errors else int(bool(planned.rejected))
            if form == "text":
                say(plan_lines(session, planned))
            with display:
                report = session.run(planned, None)
            trees = {name: double.build() for name, double in stage.doubles.items()}
            landed, forecast = _landed(report, trees)
            if form == "json":
                click.echo(json.dumps(_json(report, trees, plan_json(session, planned)), indent=2))
            else:
                say(_lines(report, recipe, trees))
                click.echo(f"{landed} of {count(forecast, 'session')} landed as forecast.")
            return 0 if report.complete and landed == forecast else 1


def _lines(report: RunReport, recipe: Path, trees: Mapping[str, Tree]) -> Iterator[str]:
    yield ""
    yield from report_lines(report, recipe, limited=False)
    for name, tree in trees.items():
        yield ""
        yield f"What the XNAT '{name}' would hold (from a stand-in, which is not an XNAT):"
        yield from format_tree(tree)
    yield ""


def _landed(report: RunReport, trees: Mapping[str, Tree]) -> tuple[int, int]:
    plans = report.planned.view.sessions()
    landed = 0
    for tree in trees.values():
        held = _held(tree)
        for plan in plans:
            place = plan.destination
            found = held.get((place.project, place.subject, place.session), (0, False))
            landed += found == (plan.instances, True)
    return landed, len(plans) * len(trees)


def _held(tree: Tree) -> dict[tuple[str | None, str | None, str], tuple[int, bool]]:
    held: dict[tuple[str | None, str | None, str], tuple[int, bool]] = {}
    for project in tree.projects:
        for subject in project.subjects:
            for session in subject.sessions:
                key = (project.id, subject.label, session.label)
                number, well = held.get(key, (0, True))
                well = well and session.status is not Status.CONFLICT
                held[key] = (number + session.instances, well)
    return held


def _json(
    report: RunReport, trees: Mapping[str, Tree], plan: dict[str, object]
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
    landed, forecast = _landed(report, trees)
    return {
        "plan": plan,
        "run": report_json(report),
        "xnat": holdings,
        "landed_as_forecast": landed,
        "forecast": forecast,
    }
