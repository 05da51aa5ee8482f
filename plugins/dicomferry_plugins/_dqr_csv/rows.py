"""Reads one row of a DQR file: its query, its relabelling, and their faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from dicomferry import Severity
from dicomferry.spreadsheet import Cell, Remark, is_no_value
from dicomferry.xnat import to_label
from dicomferry_plugins._dqr_csv.columns import (
    DATES,
    DATES_WRITTEN,
    LABELS,
    NUMBERS,
    RELABEL,
    SEARCH,
)
from dicomferry_plugins._dqr_csv.dates import BadDateError, parse_dates, parse_day
from dicomferry_plugins._dqr_csv.excel import number_remarks
from dicomferry_plugins._dqr_csv.letters import (
    apostrophe_remarks,
    control_remarks,
    look_alike_remarks,
    name_form_remarks,
)
from dicomferry_plugins._dqr_csv.modalities import modality_fault
from dicomferry_plugins._dqr_csv.names import dqr_name, joined_name

_UIDS = re.compile(r"[0-9.]{1,64}(\\[0-9.]{1,64})*", re.ASCII)
_EVERYTHING = re.compile(r"[*?\s^]*")
_SHORT_STRING = 16
_CLEAR = '""'
_NAMES = ("Last Name", "First Name")


class RowReading(Struct):
    """The query, the relabelling and the faults of a row so far."""

    query: dict[str, str] = field(default_factory=dict)
    relabel: dict[str, str] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def error(self, code: str, message: str, cell: Cell, hint: str = "") -> None:
        """Add an error: the source then refuses the file."""
        self.remarks.append(Remark(code, message, cell, hint))

    def note(self, code: str, message: str, cell: Cell) -> None:
        """Add a note, where the DQR plug-in would do something else."""
        self.remarks.append(Remark(code, message, cell, severity=Severity.NOTE))


def read_row(cells: Mapping[str, Cell], *, all_quoted: bool) -> RowReading:
    """Read one row; `all_quoted` says that the file quotes every cell, so quotes mean nothing."""
    reading = RowReading()
    for header, cell in cells.items():
        if is_no_value(cell.text) and header in (*SEARCH, *RELABEL):
            reading.error(
                "no-value",
                f"{header} '{cell.text.strip()}' is what a program writes where it has no value",
                cell,
                "leave the cell blank, or write the value",
            )
        elif header in SEARCH:
            if cell.text.strip() and header not in _NAMES:
                _search(reading, header, cell)
        elif cell.quoted and not cell.text and all_quoted:
            reading.error(
                "unclear-blank",
                f'every cell is quoted here, so "" in {header} can mean blank or clear',
                cell,
                'leave the cell unquoted for blank, or write """""" to clear',
            )
        elif cell.text.strip() or cell.quoted:
            _relabel(reading, header, cell)
    _name(reading, cells)
    if reading.query and all(_EVERYTHING.fullmatch(text) for text in reading.query.values()):
        reading.error(
            "asks-for-everything",
            "this row has wildcards only: it asks for every study of the PACS",
            next(iter(cells.values())),
            "fill in another search column",
        )
    if not reading.query and not any(r.severity is Severity.ERROR for r in reading.remarks):
        first = next(iter(cells.values()))
        reading.error(
            "no-criterion",
            "this row has no search criterion",
            first,
            "the DQR plug-in would drop it without a word; fill a search column or take it out",
        )
    return reading


def _search(reading: RowReading, header: str, cell: Cell) -> None:
    if header in DATES:
        try:
            dates = parse_dates(cell.text)
        except BadDateError as error:
            reading.error(error.code, f"{header} {error.message}", cell, error.hint)
            return
        if header == "Study Date":
            _note_dates(reading, dates, cell)
        reading.query[SEARCH[header]] = dates
        return
    if cell.text == _CLEAR:
        message = f'{header}: "" clears a relabel, it is no criterion'
        reading.error("clear-in-search", message, cell, "leave the cell blank")
        return
    if header == "Study Instance UID" and not _UIDS.fullmatch(cell.text.strip()):
        hint = "a spreadsheet may have made a number of it; wildcards cannot be used in UIDs"
        reading.error("bad-uid", f"'{cell.text}' is not a Study Instance UID", cell, hint)
        return
    if header == "Modality" and (fault := modality_fault(cell.text.strip())):
        reading.error("bad-modality", f"{header} {fault[0]}", cell, fault[1])
        return
    if header in NUMBERS:
        reading.remarks += [*number_remarks(header, cell), *look_alike_remarks(header, cell)]
    if header == "Patient Name":
        reading.remarks += [*apostrophe_remarks(header, cell), *name_form_remarks(cell)]
    reading.remarks += control_remarks(header, cell)
    value = _trimmed(reading, header, cell)
    if "\\" in value:
        reading.note(
            "value-list", f"{header}: each value is asked for on its own; the DQR plug-in leaves"
            " the list to the PACS", cell,
        )  # fmt: skip
    reading.query[SEARCH[header]] = value
    if header == "Patient Name":
        reading.note("patient-name", "the DQR plug-in does not know the header Patient Name", cell)


def _note_dates(reading: RowReading, dates: str, cell: Cell) -> None:
    first, dash, last = dates.partition("-")
    if not dash or first == last:
        reading.note(
            "single-day", f"only {first} is asked for; the DQR plug-in also takes the day after",
            cell,
        )  # fmt: skip


def _trimmed(reading: RowReading, header: str, cell: Cell) -> str:
    value = cell.text.strip()
    if value != cell.text:
        reading.note("blanks", f"{header}: the blanks around the value are not asked for", cell)
    return value


def _name(reading: RowReading, cells: Mapping[str, Cell]) -> None:
    last, first = (cells.get(header) for header in _NAMES)
    if last is None or first is None or not (last.text.strip() or first.text.strip()):
        return
    if "PatientName" in reading.query:
        message = "Patient Name and Last Name ask for the same"
        reading.error("two-names", message, last, "leave one of them blank")
        return
    if not last.text.strip():
        message = "First Name is given without Last Name"
        reading.error("no-last-name", message, first, "write * for any last name")
        return
    reading.remarks += [*apostrophe_remarks("Last Name", last)]
    reading.remarks += [*apostrophe_remarks("First Name", first)]
    name = joined_name(_trimmed(reading, "Last Name", last), first.text.strip())
    if not first.text.strip() and dqr_name(name) != name:
        reading.note("last-name", f"the DQR plug-in would ask for {dqr_name(name)}", last)
    reading.query["PatientName"] = name


def _relabel(reading: RowReading, header: str, cell: Cell) -> None:
    value = "" if cell.text in ("", _CLEAR) else cell.text
    reading.remarks += control_remarks(header, cell)
    for code, message, hint in _faults(header, value):
        reading.error(code, message, cell, hint)
    for keyword in RELABEL[header]:
        if keyword in reading.relabel:
            reading.error(
                "relabel-twice", f"{keyword} is relabelled by two columns, one is {header}", cell,
                "use Subject and Session, or the Relabel columns",
            )  # fmt: skip
        reading.relabel[keyword] = value
    if header == "Session" and len(value) > _SHORT_STRING:
        reading.note(
            "long-label", f"{header}: {len(value)} characters where VR SH has {_SHORT_STRING};"
            " XNAT takes it, as it does from the DQR plug-in", cell,
        )  # fmt: skip


def _faults(header: str, value: str) -> Iterator[tuple[str, str, str]]:
    if header in LABELS and to_label(value) != value:
        yield (
            "label-altered",
            f"{header} '{value}' is no label",
            (f"XNAT would make '{to_label(value)}' of it: write that"),
        )
    if header in DATES_WRITTEN and value:
        try:
            parse_day(value)
        except BadDateError as error:
            yield error.code, f"{header} {error.message}", error.hint
    if "\\" in value:
        yield "relabel-list", f"{header}: '\\' would make several values of it", "write one"
