"""Problems of naming: what XNAT's rules make, or fail to make, of the instances."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.engine.plan.problems.kinds import have, instances, problem
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Problem
from dicomferry.xnat.naming.notes import COMMENT_OF_SEVERAL_LINES, VALUE_LONGER_THAN_WINDOW

_HELD = ("forecast-mismatch", "servers-disagree", "refused-by-xnat")
_NOTED = {
    COMMENT_OF_SEVERAL_LINES: "a comment of several lines, and XNAT will not read all the"
    " assignments in it",
    VALUE_LONGER_THAN_WINDOW: "a value longer than the 64 characters a routing rule looks at",
}


def mismatches(items: ItemGroups) -> Iterator[Problem]:
    """Find what is held back because XNAT would not name it as asked, or not take it."""
    for code, reason, count in items.counted("code, reason", "verdict = 'rejected'"):
        if code in _HELD:
            yield problem(code, f"{instances(count)}: {reason}")


def naming(items: ItemGroups) -> Iterator[Problem]:
    """Find instances that XNAT will name otherwise than anybody would want."""
    if count := items.count_ready("why.project LIKE '%projects are not declared'", why=True):
        yield problem(
            "projects-not-declared",
            f"the project of {instances(count)} is taken to exist: the server's projects are not"
            " declared",
        )
    if count := items.count_ready("destination.project = ''"):
        yield problem(
            "unassigned",
            f"{instances(count)} will land in Unassigned: no rule names a project that the server"
            " has",
        )
    if count := items.count_ready("destination.session = 'dicom_upload'"):
        yield problem(
            "no-session-label",
            f"{have(count)} no session label; XNAT will call it 'dicom_upload'",
        )
    if count := items.count_ready("destination.subject = ''"):
        yield problem("no-subject-label", f"{have(count)} no subject label")


def noted(items: ItemGroups) -> Iterator[Problem]:
    """Find values that XNAT's patterns do not see as a person would."""
    for code, what in _NOTED.items():
        if count := items.count_ready(f"' ' || why.notes || ' ' LIKE '% {code} %'", why=True):
            yield problem(code, f"{have(count)} {what}")
