"""Reads the bytes of a DQR file into a table of rows and all its problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from glob import glob, has_magic
from pathlib import Path

from msgspec.structs import replace

from dicomferry import FerryError, Place, Problem, Severity
from dicomferry.spreadsheet import Cell, Remark, UnreadableCsvError, is_lock_file, read_sheet
from dicomferry_plugins._dqr_csv.columns import KNOWN, NUMBERS, RELABEL, SEARCH
from dicomferry_plugins._dqr_csv.excel import zero_remarks
from dicomferry_plugins._dqr_csv.rows import RowReading, read_row
from dicomferry_plugins._dqr_csv.table import DqrRow, DqrTable

_AS_TABLE = "open it in a spreadsheet program, and save it as CSV in UTF-8"
_MOST_ROWS = 1000
_START = Cell("", False, 1, 1)


def read_dqr_file(path: Path, encoding: str = "") -> DqrTable:
    """Return the table of a DQR file; raises `FerryError` for a file that cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FerryError(
            f"{path}: the CSV cannot be read: {error.strerror}",
            hint="a relative path starts at the recipe's folder",
        ) from None
    return read_dqr_csv(data, path.name, encoding)


def read_dqr_files(pattern: Path, encoding: str = "") -> DqrTable:
    """Return the table of one file, or of all that a pattern of a folder matches, by their names.

    Raises `FerryError` for a file that cannot be read, and for a pattern that matches none.
    """
    if pattern.exists() or not has_magic(str(pattern)):
        return read_dqr_file(pattern, encoding)
    found = sorted(Path(path) for path in glob(str(pattern)))  # noqa: PTH207  an absolute pattern
    paths = [path for path in found if not is_lock_file(path.name)]
    if not paths:
        hint = "a relative path starts at the recipe's folder"
        raise FerryError(f"{pattern}: no list matches it", hint=hint)
    tables = [(str(path), read_dqr_file(path, encoding)) for path in paths]
    rows = [(path, row) for path, table in tables for row in table.rows]
    return DqrTable(
        tuple(dict.fromkeys(header for _, table in tables for header in table.headers)),
        tuple(replace(row, number=at, file=path) for at, (path, row) in enumerate(rows, 1)),
        (
            *(_lock_file(path) for path in found if path not in paths),
            *(problem for _, table in tables for problem in table.problems),
        ),
    )


def _lock_file(path: Path) -> Problem:
    return Problem(
        "lock-file", "this is no list: a spreadsheet program has its list open",
        Severity.NOTE, place=Place(path.name, 1, 1),
        hint="save and close the list: what is not saved is not read",
    )  # fmt: skip


def read_dqr_csv(data: bytes, name: str, encoding: str = "") -> DqrTable:
    """Return the table of a DQR file; the places of its problems have the file's `name`.

    This raises nothing: a file that is no table has no rows and one problem.
    """
    remarks: list[Remark] = []
    headers: tuple[str, ...] = ()
    rows: list[DqrRow] = []
    try:
        sheet = read_sheet(data, encoding)
        lines = sheet.rows
        remarks += sheet.remarks
        if not lines:
            hint = "save the list once more, or give its right name"
            remarks.append(Remark("empty-file", "there is nothing in this file", _START, hint))
        else:
            headers = tuple(cell.text for cell in lines[0])
            remarks += _header_remarks(lines[0])
            rows = _rows(lines, headers, remarks)
    except UnreadableCsvError as error:
        place = Cell("", False, error.line, error.column)
        remarks.append(Remark("not-a-table", str(error), place, _AS_TABLE))
    problems = sorted((remark.problem(name) for remark in remarks), key=_order)
    return DqrTable(headers, tuple(rows), tuple(problems))


