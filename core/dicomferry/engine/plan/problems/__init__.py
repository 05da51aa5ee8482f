"""What is wrong with a plan as a whole, each with a stable code, why XNAT minds, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from dicomferry.engine.plan.problems.identification import mismatches, naming, noted
from dicomferry.engine.plan.problems.instances import capabilities, duplicates
from dicomferry.engine.plan.problems.kinds import known_codes, problem
from dicomferry.engine.plan.problems.labels import labels, stored_elsewhere
from dicomferry.engine.plan.problems.scans import scans
from dicomferry.engine.plan.problems.sessions import gaps, sessions
from dicomferry.engine.plan.problems.site import anonymized, anonymizes_of
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.reading.plan_view import LedgerView
from dicomferry.ledger.store import Ledger
from dicomferry.model import Problem, Severity

__all__ = ["anonymizes_of", "by_severity", "find_problems", "known_codes", "waive"]


def find_problems(
    ledger: Ledger,
    allow: frozenset[str],
    *,
    xnat: bool,
    anonymizes: Mapping[str, tuple[str, ...]] | None = None,
) -> list[Problem]:
    """Return the plan's problems, errors first; those the recipe allows become notes.

    An error stops a run before anything is sent. `xnat` says whether an XNAT receives the data;
    `anonymizes` are the keywords that the script of each receiving server rewrites.
    """
    items = ItemGroups.of(ledger, LedgerView(ledger).scan)
    found = [*mismatches(items), *labels(items), *stored_elsewhere(items)]
    if xnat:
        for check in (sessions, naming, noted, scans, gaps, capabilities):
            found += check(items)
        found += anonymized(items, anonymizes or {})
    found += duplicates(items)
    found += _unknown(allow)
    return waive(found, allow)


def waive(found: Iterable[Problem], allow: frozenset[str]) -> list[Problem]:
    """Return problems with the errors first; those a recipe allows become notes that say so."""
    waived = [
        replace(one, severity=Severity.NOTE, message=f"{one.message} [allowed]")
        if one.code in allow
        else one
        for one in found
    ]
    return by_severity(waived)


def by_severity(found: Iterable[Problem]) -> list[Problem]:
    """Return problems with the errors first."""
    return sorted(found, key=lambda one: list(Severity).index(one.severity))


def _unknown(allow: frozenset[str]) -> Iterator[Problem]:
    for code in sorted(allow - known_codes()):
        yield problem("allowed-code-unknown", f"allow: names '{code}', which is no code")
