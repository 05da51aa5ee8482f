"""A plan for people: the tree XNAT will hold, what is held back, and the problems."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from dicomferry.cli.views.text import columns, count, printable, problem_lines, say, show_json, size
from dicomferry.engine.retrieve.hours import is_open, next_opening
from dicomferry.ledger.reading.sessions import SessionPlan
from dicomferry.ledger.rows import Verdict
from dicomferry.model import LEVELS
from dicomferry.reports.plan import HeldRecord, Plan

_EXAMPLES = 5


def plan_lines(plan: Plan) -> list[str]:
    """Return the tree XNAT will hold, what is held back and why, and the problems."""
    sessions = plan.sessions()
    lines = [*_tree(sessions), "", *_why(sessions), *_held(plan)]
    if plan.problems:
        lines += ["Problems", *problem_lines(plan.problems), ""]
    return lines + _ending(plan, sessions)


def show_plan(plan: Plan, form: str) -> int:
    """Print a plan of which nothing was sent, and return the exit code."""
    if form == "json":
        show_json(plan.report())
    else:
        say(plan_lines(plan))
        say(["Nothing was sent."])
    return plan_code(plan)


def plan_code(plan: Plan) -> int:
    """Return the exit code of a plan that is not run: 2 for errors, 1 where a rule holds back."""
    return 2 if plan.errors else int(bool(plan.rejected))


def _tree(sessions: list[SessionPlan]) -> Iterator[str]:
    for project, of_project in groupby(sessions, key=lambda plan: plan.project):
        yield printable(project or "Unassigned")
        for subject, plans in groupby(of_project, key=lambda plan: plan.subject):
            yield f"  {printable(subject or '(no subject)')}"
            yield from columns([_row(plan) for plan in plans], indent="    ")


def _row(plan: SessionPlan) -> list[str]:
    return [
        printable(plan.session),
        "+".join(plan.modalities),
        count(plan.series, "series"),
        count(plan.instances, "instance"),
        size(plan.bytes),
        f"auto-archive: {plan.auto_archive}",
    ]


def _why(sessions: list[SessionPlan]) -> Iterator[str]:
    rules = {because for plan in sessions for because in plan.because}
    if not rules:
        return
    yield "XNAT will name them by"
    for level in LEVELS:
        yield f"  {level}: " + "; ".join(sorted({getattr(rule, level) for rule in rules}))
    yield ""


def _held(plan: Plan) -> Iterator[str]:
    held = [one for one in plan.counts() if one.verdict is not Verdict.READY]
    if not held:
        return
    yield "Not part of it"
    examples = _examples(plan)
    for one in held:
        yield f"  {one.verdict}: {count(one.items, 'file')} ({one.code})"
        for item in examples[one.verdict, one.code]:
            yield f"      {printable(item.location)}: {printable(item.reason)}"
        if one.items > _EXAMPLES:
            yield "      …"
    yield ""


def _examples(plan: Plan) -> dict[tuple[Verdict, str], list[HeldRecord]]:
    found: dict[tuple[Verdict, str], list[HeldRecord]] = {}
    for item in plan.held():
        kept = found.setdefault((item.verdict, item.code), [])
        if len(kept) < _EXAMPLES:
            kept.append(item)
    return found


def _ending(plan: Plan, sessions: list[SessionPlan]) -> list[str]:
    instances = sum(session.instances for session in sessions)
    total = size(sum(session.bytes for session in sessions))
    lines = [
        f"{count(len(sessions), 'session')}, {count(instances, 'instance')}, {total}."
    ]  # fmt: skip
    for sink, states in plan.sinks().items():
        stored = states.get("stored", 0)
        line = f"{sink}: {count(instances - stored, 'instance')} to bring"
        if stored:
            line += f", {stored:,} already stored"
        if states.get("outdated"):
            line += f" ({states['outdated']:,} were stored before in another version)"
        lines.append(f"{line}.")
    return [*lines, *_outlook(plan)]


def _outlook(plan: Plan) -> Iterator[str]:
    """Yield for every server what of the plan is provisional, and when it may be asked."""
    for remote in plan.remote():
        yield (
            f"{remote.server}: {remote.instances:,} of them are known by its answers alone: the"
            " plan is provisional, their own headers decide when they are retrieved."
        )
        if not is_open(remote.hours, now := datetime.now()):  # noqa: DTZ005  the clock on the wall
            opening = next_opening(remote.hours, now)
            when = f"from {opening:%A %H:%M}" if opening else "never, by its hours"
            yield f"{remote.server}: it may be asked for images {when}."
