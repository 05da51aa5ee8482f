"""Make the table: a row for each series, and one for each file that the plan holds back."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.described import described
from dicomferry.engine.plan.choosing.line import HEADERS, HELD, check_of, key_cells, label_cells
from dicomferry.errors import FerryError
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.series import SeriesState
from dicomferry.ledger.rows import Item, Verdict
from dicomferry.spreadsheet import neutral

_DESCRIBING = ("PatientID", "PatientName", "StudyDescription", "SeriesDescription")


def table_rows(plan: PlanReader) -> Iterator[list[str]]:
    """Yield the rows of the table, headers first; no spreadsheet program runs a cell as a formula.

    A file that the plan sends counts in the row of its series. A file that it holds back has a row
    of its own.
    """
    yield list(HEADERS)
    for state in plan.series():
        if state.ready:
            yield _row(_series_cells(plan, state))
    for item in plan.items():
        if item.verdict is not Verdict.READY:
            reason = f"{item.verdict}: {item.reason or item.code}"
            yield _row({"include": HELD, "file": str(item.location), "reason": reason})


def _series_cells(plan: PlanReader, state: SeriesState) -> dict[str, str]:
    source, row, study, series = key_cells(state.key)
    item = plan.item(state.ready[0])
    return {
        "include": "yes",
        "source": source,
        "row": row,
        **label_cells(state.destinations),
        **found_texts(item),
        "StudyDate": state.study_date,
        "Modality": state.modality,
        "SeriesNumber": state.series_number,
        "instances": str(len(state.ready)),
        "held": str(state.held),
        "StudyInstanceUID": study,
        "SeriesInstanceUID": series,
        "check": check_of(state),
        "file": str(item.location) if item.remote is None else "",
    }


def found_texts(item: Item) -> dict[str, str]:
    """Return the attributes by which people know a series; empty when the file is gone."""
    if item.remote is not None:
        return _texts(described(item, item.remote))
    try:
        with open_instance(open_blob(item.location), item.location) as instance:
            return _texts(instance.header)
    except (FerryError, OSError):
        return {}


def _texts(header: Header) -> dict[str, str]:
    return {keyword: header.text(keyword) or "" for keyword in _DESCRIBING}


def _row(cells: dict[str, str]) -> list[str]:
    return [neutral(cells.get(header, "")) for header in HEADERS]
