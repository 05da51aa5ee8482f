"""Labels that fall together in XNAT, or nearly do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from dicomferry.engine.plan.problems.kinds import have, instances, problem
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.model import Problem
from dicomferry.xnat.filing.keys import subject_key
from dicomferry.xnat.labels import UNASSIGNED

_Level = Literal["subject", "session"]

_CASE: Final[dict[_Level, str]] = {
    "subject": "are one to XNAT, which matches subjects without regard to case",
    "session": "differ only by case, and XNAT keeps them apart",
}


def labels(items: ItemGroups) -> Iterator[Problem]:
    """Find labels that are one to XNAT and were two before, and those two of one spelling."""
    for level in _CASE:
        yield from _collisions(items, level)
        yield from _cases(items, level)


def stored_elsewhere(items: ItemGroups) -> Iterator[Problem]:
    """Find what a run has stored under other labels than it would now be filed under."""
    for one in PlanReader(items.ledger, items.scan).stored_elsewhere():
        by = " by a chosen plan" if one.by_chosen_plan else ""
        yield problem(
            "stored-under-other-labels",
            f"{have(one.instances)} been stored as {one.was}{by}, and would go to"
            f" {one.now} as well",
        )


def _collisions(items: ItemGroups, level: _Level) -> Iterator[Problem]:
    for one in items.labels_of_several_originals(level):
        yield problem(
            "label-collision",
            f"{one.originals} different {level}s fall together on the label '{one.label}' in"
            f" {one.project or UNASSIGNED} ({instances(one.instances)})",
        )


def _cases(items: ItemGroups, level: _Level) -> Iterator[Problem]:
    spellings: dict[tuple[str, str], dict[str, None]] = {}
    for place in items.destinations():
        label = getattr(place.destination, level) or ""
        key = (place.destination.project or "", subject_key(label))
        spellings.setdefault(key, {})[label] = None
    for key in sorted(key for key, found in spellings.items() if len(found) > 1):
        found, project = ",".join(spellings[key]), key[0] or UNASSIGNED
        yield problem("labels-differ-by-case", f"the {level}s {found} in {project} {_CASE[level]}")
