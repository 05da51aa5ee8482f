"""A DQR file is understood as the plug-in understands it, or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dicomferry import Severity
from dicomferry_plugins._dqr_csv.reading import read_dqr_csv
from dicomferry_plugins._dqr_csv.table import DqrTable

Vector = dict[str, Any]
VECTORS: list[Vector] = json.loads(Path(__file__).with_name("dqr_csv.json").read_text())

STRICTER = {"C14", "C26", "C42", "C46"}
"""What the plug-in reads leniently, leaves out or stumbles over later: errors here."""

WIDER = {"C18", "C34", "C44"}
"""What the plug-in drops without a word because it does not know it: understood here."""


def read(text: str, encoding: str = "utf-8") -> DqrTable:
    return read_dqr_csv(text.encode(encoding), "wanted.csv")


def codes(table: DqrTable, severity: Severity = Severity.ERROR) -> list[str]:
    return [problem.code for problem in table.problems if problem.severity is severity]


def table_of(vector: Vector) -> DqrTable:
    mark = b"\xef\xbb\xbf" if vector.get("bom") else b""
    return read_dqr_csv(mark + vector["csv"].encode(vector.get("encoding", "utf-8")), "v.csv")


def by_id(outcome: str, without: set[str]) -> list[Any]:
    chosen = (v for v in VECTORS if v["dqr"]["outcome"] == outcome and v["id"] not in without)
    return [pytest.param(v, id=v["id"]) for v in chosen]


@pytest.mark.parametrize("vector", by_id("ok", STRICTER))
def test_what_the_plug_in_asks_is_asked(vector: Vector) -> None:
    table = table_of(vector)

    assert not table.errors
    for row, query in zip(table.rows, vector["dqr"]["queries"], strict=True):
        dates = query.pop("StudyDate", "")
        assert {k: v for k, v in row.query.items() if k != "StudyDate"} == query
        assert dates.startswith(row.query.get("StudyDate", "")[:9])


@pytest.mark.parametrize("vector", by_id("ok", STRICTER))
def test_what_the_plug_in_relabels_is_relabelled(vector: Vector) -> None:
    found = [dict(row.relabel) for row in table_of(vector).rows]

    assert found == [relabel or {} for relabel in vector["dqr"]["relabel"]]


@pytest.mark.parametrize("vector", [*by_id("error", set()), *by_id("row-dropped", WIDER)])
def test_what_the_plug_in_fails_on_or_drops_is_an_error(vector: Vector) -> None:
    assert table_of(vector).errors


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["id"] in STRICTER])
def test_what_the_plug_in_passes_over_is_an_error(vector: Vector) -> None:
    assert table_of(vector).errors


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["id"] in WIDER])
def test_what_is_understood_beyond_the_plug_in_is_told(vector: Vector) -> None:
    table = table_of(vector)

    assert not table.errors
    assert codes(table, Severity.NOTE)


def test_a_single_date_is_that_day_alone_and_the_difference_is_told() -> None:
    table = read("Study Date\n20210331")

    assert table.rows[0].query == {"StudyDate": "20210331"}
    assert codes(table, Severity.NOTE) == ["single-day"]


@pytest.mark.parametrize("name", ["LASTNAME*", "*FIRSTNAME", "L*NAME"])
def test_wildcards_of_the_seed_are_asked_as_they_are(name: str) -> None:
    assert read(f"Patient Name\n{name}").rows[0].query == {"PatientName": name}


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("2021*", "date-pattern"),
        ("20210101\\20210102", "date-pattern"),
        ("20210331-20210301", "reversed-dates"),
        ("20210230", "impossible-date"),
        ("44286", "excel-date"),
        ("20210301.0", "excel-date"),
        ("31.03.2021", "bad-date"),
        ("-", "bad-date"),
    ],
)
def test_a_date_that_cannot_be_asked_is_an_error(date: str, code: str) -> None:
    assert codes(read(f"Accession Number,Study Date\n1,{date}")) == [code]


def test_a_last_name_with_a_blank_stays_one_name() -> None:
    table = read("Last Name,First Name\nVAN DYK,")

    assert table.rows[0].query == {"PatientName": "VAN DYK"}
    assert codes(table, Severity.NOTE) == ["last-name"]


def test_a_quoted_cell_may_hold_commas_and_line_ends() -> None:
    table = read('Patient Name,Relabel Patient Name\n"DOE, JANE","A\nB"\nROE,X\n')

    assert table.rows[0].query == {"PatientName": "DOE, JANE"}
    assert [row.line for row in table.rows] == [2, 4]


def test_an_unquoted_blank_relabels_nothing_and_two_quotes_clear() -> None:
    table = read('Patient ID,Relabel Patient ID\nP1,\nP2,""\nP3,""""""')

    assert [dict(row.relabel) for row in table.rows] == [{}, {"PatientID": ""}, {"PatientID": ""}]


def test_two_quotes_are_doubtful_where_everything_is_quoted() -> None:
    table = read('"Patient ID","Subject"\n"P1",""')

    assert codes(table) == ["unclear-blank"]


def test_tabs_are_recognized_and_told() -> None:
    table = read("Accession Number\tSubject\n1\tS1")

    assert table.rows[0].query == {"AccessionNumber": "1"}
    assert codes(table, Severity.NOTE) == ["delimiter"]


def test_text_that_is_not_utf_8_is_read_as_windows_writes_it() -> None:
    table = read("Patient Name\nMÜLLER*", "cp1252")

    assert table.rows[0].query == {"PatientName": "MÜLLER*"}
    assert codes(table, Severity.WARNING) == ["encoding"]


def test_a_declared_encoding_is_used() -> None:
    table = read_dqr_csv("Patient Name\nMÜLLER*".encode("cp850"), "w.csv", "cp850")

    assert table.rows[0].query == {"PatientName": "MÜLLER*"}
    assert not table.problems or codes(table, Severity.WARNING) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Acession Number\n1", "unknown-header"),
        ("Accession Number,Subject\n1,S1,x", "long-row"),
        ("Patient ID,Subject,Relabel Patient ID\nP1,S1,S2", "relabel-twice"),
        ("Patient ID,Session,Relabel Study ID\nP1,S1,S2", "relabel-twice"),
        ("Patient ID,Subject\nP1,S1\nP1,S2", "duplicate-row"),
        ("Patient ID,Subject\nP1,S 1", "label-altered"),
        ("Patient ID\nnan", "no-value"),
        ("Patient ID\nNULL", "no-value"),
        ("Patient ID,Subject\nP1,#N/A", "no-value"),
        ("Patient ID\n*", "asks-for-everything"),
        ("Patient ID,Modality\n??,*", "asks-for-everything"),
        ("Last Name,First Name\n*,*", "asks-for-everything"),
        ("Patient ID,Modality\nP1,MRI", "bad-modality"),
        ("Patient ID,Modality\nP1,mr", "bad-modality"),
        ('Patient ID,Modality\nP1,"MR,CT"', "bad-modality"),
        ("Patient ID\n=A1", "formula"),
        ("Accession Number\n1.2E+10", "excel-number"),
        ("Patient ID\n0012345\n12346", "excel-zeros"),
        ("Study Instance UID\n1.2.840.*", "bad-uid"),
        ("Patient ID,Relabel Study Date\nP1,20210230", "impossible-date"),
        ("Patient ID,Subject\nP1,A\\B", "relabel-list"),
        ("Subject\nS1", "no-search-header"),
        ("Patient ID", "no-rows"),
        ('Patient ID\n"P1', "not-a-table"),
        ('Patient ID\n"P1"x', "not-a-table"),
        ("Patient ID\nP\x001", "not-a-table"),
    ],
)
def test_what_cannot_be_meant_is_an_error(text: str, code: str) -> None:
    assert code in codes(read(text))


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("MRI", "'MR'"),
        ("mr", "'MR'"),
        ('"MR,CT"', "MR\\CT"),
        ("PET", "'PT'"),
        ("RTSTUCT", "'RTSTRUCT'"),
    ],
)
def test_a_modality_that_is_none_gets_a_suggestion(cell: str, hint: str) -> None:
    (problem,) = read(f"Patient ID,Modality\nP1,{cell}").errors

    assert hint in problem.hint


@pytest.mark.parametrize("cell", ["MR", "MR\\CT", "M*", "RTSTRUCT"])
def test_modalities_and_lists_of_them_are_asked_for(cell: str) -> None:
    table = read(f"Patient ID,Modality\nP1,{cell}")

    assert not table.errors
    assert table.rows[0].query["ModalitiesInStudy"] == cell


def test_a_row_that_is_there_twice_counts_once_with_a_note() -> None:
    table = read("Patient ID,Subject\nP1,S1\nP2,S2\nP1,S1\n")

    assert [(row.number, row.query["PatientID"]) for row in table.rows] == [(1, "P1"), (2, "P2")]
    assert codes(table, Severity.NOTE) == ["repeated-row"]


@pytest.mark.parametrize("cell", [" 1.2.3", "1.2.3 ", "\u200b1.2.3", "1.2.3\u00a0"])
def test_blanks_and_invisible_characters_around_a_uid_are_not_asked_for(cell: str) -> None:
    table = read(f"Study Instance UID\n{cell}")

    assert not table.errors
    assert table.rows[0].query == {"StudyInstanceUID": "1.2.3"}
    assert table.problems


def test_a_family_name_may_be_null() -> None:
    assert not read("Last Name,First Name\nNull,Nan").errors


def test_a_misspelt_header_gets_a_suggestion() -> None:
    (problem,) = (p for p in read("Acession Number\n1").problems if p.code == "unknown-header")

    assert "'Accession Number'" in problem.hint


def test_all_problems_come_at_once_with_their_places() -> None:
    table = read("Patient ID,Study Date,Subject\nP1,2021,S 1\nP2,20210230,ok\n")

    places = [(p.code, p.place.line, p.place.column) for p in table.problems if p.place]
    assert places == [("bad-date", 2, 4), ("label-altered", 2, 9), ("impossible-date", 3, 4)]


def test_a_row_of_a_rejects_file_can_be_fed_back() -> None:
    table = read("Study Date,Subject,Rejected because\n-20210331,S1,'=found 3")

    assert not table.errors
    assert table.rows[0].query == {"StudyDate": "-20210331"}


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("Accession Number,Patient ID\n\uff2100001,P1\n", "look-alike", 1),
        ("Accession Number,Patient ID\nA00001,\u04201\n", "look-alike", 8),
        ("Accession Number,Patient ID\n\u201cA00001\u201d,P1\n", "look-alike", 1),
        ("Accession Number,Patient ID\nA0000\uff11,P1\n", "other-digit", 1),
        ("Accession Number,Patient Name\nA00001,O\u2019NEIL*\n", "typographic", 8),
        ("Last Name,First Name\nSMITH\u2013JONES,A*\n", "typographic", 1),
        ("Last Name,First Name\nDOE,MARY\u2011ANN\n", "typographic", 5),
    ],
)
def test_a_character_that_only_looks_right_is_a_warning(text: str, code: str, column: int) -> None:
    table = read(text)

    assert not table.errors
    (warning,) = (one for one in table.problems if one.severity is Severity.WARNING)
    assert (warning.code, warning.place and warning.place.column) == (code, column)
    assert warning.hint


@pytest.mark.parametrize("name", ["O'NEIL*", "M\u00fcller*", "\u5c71\u7530*", "SMITH-JONES^A"])
def test_names_as_people_have_them_are_asked_for_without_a_word(name: str) -> None:
    table = read(f"Patient Name,Patient ID\n{name},P1\n")

    assert [one.code for one in table.problems if one.severity is not Severity.NOTE] == []
    assert table.rows[0].query["PatientName"] == name


def test_letters_that_look_like_no_other_are_no_warning() -> None:
    table = read("Accession Number,Patient ID\n\u00c412,\u5c71\u7530\n")

    assert not table.problems


@pytest.mark.parametrize(
    "text",
    ["", "Accession Number\n", 'Accession Number\n"open\n', "Subject\nS1\n",
     "Accession Number,Accession Number\n1,2\n", 'Accession Number\n"A\n1"\n',
     "Accession Number,Subject\nA1,S\\1\n", "Last Name,First Name,Modality\n,MARY,MR\n",
     "Patient Name,Last Name,First Name\nA^B,A,B\n"],
)  # fmt: skip
def test_every_error_says_what_to_do(text: str) -> None:
    errors = read(text).errors

    assert errors
    assert [one.code for one in errors if not one.hint] == []


@pytest.mark.parametrize("inside", ["\n", "\t", "\r\n"])
def test_a_value_of_several_lines_is_an_error(inside: str) -> None:
    asked = read(f'Accession Number,Patient ID\n"A{inside}1",P1\n')
    written = read(f'Accession Number,Relabel Study ID\nA1,"S{inside}1"\n')

    assert codes(asked) == codes(written) == ["control-character"]


@pytest.mark.parametrize(
    ("name", "warned"),
    [("O'NEIL, MARY", True), ("MARY O'NEIL", True), ("VAN DYKE^DICK", False), ("VAN D*", False),
     ("O'NEIL", False), ("O'NEIL^MARY ANN", False)],
)  # fmt: skip
def test_a_name_as_letters_have_it_is_a_warning(name: str, warned: bool) -> None:
    table = read(f'Patient Name,Patient ID\n"{name}",P1\n')

    assert ("name-form" in codes(table, Severity.WARNING)) == warned
