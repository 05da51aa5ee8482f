"""What XNAT holds, for people and for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from dicomferry.cli.views.text import count, printable, say, show_json
from dicomferry.engine.verify import Sameness, Standing
from dicomferry.errors import FerryError
from dicomferry.private import write_private
from dicomferry.reports.verify import PlaceRecord, VerifiedSession, VerifyReport
from dicomferry.spreadsheet import neutral

_EXAMPLES = 10
_ARCHIVED = "ARCHIVED"


def show_verdicts(report: VerifyReport, form: str, *, read_back: bool) -> None:
    """Print what XNAT holds."""
    if form == "json":
        show_json(report)
        return
    say(verdict_lines(report, read_back=read_back))
    if report.due_again:
        say([f"{count(report.due_again, 'instance')} will be sent again by the next run."])


def verdict_lines(report: VerifyReport, *, read_back: bool = False) -> Iterator[str]:
    """Yield one line for each session, and below it what is wrong and what mends it.

    `read_back` when contents were compared too.
    """
    if not report.sessions:
        yield "The plan holds nothing for an XNAT."
        return
    for session in report.sessions:
        yield f"{session.destination}: {_headline(session)}"
        yield from (f"  {line}" for line in _details(session))
        yield from (f"  {printable(line)}" for line in session.explanation)
    for one in report.content:
        yield f"{one.sameness} {one.sop_instance_uid} {one.detail}".rstrip()
    yield ""
    yield from _sums(report, read_back=read_back)


def save_verdicts(report: VerifyReport, path: Path) -> None:
    """Save the verdicts: a row for each session as `.csv`, everything as `.json`."""
    match path.suffix.lower():
        case ".json":
            text = json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=False) + "\n"
        case ".csv":
            text = _spreadsheet(report)
        case other:
            raise FerryError(
                f"{path}: verdicts are saved as .json or .csv, not '{other}'",
                hint="name it verdicts.csv",
            )
    try:
        write_private(path, text, errors="backslashreplace")
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None


def _headline(verdict: VerifiedSession) -> str:
    numbers = f"{verdict.held:,} of {count(verdict.planned, 'instance')}"
    match verdict.verdict:
        case Standing.LANDED:
            return f"landed, {count(verdict.planned, 'instance')}"
        case Standing.UNKNOWN:
            return "unknown"
        case Standing.WAITING:
            states = ", ".join(
                dict.fromkeys(place.state for place in verdict.where if place.state != _ARCHIVED)
            )
            return f"{verdict.verdict} ({states})"
        case standing:
            return f"{standing}, {numbers}"


def _details(verdict: VerifiedSession) -> Iterator[str]:
    if verdict.message:
        yield printable(verdict.message)
    if verdict.verdict is not Standing.WAITING:
        yield from (printable(_where(place)) for place in verdict.where)
    for instance in verdict.missing[:_EXAMPLES]:
        told = "" if instance.sent else " (not sent yet)"
        yield f"missing {instance.sop_instance_uid}{told}"
    if len(verdict.missing) > _EXAMPLES:
        yield f"… and {len(verdict.missing) - _EXAMPLES:,} more, which -o FILE lists"
    if verdict.mend:
        yield f"mend: {verdict.mend}"


def _where(place: PlaceRecord) -> str:
    what = "archive" if place.state == _ARCHIVED else f"prearchive ({place.state})"
    return f"{what}: {place.destination}"


def _sums(report: VerifyReport, *, read_back: bool) -> Iterator[str]:
    landed = sum(session.verdict is Standing.LANDED for session in report.sessions)
    yield f"{landed:,} of {count(len(report.sessions), 'session')} landed as forecast."
    if read_back:
        kinds = Counter(one.sameness for one in report.content)
        same = kinds.pop(Sameness.SAME, 0)
        others = "".join(
            f", {number:,} {kind.name.lower().replace('_', ' ')}" for kind, number in kinds.items()
        )
        yield f"Read back: {same:,} the same{others}."


def _spreadsheet(report: VerifyReport) -> str:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(
        ["server", "project", "subject", "session", "verdict", "planned", "held", "missing",
         "where", "message", "mend"]
    )  # fmt: skip
    for verdict in report.sessions:
        cells = (
            verdict.server, verdict.project or "Unassigned", verdict.subject or "", verdict.session,
            str(verdict.verdict), str(verdict.planned), str(verdict.held),
            " ".join(instance.sop_instance_uid for instance in verdict.missing),
            "; ".join(map(_where, verdict.where)), verdict.message, verdict.mend,
        )  # fmt: skip
        writer.writerow([neutral(cell) for cell in cells])
    return table.getvalue()
