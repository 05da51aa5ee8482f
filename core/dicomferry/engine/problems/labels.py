"""Labels that fall together in XNAT."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.engine.problems.kinds import instances, problem
from dicomferry.engine.problems.ready import ReadyItems
from dicomferry.model import Problem


def labels(items: ReadyItems) -> Iterator[Problem]:
    """Find labels that are one to XNAT and were two in the recipe's input."""
    for level in ("subject", "session"):
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
    rows = items.grouped(
        "project, group_concat(DISTINCT subject)",
        "GROUP BY project, lower(subject) HAVING count(DISTINCT subject) > 1",
    )
    for project, subjects in rows:
        yield problem(
            "labels-differ-by-case",
            f"the subjects {subjects} in {project or 'Unassigned'} are one to XNAT, which matches"
            " labels without regard to case",
        )
