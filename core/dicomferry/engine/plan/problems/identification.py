"""Problems of naming: what XNAT's rules make, or fail to make, of the instances."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from dicomferry.engine.plan.problems.kinds import have, instances, problem
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Destination, Problem
from dicomferry.xnat.filing.archiving import is_unassigned, lacks_subject
from dicomferry.xnat.naming.default_label import DEFAULT_SESSION, is_unnamed
from dicomferry.xnat.naming.notes import (
    COMMENT_OF_SEVERAL_LINES,
    GENERATIONS_DIFFER,
    PROJECTS_NOT_DECLARED,
    VALUE_LONGER_THAN_WINDOW,
)

_HELD: Final = ("forecast-mismatch", "servers-disagree", "refused-by-xnat", "forecast-unknown")
_NOTED: Final = {
    COMMENT_OF_SEVERAL_LINES: "a comment of several lines, and XNAT will not read all the"
    " assignments in it",
    VALUE_LONGER_THAN_WINDOW: "a value longer than the 64 characters a routing rule looks at",
}


def mismatches(items: ItemGroups) -> Iterator[Problem]:
    """Find what is held back because XNAT would not name it as asked, or not take it."""
    for held in items.held_back_by_reason():
        if held.code in _HELD:
            yield problem(held.code, f"{instances(held.instances)}: {held.reason}")


def naming(items: ItemGroups) -> Iterator[Problem]:
    """Find instances that XNAT will name otherwise than anybody would want."""
    if count := items.notes()[PROJECTS_NOT_DECLARED]:
        yield problem(
            "projects-not-declared",
            f"the project of {instances(count)} is taken to exist: the server's projects are not"
            " declared",
        )
    places = list(items.destinations())

    def counted(condition: Callable[[Destination], bool]) -> int:
        return sum(place.instances for place in places if condition(place.destination))

    if count := counted(is_unassigned):
        yield problem(
            "unassigned",
            f"{instances(count)} will land in Unassigned: no rule names a project that the server"
            " has",
        )
    if count := counted(is_unnamed):
        yield problem(
            "no-session-label",
            f"{have(count)} no session label; XNAT will call it '{DEFAULT_SESSION}'",
        )
    if count := counted(lacks_subject):
        yield problem("no-subject-label", f"{have(count)} no subject label")


def generations(items: ItemGroups) -> Iterator[Problem]:
    """Find instances that XNAT up to 1.9 files otherwise, where the recipe names no generation."""
    for note, count in sorted(items.notes().items()):
        code, _, both = note.partition(":")
        if code == GENERATIONS_DIFFER:
            newer, _, older = both.partition("|")
            yield problem(
                code, f"{instances(count)}: {newer} since XNAT 1.10, {older} up to XNAT 1.9"
            )


def noted(items: ItemGroups) -> Iterator[Problem]:
    """Find values that XNAT's patterns do not see as a person would."""
    counts = items.notes()
    for code, what in _NOTED.items():
        if count := counts[code]:
            yield problem(code, f"{have(count)} {what}")
