"""`dicomferry status`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from dicomferry.cli.options.common import (
    find_plugins,
    format_option,
    read_recipe,
    recipe_argument,
    set_option,
    state_option,
)
from dicomferry.cli.views.report_view import failure_line
from dicomferry.cli.views.text import columns, count, say
from dicomferry.engine.session.session import state_folder
from dicomferry.errors import FerryError
from dicomferry.ledger import Ledger
from dicomferry.ledger.reading.crosswalk import crosswalk
from dicomferry.ledger.reading.item_states import ItemState
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.rows import Verdict
from dicomferry.model import Excluded, Failed, Outcome, Rejected, Stored

_STATES = ("all", "stored", "due", "excluded", "rejected", "failed", "passed")


@click.command("status")
@recipe_argument
@set_option
@state_option
@format_option
@click.option("--items", type=click.Choice(_STATES), help="List the instances in this state.")
@click.option(
    "--crosswalk", "table", type=click.Path(path_type=Path, dir_okay=False),
    help="Save every changed UID, before and after, as CSV.",
)  # fmt: skip
def command(
    recipe: Path,
    overrides: Mapping[str, str],
    state: Path | None,
    form: str,
    items: str | None,
    table: Path | None,
) -> int:
    """Show what the ledger of RECIPE knows: what is where, and why."""
    loaded = read_recipe(recipe, overrides, find_plugins())
    ledger = Ledger(state_folder(loaded, state), readonly=True)
    try:
        view = PlanReader.last(ledger)
        if table is not None:
            _save_crosswalk(ledger, table)
        listed = (item for item in view.items() if items and _matches(item, items, view.sinks()))
        if form == "json":
            click.echo(json.dumps(_json(view, listed), indent=2))
        else:
            say(_summary(view))
            say(line for item in listed for line in _item_lines(item))
    finally:
        ledger.close()
    return 0


def _summary(view: PlanReader) -> Iterator[str]:
    for tally in view.tallies():
        code = f" ({tally.code})" if tally.code else ""
        yield f"{tally.verdict}: {count(tally.count, 'file')}{code}"
    for sink in view.sinks():
        states = view.delivered(sink)
        yield f"{sink}: " + ", ".join(f"{n:,} {state}" for state, n in sorted(states.items()))
    yield from (f"  {failure_line(failure)}" for failure in view.failures())
    yield from columns(
        [
            [
                str(plan.destination),
                count(plan.instances, "instance"),
                *(f"{number:,} stored" for number in list(plan.stored.values())[:1] or [0]),
            ]
            for plan in view.sessions()
        ]
    )


def _matches(item: ItemState, state: str, sinks: list[str]) -> bool:
    if state == "all":
        return True
    if item.verdict is not Verdict.READY:
        return state == item.verdict
    found = {type(outcome).__name__.lower() for outcome in item.outcomes.values()}
    if state == "due":
        return not sinks or any(sink not in item.outcomes for sink in sinks)
    return state in found


def _item_lines(item: ItemState) -> Iterator[str]:
    yield f"{item.location}"
    if item.verdict is not Verdict.READY:
        yield f"  {item.verdict} ({item.code}): {item.reason}"
        return
    yield f"  {item.sop_instance_uid} → {item.destination}"
    for sink, outcome in item.outcomes.items():
        yield f"  {sink}: {_word(outcome)}: {_reason(outcome)}"
    if not item.outcomes:
        yield "  not brought anywhere yet"


def _json(view: PlanReader, items: Iterator[ItemState]) -> dict[str, object]:
    return {
        "counts": [
            {"verdict": str(t.verdict), "code": t.code, "items": t.count} for t in view.tallies()
        ],
        "sinks": {sink: view.delivered(sink) for sink in view.sinks()},
        "items": [
            {
                "location": str(item.location),
                "sop_instance_uid": item.sop_instance_uid,
                "verdict": str(item.verdict),
                "code": item.code,
                "reason": item.reason,
                "destination": str(item.destination) if item.destination else None,
                "sinks": {
                    sink: {"state": _word(outcome), "reason": _reason(outcome)}
                    for sink, outcome in item.outcomes.items()
                },
            }
            for item in items
        ],
    }


def _word(outcome: Outcome) -> str:
    return type(outcome).__name__.lower()


def _reason(outcome: Outcome) -> str:
    match outcome:
        case Stored(receipt):
            return receipt
        case Excluded(reason) | Rejected(reason) | Failed(reason, _):
            return reason


def _save_crosswalk(ledger: Ledger, path: Path) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["kind", "before", "after"])
            writer.writerows(crosswalk(ledger))
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None
