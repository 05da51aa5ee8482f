"""What XNAT holds, for people, for machines, and for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from dicomferry.cli.views.text import count, printable, say
from dicomferry.engine.verify import Findings, Sameness, SessionVerdict, Standing
from dicomferry.errors import FerryError
from dicomferry.spreadsheet import neutral

_EXAMPLES = 10


Explain = Callable[[SessionVerdict], Iterable[str]]
"""Gives the rules that made the difference between a session and its forecast."""


def show_findings(findings: Findings, form: str, marked: int, explain: Explain) -> None:
    """Print the verdicts; `marked` instances are due again."""
    if form == "json":
        told = {**findings_json(findings, explain), "due_again": marked}
        click.echo(json.dumps(told, indent=2))
        return
    say(findings_lines(findings, explain))
    if marked:
        click.echo(f"{count(marked, 'instance')} will be sent again by the next run.")


def findings_lines(findings: Findings, explain: Explain) -> Iterator[str]:
    """Yield one line for each session, and below it what is wrong and what mends it."""
    if not findings.verdicts:
        yield "The plan holds nothing for an XNAT."
        return
    for verdict in findings.verdicts:
        yield f"{verdict.destination}: {_headline(verdict)}"
        yield from (f"  {line}" for line in _details(verdict))
        yield from (f"  {printable(line)}" for line in explain(verdict))
    for one in findings.compared:
        yield f"{one.sameness} {one.sop_instance_uid} {one.detail}".rstrip()
    yield ""
    yield from _sums(findings)


def findings_json(findings: Findings, explain: Explain) -> dict[str, object]:
    """Return the verdicts as plain data."""
    return {
        "landed": findings.landed,
        "sessions": [
            {**_verdict_json(verdict), "explanation": list(explain(verdict))}
            for verdict in findings.verdicts
        ],
        "content": [
            {
                "sameness": str(one.sameness),
                "sop_instance_uid": one.sop_instance_uid,
                "detail": one.detail,
            }
            for one in findings.compared
        ],
    }


def save_findings(findings: Findings, path: Path, explain: Explain) -> None:
    """Save the verdicts: a row for each session as `.csv`, everything as `.json`."""
    match path.suffix.lower():
        case ".json":
            told = findings_json(findings, explain)
            text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
        case ".csv":
            text = _spreadsheet(findings)
        case other:
            raise FerryError(
                f"{path}: verdicts are saved as .json or .csv, not '{other}'",
                hint="name it verdicts.csv",
            )
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None


def _headline(verdict: SessionVerdict) -> str:
    numbers = f"{len(verdict.held):,} of {count(verdict.planned, 'instance')}"
    match verdict.standing:
        case Standing.LANDED:
            return f"landed, {count(verdict.planned, 'instance')}"
        case Standing.UNKNOWN:
            return "unknown"
        case Standing.WAITING:
            states = ", ".join(dict.fromkeys(p.status for p in verdict.where if p.status))
            return f"{verdict.standing} ({states})"
        case standing:
            return f"{standing}, {numbers}"


def _details(verdict: SessionVerdict) -> Iterator[str]:
    if verdict.message:
        yield printable(verdict.message)
    if verdict.standing is not Standing.WAITING:
        yield from (printable(str(place)) for place in verdict.where)
    for instance in verdict.missing[:_EXAMPLES]:
        told = "" if instance.stored else " (not sent yet)"
        yield f"missing {instance.sop_instance_uid}{told}"
    if len(verdict.missing) > _EXAMPLES:
        yield f"… and {len(verdict.missing) - _EXAMPLES:,} more, which -o FILE lists"
    if verdict.mend:
        yield f"mend: {verdict.mend}"


def _sums(findings: Findings) -> Iterator[str]:
    landed = sum(verdict.standing is Standing.LANDED for verdict in findings.verdicts)
    yield f"{landed:,} of {count(len(findings.verdicts), 'session')} landed as forecast."
    if findings.read_back:
        kinds = Counter(one.sameness for one in findings.compared)
        same = kinds.pop(Sameness.SAME, 0)
        others = "".join(
            f", {number:,} {kind.name.lower().replace('_', ' ')}" for kind, number in kinds.items()
        )
        yield f"Read back: {same:,} the same{others}."


def _verdict_json(verdict: SessionVerdict) -> dict[str, object]:
    return {
        "server": verdict.server,
        "project": verdict.destination.project,
        "subject": verdict.destination.subject,
        "session": verdict.destination.session,
        "verdict": str(verdict.standing),
        "planned": verdict.planned,
        "held": len(verdict.held),
        "foreign": list(verdict.foreign),
        "missing": [
            {"sop_instance_uid": instance.sop_instance_uid, "sent": instance.stored}
            for instance in verdict.missing
        ],
        "where": [
            {
                "project": place.destination.project,
                "subject": place.destination.subject,
                "session": place.destination.session,
                "state": place.status or "ARCHIVED",
            }
            for place in verdict.where
        ],
        "message": verdict.message,
        "mend": verdict.mend,
    }


def _spreadsheet(findings: Findings) -> str:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(
        ["server", "project", "subject", "session", "verdict", "planned", "held", "missing",
         "where", "message", "mend"]
    )  # fmt: skip
    for verdict in findings.verdicts:
        place = verdict.destination
        cells = (
            verdict.server, place.project or "Unassigned", place.subject or "", place.session,
            str(verdict.standing), str(verdict.planned), str(len(verdict.held)),
            " ".join(instance.sop_instance_uid for instance in verdict.missing),
            "; ".join(map(str, verdict.where)), verdict.message, verdict.mend,
        )  # fmt: skip
        writer.writerow([neutral(cell) for cell in cells])
    return table.getvalue()
