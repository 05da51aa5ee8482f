"""What planning returns."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.engine.plan.problems.sinks import refused_by_sinks
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.rows import Verdict
from dicomferry.model import Problem, Severity


class Planned(Struct, frozen=True):
    """A plan: read it through `view`; `problems` has the errors first."""

    view: PlanReader
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems that stop a run."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def refused(self) -> int:
        """Return how many instances a sink will reject, as far as the plan knows."""
        return refused_by_sinks(self.view.groups())

    def count(self, verdict: Verdict) -> int:
        """Return how many items have a verdict, as of now."""
        return sum(t.items for t in self.view.tallies() if t.verdict is verdict)
