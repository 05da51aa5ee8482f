"""Sessions that XNAT would split, merge or build too early."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from dicomferry.engine.plan.problems.kinds import problem, several
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.model import Problem
from dicomferry.xnat.filing.archiving import QUIET_PERIOD
from dicomferry.xnat.filing.keys import ArchiveKey, GatheredSession, archive_key, gathered
from dicomferry.xnat.labels import UNASSIGNED

_SLOW_LINK: Final = 1_000_000
"""Bytes a second that any link is taken to carry: slower ones are the user's to know."""


def sessions_of(items: ItemGroups) -> dict[ArchiveKey, GatheredSession]:
    """Return what is to come together in each session of the archive."""
    return gathered(
        (one.destination, one.study_instance_uid) for one in items.studies_of_destinations()
    )


def sessions(items: ItemGroups) -> Iterator[Problem]:
    """Find sessions that do not stay together."""
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


def stored_under_another_study(items: ItemGroups, sinks: Sequence[str]) -> Iterator[Problem]:
    """Find sessions of which an XNAT has something, all of it under another StudyInstanceUID."""
    planned = sessions_of(items)
    stored: dict[ArchiveKey, set[str]] = {}
    for one in PlanReader(items.ledger, items.scan).stored_studies(sinks):
        stored.setdefault(archive_key(one.destination), set()).add(one.study_instance_uid)
    found = [
        f"'{key.label}' in {key.project or UNASSIGNED}"
        for key, uids in stored.items()
        if key in planned and uids.isdisjoint(planned[key].study_instance_uids)
    ]
    if found:
        number = "1 session was" if len(found) == 1 else f"{len(found):,} sessions were"
        yield problem(
            "session-stored-under-another-study",
            f"{number} sent under another StudyInstanceUID than the plan has now: {several(found)}",
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
