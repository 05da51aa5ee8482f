"""What is wrong with a plan as a whole, each with a stable code, why XNAT minds, what to do.

* A *problem* (`model.Problem`) is one thing found: its code, what was found where, how much it
  matters.
* A *kind* (`kinds/`) is what all problems of one code have in common: severity, why XNAT minds,
  what to do. `docs/problems.md` has a section for each.
* A *check* is a function that looks at the plan's `ItemGroups` and yields problems. Checks stand in
  modules by what they look at: identification, labels, sessions, studies, patients, scans,
  instances, site.
* What XNAT does is not stated here: checks ask `xnat/filing` and `xnat/naming`.
* What only the receiving XNAT knows is asked of it by `live.ask`, what a site minds by `plug_ins`.
* To *waive* a problem is to make a note of it, because the recipe allows its code.

A new code is a kind in a table of `kinds/`, a check or a part of one, and a section in
`docs/problems.md`.
The session calls `find_problems`, `plan --ask` calls `live.ask`. Nothing here writes to the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from dicomferry.engine.pipeline.edit import LABELS_ASKED
from dicomferry.engine.plan.problems.identification import (
    generations,
    mismatches,
    naming,
    noted,
)
from dicomferry.engine.plan.problems.instances import (
    answers,
    behind,
    capabilities,
    duplicates,
    faults,
    gone,
    listed_not_found,
    not_listed,
    nothing_found,
    queries_without_study,
)
from dicomferry.engine.plan.problems.kinds import known_codes, problem
from dicomferry.engine.plan.problems.labels import labels, stored_elsewhere
from dicomferry.engine.plan.problems.patients import (
    empty_parts,
    patients,
    references,
    several_values,
)
from dicomferry.engine.plan.problems.plug_ins import checked_by, is_of_checker
from dicomferry.engine.plan.problems.scans import late_scans, scans
from dicomferry.engine.plan.problems.sessions import gaps, sessions, stored_under_another_study
from dicomferry.engine.plan.problems.sinks import sinks as sinks_of_recipe
from dicomferry.engine.plan.problems.site import (
    anonymized,
    anonymizes_of,
    names_labels,
    site_scripts,
)
from dicomferry.engine.plan.problems.studies import studies, studies_of_rows
from dicomferry.host import Plugins
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.store import Ledger
from dicomferry.model import Problem, Severity

__all__ = [
    "anonymizes_of",
    "by_severity",
    "find_problems",
    "known_codes",
    "names_labels",
    "site_scripts",
    "waive",
]


def find_problems(
    ledger: Ledger,
    allow: frozenset[str],
    *,
    xnat: bool,
    labelled: bool = True,
    sinks: Sequence[str] = (),
    every_sink: Sequence[str] = (),
    sources: Iterable[str] = (),
    anonymizes: Mapping[str, tuple[str, ...]] | None = None,
    plugins: Plugins | None = None,
) -> list[Problem]:
    """Return the plan's problems, errors first; those the recipe allows become notes.

    An error stops a run before anything is sent. `xnat` says whether an XNAT receives the data,
    `labelled` whether labels matter that no transform asks for; `sinks` are the keys of the XNATs,
    `every_sink` those of all sinks;
    `sources` are the ids of the recipe's sources; `anonymizes` are the keywords that the script of
    each receiving server rewrites; `plugins` are asked for their own checks.
    """
    plan = PlanReader.last(ledger)
    items = plan.groups()
    found = [
        *behind(ledger),
        *nothing_found(items, sources),
        *queries_without_study(items),
        *gone(items),
        *listed_not_found(items),
        *not_listed(plan),
        *answers(items),
        *faults(items),
        *stored_elsewhere(items),
    ]
    if xnat or labelled or items.notes()[LABELS_ASKED]:
        found += studies(items, xnat=xnat)
        found += patients(items, xnat=xnat, sinks=every_sink)
        for note in (empty_parts, several_values):
            found += note(items)
    else:
        found += studies_of_rows(plan)
    found += references(items)
    found += sinks_of_recipe(items)
    found += stored_under_another_study(items, sinks)
    found += late_scans(items, sinks)
    if xnat:
        for check in (
            mismatches, labels, sessions, naming, noted, generations, scans, gaps, capabilities,
        ):  # fmt: skip
            found += check(items)
        found += anonymized(items, anonymizes or {})
    found += duplicates(items)
    if plugins is not None:
        found += checked_by(plugins, plan)
    found += _unknown(allow, plugins)
    return waive(found if xnat else map(_without_xnat, found), allow)


def _without_xnat(problem: Problem) -> Problem:
    """Return a problem of a recipe that has no XNAT, without why one would mind."""
    return replace(problem, why="") if "XNAT" in problem.why else problem


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


def _unknown(allow: frozenset[str], plugins: Plugins | None) -> Iterator[Problem]:
    for code in sorted(allow - known_codes()):
        if plugins is None or not is_of_checker(code, plugins):
            yield problem(
                "allowed-code-unknown", f"allow: names '{code}', which is no code of a problem"
            )
