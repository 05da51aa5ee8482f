"""A plan for people: the tree XNAT will hold, what is held back, and the problems."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from dicomferry.cli.views.held_view import held_lines
from dicomferry.cli.views.text import (
    columns,
    count,
    printable,
    problem_lines,
    say,
    show_json,
    size,
)
from dicomferry.engine.retrieve.hours import is_open, next_opening
from dicomferry.ledger.reading.sessions import SessionPlan
from dicomferry.model import LEVELS
from dicomferry.reports.plan import Plan

_MOST_FOLDERS = 3


def plan_lines(plan: Plan) -> list[str]:
    """Return the tree XNAT will hold, what is held back and why, and the problems.

    Where no XNAT receives anything, nothing is said of one.
    """
    sessions = plan.sessions()
    xnat = plan.for_xnat
    why = _why(sessions) if xnat else ()
    lines = [*_tree(sessions, xnat=xnat), "", *why, *held_lines(plan), *_patients(plan)]
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
    """Return the exit code of a plan that is not run.

    It is 2 for errors, and 1 where a rule holds items back or some could not be looked into.
    """
    return 2 if plan.errors else int(bool(plan.unsettled))


def _tree(sessions: list[SessionPlan], *, xnat: bool) -> Iterator[str]:
    nowhere = "Unassigned" if xnat else "(no project)"
    for project, of_project in groupby(sessions, key=lambda plan: plan.project):
        yield printable(project or nowhere)
        for subject, plans in groupby(of_project, key=lambda plan: plan.subject):
            yield f"  {printable(subject or '(no subject)')}"
            yield from columns([_row(plan, xnat=xnat) for plan in plans], indent="    ")


def _row(plan: SessionPlan, *, xnat: bool) -> list[str]:
    cells = [
        printable(plan.session),
        "+".join(plan.modalities),
        f"{plan.source_studies:,} {'study' if plan.source_studies == 1 else 'studies'}",
        count(plan.series, "series"),
        count(plan.instances, "instance"),
        _size([plan]),
    ]
    return [*cells, f"auto-archive: {plan.auto_archive}"] if xnat else cells


def _why(sessions: list[SessionPlan]) -> Iterator[str]:
    rules = {because for plan in sessions for because in plan.because}
    if not rules:
        return
    yield "XNAT will name them by"
    for level in LEVELS:
        yield f"  {level}: " + "; ".join(sorted({getattr(rule, level) for rule in rules}))
    yield ""


def _patients(plan: Plan) -> Iterator[str]:
    """Yield a row for each subject that gets several patients, or shares one with another."""
    told = {problem.code for problem in plan.problems}
    odd = [record for record in plan.audit() if told.intersection(record.findings)]
    if odd:
        yield "Patients and subjects that do not match (--audit FILE.csv has all)"
        rows = [
            [
                printable(f"{record.project or 'Unassigned'} / {record.subject or '-'}"),
                count(record.patients, "patient"),
                count(len(record.sessions), "session"),
                ", ".join(record.findings),
                "from " + ", ".join(map(printable, record.folders[:_MOST_FOLDERS])),
            ]
            for record in odd
        ]
        yield from columns(rows, indent="  ")
        yield ""


def _ending(plan: Plan, sessions: list[SessionPlan]) -> list[str]:
    instances = sum(session.instances for session in sessions)
    lines = [
        f"{count(len(sessions), 'session')}, {count(instances, 'instance')}, {_size(sessions)}."
    ]  # fmt: skip
    takes = plan.sinks_take()
    for sink, states in plan.sinks().items():
        stored = states.get("stored", 0)
        line = f"{sink}: {count(takes[sink].to_bring, 'instance')} to bring"
        if takes[sink].left_out:
            line += f", {takes[sink].left_out:,} left out by its when:"
        if takes[sink].refused:
            line += f", {takes[sink].refused:,} that it will reject"
        if stored:
            line += f", {stored:,} already stored"
        if states.get("outdated"):
            line += f" ({states['outdated']:,} were stored before in another version)"
        lines.append(f"{line}.")
    return [*lines, *_outlook(plan)]


def _size(sessions: list[SessionPlan]) -> str:
    """Return the size of sessions in words; a PACS does not tell that of its instances."""
    known = sum(session.bytes for session in sessions)
    untold = any(session.instances and not session.bytes for session in sessions)
    if not untold:
        return size(known)
    return f"at least {size(known)}" if known else "size not known"


def _outlook(plan: Plan) -> Iterator[str]:
    """Yield for every server what of the plan is provisional, and when it may be asked."""
    for remote in plan.remote():
        known = "1 of them is" if remote.instances == 1 else f"{remote.instances:,} of them are"
        yield (
            f"{remote.server}: {known} known by its answers alone: the"
            " plan is provisional, their own headers decide when they are retrieved."
        )
        if not is_open(remote.hours, now := datetime.now()):  # noqa: DTZ005  the clock on the wall
            opening = next_opening(remote.hours, now)
            when = f"from {opening:%A %H:%M}" if opening else "never, by its hours"
            yield f"{remote.server}: it may be asked for images {when}."
