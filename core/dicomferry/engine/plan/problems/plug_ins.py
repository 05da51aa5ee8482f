"""What plug-ins find wrong with a plan: a site's own checks."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.contract.plan import PlannedSession
from dicomferry.engine.plan.problems.kinds import problem
from dicomferry.host import Plugins
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.model import Problem


class PlanInLedger(Struct, frozen=True):
    """Implements `PlanView` on a ledger."""

    view: PlanReader

    def sessions(self) -> Iterator[PlannedSession]:
        """Yield every session, ordered by project, subject and session label."""
        for plan in self.view.sessions():
            yield PlannedSession(
                plan.destination, plan.because, plan.modalities, plan.studies, plan.series,
                plan.instances, plan.bytes,
            )  # fmt: skip

    def counts(self) -> dict[str, int]:
        """Return how many findings there are of each verdict."""
        counts: dict[str, int] = {}
        for tally in self.view.tallies():
            counts[str(tally.verdict)] = counts.get(str(tally.verdict), 0) + tally.items
        return counts


def checked_by(plugins: Plugins, view: PlanReader) -> Iterator[Problem]:
    """Find what plug-ins mind; their codes get the plug-in's name in front, as in `site:too-large`.

    A check that fails is a problem itself: nobody knows what it would have found.
    """
    for check in plugins.check_plan(PlanInLedger(view)):
        if check.failure:
            message = f"the check of the plug-in '{check.plugin}' failed: {check.failure}"
            yield problem("plugin-check-failed", message)
        for one in check.problems:
            yield replace(one, code=f"{check.plugin}:{one.code}")


def is_of_checker(code: str, plugins: Plugins) -> bool:
    """Tell whether a code names a plug-in that checks plans. Nobody else knows which it has."""
    plugin, colon, rest = code.partition(":")
    return bool(colon and rest) and plugin in plugins.plan_checkers
