"""Read the table back after a user edited it, perhaps with a spreadsheet program."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from dicomferry.engine.plan.choosing.asking import label_faults
from dicomferry.engine.plan.choosing.line import HELD, KEY, TableLine, mark
from dicomferry.errors import FerryError, ProblemsError
from dicomferry.model import LEVELS, Place, Problem, Severity
from dicomferry.spreadsheet import Cell, UnreadableCsvError, read_sheet

_NEEDED = ("include", *KEY, *LEVELS, "check")
_WORDS = {"yes": True, "no": False}
_CHECK = re.compile(r"[pc]([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8})-(?P<content>\d+x[0-9a-f]+)")
_MOST_DIGITS = 64
_WRITES = "`dicomferry plan RECIPE -o plan.csv` writes one"
AGAIN = "make it again with `dicomferry plan RECIPE -o FILE` and choose anew"
EMPTIED = f"say include: no to leave series out, or {AGAIN}"


class SavedPlan(Struct, frozen=True):
    """A table that was read back: its series, and every fault that it shows by itself."""

    lines: tuple[TableLine, ...]
    faults: tuple[Problem, ...]


def read_saved_plan(path: Path) -> SavedPlan:
    """Return the series of a table and its faults, which `choose` tells with those of the plan.

    Raises `ProblemsError` for what is no saved plan.
    """
    rows, problems = _rows(path)
    headers = [cell.text.strip() for cell in rows[0]]
    if missing := [header for header in _NEEDED if header not in headers]:
        message = f"this is no saved plan: it has no column {', '.join(missing)}"
        place = Place(str(path), rows[0][0].line, rows[0][0].column)
        raise ProblemsError([_problem("columns", message, place, _WRITES)])
    read = (_line(path, headers, row, problems) for row in rows[1:])
    lines = [line for line in read if line is not None]
    firsts: dict[tuple[str, ...], TableLine] = {}
    for line in lines:
        if firsts.setdefault(line.key, line) is not line:
            problems.append(_problem("twice", "this series is there twice", line.places["include"]))
    problems += label_faults(lines)
    return SavedPlan(tuple(firsts.values()), tuple(problems))


def _rows(path: Path) -> tuple[Sequence[Sequence[Cell]], list[Problem]]:
    """Return the rows, at least one, and what the cells of some are in place of a value."""
    try:
        sheet = read_sheet(path.read_bytes())
    except OSError as error:
        raise FerryError(
            f"{path}: the plan cannot be read: {error.strerror}", hint="check the spelling"
        ) from None
    except UnreadableCsvError as error:
        place = Place(str(path), error.line, error.column)
        raise ProblemsError([_problem("not-csv", str(error), place, _WRITES)]) from None
    if not sheet.rows:
        message = "there is nothing in this file"
        raise ProblemsError([_problem("empty", message, Place(str(path), 1, 1), EMPTIED)])
    errors = [one for one in sheet.remarks if one.severity is Severity.ERROR]
    return sheet.rows, [one.problem(str(path)) for one in errors]


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
    if any(header not in known for header in _NEEDED):
        message = f"this line has {len(row)} cells where the header has {len(headers)}"
        problems.append(_problem("short", message, start, AGAIN))
        return None
    told = {problem.place for problem in problems}
    before = len(problems)
    if (word not in _WORDS or not texts["check"]) and places["include"] not in told:
        problems.append(_misread(texts, places))
    check = _CHECK.fullmatch(texts["check"])
    if check is None and texts["check"] and places["check"] not in told:
        problems.append(_problem("check", "this check was edited", places["check"], AGAIN))
    planned = dict(zip(LEVELS, check.groups() if check else ("", "", ""), strict=False))
    labels = {level: _uncut(level, texts[level], planned[level]) for level in LEVELS}
    return TableLine(
        include=_WORDS.get(word, True),  # else it is a fault by now
        key=tuple(texts[header] for header in KEY),
        labels=labels,
        planned=planned,
        content=check["content"] if check else "",
        is_candidate=texts["check"].startswith("c"),
        cut=frozenset(level for level in LEVELS if labels[level] != texts[level]),
        places=places,
        faulty=len(problems) > before or not told.isdisjoint(places.values()),
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
