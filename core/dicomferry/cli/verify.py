"""`dicomferry verify`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

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
from dicomferry.cli.views.mismatch_view import explainer_of, save_mismatches, vector_option
from dicomferry.cli.views.progress import choose_display
from dicomferry.cli.views.verdict_view import save_findings, show_findings
from dicomferry.engine.pipeline.chosen_labels import with_chosen_labels
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.servers import targets_of
from dicomferry.engine.pipeline.steps import build_steps
from dicomferry.engine.session.session import state_folder
from dicomferry.engine.verify import Inquiry, SessionVerdict, inquire
from dicomferry.ledger import Ledger, Lock
from dicomferry.ledger.delivering.deliveries import send_again
from dicomferry.ledger.planning.chosen_labels import labels_in

_REASON = "XNAT said that it has it, and does not hold it (verify)"


@click.command("verify")
@recipe_argument
@set_option
@state_option
@format_option
@click.option(
    "--wait", default="0", metavar="TIME", callback=lambda _c, _p, v: seconds(v),
    help="Look until XNAT is done with every session, this long at most: 10m, 90s.",
)  # fmt: skip
@click.option(
    "--content", type=click.Choice(["none", "sample", "all"]), default="none",
    help="Read back one instance of each series, or all, and compare them.",
)  # fmt: skip
@click.option(
    "--send-again", "send", is_flag=True, help="Let the next run bring what XNAT does not hold."
)
@vector_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
    help="Save the verdicts as .json or .csv.",
)  # fmt: skip
def command(
    recipe: Path,
    overrides: Mapping[str, str],
    state: Path | None,
    form: str,
    wait: float,
    content: str,
    send: bool,
    vectors: Path | None,
    output: Path | None,
) -> int:
    """Ask XNAT what it holds of RECIPE's plan, by SOP Instance UID, and say what is not right.

    Looks into the archive and the prearchive. Ends with 0 only when everything has landed where it
    was forecast.
    """
    plugins = find_plugins()
    loaded = read_recipe(recipe, overrides, plugins)
    steps = build_steps(loaded, plugins)
    targets = targets_of(steps, BuildContext(loaded, plugins))
    folder = state_folder(loaded, state)
    ledger = Ledger(folder, readonly=True)
    display = choose_display(form)
    try:
        steps = with_chosen_labels(steps, labels_in(ledger))
        again = named_again(recipe, overrides, state)
        inquiry = Inquiry(steps, ledger, targets, again, content, wait)
        with display:
            findings = inquire(inquiry, display.show)
        explainer = explainer_of(ledger, steps)
        if vectors is not None:
            save_mismatches(findings.verdicts, ledger, vectors)
    finally:
        ledger.close()
    marked = _mark(folder, findings.verdicts) if send else 0
    if output is not None:
        save_findings(findings, output, explainer.rules)
    show_findings(findings, form, marked, explainer.rules)
    return 0 if findings.landed else 1


def _mark(folder: Path, verdicts: tuple[SessionVerdict, ...]) -> int:
    """Make due again what XNAT is known not to hold; return how many instances that are."""
    marked = 0
    with Lock(folder, "verify"):
        ledger = Ledger(folder)
        try:
            for verdict in verdicts:
                marked += send_again(ledger, verdict.sink, verdict.droppable, _REASON)
        finally:
            ledger.close()
    return marked
