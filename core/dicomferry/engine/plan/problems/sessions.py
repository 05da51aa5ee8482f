"""Sessions that XNAT would split, merge or build too early (its key is project, UID and label)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.engine.plan.problems.kinds import problem, several
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Problem

_QUIET = 300
"""Seconds: XNAT's `sessionXmlRebuilderInterval`."""

_SLOW_LINK = 1_000_000
"""Bytes a second that any link is taken to carry: slower ones are the user's to know."""


def sessions(items: ItemGroups) -> Iterator[Problem]:
    """Find sessions that do not stay together, and studies that do not."""
    rows = items.ready(
        "project, session, count(DISTINCT subject)",
        "GROUP BY 1, 2 HAVING count(DISTINCT subject) > 1",
    )
    for project, session, subjects in rows:
        yield problem(
            "session-of-several-subjects",
            f"session '{session}' in {project or 'Unassigned'} would belong to {subjects} subjects,"
            " but XNAT keeps the first that arrives",
        )
    rows = items.ready(
        "project, session, count(DISTINCT study)",
        "GROUP BY 1, 2 HAVING count(DISTINCT study) > 1",
    )
    for project, session, studies in rows:
        yield problem(
            "session-of-several-studies",
            f"session '{session}' in {project or 'Unassigned'} holds {studies} StudyInstanceUIDs;"
            " XNAT makes several prearchive sessions of it, and all but one end in conflict",
        )
    spanning = list(
        items.ready("study", "GROUP BY study HAVING count(DISTINCT project || '/' || session) > 1")
    )
    if spanning:
        yield problem(
            "study-over-several-sessions",
            f"{len(spanning):,} StudyInstanceUIDs are spread over more than one session",
        )


def gaps(items: ItemGroups) -> Iterator[Problem]:
    """Find sessions in which one instance may take longer to send than XNAT waits.

    A session is sent in one go, so that it pauses only as long as its largest instance takes.
    """
    large = [
        (size, str(session))
        for session, size in items.ready(
            "session, max(largest)",
            f"GROUP BY destination.id HAVING max(largest) > {_QUIET * _SLOW_LINK}",
        )
    ]
    if large:
        speed = max(size for size, _ in large) / _QUIET / 1e6
        yield problem(
            "gap-in-session",
            f"an instance of {several([name for _, name in large])} takes more than five minutes"
            f" over a link of less than {speed:.1f} MB a second",
        )
