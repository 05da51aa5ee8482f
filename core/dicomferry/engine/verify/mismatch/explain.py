"""Explain a session that is not as forecast by the rules that XNAT follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from dicomferry.engine.verify import SessionVerdict, Standing
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.sessions import SessionPlan
from dicomferry.model import LEVELS, Destination, Problem
from dicomferry.xnat.filing.archiving import is_unassigned
from dicomferry.xnat.filing.conflicts import Conflict, conflicts_in

_RULES: Final = {
    Conflict.STUDY: "a session label keeps its StudyInstanceUID: another one is not merged",
    Conflict.SUBJECT: "a session label keeps its subject: another one is not merged",
    Conflict.MODALITY: "a session keeps its modality: another one is not merged",
    Conflict.FILES: "a file of the same name is there, and files are not overwritten",
    Conflict.CONTENT: "the SOP Instance UID is there with other content",
    Conflict.EXISTS: "a session of that label is there, and merging is not allowed",
    Conflict.SEVERAL_STUDIES: "a folder with several StudyInstanceUIDs cannot be built",
    Conflict.NO_SUBJECT: "a session without subject is not archived",
    Conflict.SCAN_NUMBER: "a series keeps its SeriesNumber: another one is not merged",
}
"""The rule of XNAT's behind each conflict."""

_CODES: Final = {
    Standing.WAITING: (
        "session-of-several-studies", "session-of-several-subjects", "no-subject-label",
        "session-exists-for-another-subject", "session-exists-with-another-modality",
        "session-exists-with-another-study",
    ),
    Standing.ELSEWHERE: (
        "labels-differ-by-case", "session-of-several-subjects", "comment-of-several-lines",
        "value-longer-than-rule-window", "projects-not-declared", "unassigned",
    ),
    Standing.SHORT: ("not-accepted-by-xnat", "session-of-several-studies", "gap-in-session"),
    Standing.EMPTY: ("not-accepted-by-xnat", "labels-differ-by-case"),
}  # fmt: skip
"""The problem codes of a plan that announce each standing."""


def as_forecast(verdict: SessionVerdict) -> bool:
    """Tell whether XNAT did with a session what the forecast says.

    A session that is forecast for Unassigned stays in the prearchive: XNAT archives no session
    without a project.
    """
    if verdict.standing is Standing.LANDED:
        return True
    return (
        is_unassigned(verdict.destination)
        and verdict.standing is Standing.WAITING
        and len(verdict.held) == verdict.planned
        and all(place.status == "READY" for place in verdict.where)
    )


def is_mismatch(verdict: SessionVerdict) -> bool:
    """Tell whether a session is settled and is not as forecast.

    A session is no mismatch while XNAT works on it, when XNAT did not answer, or when XNAT never
    stored what is missing.
    """
    if as_forecast(verdict) or verdict.under_way:
        return False
    settled = (Standing.ELSEWHERE, Standing.WAITING)
    return verdict.standing in settled or bool(verdict.droppable)


class MismatchExplainer:
    """Explains the sessions of one plan; `problems` are those of that plan."""

    def __init__(self, view: PlanReader, problems: Sequence[Problem]) -> None:
        self._plans = {plan.destination: plan for plan in view.sessions()}
        self._codes = dict.fromkeys(problem.code for problem in problems)

    def rules(self, verdict: SessionVerdict) -> list[str]:
        """Return the rules that XNAT followed, and the problem codes that announced it in the plan.

        Empty for a session that is no mismatch.
        """
        if not is_mismatch(verdict):
            return []
        rules = [f"rule: {_RULES[conflict]}" for conflict in conflicts_in(verdict.message)]
        plan = self._plans.get(verdict.destination)
        for place in verdict.where:
            rules += _levels(verdict.destination, place.destination, plan)
        if verdict.standing in (Standing.SHORT, Standing.EMPTY):
            rules.append(
                "rule: what the series import filter or a reject[] takes out is answered with"
                f" success; {len(verdict.missing):,} of {verdict.planned:,} are not there"
            )
        foretold = [code for code in self._codes if code in _CODES.get(verdict.standing, ())]
        if foretold:
            return [*rules, f"the plan said so: {', '.join(foretold)}"]
        return [*rules, "nothing in the plan foretold it; --save-vector keeps it for a test"]


def _levels(wanted: Destination, held: Destination, plan: SessionPlan | None) -> Iterator[str]:
    for level in LEVELS:
        before, after = getattr(wanted, level), getattr(held, level)
        if before != after:
            rules = {getattr(because, level) for because in plan.because} if plan else set()
            by = f" (by {'; '.join(sorted(rules))})" if rules else ""
            yield f"{level}: forecast '{before or '-'}'{by}, XNAT has '{after or '-'}'"
