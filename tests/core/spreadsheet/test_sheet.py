"""Tables as spreadsheet programs and pandas write them, read back with a remark for each thing."""

from __future__ import annotations

import io
from datetime import date
from zipfile import ZipFile

import pytest
import xlsxwriter

from dicomferry.errors import FerryError
from dicomferry.model import Severity
from dicomferry.spreadsheet import Sheet, UnreadableCsvError, is_no_value, neutral, read_sheet


def texts(sheet: Sheet) -> list[list[str]]:
    return [[cell.text for cell in row] for row in sheet.rows]


def remarks(sheet: Sheet) -> list[tuple[str, Severity, int, int]]:
    return [(r.code, r.severity, r.cell.line, r.cell.column) for r in sheet.remarks]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"ID,Name\n007,a\n", []),
        (b"\xef\xbb\xbfID,Name\n007,a\n", []),
        (b"ID;Name\n007;a\n", [("delimiter", Severity.NOTE, 1, 1)]),
        (b"sep=;\nID;Name\n007;a\n", [("delimiter", Severity.NOTE, 1, 1)]),
        (b"sep=\t\r\nID\tName\r\n007\ta\r\n", [("delimiter", Severity.NOTE, 1, 1)]),
        (b"SEP=,\nID,Name\n007,a\n", []),
        ("ID,Name\n007,a\n".encode("utf-16"), []),
        ("ID,Name\n007,a\n".encode("utf-16-be"), [("encoding", Severity.WARNING, 1, 1)]),
        ("ID,Name\n007,\uff11\n".encode(), [("other-digit", Severity.WARNING, 2, 5)]),
        ("ID,Name\n007,a\u0667\n".encode(), [("other-digit", Severity.WARNING, 2, 5)]),
        ("ID,Name\n007,\u30e4\u30de\u30c0\n".encode(), []),
        (b"ID,Name,,\n007,a,,\n", [("blank-column", Severity.NOTE, 1, 9)]),
        (b"ID,Name\n007,a,,\n", []),
        (b"ID,Name\n,\n007,a\n , \n", [("blank-row", Severity.NOTE, 2, 1)]),
        (b'ID,Name\n"=""007""",a\n', [("formula-text", Severity.NOTE, 2, 1)]),
        (b'ID,Name\n="007",a\n', [("formula-text", Severity.NOTE, 2, 1)]),
        (b"ID,Name\n'=x,a\n", None),
        ("ID,Name\n007\u200b,a\n".encode(), [("invisible-character", Severity.WARNING, 2, 1)]),
        ("ID,\u2060Name\n007,a\n".encode(), [("invisible-character", Severity.WARNING, 1, 4)]),
        ("ID,Name\n007,\u00a0a\n".encode(), [("invisible-character", Severity.WARNING, 2, 5)]),
        (b"ID,Name\n007,=A1\n", [("formula", Severity.ERROR, 2, 5)]),
        (b"ID,Name\n007,+SUM(A1)\n", [("formula", Severity.ERROR, 2, 5)]),
        (b"ID,Name\n007,+49\n", []),
    ],
)
def test_what_programs_leave_behind_is_cleaned_up_and_told(
    data: bytes, told: list[tuple[str, Severity, int, int]] | None
) -> None:
    sheet = read_sheet(data)

    assert remarks(sheet) == (told or [])
    if not any(one[1] is Severity.ERROR for one in told or []) and told is not None:
        assert texts(sheet)[1][0].strip() == "007"
        assert [len(row) for row in texts(sheet)] == [2, 2]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "\uff1d1+1", "\u200b=1", "'=x", "''@x", "plain", "'x"],
)
def test_a_cell_that_is_made_safe_comes_back_as_it_was(cell: str) -> None:
    data = f'ID\n"{neutral(cell)}"\n'.encode()

    sheet = read_sheet(data)

    assert texts(sheet) == [["ID"], [cell]]
    assert sheet.remarks == ()


@pytest.mark.parametrize(
    "text", ["#REF!", "#BEZUG!", "#\xa1VALOR!", "#NV", "#N/D", "nan", "#NAME?"]
)
def test_an_error_of_a_spreadsheet_is_no_value_in_any_language(text: str) -> None:
    assert is_no_value(text)


@pytest.mark.parametrize("text", ["#12", "Nan", "NV", "A#B!", ""])
def test_other_texts_are_values(text: str) -> None:
    assert not is_no_value(text)


def test_letters_of_scripts_that_need_joiners_keep_them() -> None:
    word = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert texts(read_sheet(f"ID\n{word}\n".encode())) == [["ID"], [word]]


@pytest.mark.parametrize("data", [b"ID\n\x00\x01a", b'ID\n"open', b"PK\x03\x04 no workbook"])
def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises((UnreadableCsvError, FerryError)):
        read_sheet(data)


def workbook(*sheets: list[list[str | int | float | date]]) -> bytes:
    whole = io.BytesIO()
    with xlsxwriter.Workbook(whole) as book:
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        for rows in sheets:
            sheet = book.add_worksheet()
            for at, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(at, column, value, days)
                    elif isinstance(value, str):
                        sheet.write_string(at, column, value)
                    else:
                        sheet.write_number(at, column, value)
    return whole.getvalue()


def test_a_workbook_is_a_table_whose_numbers_are_as_they_are_shown() -> None:
    sheet = read_sheet(
        workbook([["ID", "Count", "Big"], ["007", 12, 1234567890123456789], ["8", 1.5, 3]], [])
    )

    assert texts(sheet) == [["ID", "Count", "Big"], ["007", "12", "1.23457E+18"], ["8", "1.5", "3"]]
    assert [(cell.line, cell.column) for cell in sheet.rows[1]] == [(2, 1), (2, 2), (2, 3)]


def test_a_workbook_with_data_in_two_sheets_is_refused() -> None:
    with pytest.raises(UnreadableCsvError, match="'Sheet1', 'Sheet2'"):
        read_sheet(workbook([["ID"]], [["ID"]]))


def test_an_error_of_a_workbook_is_no_empty_cell() -> None:
    whole = io.BytesIO()
    with xlsxwriter.Workbook(whole) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["ID", "Subject", "Session"])
        sheet.write_row(1, 0, ["007"])
        sheet.write_formula(1, 1, "=VLOOKUP(A2,Z:Z,1)", value="#N/A")
        sheet.write_formula(1, 2, '=""', value="")
    (_, row) = read_sheet(whole.getvalue()).rows

    assert [cell.text for cell in row] == ["007", "#N/A", ""]
    assert is_no_value(row[1].text)


def test_a_formula_that_nobody_has_computed_is_told_at_its_cell() -> None:
    whole = io.BytesIO()
    with xlsxwriter.Workbook(whole) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["ID", "Subject"])
        sheet.write_formula(1, 0, '="007"', value="")
        sheet.write_formula(1, 1, "=A2", value="")
    packed = without_values(whole.getvalue())

    sheet = read_sheet(packed)

    assert sheet.rows[1][0].text == "007"
    assert [(one.code, one.cell.line, one.cell.column) for one in sheet.remarks] == [
        ("formula-text", 2, 1), ("formula", 2, 2),
    ]  # fmt: skip


def without_values(workbook: bytes) -> bytes:
    """Write a workbook as a program does that computes nothing: `<f>` and an empty `<v>`."""
    whole = io.BytesIO()
    with ZipFile(io.BytesIO(workbook)) as old, ZipFile(whole, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.startswith("xl/worksheets/"):
                text = text.replace(b' t="str"', b"")
            new.writestr(name, text)
    return whole.getvalue()
