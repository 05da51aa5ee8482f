"""A problem of a recipe or a plan."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from dicomferry.model import Problem, Severity


class ProblemRecord(Struct, frozen=True):
    """One problem; `file`, `line` and `column` are None where it has no place in a file."""

    code: str
    severity: Severity
    message: str
    path: str
    file: str | None
    line: int | None
    column: int | None
    why: str
    hint: str


def problem_records(problems: Iterable[Problem]) -> tuple[ProblemRecord, ...]:
    """Return problems as records, in their order."""
    return tuple(_record(problem) for problem in problems)


def _record(problem: Problem) -> ProblemRecord:
    place = problem.place
    return ProblemRecord(
        code=problem.code,
        severity=problem.severity,
        message=problem.message,
        path=problem.path,
        file=place.file if place else None,
        line=place.line if place else None,
        column=place.column if place else None,
        why=problem.why,
        hint=problem.hint,
    )


class ValidateReport(Struct, frozen=True):
    """Whether a recipe is valid, and every fault of one that is not."""

    valid: bool
    problems: tuple[ProblemRecord, ...]
