"""`dicomferry plan`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click
from msgspec.structs import replace

from dicomferry.cli.options.common import (
    find_plugins,
    format_option,
    read_recipe,
    recipe_argument,
    set_option,
    state_option,
)
from dicomferry.cli.options.executor_option import executor_option
from dicomferry.cli.views.plan_view import plan_json, plan_lines, save_plan
from dicomferry.cli.views.progress import choose_display
from dicomferry.cli.views.text import say
from dicomferry.engine.plan.planned import Planned
from dicomferry.engine.session.job import Job
from dicomferry.engine.session.session import Session, open_session, state_folder
from dicomferry.host import Plugins
from dicomferry.recipe.recipe import Recipe


@click.command("plan")
@recipe_argument
@set_option
@state_option
@format_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path),
    help="Save it as .json, or as .csv to choose from and to edit labels in.",
)  # fmt: skip
@click.option("--ask", is_flag=True, help="Ask XNAT what stands in the way there (needs rest:).")
@executor_option
@click.option("--diff", metavar="FILE|UID", help="Show the tag edits of one instance instead.")
def command(
    recipe: Path,
    overrides: Mapping[str, str],
    state: Path | None,
    form: str,
    output: Path | None,
    ask: bool,
    executor: str,
    diff: str | None,
) -> int:
    """Show what a run of RECIPE would do, and what XNAT will call it. Nothing is sent."""
    plugins = find_plugins()
    loaded = read_recipe(recipe, overrides, plugins)
    display = choose_display(form)
    folder = state_folder(loaded, state)
    job = Job(loaded, plugins, folder, display.show, executor=executor)
    with open_session(job) as session:
        with display:
            planned = session.plan()
        if ask:
            planned = _asked(session, planned, loaded, plugins)
        if diff is not None:
            from dicomferry.cli.views.diff_view import diff_of

            told = diff_of(session, planned.view, diff)
            say(told.lines)
            return 0 if told.sent else 2
        if output is not None:
            save_plan(session, planned, output)
        if form == "json":
            click.echo(json.dumps(plan_json(session, planned), indent=2))
        else:
            say(plan_lines(session, planned))
            click.echo("Nothing was sent.")
        return 2 if planned.errors else int(bool(planned.rejected))


def _asked(session: Session, planned: Planned, recipe: Recipe, plugins: Plugins) -> Planned:
    """Return the plan with what the receiving XNATs say against it."""
    from dicomferry.engine.pipeline.context import BuildContext
    from dicomferry.engine.pipeline.servers import targets_of
    from dicomferry.engine.plan.problems import by_severity, waive
    from dicomferry.engine.plan.problems.live import ask

    targets = targets_of(session.steps, BuildContext(recipe, plugins))
    found = waive(ask(session.ledger, targets), recipe.allow)
    return replace(planned, problems=tuple(by_severity([*planned.problems, *found])))
