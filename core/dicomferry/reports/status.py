"""What the ledger of a recipe knows of every instance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from dicomferry.errors import FerryError
from dicomferry.ledger.reading.item_states import ItemState
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.sessions import SessionPlan, VerdictTally
from dicomferry.ledger.reading.sink_states import SinkFailure
from dicomferry.ledger.rows import UNSETTLED, Verdict
from dicomferry.model import Excluded, Failed, Outcome, Problem, Rejected, Stored
from dicomferry.reports.problem import ProblemRecord, problem_records

STATES = ("all", "stored", "due", "excluded", "rejected", "failed", "passed",
          "not-looked-into")  # fmt: skip
"""What `item_records` can be asked for."""


class OutcomeRecord(Struct, frozen=True):
    """What became of one instance at one sink: stored, excluded, rejected or failed, and why."""

    state: str
    reason: str


class ItemRecord(Struct, frozen=True):
    """One item: where it is, what the plan says, and what became of it, by sink key."""

    location: str
    sop_instance_uid: str
    verdict: Verdict
    code: str
    reason: str
    destination: str | None
    sinks: dict[str, OutcomeRecord]


class StatusReport(Struct, frozen=True):
    """What is where; `items` are those that were asked for.

    `sinks` has the number of instances by delivery state, by sink key. `behind` says which runs the
    ledger does not know of, although there are manifests of them; normally nothing. `unfinished`
    says that a later plan was begun and not finished: the report is of the plan before it. `errors`
    are those of the last plan: nothing is sent until it has none. `other_recipe` names another
    recipe of which the last plan in the ledger is; normally it is empty. `former_sinks` are those
    of `sinks` that the plan does not have any more, such as a server at its address before, and
    `former` is what went wrong there: it does not count.
    """

    counts: tuple[VerdictTally, ...]
    sinks: dict[str, dict[str, int]]
    failures: tuple[SinkFailure, ...]
    warnings: tuple[SinkFailure, ...]
    unverified: str
    sessions: tuple[SessionPlan, ...]
    items: tuple[ItemRecord, ...] = ()
    behind: str = ""
    unfinished: bool = False
    errors: tuple[ProblemRecord, ...] = ()
    other_recipe: str = ""
    former: tuple[SinkFailure, ...] = ()
    former_sinks: tuple[str, ...] = ()

    @property
    def unsettled(self) -> bool:
        """Tell whether something failed, was rejected or not looked into, or cannot be known."""
        doubts = (
            self.failures, self.unverified, self.behind, self.unfinished, self.errors,
            self.other_recipe,
        )  # fmt: skip
        return any(doubts) or any(one.verdict in UNSETTLED for one in self.counts)


def status_report(
    view: PlanReader,
    unverified: str = "",
    behind: str = "",
    errors: Iterable[Problem] = (),
    other_recipe: str = "",
) -> StatusReport:
    """Return what a ledger knows, without its items."""
    return StatusReport(
        counts=tuple(view.tallies()),
        sinks={sink: view.delivered(sink) for sink in view.sinks()},
        failures=tuple(view.failures()),
        warnings=tuple(view.warnings()),
        unverified=unverified,
        sessions=tuple(view.sessions()),
        behind=behind,
        unfinished=not view.is_latest(),
        errors=problem_records(errors),
        other_recipe=other_recipe,
        former=tuple(view.failures(former=True)),
        former_sinks=tuple(view.former_sinks()),
    )


def item_records(view: PlanReader, state: str) -> Iterator[ItemRecord]:
    """Yield the items in one of `STATES`; raises `FerryError` for any other."""
    if state not in STATES:
        raise FerryError(f"there is no state '{state}'", hint=f"there are {', '.join(STATES)}")
    former = view.former_sinks()
    sinks = [sink for sink in view.sinks() if sink not in former]
    for item in view.items():
        if _matches(item, state, sinks):
            yield ItemRecord(
                location=str(item.location),
                sop_instance_uid=item.sop_instance_uid,
                verdict=item.verdict,
                code=item.code,
                reason=item.reason,
                destination=str(item.destination) if item.destination else None,
                sinks={
                    sink: OutcomeRecord(_word(outcome), _reason(outcome))
                    for sink, outcome in item.outcomes.items()
                },
            )


def _matches(item: ItemState, state: str, sinks: list[str]) -> bool:
    if state == "all":
        return True
    if item.verdict is not Verdict.READY:
        return state == item.verdict
    if state == "due":
        return not sinks or any(sink not in item.outcomes for sink in sinks)
    return state in (_word(item.outcomes[sink]) for sink in sinks if sink in item.outcomes)


def _word(outcome: Outcome) -> str:
    return type(outcome).__name__.lower()


def _reason(outcome: Outcome) -> str:
    match outcome:
        case Stored(receipt):
            return receipt
        case Excluded(reason) | Rejected(reason) | Failed(reason, _):
            return reason
