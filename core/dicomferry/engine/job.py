"""What a session is asked to do, and the plan it makes of it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from dicomferry.engine.plan import Progress
from dicomferry.host import Plugins
from dicomferry.ledger.rows import Verdict
from dicomferry.ledger.view import LedgerView
from dicomferry.model import Problem, Severity
from dicomferry.recipe.recipe import Recipe


class Courtesy(Struct, frozen=True):
    """How a run treats a PACS: `now` passes over its hours, `wait` sits out the time between.

    `spool` is how many bytes retrieved instances may take up on this machine.
    """

    now: bool = False
    wait: bool = False
    spool: int = 4 << 30


class Job(Struct, frozen=True):
    """What is to be run, and where its state is kept."""

    recipe: Recipe
    plugins: Plugins
    state: Path
    progress: Progress
    rehearsal: bool = False
    courtesy: Courtesy = Courtesy()


class Planned(Struct, frozen=True):
    """A plan: read it through `view`; `problems` has the errors first."""

    view: LedgerView
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems that stop a run."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def rejected(self) -> int:
        """Return how many items a rule holds back."""
        return sum(t.count for t in self.view.tallies() if t.verdict is Verdict.REJECTED)
