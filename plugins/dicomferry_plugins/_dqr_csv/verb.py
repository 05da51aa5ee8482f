"""The verb `csv explain`: what a DQR file asks for, without asking anyone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from dicomferry import FerryError, Place, Problem, Severity
from dicomferry.options import format_option, say
from dicomferry_plugins._dqr_csv.reading import read_dqr_csv
from dicomferry_plugins._dqr_csv.table import DqrRow, DqrTable


@click.group("csv")
def command() -> None:
    """Look at files for XNAT's DQR bulk import."""


@command.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--encoding", default="", help="How the text is encoded [default: found out].")
@format_option
def explain(file: Path, encoding: str, form: str) -> int:
    """Show what each row of FILE asks for and relabels, and all that is wrong. Nobody is asked."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FerryError(
            f"{file}: cannot be read: {error.strerror}", hint="check the path"
        ) from None
    table = read_dqr_csv(data, file.name, encoding)
    if form == "json":
        click.echo(json.dumps(msgspec.to_builtins(_explained(table)), indent=2))
    else:
        say(_lines(table))
    return 2 if table.errors else 0


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


class _Explained(Struct, frozen=True):
    """What a DQR file asks for, as JSON has it."""

    rows: tuple[_Row, ...]
    problems: tuple[_Fault, ...]


def _explained(table: DqrTable) -> _Explained:
    rows = (_Row(row.number, row.line, dict(row.query), dict(row.relabel)) for row in table.rows)
    return _Explained(tuple(rows), tuple(map(_fault, table.problems)))


def _fault(problem: Problem) -> _Fault:
    place = problem.place or Place("", 1, 1)
    hint = f" ({problem.hint})" if problem.hint else ""
    message = problem.message + hint
    return _Fault(problem.code, problem.severity, place.line, place.column, message)


def _lines(table: DqrTable) -> Iterator[str]:
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
