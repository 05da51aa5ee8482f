"""What `csv explain` says of a DQR file, to people and to programs."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dicomferry import Place, Problem, Severity
from dicomferry_plugins._dqr_csv.table import DqrRow, DqrTable


class _Row(Struct, frozen=True):
    row: int
    line: int
    query: dict[str, str]
    relabel: dict[str, str]


class _Fault(Struct, frozen=True):
    code: str
    severity: Severity
    line: int
    column: int
    message: str


class Explained(Struct, frozen=True):
    """What a DQR file asks for, as JSON has it."""

    rows: tuple[_Row, ...]
    problems: tuple[_Fault, ...]


def explained(table: DqrTable) -> Explained:
    """Return what `--format json` prints."""
    rows = (_Row(row.number, row.line, dict(row.query), dict(row.relabel)) for row in table.rows)
    return Explained(tuple(rows), tuple(map(_fault, table.problems)))


def _fault(problem: Problem) -> _Fault:
    place = problem.place or Place("", 1, 1)
    hint = f" ({problem.hint})" if problem.hint else ""
    message = problem.message + hint
    return _Fault(problem.code, problem.severity, place.line, place.column, message)


def lines(table: DqrTable) -> Iterator[str]:
    """Yield the lines for people: each row, each fault, and their numbers."""
    for row in table.rows:
        yield from _row_lines(row)
    for problem in table.problems:
        yield f"{problem.severity} [{problem.code}] {problem}"
    errors = len(table.errors)
    ending = f"{_count(errors, 'error')}: nothing of it would be asked" if errors else "no errors"
    yield f"{_count(len(table.rows), 'row')}, {ending}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _row_lines(row: DqrRow) -> Iterator[str]:
    yield f"row {row.number} (line {row.line})"
    asked = "  and  ".join(f"{keyword} = {value}" for keyword, value in row.query.items())
    yield f"  asks for: {asked or 'nothing'}"
    for keyword, value in row.relabel.items():
        yield f"  {keyword} becomes {value}" if value else f"  {keyword} is cleared"
