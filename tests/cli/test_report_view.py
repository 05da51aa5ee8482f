"""What a run's report does not list it counts."""

from __future__ import annotations

from dicomferry.cli.views.report_view import report_lines
from dicomferry.engine.deliver.courier import SinkTally
from dicomferry.engine.retrieve.retriever import Retrieval
from dicomferry.ledger.reading.sink_states import SinkFailure
from dicomferry.reports.run import RunReport


class _NothingHeld:
    def counts(self) -> list[object]:
        return []


def lines(reasons: int) -> list[str]:
    failures = tuple(SinkFailure("xnat", "failed", f"reason {i}", 2) for i in range(reasons))
    report = RunReport(
        complete=False, interrupted=False, remaining=2 * reasons,
        sinks={"xnat": SinkTally(failed=2 * reasons)}, failures=failures, retrieval=Retrieval(),
        rejected_before_sending=0, not_looked_into=0, planned=2 * reasons, problems=(),
    )  # fmt: skip
    return list(report_lines(report, _NothingHeld(), None, limited=False))  # type: ignore[arg-type]


def test_a_few_reasons_are_all_listed() -> None:
    assert sum("reason " in line for line in lines(10)) == 10
    assert not any("other reason" in line for line in lines(10))


def test_reasons_that_are_not_listed_are_counted() -> None:
    assert "  and 1 other reason for 2 instances" in lines(11)
    assert "  and 30 other reasons for 60 instances" in lines(40)
