"""Sessions that XNAT would split, merge or build too early."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from dicomferry.engine.plan.problems.kinds import problem, several
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Problem
from dicomferry.xnat.filing.archiving import QUIET_PERIOD
from dicomferry.xnat.filing.keys import ArchiveKey, GatheredSession, gathered
from dicomferry.xnat.labels import UNASSIGNED

_SLOW_LINK: Final = 1_000_000
"""Bytes a second that any link is taken to carry: slower ones are the user's to know."""


def sessions_of(items: ItemGroups) -> dict[ArchiveKey, GatheredSession]:
    """Return what is to come together in each session of the archive."""
    return gathered(
        (one.destination, one.study_instance_uid) for one in items.studies_of_destinations()
    )


def sessions(items: ItemGroups) -> Iterator[Problem]:
    """Find sessions that do not stay together, and studies that do not."""
    found = sorted(sessions_of(items).items(), key=lambda one: (one[0].project or "", one[0].label))
    for key, session in found:
        if len(session.subjects) > 1:
            yield problem(
                "session-of-several-subjects",
                f"session '{key.label}' in {key.project or UNASSIGNED} would belong to"
                f" {len(session.subjects)} subjects, but XNAT keeps the first that arrives",
            )
    for key, session in found:
        if len(session.parts) > 1:
            yield problem(
                "session-of-several-studies",
                f"session '{key.label}' in {key.project or UNASSIGNED} holds"
                f" {len(session.parts)} StudyInstanceUIDs; XNAT makes several prearchive sessions"
                " of it, and all but one end in conflict",
            )
    places = Counter(study for _, session in found for study in session.study_instance_uids)
    if spanning := sum(1 for count in places.values() if count > 1):
        yield problem(
            "study-over-several-sessions",
            f"{spanning:,} StudyInstanceUIDs are spread over more than one session",
        )


def gaps(items: ItemGroups) -> Iterator[Problem]:
    """Find sessions in which one instance may take longer to send than XNAT waits.

    A session is sent in one go, so that it pauses only as long as its largest instance takes.
    """
    large = [one for one in items.destinations() if one.largest > QUIET_PERIOD * _SLOW_LINK]
    if large:
        speed = max(one.largest for one in large) / QUIET_PERIOD / 1e6
        yield problem(
            "gap-in-session",
            f"an instance of {several([one.destination.session for one in large])} takes more than"
            f" five minutes over a link of less than {speed:.1f} MB a second",
        )
