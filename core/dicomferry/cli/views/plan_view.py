"""A plan for people and for machines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

from dicomferry.cli.views.text import columns, count, printable, problem_json, problem_lines, size
from dicomferry.engine.plan.planned import Planned
from dicomferry.engine.retrieve.hours import is_open, next_opening
from dicomferry.engine.session.session import Session
from dicomferry.errors import FerryError
from dicomferry.ledger.reading.item_states import ItemState
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.sessions import SessionPlan
from dicomferry.ledger.rows import Verdict
from dicomferry.model import LEVELS

_EXAMPLES = 5


def plan_lines(session: Session, planned: Planned) -> list[str]:
    """Return the tree XNAT will hold, what is held back and why, and the problems."""
    sessions = planned.view.sessions()
    lines = [*_tree(sessions), "", *_why(sessions), *_held(planned.view)]
    if planned.problems:
        lines += ["Problems", *problem_lines(planned.problems), ""]
    return lines + _ending(session, planned, sessions)


def plan_json(session: Session, planned: Planned) -> dict[str, object]:
    """Return the plan as plain data."""
    view = planned.view
    return {
        "sessions": [_session_json(plan) for plan in view.sessions()],
        "counts": [
            {"verdict": str(tally.verdict), "code": tally.code, "items": tally.count}
            for tally in view.tallies()
        ],
        "held": [_item_json(item) for item in view.items(held=True)],
        "problems": [problem_json(problem) for problem in planned.problems],
        "sinks": {sink_step.id: view.delivered(sink_step.key) for sink_step in session.steps.sinks},
    }


def save_plan(session: Session, planned: Planned, path: Path) -> None:
    """Save the plan: its series to choose from for `.csv`, everything for `.json`."""
    match path.suffix.lower():
        case ".json":
            text = json.dumps(plan_json(session, planned), indent=2, ensure_ascii=False) + "\n"
        case ".csv":
            text = _spreadsheet(planned.view)
        case other:
            raise FerryError(
                f"{path}: a plan is saved as .json or .csv, not '{other}'", hint="name it plan.csv"
            )
    try:
        path.touch(mode=0o600)  # it names patients
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None


def _tree(sessions: list[SessionPlan]) -> Iterator[str]:
    for project, of_project in groupby(sessions, key=lambda plan: plan.destination.project):
        yield printable(project or "Unassigned")
        for subject, plans in groupby(of_project, key=lambda plan: plan.destination.subject):
            yield f"  {printable(subject or '(no subject)')}"
            yield from columns([_row(plan) for plan in plans], indent="    ")


def _row(plan: SessionPlan) -> list[str]:
    return [
        printable(plan.destination.session),
        "+".join(plan.modalities),
        count(plan.series, "series"),
        count(plan.instances, "instance"),
        size(plan.size),
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


def _held(view: PlanReader) -> Iterator[str]:
    held = [t for t in view.tallies() if t.verdict is not Verdict.READY]
    if not held:
        return
    yield "Not part of it"
    examples = _examples(view)
    for tally in held:
        yield f"  {tally.verdict}: {count(tally.count, 'file')} ({tally.code})"
        for item in examples[tally.verdict, tally.code]:
            yield f"      {printable(str(item.location))}: {printable(item.reason)}"
        if tally.count > _EXAMPLES:
            yield "      …"
    yield ""


def _examples(view: PlanReader) -> dict[tuple[Verdict, str], list[ItemState]]:
    found: dict[tuple[Verdict, str], list[ItemState]] = {}
    for item in view.items(held=True):
        kept = found.setdefault((item.verdict, item.code), [])
        if len(kept) < _EXAMPLES:
            kept.append(item)
    return found


def _ending(session: Session, planned: Planned, sessions: list[SessionPlan]) -> list[str]:
    instances = sum(plan.instances for plan in sessions)
    total = size(sum(plan.size for plan in sessions))
    lines = [
        f"{count(len(sessions), 'session')}, {count(instances, 'instance')}, {total}."
    ]  # fmt: skip
    for sink_step in session.steps.sinks:
        states = planned.view.delivered(sink_step.key)
        stored = states.get("stored", 0)
        line = f"{sink_step.id}: {count(instances - stored, 'instance')} to bring"
        if stored:
            line += f", {stored:,} already stored"
        if states.get("outdated"):
            line += f" ({states['outdated']:,} were stored before in another version)"
        lines.append(f"{line}.")
    return [*lines, *outlook(session, planned.view)]


def _session_json(plan: SessionPlan) -> dict[str, object]:
    return {
        "project": plan.destination.project,
        "subject": plan.destination.subject,
        "session": plan.destination.session,
        "auto_archive": plan.auto_archive,
        "because": [
            {"project": b.project, "subject": b.subject, "session": b.session} for b in plan.because
        ],
        "studies": plan.studies,
        "series": plan.series,
        "instances": plan.instances,
        "bytes": plan.size,
        "modalities": list(plan.modalities),
        "stored": plan.stored,
    }


def _item_json(item: ItemState) -> dict[str, object]:
    return {
        "location": str(item.location),
        "verdict": str(item.verdict),
        "code": item.code,
        "reason": item.reason,
        "sop_instance_uid": item.sop_instance_uid,
    }


def _spreadsheet(view: PlanReader) -> str:
    from dicomferry.engine.plan.choosing import table_rows

    table = io.StringIO()
    csv.writer(table).writerows(table_rows(view))
    return table.getvalue()


def outlook(session: Session, view: PlanReader) -> Iterator[str]:
    """Yield for every server what of the plan is provisional, and when it may be asked."""
    for (fetcher, name), instances in view.remote().items():
        yield (
            f"{name}: {instances:,} of them are known by its answers alone: the plan is"
            " provisional, their own headers decide when they are retrieved."
        )
        hours = session.manners(fetcher, name).hours
        if not is_open(hours, now := datetime.now()):  # noqa: DTZ005  the clock on the wall
            opening = next_opening(hours, now)
            when = f"from {opening:%A %H:%M}" if opening else "never, by its hours"
            yield f"{name}: it may be asked for images {when}."
