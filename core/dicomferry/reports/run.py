"""What a run did at each sink, and what is still to be done."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.engine.deliver.courier import SinkTally
from dicomferry.engine.retrieve.retriever import Retrieval
from dicomferry.engine.session.run import RunResult
from dicomferry.ledger.reading.sink_states import SinkFailure
from dicomferry.reports.problem import ProblemRecord, problem_records
from dicomferry.reports.verify import VerifyReport


class RunReport(Struct, frozen=True, omit_defaults=True):
    """What a run did.

    `complete` when everything of the plan is stored or was excluded on purpose: it was counted.
    Of the plan, `planned` instances were to be brought, rules held back `rejected_before_sending`
    items, and `not_looked_into` could not be read. `remaining` instances are not stored yet, and
    the next run tries them. `manifest` is the path of the run's manifest. `verify` is what XNAT
    holds, None where it was not asked. `former` is what went wrong at receivers that the recipe
    named before, such as a server that has moved: it does not count.
    """

    complete: bool
    interrupted: bool
    remaining: int
    sinks: dict[str, SinkTally]
    failures: tuple[SinkFailure, ...]
    retrieval: Retrieval
    rejected_before_sending: int
    not_looked_into: int
    planned: int
    problems: tuple[ProblemRecord, ...]
    manifest: str = ""
    verify: VerifyReport | None = None
    unverified: str = ""
    warnings: tuple[SinkFailure, ...] = ()
    former: tuple[SinkFailure, ...] = ()

    @property
    def landed(self) -> bool:
        """Tell whether XNAT was asked, and holds everything where it was forecast."""
        return self.verify is not None and self.verify.landed


def run_report(result: RunResult, unverified: str = "") -> RunReport:
    """Return the report of a run; `unverified` is what the last verification found wrong."""
    return RunReport(
        complete=result.complete and not unverified,
        interrupted=result.interrupted,
        remaining=result.remaining,
        sinks=result.tallies,
        failures=tuple(result.planned.view.failures()),
        retrieval=result.retrieval,
        rejected_before_sending=result.rejected,
        not_looked_into=result.not_looked_into,
        planned=result.planned_instances,
        problems=problem_records(result.planned.problems),
        manifest=str(result.manifest),
        unverified=unverified,
        warnings=tuple(result.planned.view.warnings()),
        former=tuple(result.planned.view.failures(former=True)),
    )
