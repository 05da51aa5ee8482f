"""What a plan sends nowhere, for people: how many items of each kind, and the first of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from dicomferry.cli.views.text import count, printable
from dicomferry.ledger.reading.sessions import VerdictTally
from dicomferry.ledger.rows import UNSETTLED, Verdict
from dicomferry.reports.plan import HeldRecord, Plan

_EXAMPLES = 5
_ENDINGS = 12


def held_lines(plan: Plan) -> Iterator[str]:
    """Yield everything that is not part of a plan, and why."""
    kinds = [kind for kind in plan.counts() if kind.verdict is not Verdict.READY]
    if kinds:
        yield "Not part of it"
        yield from _lines(plan, kinds)
        yield ""


def unsettled_lines(plan: Plan) -> Iterator[str]:
    """Yield what keeps a run from being complete: rejected items, and those not looked into."""
    yield from _lines(plan, [kind for kind in plan.counts() if kind.verdict in UNSETTLED])


def _lines(plan: Plan, kinds: Collection[VerdictTally]) -> Iterator[str]:
    examples = _examples(plan) if kinds else {}
    for kind in kinds:
        verdict = kind.verdict.replace("-", " ")
        yield f"  {verdict}: {count(kind.items, 'file')} ({kind.code})"
        if (kind.verdict, kind.code) == (Verdict.PASSED, "not-dicom"):
            yield f"      {_endings(plan)}"
        named = examples[kind.verdict, kind.code]
        yield from (f"      {printable(one.location)}: {printable(one.reason)}" for one in named)
        if kind.items > len(named):
            yield f"      and {kind.items - len(named):,} more"


def _endings(plan: Plan) -> str:
    """Return how many of the files that are not DICOM have which end of their names."""
    kinds = plan.passed_kinds()
    told = [f"{one.items:,} {one.kind}" for one in kinds[:_ENDINGS]]
    if others := sum(one.items for one in kinds[_ENDINGS:]):
        told.append(f"{others:,} of {count(len(kinds) - _ENDINGS, 'other kind')}")
    return printable(", ".join(told))


def _examples(plan: Plan) -> dict[tuple[Verdict, str], list[HeldRecord]]:
    found: dict[tuple[Verdict, str], list[HeldRecord]] = defaultdict(list)
    for item in plan.held():
        kept = found[item.verdict, item.code]
        if len(kept) < _EXAMPLES:
            kept.append(item)
    return found
