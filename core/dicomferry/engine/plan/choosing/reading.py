"""Read the table back after a user edited it, perhaps with a spreadsheet program."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dicomferry.engine.plan.choosing.asking import label_faults
from dicomferry.engine.plan.choosing.line import HELD, KEY, TableLine, mark
from dicomferry.errors import FerryError, ProblemsError
from dicomferry.model import LEVELS, Place, Problem, Severity
from dicomferry.spreadsheet import Cell, UnreadableCsvError, read_sheet

_NEEDED = ("include", *KEY, *LEVELS, "check")
_WORDS = {"yes": True, "no": False}
_CHECK = re.compile(r"[pc]([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8})-(?P<content>\d+x[0-9a-f]+)")
_MOST_DIGITS = 64
AGAIN = "make it again with `dicomferry plan RECIPE -o FILE` and choose anew"


def read_lines(path: Path) -> list[TableLine]:
    """Return the series of a table; raises `ProblemsError` with every fault and its place."""
    rows = _rows(path)
    headers = [cell.text.strip() for cell in rows[0]] if rows else []
    missing = [header for header in _NEEDED if header not in headers]
    if missing:
        raise FerryError(
            f"{path}: is no saved plan: it has no column {', '.join(missing)}",
            hint="`dicomferry plan RECIPE -o plan.csv` writes one",
        )
    problems: list[Problem] = []
    lines: dict[tuple[str, ...], TableLine] = {}
    for row in rows[1:]:
        line = _line(path, headers, row, problems)
        if line is None:
            continue
        if line.key in lines:
            problems.append(_problem("twice", "this series is there twice", line.places["include"]))
        lines[line.key] = line
    problems += label_faults(lines.values())
    if problems:
        raise ProblemsError(sorted(problems, key=place_order))
    return list(lines.values())


def _rows(path: Path) -> Sequence[Sequence[Cell]]:
    try:
        sheet = read_sheet(path.read_bytes())
    except OSError as error:
        raise FerryError(
            f"{path}: the plan cannot be read: {error.strerror}", hint="check the spelling"
        ) from None
    except UnreadableCsvError as error:
        place = Place(str(path), error.line, error.column)
        raise ProblemsError([_problem("not-csv", str(error), place)]) from None
    if errors := [one for one in sheet.remarks if one.severity is Severity.ERROR]:
        raise ProblemsError([one.problem(str(path)) for one in errors])
    return sheet.rows


def _line(
    path: Path, headers: Sequence[str], row: Sequence[Cell], problems: list[Problem]
) -> TableLine | None:
    known = dict(zip(headers, row, strict=False))
    texts = {header: known[header].text.strip() if header in known else "" for header in _NEEDED}
    start = Place(str(path), row[0].line, row[0].column)
    places = {header: Place(str(path), cell.line, cell.column) for header, cell in known.items()}
    places = dict.fromkeys(_NEEDED, start) | places
    word = texts["include"].casefold()
    if word == HELD and not texts["check"]:
        return None
    if word not in _WORDS or not texts["check"]:
        problems.append(_misread(texts, places))
    check = _CHECK.fullmatch(texts["check"])
    if check is None and texts["check"]:
        problems.append(_problem("check", "this check was edited", places["check"], AGAIN))
    if check is None:
        return None
    planned = dict(zip(LEVELS, check.groups(), strict=False))
    labels = {level: _uncut(level, texts[level], planned[level]) for level in LEVELS}
    return TableLine(
        include=_WORDS.get(word, True),  # else it is a fault by now
        key=tuple(texts[header] for header in KEY),
        labels=labels,
        planned=planned,
        content=check["content"],
        is_candidate=texts["check"].startswith("c"),
        cut=frozenset(level for level in LEVELS if labels[level] != texts[level]),
        places=places,
    )


def _uncut(level: str, cell: str, planned: str) -> str:
    """Return a label with its leading zeros, which a spreadsheet program removes."""
    if cell.isdecimal():
        for label in (cell.zfill(width) for width in range(len(cell), _MOST_DIGITS)):
            if mark(level, label) == planned:
                return label
    return cell


def _misread(texts: Mapping[str, str], places: Mapping[str, Place]) -> Problem:
    if texts["check"]:
        message = f"include is '{texts['include']}'"
        return _problem("include", message, places["include"], "say yes or no")
    return _problem(
        "held", "this line is of no series", places["include"],
        f"a file that is {HELD} back cannot be chosen; leave such lines as they are",
    )  # fmt: skip


def place_order(problem: Problem) -> tuple[int, int]:
    """Return what sorts problems by their place in the table."""
    return (problem.place.line, problem.place.column) if problem.place else (0, 0)


def _problem(code: str, message: str, place: Place, hint: str = "") -> Problem:
    return Problem(f"plan-{code}", message, place=place, hint=hint)
