"""Whether the servers of a recipe are as it says."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from dicomferry.engine.doctor import Check, CheckState


class CheckRecord(Struct, frozen=True):
    """One thing looked at; `file`, `line` and `column` say where the recipe says otherwise."""

    server: str
    what: str
    state: CheckState
    message: str
    hint: str
    file: str | None
    line: int | None
    column: int | None


class DoctorReport(Struct, frozen=True):
    """Every check, and how many values were written into the recipe."""

    checks: tuple[CheckRecord, ...]
    written: int = 0


def doctor_report(checks: Iterable[Check], written: int) -> DoctorReport:
    """Return checks as a report."""
    return DoctorReport(tuple(map(_record, checks)), written)


def _record(check: Check) -> CheckRecord:
    place = check.place
    return CheckRecord(
        server=check.server,
        what=check.what,
        state=check.state,
        message=check.message,
        hint=check.hint,
        file=place.file if place else None,
        line=place.line if place else None,
        column=place.column if place else None,
    )