def _header_remarks(header: Sequence[Cell]) -> Iterator[Remark]:
    seen: set[str] = set()
    for cell in header:
        if cell.text not in KNOWN:
            near = get_close_matches(cell.text.strip(), KNOWN, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(KNOWN)}"
            yield Remark(
                "unknown-header",
                f"the header '{cell.text}' is not known; the DQR plug-in would leave the column"
                " out without a word",
                cell,
                hint,
            )
        elif cell.text in seen:
            message = f"the header '{cell.text}' is there twice"
            yield Remark("duplicate-header", message, cell, "delete one of the columns")
        seen.add(cell.text)
    if not seen & set(SEARCH):
        hint = f"the list needs one of {', '.join(SEARCH)}"
        yield Remark("no-search-header", "no header is a search header", header[0], hint)
    for one, other in (("Last Name", "First Name"), ("First Name", "Last Name")):
        if one in seen and other not in seen:
            cell = next(cell for cell in header if cell.text == one)
            hint = f"add the column {other}, blank where there is none, or use Patient Name"
            yield Remark("half-a-name", f"{one} needs the column {other} beside it", cell, hint)


def _rows(
    lines: Sequence[Sequence[Cell]], headers: tuple[str, ...], remarks: list[Remark]
) -> list[DqrRow]:
    rows: list[DqrRow] = []
    columns: dict[str, list[Cell]] = {header: [] for header in NUMBERS}
    seen: dict[tuple[tuple[str, str], ...], tuple[int, list[str]]] = {}
    all_quoted = all(cell.quoted for cell in lines[0])
    for number, line in enumerate(lines[1:], 1):
        cells = dict(
            reversed(list(zip(headers, line, strict=False)))
        )  # the first of two equal headers
        reading = _read(line, cells, headers, all_quoted=all_quoted)
        if _is_repeated(reading, line, number, seen):
            remarks += reading.remarks
            continue
        remarks += reading.remarks
        for header, column in columns.items():
            column += [cells[header]] if header in cells and header in headers else []
        texts = {header: _cell_text(header, cell) for header, cell in cells.items()}
        rows.append(DqrRow(number, line[0].line, texts, reading.query, reading.relabel))
    for header, column in columns.items():
        remarks += zero_remarks(header, column)
    if not rows:
        message, hint = "there is no row below the header", "write one for each study"
        remarks.append(Remark("no-rows", message, lines[0][0], hint))
    if len(rows) > _MOST_ROWS:
        message = f"{len(rows)} rows; the DQR plug-in takes {_MOST_ROWS} at most"
        remarks.append(
            Remark("many-rows", message, lines[_MOST_ROWS + 1][0], severity=Severity.NOTE)
        )
    return rows


def _read(
    line: Sequence[Cell], cells: Mapping[str, Cell], headers: tuple[str, ...], *, all_quoted: bool
) -> RowReading:
    if len(line) != len(headers):
        reading = RowReading()
        kind = "short" if len(line) < len(headers) else "long"
        message = f"the row has {len(line)} cells where the header has {len(headers)}"
        hint = "write a comma for every blank cell, and quotes around a value with a comma"
        reading.error(f"{kind}-row", message, line[0], hint)
        return reading
    known = {
        header: cell for header, cell in cells.items() if header in SEARCH or header in RELABEL
    }
    if not known:
        return RowReading()  # `_header_remarks` reports unknown headers
    return read_row(known, all_quoted=all_quoted)


def _cell_text(header: str, cell: Cell) -> str:
    # A quoted empty cell clears the attribute; its text is `""`, which means the same.
    return '""' if header in RELABEL and cell.quoted and not cell.text else cell.text


def _is_repeated(
    reading: RowReading,
    line: Sequence[Cell],
    number: int,
    seen: dict[tuple[tuple[str, str], ...], tuple[int, list[str]]],
) -> bool:
    """Tell whether a row is one before it, word for word; another of the same query is an error."""
    key = tuple(sorted(reading.query.items()))
    if not key:
        return False
    texts = [cell.text.strip() for cell in line]
    first, known = seen.setdefault(key, (number, texts))
    if first == number:
        return False
    if texts == known:
        reading.note(
            "repeated-row", f"this row is row {first} once more, and is asked for once", line[0]
        )
        return True
    message = f"this row asks for the same as row {first}"
    reading.error("duplicate-row", message, line[0], "keep one of them")
    return False


def _order(problem: Problem) -> tuple[int, int, str]:
    place = problem.place
    return (place.line, place.column, problem.code) if place else (0, 0, problem.code)
