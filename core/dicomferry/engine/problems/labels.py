"""Labels that fall together in XNAT, or nearly do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dicomferry.engine.problems.kinds import instances, problem
from dicomferry.engine.problems.ready import ReadyItems
from dicomferry.model import Problem

_CASE: Final = {
    "subject": "are one to XNAT, which matches subjects without regard to case",
    "session": "differ only by case, and XNAT keeps them apart",
}


def labels(items: ReadyItems) -> Iterator[Problem]:
    """Find labels that are one to XNAT and were two before, and those two of one spelling."""
    for level in _CASE:
        yield from _collisions(items, level)
        yield from _cases(items, level)


def _collisions(items: ReadyItems, level: str) -> Iterator[Problem]:
    original = f"{level}_original"
    rows = items.grouped(
        f"project, destination.{level}, count(DISTINCT {original}), count(*)",
        f"AND {original} IS NOT NULL GROUP BY 1, 2 HAVING count(DISTINCT {original}) > 1",
    )
    for project, label, originals, count in rows:
        yield problem(
            "label-collision",
            f"{originals} different {level}s fall together on the label '{label}' in"
            f" {project or 'Unassigned'} ({instances(count)})",
        )


def _cases(items: ReadyItems, level: str) -> Iterator[Problem]:
    name = f"destination.{level}"
    rows = items.grouped(
        f"project, group_concat(DISTINCT {name})",
        f"GROUP BY project, lower({name}) HAVING count(DISTINCT {name}) > 1",
    )
    for project, found in rows:
        yield problem(
            "labels-differ-by-case",
            f"the {level}s {found} in {project or 'Unassigned'} {_CASE[level]}",
        )
