"""What the recipe's sinks will not take, as far as the plan can tell."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.engine.pipeline.foreseen import LEFT_OUT, REFUSED, TAKEN_BY_NONE, sink_note
from dicomferry.engine.plan.problems.kinds import instances, problem
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.rows import Verdict
from dicomferry.model import Problem

_MOST = 20
"""Reasons that are told one by one."""


def sinks(items: ItemGroups) -> Iterator[Problem]:
    """Find sinks that take nothing, and instances that no sink takes or one will reject."""
    counts = items.notes()
    notes = {said: count for note, count in counts.items() if (said := sink_note(note))}
    ready = sum(one.items for one in items.by_source() if one.verdict == Verdict.READY)
    for said, count in notes.items():
        if said.kind == LEFT_OUT and count == ready:
            yield problem(
                "sink-takes-nothing",
                f"the when: of the sink '{said.sink}' leaves out all {instances(count)}",
            )
    if none := counts[TAKEN_BY_NONE]:
        folder = items.folders_noted(TAKEN_BY_NONE)[TAKEN_BY_NONE]
        yield problem(
            TAKEN_BY_NONE,
            f"the when: of every sink leaves out {instances(none)}, first in {folder}",
        )
    refused = {said: count for said, count in notes.items() if said.kind == REFUSED}
    folders = items.folders_noted(f"{REFUSED}:") if refused else {}
    for said, count in list(refused.items())[:_MOST]:
        yield problem(
            REFUSED,
            f"the sink '{said.sink}' will reject {instances(count)}, first in {folders[str(said)]}:"
            f" {said.why}",
        )
    if left := sum(list(refused.values())[_MOST:]):
        yield problem(REFUSED, f"and {instances(left)} more, for other reasons")


def refused_by_sinks(items: ItemGroups) -> int:
    """Count the instances that sinks will reject; one that two sinks reject counts twice."""
    notes = items.notes().items()
    return sum(count for note, count in notes if note.startswith(f"{REFUSED}:"))
